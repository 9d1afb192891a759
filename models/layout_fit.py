"""Fit every slot of a layout to a curve: greedy and spread starts, then relocations of idle bands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.band_response import KIND_ORDER, BandResponse
from models.eq import Array, BandKind, Eq
from models.greedy import Dictionary
from models.layout import Layout
from models.least_squares import Box, Problem

Places = NDArray[np.intp]

_SCOUT_ITERATIONS = 20
_ITERATIONS = 60
_ROUNDS = 8
_FINALISTS = 2
_RELOCATIONS = 6


@dataclass
class LayoutFit:
    """A layout seen on one frequency grid with one set of weights; fits curves one after another."""

    layout: Layout
    freqs_hz: Array
    root_weight: Array
    sample_rate_hz: float
    _dictionary: Dictionary = field(init=False)
    _problems: dict[tuple[BandKind, ...], tuple[Problem, Places]] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._dictionary = Dictionary.of(
            self.layout, self.freqs_hz, self.sample_rate_hz, self.root_weight
        )

    def fit(self, target_db: Array, goal_db: float) -> Eq:
        """Return one band per slot, in slot order, that follow `target_db` (F,)."""
        kinds, starts = self._starts(target_db)
        problem, order = self._problem(kinds)
        found, costs = self._refine(problem, target_db, starts, _SCOUT_ITERATIONS, goal_db)
        keep = np.argsort(costs, kind="stable")[:_FINALISTS]
        found, costs = self._refine(problem, target_db, found[keep], _ITERATIONS, goal_db)
        best = int(np.argmin(costs))
        unknowns, cost = found[best], costs[best]
        for _ in range(_ROUNDS):
            if cost <= goal_db**2:
                break
            moved = self._relocations(problem, order, target_db, unknowns)
            found, costs = self._refine(problem, target_db, moved, _SCOUT_ITERATIONS, goal_db)
            keep = np.argsort(costs, kind="stable")[:_FINALISTS]
            found, costs = self._refine(problem, target_db, found[keep], _ITERATIONS, goal_db)
            best = int(np.argmin(costs))
            if costs[best] < cost:
                unknowns, cost = found[best], costs[best]
        bands = problem.response.bands(unknowns)
        places = np.argsort(order).tolist()
        return Eq(
            tuple(slot.held(bands[i]) for slot, i in zip(self.layout.slots, places, strict=True))
        )

    def _refine(
        self, problem: Problem, target_db: Array, starts: Array, iterations: int, goal_db: float
    ) -> tuple[Array, Array]:
        targets = np.broadcast_to(target_db, (len(starts), len(target_db)))
        return problem.refine(targets, starts, iterations=iterations, goal_db=goal_db)

    def _starts(self, target_db: Array) -> tuple[tuple[BandKind, ...], Array]:
        kinds, greedy = self._dictionary.pursue(self.layout, target_db)
        order = np.argsort([KIND_ORDER.index(k) for k in kinds], kind="stable")
        starts = [greedy.reshape(3, -1)[:, order].ravel()]
        widths = self._dictionary.unknowns[:, 2]
        fixed = np.array([len(s.kinds) > 1 for s in self.layout.slots]).any()
        if not fixed:
            for allowed in (widths > np.log(1.0), widths < np.log(1.6)):
                start = self._dictionary.pursue(self.layout, target_db, allowed)[1]
                starts.append(start.reshape(3, -1)[:, order].ravel())
        return kinds, np.array(starts)

    def _problem(self, kinds: tuple[BandKind, ...]) -> tuple[Problem, Places]:
        if kinds not in self._problems:
            order = np.argsort([KIND_ORDER.index(kind) for kind in kinds], kind="stable")
            sorted_kinds = tuple(kinds[i] for i in order)
            slots = tuple(self.layout.slots[i] for i in order)
            response = BandResponse(sorted_kinds, self.freqs_hz, self.sample_rate_hz)
            box = Box.of(slots, sorted_kinds, self.sample_rate_hz)
            self._problems[kinds] = Problem(response, box, self.root_weight), order
        return self._problems[kinds]

    def _relocations(
        self, problem: Problem, order: Places, target_db: Array, unknowns: Array
    ) -> Array:
        """Return starts in which one of the least useful bands moved to where the residual is largest."""
        each = problem.response.each_response_db(unknowns[None])[0]
        residual = target_db - each.sum(axis=0)
        rw = self.root_weight
        use = ((residual[None] + each) * rw) ** 2
        use = use.sum(axis=1)
        weakest = np.argsort(use, kind="stable")[:_RELOCATIONS]
        d = self._dictionary
        starts = []
        count = len(order)
        for band in weakest:
            slot = self.layout.slots[order[band]]
            kind = problem.response.kinds[band]
            ok = (d.owner == d.classes.index(slot)) & np.array([k is kind for k in d.kinds])
            gain, score = d.usefulness((residual + each[band]) * rw)
            score = np.where(ok, score, -np.inf)
            a = int(np.argmax(score))
            start = unknowns.copy()
            start[band], start[count + band], start[2 * count + band] = (
                d.unknowns[a, 0],
                gain[a],
                d.unknowns[a, 2],
            )
            starts.append(start)
        return np.array(starts)
