"""Starts of a layout fit guessed by networks: low shelf, bells, high shelf, in 4, 6, 8 or 12."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.eq import Array, BandKind
from models.layout import Layout
from models.matching_net import POINTS_HZ, MatchingNet, shipped

NETWORKS = ("matching_paper_mlp", "matching_product")
"""Every one with a head of the wanted kinds guesses."""


@dataclass(frozen=True, slots=True)
class _Guesser:
    """A network's head, and where it has each slot's band."""

    net: MatchingNet
    head: str
    places: NDArray[np.intp]

    def unknowns(self, curve_db: Array) -> Array:
        rows = self.net.guess(self.head, curve_db[None]).unknowns()[0]
        placed = rows.reshape(len(rows), 3, -1)[..., self.places]
        return np.asarray(placed.reshape(len(rows), -1))


@dataclass(frozen=True, slots=True)
class NetworkStart:
    """The networks that can guess the bands of a layout; its kinds in slot order."""

    kinds: tuple[BandKind, ...]
    guessers: tuple[_Guesser, ...]

    @classmethod
    def of(cls, layout: Layout) -> NetworkStart | None:
        """Return the start for a layout, or None where no network has a head of its kinds."""
        if any(len(slot.kinds) > 1 for slot in layout.slots):
            return None
        kinds = tuple(kind for slot in layout.slots for kind in slot.kinds)
        guessers = _guessers(kinds)
        return cls(kinds, guessers) if guessers else None

    def unknowns(self, freqs_hz: Array, target_db: Array) -> Array:
        """Return rows (G, 3 * slots) for a curve (F,): ln Hz, dB, ln bandwidth, in slot order."""
        curve = np.interp(np.log(POINTS_HZ), np.log(freqs_hz), target_db)
        return np.concatenate([guesser.unknowns(curve) for guesser in self.guessers])


@cache
def _guessers(kinds: tuple[BandKind, ...]) -> tuple[_Guesser, ...]:
    return tuple(
        _Guesser(shipped(network), name, _places(head.kinds, kinds))
        for network in NETWORKS
        for name, head in shipped(network).heads.items()
        if Counter(head.kinds) == Counter(kinds)
    )


def _places(given: tuple[BandKind, ...], wanted: tuple[BandKind, ...]) -> NDArray[np.intp]:
    """Return, for each wanted kind, the place of a given band of that kind, each taken once."""
    waiting = {kind: [i for i, k in enumerate(given) if k is kind] for kind in given}
    return np.array([waiting[kind].pop(0) for kind in wanted])
