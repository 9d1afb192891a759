"""Ways out of a local minimum: one band of a finished fit goes where it does more good.

A band is taken away and the most useful other one put in its slot; or two neighbours that pull the
same way become one wide band, and the slot that falls free is filled (which finds the wide boost
with a narrow cut in it that no single band leads to).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.band_response import BandResponse
from models.eq import Array, BandKind
from models.greedy import Dictionary
from models.layout import Layout

Kinds = tuple[BandKind, ...]

_LIKENESS = 0.8
"""A band more like the one taken away than this (correlation) would only put it back."""
_PER_OPENING = 2
_APART_LN_HZ = 0.35


@dataclass(frozen=True, slots=True)
class Openings:
    """Equalisers with one open slot each: unknowns (N, 3, slots), slot (N,), response (N, F)."""

    unknowns: Array
    slot: NDArray[np.intp]
    response: Array


@dataclass(frozen=True, slots=True)
class BandMoves:
    """What may move: the bands a layout can hold, on a frequency grid seen through weights."""

    layout: Layout
    dictionary: Dictionary
    freqs_hz: Array
    sample_rate_hz: float

    def starts(
        self, kinds: Kinds, unknowns: Array, each: Array, target: Array, count: int
    ) -> tuple[list[Kinds], Array]:
        """Return the `count` most promising starts of either sort, as kinds and rows of unknowns.

        unknowns (3 * slots,) and kinds in slot order, each (slots, F): weighted response of every
        band, target (F,): weighted curve.
        """
        columns = unknowns.reshape(3, -1)
        filled = [
            self._filled(opened, kinds, each, target, count)
            for opened in (_taken_out(columns, each), self._merged(kinds, columns, each))
        ]
        return filled[0][0] + filled[1][0], np.concatenate([rows for _, rows in filled])

    def _merged(self, kinds: Kinds, columns: Array, each: Array) -> Openings:
        """Open one slot per pair of neighbouring bells with gains of one sign."""
        bells = [i for i, kind in enumerate(kinds) if kind is BandKind.BELL]
        bells.sort(key=lambda i: float(columns[0, i]))
        pairs = [(i, j) for i, j in pairwise(bells) if columns[1, i] * columns[1, j] > 0.0]
        rows = np.repeat(columns[None], len(pairs), axis=0)
        wide = np.empty((len(pairs), 3))
        for n, (i, j) in enumerate(pairs):
            octaves = (columns[0, j] - columns[0, i]) / math.log(2.0)
            width = 0.5 * float(np.exp(columns[2, i]) + np.exp(columns[2, j])) + octaves
            width = min(width, self.layout.slots[i].bandwidth_oct[1])
            gain_db = max(columns[1, i], columns[1, j], key=abs)
            wide[n] = 0.5 * (columns[0, i] + columns[0, j]), gain_db, math.log(width)
            rows[n, :, i] = wide[n]
        first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        bell = BandResponse((BandKind.BELL,), self.freqs_hz, self.sample_rate_hz)
        response = bell.response_db(wide) * self.dictionary.root_weight
        response += each.sum(axis=0) - each[first] - each[second]
        return Openings(rows, second, response)

    def _filled(
        self, opened: Openings, kinds: Kinds, each: Array, target: Array, count: int
    ) -> tuple[list[Kinds], Array]:
        """Fill open slots with the bands that take most from what is left; best first."""
        dictionary, rows = self.dictionary, np.arange(len(opened.slot))
        residual = target - opened.response
        gains, worth = dictionary.usefulness(residual)
        norm = np.sqrt(np.einsum("bf,bf->b", each, each)) + 1e-9
        likeness = np.abs(each @ dictionary.responses.T) / np.sqrt(dictionary.power)
        likeness /= norm[:, None]
        members = np.array([dictionary.classes.index(slot) for slot in self.layout.slots])
        fits = dictionary.owner == members[opened.slot][:, None]
        worth = np.where(fits & (likeness[opened.slot] < _LIKENESS), worth, -np.inf)
        left = np.einsum("nf,nf->n", residual, residual)
        found: list[tuple[float, int, int]] = []
        for _ in range(_PER_OPENING):
            atoms = np.argmax(worth, axis=1)
            costs = left - worth[rows, atoms]
            found += zip(costs.tolist(), rows.tolist(), atoms.tolist(), strict=True)
            ln_freq = dictionary.unknowns[:, 0]
            worth[np.abs(ln_freq - ln_freq[atoms][:, None]) < _APART_LN_HZ] = -np.inf
        found = sorted(item for item in found if math.isfinite(item[0]))[:count]
        new_kinds, new_rows = [], np.empty((len(found), 3 * len(kinds)))
        for place, (_, n, atom) in enumerate(found):
            slot = int(opened.slot[n])
            start = opened.unknowns[n].copy()
            start[:, slot] = dictionary.unknowns[atom]
            start[1, slot] = gains[n, atom] if dictionary.has_gain[atom] else 0.0
            new_rows[place] = start.ravel()
            new_kinds.append((*kinds[:slot], dictionary.kinds[atom], *kinds[slot + 1 :]))
        return new_kinds, new_rows


def _taken_out(columns: Array, each: Array) -> Openings:
    """Open every slot once."""
    slots = np.arange(len(each))
    return Openings(np.repeat(columns[None], len(each), axis=0), slots, each.sum(axis=0) - each)
