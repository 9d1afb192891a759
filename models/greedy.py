"""Starts for a fit: orthogonal matching pursuit over a dictionary of bands.

Each slot offers bands on a grid of frequencies and bandwidths. The band that takes most from the
running residual is placed (tall and wide peaks first; near the ends shelves compete with bells),
all gains are solved again, and so on until every slot is filled. A band's dB response is nearly
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

Mask = NDArray[np.bool_]
Starts = NDArray[np.intp]

_PROBE_DB = 4.0
_STEPS_PER_OCTAVE = 4.0
_WIDTH_RATIO = 1.6
_MOST_WIDTHS = 7
_RIDGE = 1e-4


@dataclass(frozen=True)
class Dictionary:
    """Bands that slots may take: unknowns (A, 3), weighted responses per dB (A, F), kinds …"""

    unknowns: Array
    responses: Array
    kinds: tuple[BandKind, ...]
    owner: NDArray[np.intp]
    gain_db: Array
    classes: tuple[Slot, ...]
    root_weight: Array
    power: Array
    has_gain: Mask

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
                bank = BandResponse((kind,) * len(grid), freqs_hz, sample_rate_hz)
                probe = bank.each_response_db(grid.T.reshape(1, -1))[0]
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
            np.array([kind.has_gain for kind in kinds]),
        )

    def usefulness(self, residuals: Array) -> tuple[Array, Array]:
        """Return each band's best gain (S, A) against weighted residuals (S, F), and its worth.

        The worth is what the band takes from the squared residual.
        """
        along = residuals @ self.responses.T
        gain = np.minimum(np.maximum(along / self.power, self.gain_db[:, 0]), self.gain_db[:, 1])
        return gain, gain * (2.0 * along - gain * self.power)

    def pursue(self, layout: Layout, target_db: Array, allowed: Mask) -> tuple[Starts, Array]:
        """Fill every slot for a target (F,) once per row of `allowed` (S, A), a choice of bands.

        Returns the atoms (S, slots), one per slot of `layout`, and unknowns (S, 3 * slots).
        """
        target = target_db * self.root_weight
        rows, seats = np.arange(len(allowed)), len(layout.slots)
        members = [self.classes.index(slot) for slot in layout.slots]
        free = np.tile(np.bincount(members, minlength=len(self.classes)), (len(rows), 1))
        untouched = allowed.copy()
        placed = np.empty((len(rows), seats), dtype=np.intp)
        gains, residuals = np.empty((len(rows), 0)), np.tile(target, (len(rows), 1))
        for step in range(seats):
            seated = free[:, self.owner] > 0
            candidates = untouched & seated
            candidates |= seated & ~candidates.any(axis=1, keepdims=True)
            worth = np.where(candidates, self.usefulness(residuals)[1], -np.inf)
            best = np.argmax(worth, axis=1)
            placed[:, step] = best
            untouched[rows, best] = False
            free[rows, self.owner[best]] -= 1
            columns = self.responses[placed[:, : step + 1]]
            gains = self._gains(placed[:, : step + 1], columns, target)
            residuals = target - (gains[:, None] @ columns)[:, 0]
        # Atoms of one class take its slots in the order of placing.
        order = np.argsort(self.owner[placed], axis=1, kind="stable")
        back = np.argsort(np.argsort(members, kind="stable"), kind="stable")
        atoms = np.take_along_axis(placed, order, axis=1)[:, back]
        seat_gains = np.take_along_axis(gains, order, axis=1)[:, back]
        unknowns = self.unknowns[atoms].transpose(0, 2, 1).copy()
        unknowns[:, 1] = np.where(self.has_gain[atoms], seat_gains, 0.0)
        return atoms, unknowns.reshape(len(rows), -1)

    def _gains(self, placed: Starts, columns: Array, target: Array) -> Array:
        """Solve the gains (S, k) of the placed bands together, held to their ranges."""
        normal = columns @ columns.transpose(0, 2, 1)
        diagonal = normal.reshape(len(normal), -1)[:, :: normal.shape[1] + 1]
        diagonal += _RIDGE * diagonal.max(axis=1, keepdims=True) + 1e-12
        gains = np.linalg.solve(normal, (columns @ target)[..., None])[..., 0]
        low, high = self.gain_db[placed].transpose(2, 0, 1)
        return np.asarray(np.minimum(np.maximum(gains, low), high))


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
