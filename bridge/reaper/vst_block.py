"""The data of a REAPER <VST block: host header, the plug-in's own state, trailer.

The same bytes lie in base64 in project files and preset libraries (.RPL), and in hex in preset .ini
files. Layout of the header, little-endian: 4 bytes id, u32 magic, u32 inputs, u64 per input (pin
mask), u32 outputs, u64 per output, u32 size of the state, u32 1, u32 flags. The trailer holds the
preset's name.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

REAEQ_ID = 1919247729
"""ReaEQ's unique id, the bytes "qeer" at the start of its header."""
_MAGIC = 0xFEED5EEE
_FLAGS = 0x00100000
_MAX_PINS = 128
DEFAULT_TRAILER = b"\0\0\x10\0\0\0"
LINE_BYTES = 96
"""Bytes of state per base64 line (128 characters) as REAPER 5 and later wrap them."""


class VstBlockError(ValueError):
    """Plug-in data that does not have REAPER's layout; the caller leaves it untouched."""


@dataclass(frozen=True, slots=True)
class VstBlock:
    """Header, state and trailer bytes of one plug-in instance."""

    header: bytes
    state: bytes
    trailer: bytes = DEFAULT_TRAILER

    @classmethod
    def new(cls, state: bytes, channels: int = 2, unique_id: int = REAEQ_ID) -> VstBlock:
        """Make the block of a new instance with straight pins: channel n to pin n."""
        if not 1 <= channels <= 64:
            raise ValueError(f"channels must be 1 to 64, not {channels!r}")
        pins = struct.pack(f"<I{channels}Q", channels, *(1 << n for n in range(channels)))
        start = struct.pack("<II", unique_id, _MAGIC)
        return cls(start + pins + pins + struct.pack("<III", len(state), 1, _FLAGS), state)

    @classmethod
    def from_bytes(cls, data: bytes) -> VstBlock:
        """Split joined bytes. Raises VstBlockError when they are no such block."""
        size = _header_size(data)
        (state_size,) = struct.unpack_from("<I", data, size - 12)
        if state_size > len(data) - size:
            raise VstBlockError(
                f"plug-in data cut short: {len(data) - size} bytes of state, {state_size} announced"
            )
        return cls(data[:size], data[size : size + state_size], data[size + state_size :])

    @classmethod
    def from_lines(cls, lines: Sequence[str]) -> VstBlock:
        """Read the base64 lines of a block, each with its own padding."""
        return cls.from_bytes(b"".join(_decode_line(line) for line in lines))

    @property
    def unique_id(self) -> int:
        """The plug-in's unique id."""
        return int(struct.unpack_from("<I", self.header)[0])

    def with_state(self, state: bytes) -> VstBlock:
        """Replace the state and the size field of the header."""
        start, rest = self.header[:-12], self.header[-8:]
        return replace(self, header=start + struct.pack("<I", len(state)) + rest, state=state)

    def to_bytes(self) -> bytes:
        """Join the three parts."""
        return self.header + self.state + self.trailer

    def to_lines(self, like: Sequence[str] = ()) -> list[str]:
        """Write the base64 lines, wrapped as `like` was (default: as REAPER 5 and later)."""
        width = len(_decode_line(like[0])) if like else len(self.header)
        if width != len(self.header):  # REAPER 4: everything in one run of short lines
            return _encode(self.to_bytes(), width)
        return [
            *_encode(self.header, len(self.header)),
            *_encode(self.state, LINE_BYTES),
            *_encode(self.trailer, LINE_BYTES),
        ]


def _header_size(data: bytes) -> int:
    if len(data) < 8 or struct.unpack_from("<I", data, 4)[0] & ~1 != _MAGIC & ~1:
        raise VstBlockError("no VST plug-in header")
    at = 8
    for _ in range(2):
        if at + 4 > len(data):
            raise VstBlockError("plug-in header cut short")
        (pins,) = struct.unpack_from("<I", data, at)
        if pins > _MAX_PINS:
            raise VstBlockError(f"plug-in header with {pins} pins")
        at += 4 + 8 * pins
    if at + 12 > len(data):
        raise VstBlockError("plug-in header cut short")
    return at + 12


def _encode(data: bytes, width: int) -> list[str]:
    pieces = (data[i : i + width] for i in range(0, len(data), width))
    return [base64.b64encode(piece).decode("ascii") for piece in pieces]


def _decode_line(line: str) -> bytes:
    try:
        return base64.b64decode(line.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise VstBlockError(f"plug-in data that is no base64: {line.strip()[:40]!r}") from error
