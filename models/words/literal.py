"""Plain frequency talk: "+2 dB at 3 kHz", "cut below 80", "bump around 200 Hz"."""

from __future__ import annotations

import math
from collections.abc import Iterator

from models.eq import Band, BandKind
from models.words.clauses import Clause
from models.words.markers import Role
from models.words.reading import Number, Small, Unit
from models.words.signs import Sign

DEFAULT_DB = 3.0
"""Gain where none is named."""
NOTCH_DB, NOTCH_OCT = 9.0, 0.35
MAX_DB = 24.0
AUDIBLE_HZ = (20.0, 20000.0)
_PASS_OCT, _SHELF_OCT = 1.9, 1.3
_LOW_SHELF_HZ = 600.0
_PLACED = frozenset(
    {
        Role.AT,
        Role.BELOW,
        Role.ABOVE,
        Role.BUMP,
        Role.DIP,
        Role.NOTCH,
        Role.HIGH_PASS,
        Role.LOW_PASS,
        Role.LOW_SHELF,
        Role.HIGH_SHELF,
        Role.UP,
        Role.DOWN,
    }
)
"""Small words after which a bare number is a frequency."""


def places(clause: Clause) -> list[Number]:
    """Return the frequencies (or ranges) that a clause names, in Hz, audible ones only."""
    return [number for number in _named(clause) if _audible(number)]


def inaudible(clause: Clause) -> list[Number]:
    """Return the frequencies named that cannot be heard."""
    return [number for number in _named(clause) if not _audible(number)]


def gain_db(clause: Clause) -> float | None:
    """Return the gain that a clause names in dB, None without; its sign only if it was written."""
    named = clause.numbers(Unit.DB)
    if not named and (clause.words or places(clause)):
        named = [number for number in clause.numbers(Unit.NONE) if number.signed]
    if not named:
        return None
    return max(-MAX_DB, min(MAX_DB, named[0].value))


def signed_gain_db(clause: Clause, sign: Sign, default_db: float = DEFAULT_DB) -> float:
    """Return the gain meant: a written sign counts, else the clause's direction."""
    named = gain_db(clause)
    roles = set(clause.roles)
    falls = sign.direction < 0 or bool(roles & {Role.DIP, Role.NOTCH})
    if named is None:
        size = NOTCH_DB if Role.NOTCH in roles else default_db * sign.strength
        return -size if falls else size
    return -abs(named) if falls or named < 0.0 else named


def bands(clause: Clause, sign: Sign) -> Iterator[Band]:
    """Return the bands that a clause spells out."""
    roles = set(clause.roles)
    gain = signed_gain_db(clause, sign)
    width = _width(clause)
    for place in places(clause):
        if place.high is not None:
            octaves = math.log2(max(place.high / place.value, 1.05))
            centre_hz = math.sqrt(place.value * place.high)
            yield Band(BandKind.BELL, centre_hz, gain, min(max(octaves, 0.1), 4.0))
        elif _passes(clause, Role.HIGH_PASS, Role.BELOW, gain):
            yield Band(BandKind.HIGH_PASS, place.value, 0.0, _PASS_OCT)
        elif _passes(clause, Role.LOW_PASS, Role.ABOVE, gain):
            yield Band(BandKind.LOW_PASS, place.value, 0.0, _PASS_OCT)
        elif roles & {Role.BELOW, Role.LOW_SHELF} or _shelf_at(clause, place.value):
            yield Band(BandKind.LOW_SHELF, place.value, gain, _SHELF_OCT)
        elif roles & {Role.ABOVE, Role.HIGH_SHELF}:
            yield Band(BandKind.HIGH_SHELF, place.value, gain, _SHELF_OCT)
        else:
            narrow = NOTCH_OCT if Role.NOTCH in roles else width
            yield Band(BandKind.BELL, place.value, gain, narrow)


def _passes(clause: Clause, by_name: Role, by_side: Role, gain: float) -> bool:
    """Whether everything on one side is to go, rather than some of it."""
    roles = set(clause.roles)
    everything = by_side in roles and gain < 0.0 and gain_db(clause) is None
    return by_name in roles or everything


def _shelf_at(clause: Clause, hertz: float) -> bool:
    """Whether a shelf is asked for without a side, at a low frequency."""
    return hertz < _LOW_SHELF_HZ and any(
        isinstance(item, Small) and item.text == "shelf" for item in clause.items
    )


def _named(clause: Clause) -> list[Number]:
    placed = bool(_PLACED & set(clause.roles))
    return [
        number
        for number in clause.items
        if isinstance(number, Number)
        and (number.unit is Unit.HZ or (number.unit is Unit.NONE and placed and _bare(number)))
    ]


def _bare(number: Number) -> bool:
    return not number.signed and number.value >= AUDIBLE_HZ[0]


def _audible(number: Number) -> bool:
    top = number.value if number.high is None else number.high
    return AUDIBLE_HZ[0] <= abs(number.value) and abs(top) <= AUDIBLE_HZ[1]


def _width(clause: Clause) -> float:
    for item in clause.items:
        if isinstance(item, Small) and item.marker.role is Role.WIDTH:
            return item.marker.factor
    return 1.0
