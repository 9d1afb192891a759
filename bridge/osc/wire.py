"""OSC packets: read with suspicion, written in pieces that fit a network packet.

Messages are taken apart and put together by python-osc. Bundles are taken apart here: python-osc
never comes to an end with an element of size −4. Time tags are ignored, as in REAPER: all is now.
Types that no address takes are refused: lists thousands deep cannot be shown, and python-osc takes
blobs of negative size.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

MAX_PACKET = 8192
"""Longest packet read, in bytes."""
MAX_MESSAGES = 64
"""Most messages in a packet read."""
MAX_ARGUMENTS = 16
"""Most arguments of a message read."""
MAX_BUNDLE = 1024
"""Longest bundle written: fits a network packet and REAPER's buffers."""
_BUNDLE = b"#bundle\0"
_HEAD = len(_BUNDLE) + 8
_NOW = struct.pack(">Q", 1)
_MAX_DEPTH = 4
_TYPES = frozenset("ifshdTFN")


class BadPacket(ValueError):  # noqa: N818  (the name says what happened)
    """Bytes that are no OSC."""


def read(data: bytes) -> list[tuple[str, tuple[object, ...]]]:
    """Return the messages of a packet: (address, arguments). Raises BadPacket."""
    if len(data) > MAX_PACKET:
        raise BadPacket(f"{len(data)} bytes are too many")
    parts = list(itertools.islice(_parts(data, 0), MAX_MESSAGES + 1))
    if len(parts) > MAX_MESSAGES:
        raise BadPacket("too many messages in one packet")
    return [_message(part) for part in parts]


def write(address: str, arguments: Iterable[str | int | float]) -> bytes:
    """Return a message as bytes: text as s, whole numbers as i, others as f."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        kind = {str: "s", int: "i", float: "f"}[type(argument)]
        builder.add_arg(argument, kind)
    return builder.build().dgram


def bundles(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Pack messages into as few packets as their size allows; one alone needs no bundle."""
    waiting: list[bytes] = []
    size = _HEAD
    for message in messages:
        if waiting and size + 4 + len(message) > MAX_BUNDLE:
            yield _packed(waiting)
            waiting, size = [], _HEAD
        waiting.append(message)
        size += 4 + len(message)
    if waiting:
        yield _packed(waiting)


def _packed(messages: list[bytes]) -> bytes:
    if len(messages) == 1:
        return messages[0]
    elements = b"".join(struct.pack(">i", len(message)) + message for message in messages)
    return _BUNDLE + _NOW + elements


def _parts(data: bytes, depth: int) -> Iterator[bytes]:
    """Yield the messages of a packet, still as bytes."""
    if not data.startswith(_BUNDLE):
        yield data
        return
    if depth >= _MAX_DEPTH:
        raise BadPacket("bundles within bundles within bundles")
    at = _HEAD
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big", signed=True)
        at += 4
        if size <= 0 or size % 4 or at + size > len(data):
            raise BadPacket("a bundle with an element of impossible size")
        yield from _parts(data[at : at + size], depth + 1)
        at += size


def _message(data: bytes) -> tuple[str, tuple[object, ...]]:
    end = data.find(b"\0")
    if not data.startswith(b"/") or end < 0:
        raise BadPacket("no OSC address")
    tags_at = (end // 4 + 1) * 4
    tags = data[tags_at : data.find(b"\0", tags_at)].decode("ascii", "replace")
    if len(tags) > 1 + MAX_ARGUMENTS:
        raise BadPacket("too many arguments")
    if not set(tags[1:]) <= _TYPES:
        raise BadPacket(f"arguments of unknown types {tags[:20]!r}")
    try:
        message = OscMessage(data)
    except Exception as error:  # whatever python-osc meets in bytes of any kind
        raise BadPacket(str(error)) from error
    return message.address, tuple(message.params)
