"""Starts for a fit: orthogonal matching pursuit over a dictionary of bands.

Each slot offers bands on a grid of frequencies and bandwidths. The band that takes most from the
running residual is placed (tall and wide peaks first; near the ends shelves compete with bells), all
gains are solved again, and so on until every slot is filled. A band's dB response is nearly
proportional to its gain in dB (Abel and Berners 2004), which makes this a linear problem.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.band_response import KIND_ORDER, BandResponse
from models.eq import Array, BandKind
from models.layout import Layout, Slot
from models.least_squares import Box

_PROBE_DB = 4.0
_STEPS_PER_OCTAVE = 4.0
_WIDTH_RATIO = 1.6
_MOST_WIDTHS = 7
_RIDGE = 1e-4


@dataclass(frozen=True)
class Dictionary:
    """Bands that slots may take: unknowns (A, 3), unit responses (A, F), kind and slot class each."""

    unknowns: Array
    responses: Array
    kinds: tuple[BandKind, ...]
    owner: NDArray[np.intp]
    gain_db: Array
    classes: tuple[Slot, ...]
    root_weight: Array
    power: Array

    @classmethod
    def of(
        cls, layout: Layout, freqs_hz: Array, sample_rate_hz: float, root_weight: Array
    ) -> Dictionary:
        """Tabulate the bands that the slots of `layout` can hold, seen through the weights."""
        classes = tuple(dict.fromkeys(layout.slots))
        unknowns, responses, kinds, owner, gains = [], [], [], [], []
        for number, slot in enumerate(classes):
            for kind in sorted(slot.kinds, key=KIND_ORDER.index):
                grid = _grid(slot, kind, freqs_hz, sample_rate_hz)
                probe = BandResponse((kind,), freqs_hz, sample_rate_hz).response_db(grid)
                scale = _PROBE_DB if kind.has_gain else 1.0
                unknowns.append(grid)
                responses.append(probe / scale)
                kinds += [kind] * len(grid)
                owner += [number] * len(grid)
                gains += [slot.gain_db if kind.has_gain else (1.0, 1.0)] * len(grid)
        weighted = np.concatenate(responses) * root_weight
        return cls(
            np.concatenate(unknowns),
            weighted,
            tuple(kinds),
            np.array(owner),
            np.array(gains),
            classes,
            root_weight,
            np.einsum("af,af->a", weighted, weighted) + 1e-12,
        )

    def pursue(
        self, layout: Layout, target_db: Array, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[tuple[BandKind, ...], Array]:
        """Fill every slot for one target (F,); return kinds and unknowns (3 * slots,) in slot order.

        allowed: (A,) masks the dictionary, to vary the start.
        """
        target = target_db * self.root_weight
        waiting = [[i for i, s in enumerate(layout.slots) if s == slot] for slot in self.classes]
        open_atoms = np.ones(len(self.kinds), bool) if allowed is None else allowed.copy()
        placed: list[int] = []
        seats: list[int] = []
        residual = target
        for _ in layout.slots:
            full = np.array([not seats_left for seats_left in waiting])
            candidates = open_atoms & ~full[self.owner]
            if not np.any(candidates):
                candidates = ~full[self.owner]
            score = np.where(candidates, self.usefulness(residual)[1], -np.inf)
            best = int(np.argmax(score))
            placed.append(best)
            seats.append(waiting[self.owner[best]].pop(0))
            open_atoms[best] = False
            gains = self._gains(placed, target)
            residual = target - gains @ self.responses[placed]
        return self._seated(layout, placed, seats, gains)

    def usefulness(self, residual: Array) -> tuple[Array, Array]:
        """Return each band's best gain (A,) against a weighted residual (F,) and what it takes away."""
        along = self.responses @ residual
        gain = np.clip(along / self.power, self.gain_db[:, 0], self.gain_db[:, 1])
        return gain, gain * (2.0 * along - gain * self.power)

    def _gains(self, placed: list[int], target: Array) -> Array:
        columns = self.responses[placed]
        normal = columns @ columns.T
        normal[np.diag_indices(len(placed))] += _RIDGE * np.diag(normal).max() + 1e-12
        gains = np.linalg.solve(normal, columns @ target)
        return np.clip(gains, self.gain_db[placed, 0], self.gain_db[placed, 1])

    def _seated(
        self, layout: Layout, placed: list[int], seats: list[int], gains: Array
    ) -> tuple[tuple[BandKind, ...], Array]:
        count = len(layout.slots)
        kinds = [BandKind.BELL] * count
        unknowns = np.zeros((3, count))
        for atom, seat, gain in zip(placed, seats, gains, strict=True):
            kinds[seat] = self.kinds[atom]
            unknowns[:, seat] = self.unknowns[atom]
            unknowns[1, seat] = gain if kinds[seat].has_gain else 0.0
        return tuple(kinds), unknowns.ravel()


def _grid(slot: Slot, kind: BandKind, freqs_hz: Array, sample_rate_hz: float) -> Array:
    """Return unknowns (A, 3) of one kind over the slot's ranges, each at a moderate gain."""
    box = Box.of((replace(slot, kinds=frozenset({kind})),), (kind,), sample_rate_hz)
    low, high = box.lower.copy(), box.upper.copy()
    low[0] = max(low[0], min(math.log(max(freqs_hz[0], 10.0)), high[0]))
    high[0] = min(high[0], max(math.log(freqs_hz[-1]), low[0]))
    freqs = _spread(low[0], high[0], math.log(2.0) / _STEPS_PER_OCTAVE)
    if box.ln_analogue_width is not None:
        low[2] = max(low[2], float(box.ln_analogue_width[0][0]))
        high[2] = min(high[2], float(box.ln_analogue_width[1][0]))
    widths = _spread(low[2], high[2], math.log(_WIDTH_RATIO))
    widths = widths[np.linspace(0, len(widths) - 1, min(len(widths), _MOST_WIDTHS)).astype(int)]
    mesh_f, mesh_w = (m.ravel() for m in np.meshgrid(freqs, widths, indexing="ij"))
    gain = np.full(len(mesh_f), _PROBE_DB if kind.has_gain else 0.0)
    box_free = replace(
        box,
        lower=np.minimum(box.lower, [np.inf, 0.0, np.inf]),
        upper=np.maximum(box.upper, [-np.inf, _PROBE_DB, -np.inf]),
    )
    return box_free.project(np.stack([mesh_f, gain, mesh_w], axis=1))[0]


def _spread(low: float, high: float, step: float) -> Array:
    """Return points from low to high, about `step` apart; a single point for a fixed value."""
    if high - low < 1e-9:
        return np.array([low])
    return np.linspace(low, high, max(2, math.ceil((high - low) / step) + 1))
