"""Fit every slot of a layout to a curve: a tournament of greedy starts.

The first start is the greedy one; the others see random halves of the dictionary, which spreads
them over the local minima. All are refined a little, the better ones further, the best to the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.band_response import KIND_ORDER, BandResponse
from models.eq import Array, BandKind, Eq
from models.greedy import Dictionary
from models.layout import Layout
from models.least_squares import Box, Problem

Kinds = tuple[BandKind, ...]

_ROUNDS = ((16, 6), (8, 8), (4, 12), (2, 30))
"""How many starts take part in each round, and for how many iterations."""
_SHARE_SEEN = 0.5
_SEED = 2020


@dataclass
class LayoutFit:
    """A layout on one frequency grid with one set of weights; fits curves one after another."""

    layout: Layout
    freqs_hz: Array
    root_weight: Array
    sample_rate_hz: float
    _dictionary: Dictionary = field(init=False)
    _allowed: NDArray[np.bool_] = field(init=False)
    _problems: dict[Kinds, tuple[Problem, NDArray[np.intp]]] = field(init=False)

    def __post_init__(self) -> None:
        self._dictionary = Dictionary.of(
            self.layout, self.freqs_hz, self.sample_rate_hz, self.root_weight
        )
        rng = np.random.default_rng(_SEED)
        starts, atoms = _ROUNDS[0][0], len(self._dictionary.kinds)
        self._allowed = rng.uniform(size=(starts, atoms)) < _SHARE_SEEN
        self._allowed[0] = True
        self._problems = {}

    def fit(self, target_db: Array, tolerance_db: float) -> Eq:
        """Return one band per slot, in slot order, that follow `target_db` (F,)."""
        atoms, unknowns = self._dictionary.pursue(self.layout, target_db, self._allowed)
        kinds = [tuple(self._dictionary.kinds[atom] for atom in row) for row in atoms.tolist()]
        costs = np.zeros(len(kinds))
        for places, iterations in _ROUNDS:
            best = np.argsort(costs, kind="stable")[:places].tolist()
            kinds, unknowns = [kinds[row] for row in best], unknowns[best]
            unknowns, costs = self._refined(kinds, unknowns, target_db, iterations, tolerance_db)
            if costs.min() <= tolerance_db**2:
                break
        return self._eq(kinds[int(np.argmin(costs))], unknowns[int(np.argmin(costs))])

    def _refined(
        self,
        kinds: list[Kinds],
        unknowns: Array,
        target_db: Array,
        iterations: int,
        tolerance_db: float,
    ) -> tuple[Array, Array]:
        """Refine rows of unknowns in slot order; rows of the same kinds go together."""
        refined, costs = np.empty_like(unknowns), np.empty(len(kinds))
        for group in dict.fromkeys(kinds):
            rows = [row for row, row_kinds in enumerate(kinds) if row_kinds == group]
            problem, order = self._problem(group)
            targets = np.broadcast_to(target_db, (len(rows), len(target_db)))
            starts = unknowns[rows].reshape(len(rows), 3, -1)[:, :, order].reshape(len(rows), -1)
            found, costs[rows] = problem.refine(
                targets, starts, iterations=iterations, goal_db=tolerance_db
            )
            found = found.reshape(len(rows), 3, -1)[:, :, np.argsort(order)]
            refined[rows] = found.reshape(len(rows), -1)
        return refined, costs

    def _problem(self, kinds: Kinds) -> tuple[Problem, NDArray[np.intp]]:
        """Return the problem of `kinds` (in slot order) with its bands sorted, and that order."""
        if kinds not in self._problems:
            order = np.argsort([KIND_ORDER.index(kind) for kind in kinds], kind="stable")
            grouped = tuple(kinds[i] for i in order)
            slots = tuple(self.layout.slots[i] for i in order)
            response = BandResponse(grouped, self.freqs_hz, self.sample_rate_hz)
            box = Box.of(slots, grouped, self.sample_rate_hz)
            self._problems[kinds] = Problem(response, box, self.root_weight), order
        return self._problems[kinds]

    def _eq(self, kinds: Kinds, unknowns: Array) -> Eq:
        """Return the bands in slot order; equal slots hold theirs in the order of frequency."""
        problem, order = self._problem(kinds)
        bands = problem.response.bands(unknowns.reshape(3, -1)[:, order].ravel())
        in_place = [bands[i] for i in np.argsort(order)]
        for slot in dict.fromkeys(self.layout.slots):
            seats = [i for i, other in enumerate(self.layout.slots) if other == slot]
            ranked = sorted((in_place[i] for i in seats), key=lambda band: band.freq_hz)
            for seat, band in zip(seats, ranked, strict=True):
                in_place[seat] = slot.held(band)
        return Eq(tuple(in_place))
