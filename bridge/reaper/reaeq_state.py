"""ReaEQ's state ("vst_chunk"): a lossless codec, and the parameters that it holds.

Layout, little-endian, measured: u32 record size (33; 32 in old presets), u32 number of bands, per
band {i32 type, i32 enabled, f64 Hz, f64 linear amplitude, f64 octaves, u8 flag}, then a tail of 0
to 32 bytes {i32 a, i32 b, f64 global gain, i32 c, d, e, i32 channels} that grew with the versions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from bridge.reaper.reaeq_maps import (
    BAND_KIND,
    BAND_PARAMS,
    EQ_PARAM,
    TYPE_NAMES,
    BandType,
    EqParamType,
    ParamKind,
    raw_from_stored,
    stored_from_raw,
    stored_text,
)

_HEAD = struct.Struct("<II")
_RECORD = struct.Struct("<iiddd")
_TAIL = struct.Struct("<iidiiii")
_GAIN_AT, _CHANNELS_AT = 8, 28
_OLD_RECORD, RECORD_SIZE, _MAX_RECORD = 32, 33, 64
_AMBIGUOUS_TAIL = 24
"""ReaEQ reads the last number of a tail of this length as the channel count: never write one."""
LOG_FREQ = 1
"""Bit 0 of a band's flag: its frequency parameter is logarithmic."""


class ReaEqError(ValueError):
    """A state that is not understood (damaged, or of an unknown version): leave it untouched."""


@dataclass(frozen=True, slots=True)
class ReaEqBand:
    """One record of the state, exactly as stored.

    type: a BandType number, others are neutral to ReaEQ. enabled: any number but 0 is on.
    amplitude: linear gain. flag: bit 0 = LOG_FREQ. extra: the rest of longer records.
    """

    type: int
    enabled: int
    freq_hz: float
    amplitude: float
    bandwidth_oct: float
    flag: int = LOG_FREQ
    extra: bytes = b""

    @property
    def log_freq(self) -> bool:
        """Whether the frequency parameter is logarithmic."""
        return bool(self.flag & LOG_FREQ)

    def stored(self, kind: ParamKind) -> float:
        """Return the stored value behind one of the band's parameters."""
        return {
            ParamKind.FREQ: self.freq_hz,
            ParamKind.GAIN: self.amplitude,
            ParamKind.BANDWIDTH: self.bandwidth_oct,
        }[kind]


@dataclass(frozen=True, slots=True)
class ReaEqState:
    """A whole ReaEQ state. `tail` is kept verbatim: it holds display state of unknown meaning."""

    bands: tuple[ReaEqBand, ...]
    tail: bytes = _TAIL.pack(1, 1, 1.0, 0, 0, 0, 2)
    record_size: int = RECORD_SIZE

    @property
    def global_gain(self) -> float:
        """The output gain as a linear factor (1.0 where the tail is too short to hold it)."""
        if len(self.tail) < _GAIN_AT + 8:
            return 1.0
        return float(struct.unpack_from("<d", self.tail, _GAIN_AT)[0])

    @property
    def channels(self) -> int:
        """The number of channels, 1 … 128; it sets the plug-in's pins."""
        at = len(self.tail) - 4 if len(self.tail) == _AMBIGUOUS_TAIL else _CHANNELS_AT
        if len(self.tail) < at + 4:
            return 2
        return min(max(self.tail[at], 1), 128)

    def with_output(
        self, *, global_gain: float | None = None, channels: int | None = None
    ) -> ReaEqState:
        """Replace the output gain or the channel count; a tail too short for it grows."""
        full = _TAIL.pack(1, 1, 1.0, 0, 0, 0, self.channels)
        usable = b"" if len(self.tail) < _GAIN_AT + 8 else self.tail
        if len(usable) == _AMBIGUOUS_TAIL:
            usable = usable[:-4]
        keep = channels is None and len(self.tail) in {16, 20, _CHANNELS_AT, len(full)}
        tail = bytearray(usable if keep else usable + full[len(usable) :])
        if global_gain is not None:
            struct.pack_into("<d", tail, _GAIN_AT, global_gain)
        if channels is not None:
            tail[_CHANNELS_AT] = channels
        return replace(self, tail=bytes(tail))

    @property
    def param_count(self) -> int:
        """Three per band and the global gain."""
        return 3 * len(self.bands) + 1

    def param(self, index: int) -> tuple[ParamKind, int]:
        """Return what parameter `index` sets and its band (-1: none). Raises IndexError."""
        if not 0 <= index < self.param_count:
            raise IndexError(f"no parameter {index}: this ReaEQ has {self.param_count}")
        if index == self.param_count - 1:
            return ParamKind.OUTPUT, -1
        return BAND_PARAMS[index % 3], index // 3

    def param_name(self, index: int) -> str:
        """Return REAPER's name for it ("Freq-Band 2"); see `band_name`."""
        kind, band = self.param(index)
        return str(kind) if band < 0 else f"{kind}-{self.band_name(band)}"

    def band_name(self, band: int) -> str:
        """Return the band's name: its type and its place, counted from 1.

        Without the number for a low shelf that is the first band and a high shelf that is the last.
        """
        number = self.bands[band].type
        first = number == BandType.LOW_SHELF and band == 0
        last = number == BandType.HIGH_SHELF and band == len(self.bands) - 1
        name = TYPE_NAMES.get(BandType(number), "") if number in BAND_KIND else ""
        return name if first or last else f"{name} {band + 1}"

    def param_stored(self, index: int) -> float:
        """Return the stored value: Hz, linear amplitude or octaves."""
        kind, band = self.param(index)
        return self.global_gain if band < 0 else self.bands[band].stored(kind)

    def param_raw(self, index: int) -> float:
        """Return the value that TrackFX_GetParam reports (may lie outside 0 … 1)."""
        kind, band = self.param(index)
        log_freq = band < 0 or self.bands[band].log_freq
        return raw_from_stored(kind, self.param_stored(index), log_freq=log_freq)

    def param_text(self, index: int) -> str:
        """Return the displayed text, without unit."""
        return stored_text(self.param(index)[0], self.param_stored(index))

    def with_param_raw(self, index: int, raw: float) -> ReaEqState:
        """Return the state after TrackFX_SetParam(index, raw)."""
        kind, band = self.param(index)
        log_freq = band < 0 or self.bands[band].log_freq
        return self.with_param_stored(index, stored_from_raw(kind, raw, log_freq=log_freq))

    def with_param_stored(self, index: int, stored: float) -> ReaEqState:
        """Return the state with the stored value behind a parameter replaced."""
        kind, band = self.param(index)
        match kind:
            case ParamKind.OUTPUT:
                return self.with_output(global_gain=stored)
            case ParamKind.FREQ:
                new = replace(self.bands[band], freq_hz=stored)
            case ParamKind.GAIN:
                new = replace(self.bands[band], amplitude=stored)
            case _:
                new = replace(self.bands[band], bandwidth_oct=stored)
        return self.with_band(band, new)

    def with_band(self, index: int, band: ReaEqBand) -> ReaEqState:
        """Return the state with one band replaced."""
        return replace(self, bands=(*self.bands[:index], band, *self.bands[index + 1 :]))

    def eq_address(self, band: int) -> tuple[EqParamType, int] | None:
        """Return how the EQ functions name a band: type and count among its like; None: not."""
        eq_type = EQ_PARAM.get(self.bands[band].type)
        if eq_type is None:
            return None
        return eq_type, sum(EQ_PARAM.get(b.type) is eq_type for b in self.bands[:band])

    def find_band(self, eq_type: int, count: int) -> int | None:
        """Return the band that the EQ functions mean by (type, count), None if there is none."""
        matching = [i for i, band in enumerate(self.bands) if EQ_PARAM.get(band.type) == eq_type]
        return matching[count] if 0 <= count < len(matching) else None


def decode(state: bytes) -> ReaEqState:
    """Read a state; `encode` gives the identical bytes.

    Raises ReaEqError for what is not understood.
    """
    size, end = check(state)
    bands = tuple(_read_band(state[at : at + size]) for at in range(_HEAD.size, end, size))
    return ReaEqState(bands, state[end:], size)


def check(state: bytes) -> tuple[int, int]:
    """Return the size of a band's record and where the bands end.

    Raises ReaEqError for what is not understood.
    """
    if len(state) < _HEAD.size:
        raise ReaEqError(f"a ReaEQ state of {len(state)} bytes: too short")
    size, count = _HEAD.unpack_from(state)
    if not _OLD_RECORD <= size <= _MAX_RECORD:
        raise ReaEqError(f"a ReaEQ state with records of {size} bytes: unknown version or damaged")
    end = _HEAD.size + size * count
    if end > len(state):
        raise ReaEqError(f"a ReaEQ state cut short: {count} bands do not fit in {len(state)} bytes")
    if len(state) - end > _TAIL.size:
        raise ReaEqError(f"a ReaEQ state with a tail of {len(state) - end} bytes: unknown version")
    return size, end


def encode(state: ReaEqState) -> bytes:
    """Write a state."""
    records = (_write_band(band, state.record_size) for band in state.bands)
    return _HEAD.pack(state.record_size, len(state.bands)) + b"".join(records) + state.tail


def fresh_state(reaper_version: float = 7.0) -> ReaEqState:
    """Return the factory state of a new instance: five bands since REAPER 7, four before."""
    seven = reaper_version >= 7.0
    shelf = 0.8 if seven else 2.0
    bands = [
        ReaEqBand(BandType.LOW_SHELF, 1, 100.0, 1.0, shelf),
        ReaEqBand(BandType.BAND, 1, 300.0, 1.0, 2.0),
        ReaEqBand(BandType.BAND, 1, 1000.0, 1.0, 2.0),
        ReaEqBand(BandType.HIGH_SHELF, 1, 5000.0, 1.0, shelf),
    ]
    if seven:
        bands.append(ReaEqBand(BandType.HIGH_PASS, 0, 100.0, 1.0, 2.0))
    return ReaEqState(tuple(bands))


def _read_band(record: bytes) -> ReaEqBand:
    number, enabled, freq_hz, amplitude, bandwidth_oct = _RECORD.unpack_from(record)
    flag = record[_OLD_RECORD] if len(record) > _OLD_RECORD else 0
    extra = record[RECORD_SIZE:]
    return ReaEqBand(number, enabled, freq_hz, amplitude, bandwidth_oct, flag, extra)


def _write_band(band: ReaEqBand, size: int) -> bytes:
    record = _RECORD.pack(band.type, band.enabled, band.freq_hz, band.amplitude, band.bandwidth_oct)
    return (record + bytes([band.flag]) + band.extra)[:size].ljust(size, b"\0")
