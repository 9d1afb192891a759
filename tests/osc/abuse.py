"""Packets that no surface would send, the same ones for the same seed."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator, Sequence

from bridge.osc.addresses import INCOMING, SUBSCRIBE

JOBS = frozenset(
    f"/reatone/{name}"
    for name in ("auto", "master", "class", "describe", "preset/load", "undo", "cancel")
)
"""Addresses at which a random value may be a wish that is granted, and takes its time."""
_TYPES = "ifsbhdTFNIrmtcS[]q\xff"
_VALUES = (math.nan, math.inf, -math.inf, 0.0, 0.5, 1.0, -1.0, 2.0, 1e30, 1e-45)
_TEXTS = (
    "",
    "x" * 3000,
    "/etc/passwd",
    "../../../etc/passwd",
    "//server/share/x.wav",
    "__import__('os').system('touch /tmp/x')",
    "${jndi:ldap://x}",
    "%n%s%x",
    "a\nb",
    "\x1b[31m",
    "\u202e\ufeff",
    "warmer",
)
_TIMETAGS = (1, 0, 2**64 - 1, 1 << 63, 0xEEAC0000 << 32)


def packets(seed: int, count: int, *, jobs: bool = True) -> Iterator[bytes]:
    """Yield so many packets. jobs: whether some of them may ask for jobs that are then done."""
    dice = random.Random(seed)
    addresses = [SUBSCRIBE, *INCOMING]
    if not jobs:
        addresses = [address for address in addresses if address not in JOBS]
    for _ in range(count):
        kind = dice.randrange(10)
        if kind == 0:
            yield dice.randbytes(dice.choice((0, 1, 3, 4, 16, 60, 500, 9000)))
        elif kind == 1:
            message = _message(dice, addresses)
            yield message[: dice.randrange(len(message) + 1)]
        elif kind == 2:
            yield _spoiled(dice, _message(dice, addresses))
        elif kind == 3:
            yield _bundle(dice, [_message(dice, addresses) for _ in range(dice.randrange(6))])
        elif kind == 4:
            yield _nested(dice, _message(dice, addresses))
        elif kind == 5:
            yield _many(dice, addresses)
        else:
            yield _message(dice, addresses)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (4 - len(data) % 4)


def _message(dice: random.Random, addresses: Sequence[str]) -> bytes:
    address = dice.choice(addresses)
    if dice.random() < 0.1:
        address = dice.choice(("/", "//", "/reatone", f"{address}/x", f"{address}*", "/{a,b}[!c]"))
    tags, data = ",", b""
    for _ in range(dice.choice((0, 1, 1, 1, 1, 2, 9))):
        tag = dice.choice("ifffsssTFNdhb" if dice.random() < 0.8 else _TYPES)
        tags += tag
        data += _argument(dice, tag)
    return _padded(address.encode()) + _padded(tags.encode("latin-1")) + data


def _argument(dice: random.Random, tag: str) -> bytes:
    data = b""
    if tag in "fd":
        data = struct.pack(f">{tag}", dice.choice(_VALUES))
    elif tag in "icrm":
        data = struct.pack(">i", dice.choice((0, 1, -1, 9000, 2**31 - 1, -(2**31))))
    elif tag in "ht":
        data = struct.pack(">Q", dice.choice(_TIMETAGS))
    elif tag in "sS":
        data = _padded(dice.choice(_TEXTS).encode())
    elif tag == "b":
        size = dice.choice((0, 4, 2000, 2**31 - 1, -1, -4))
        data = struct.pack(">i", size) + b"\xaa" * max(min(size, 2000), 0)
    return data


def _spoiled(dice: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 5)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _bundle(dice: random.Random, elements: Sequence[bytes]) -> bytes:
    data = b"#bundle\0" + struct.pack(">Q", dice.choice(_TIMETAGS))
    for element in elements:
        size = len(element) if dice.random() < 0.9 else dice.choice((0, -4, 3, 2**31 - 1, -(2**31)))
        data += struct.pack(">i", size) + element
    return data


def _nested(dice: random.Random, data: bytes) -> bytes:
    for _ in range(dice.choice((2, 5, 50, 300))):
        data = b"#bundle\0" + struct.pack(">Qi", dice.choice(_TIMETAGS), len(data)) + data
    return data


def _many(dice: random.Random, addresses: Sequence[str]) -> bytes:
    """Thousands of something in one packet: messages, types, lists."""
    match dice.randrange(3):
        case 0:
            return b"#bundle\0" + b"\0" * 7 + b"\1" + b"\0\0\0\4/\0\0\0" * dice.choice((60, 1000))
        case 1:
            tags = b"," + dice.choice((b"T", b"N", b"[")) * dice.choice((100, 4000))
            return _padded(dice.choice(addresses).encode()) + _padded(tags)
    element = _message(dice, addresses)
    return _bundle(dice, [element] * min(60, 7000 // (len(element) + 4) + 1))
