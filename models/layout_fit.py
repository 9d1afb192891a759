"""Fit every slot of a layout to a curve: a tournament of greedy starts and a network's guesses.

The first start is the greedy one, the others see random halves of the dictionary, which spreads
them over the local minima. All are refined a little, the better ones further, the best to the end.
Where a network's guess is near, the layout can reach the curve: a small tournament that the guesses
join is nearly always enough. A thorough search has more starts and moves the winner's bands until
no move helps; a normal one makes a few moves where slots may choose their kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from models.band_moves import BandMoves
from models.band_response import KIND_ORDER, BandResponse
from models.eq import Array, BandKind, Eq
from models.greedy import Dictionary
from models.layout import Layout
from models.least_squares import Box, Problem
from models.network_start import NetworkStart

Kinds = tuple[BandKind, ...]
Rounds = tuple[tuple[int, int], ...]


class Effort(StrEnum):
    """How long to search: quick a third of normal, thorough four to five times as long."""

    QUICK = "quick"
    NORMAL = "normal"
    THOROUGH = "thorough"


_ROUNDS: dict[Effort, Rounds] = {
    Effort.QUICK: ((3, 5), (1, 12)),
    Effort.NORMAL: ((16, 5), (6, 8), (3, 10), (2, 20)),
    Effort.THOROUGH: ((48, 6), (16, 8), (6, 12), (2, 30)),
}
"""How many starts take part in each round, and for how many iterations."""


@dataclass(frozen=True, slots=True)
class _Moving:
    """How a fit's bands are moved: the rounds of a move, how many of either sort, how often."""

    rounds: Rounds
    of_a_sort: int
    most: int


_ANY_MOVE = _Moving(((24, 6), (5, 12), (2, 20)), 12, 20)
_FEW_MOVES = _Moving(((12, 6), (3, 12)), 6, 3)
"""Where kinds are open: as good on real differences as three times the starts, in less time."""
_WORTHWHILE = 0.99
"""A move counts when the mean square residual falls below this share of itself."""
_EASY_ROUNDS: Rounds = ((5, 6), (3, 8), (2, 12))
_GUESSES, _PROMISING_DB = 2, 0.2
"""How many guesses take part in the easy rounds, and how near the best one must be for these."""
_SHARE_SEEN = 0.5
_SEED = 2020


@dataclass(frozen=True, slots=True)
class _Found:
    """One fit: kinds and unknowns (3 * slots,) in slot order, and the mean square residual."""

    kinds: Kinds
    unknowns: Array
    cost: float


@dataclass
class LayoutFit:
    """A layout on one frequency grid with one set of weights; fits curves one after another.

    guesses_enough counts the fits for which the small tournament with guesses was enough.
    """

    layout: Layout
    freqs_hz: Array
    root_weight: Array
    sample_rate_hz: float
    network: NetworkStart | None = None
    guesses_enough: int = field(init=False, default=0)
    _dictionary: Dictionary = field(init=False)
    _allowed: NDArray[np.bool_] = field(init=False)
    _problems: dict[Kinds, tuple[Problem, NDArray[np.intp]]] = field(init=False)

    def __post_init__(self) -> None:
        self._dictionary = Dictionary.of(
            self.layout, self.freqs_hz, self.sample_rate_hz, self.root_weight
        )
        rng = np.random.default_rng(_SEED)
        starts, atoms = _ROUNDS[Effort.THOROUGH][0][0], len(self._dictionary.kinds)
        self._allowed = rng.uniform(size=(starts, atoms)) < _SHARE_SEEN
        self._allowed[0] = True
        self._problems = {}

    def fit(self, target_db: Array, tolerance_db: float, effort: Effort = Effort.NORMAL) -> Eq:
        """Return one band per slot, in slot order, that follow `target_db` (F,)."""
        found = self._from_guess(target_db, tolerance_db)
        if found is None:
            rounds = _ROUNDS[effort]
            allowed = self._allowed[: rounds[0][0]]
            atoms, unknowns = self._dictionary.pursue(self.layout, target_db, allowed)
            kinds = [tuple(self._dictionary.kinds[atom] for atom in row) for row in atoms.tolist()]
            found = self._tournament(rounds, kinds, unknowns, target_db, tolerance_db)
        moving = self._moving(effort)
        if moving is not None:
            found = self._moved(moving, found, target_db, tolerance_db)
        return self._eq(found.kinds, found.unknowns)

    def _moving(self, effort: Effort) -> _Moving | None:
        if effort is Effort.THOROUGH:
            return _ANY_MOVE
        open_kinds = any(len(slot.kinds) > 1 for slot in self.layout.slots)
        return _FEW_MOVES if effort is Effort.NORMAL and open_kinds else None

    def _from_guess(self, target_db: Array, tolerance_db: float) -> _Found | None:
        """Refine a few starts where a guess says that the layout can reach the curve, else None."""
        if self.network is None:
            return None
        kinds, rows = self.network.kinds, self.network.unknowns(self.freqs_hz, target_db)
        problem, order = self._problem(kinds)
        start = problem.box.project(_permuted(rows, order))[0]
        response = problem.response.response_db(start)
        rms_db = np.linalg.norm((response - target_db) * self.root_weight, axis=1)
        best = np.argsort(rms_db, kind="stable")[:_GUESSES]
        if rms_db[best[0]] > _PROMISING_DB:
            return None
        allowed = self._allowed[: _EASY_ROUNDS[0][0] - len(best)]
        _, greedy = self._dictionary.pursue(self.layout, target_db, allowed)
        starts = np.concatenate([rows[best], greedy])
        found = self._tournament(
            _EASY_ROUNDS, [kinds] * len(starts), starts, target_db, tolerance_db
        )
        if found.cost > tolerance_db**2:
            return None
        self.guesses_enough += 1
        return found

    def _tournament(
        self,
        rounds: Rounds,
        kinds: list[Kinds],
        unknowns: Array,
        target_db: Array,
        tolerance_db: float,
    ) -> _Found:
        """Refine starts round by round, the better ones further; return the best."""
        costs = np.zeros(len(kinds))
        for places, iterations in rounds:
            best = np.argsort(costs, kind="stable")[:places].tolist()
            kinds, unknowns = [kinds[row] for row in best], unknowns[best]
            unknowns, costs = self._refined(kinds, unknowns, target_db, iterations, tolerance_db)
            if costs.min() <= tolerance_db**2:
                break
        winner = int(np.argmin(costs))
        return _Found(kinds[winner], unknowns[winner], float(costs[winner]))

    def _moved(
        self, moving: _Moving, found: _Found, target_db: Array, tolerance_db: float
    ) -> _Found:
        """Move bands of a fit elsewhere as long as that helps."""
        moves = BandMoves(self.layout, self._dictionary, self.freqs_hz, self.sample_rate_hz)
        for _ in range(moving.most):
            if found.cost <= tolerance_db**2:
                break
            problem, order = self._problem(found.kinds)
            row = _permuted(found.unknowns[None], order)
            each = problem.response.each_response_db(row)[0][np.argsort(order)] * self.root_weight
            kinds, starts = moves.starts(
                found.kinds, found.unknowns, each, target_db * self.root_weight, moving.of_a_sort
            )
            if not kinds:
                break
            best = self._tournament(moving.rounds, kinds, starts, target_db, tolerance_db)
            if best.cost > _WORTHWHILE * found.cost:
                break
            found = best
        return found

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
            starts = _permuted(unknowns[rows], order)
            found, costs[rows] = problem.refine(
                targets, starts, iterations=iterations, goal_db=tolerance_db
            )
            refined[rows] = _permuted(found, np.argsort(order))
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


def _permuted(rows: Array, order: NDArray[np.intp]) -> Array:
    """Return rows of unknowns (R, 3 * bands) with their bands in another order."""
    return rows.reshape(len(rows), 3, -1)[:, :, order].reshape(len(rows), -1)
