"""Box-bounded Levenberg-Marquardt on band parameters, many starts side by side.

Marquardt's damping on the normal equations (Moré 1978), bounds by projection with an active set:
an unknown at a bound whose gradient points outward is held for the step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.band_response import BandResponse, warp
from models.eq import Array, BandKind
from models.layout import SHELF_BANDWIDTH_OCT, Slot, band_freq_ceiling_hz

_FIRST_DAMPING = 1e-2
_LEAST_DAMPING, _MOST_DAMPING = 1e-9, 1e6
_EASE, _TIGHTEN = 0.25, 4.0
_STEP_LIMIT = np.array([0.7, 6.0, 0.7])  # ln frequency, dB, ln bandwidth
_STALE_IMPROVEMENT = 1e-3
_STALE_STEPS = 4
_DIAGONAL_FLOOR = 1e-5


@dataclass(frozen=True, slots=True)
class Box:
    """Bounds of a row of unknowns: lower, upper (3 * bands,), and of the bells' analogue widths."""

    lower: Array
    upper: Array
    ln_analogue_width: tuple[Array, Array] | None
    sample_rate_hz: float

    @classmethod
    def of(cls, slots: tuple[Slot, ...], kinds: tuple[BandKind, ...], sample_rate_hz: float) -> Box:
        """Return the bounds of `slots` filled with `kinds` at a sample rate."""
        ceiling = band_freq_ceiling_hz(sample_rate_hz)
        freq = np.log(np.minimum([slot.freq_hz for slot in slots], ceiling))
        gain = np.array([s.gain_db if k.has_gain else (0.0, 0.0) for s, k in _pairs(slots, kinds)])
        width = np.log([_bandwidth_range(s, k) for s, k in _pairs(slots, kinds)])
        bounds = np.concatenate([freq, gain, width])
        analogue = np.array([_analogue_range(s, k) for s, k in _pairs(slots, kinds)])
        free = not np.any(np.isfinite(analogue))
        return cls(
            bounds[:, 0],
            bounds[:, 1],
            None if free else (analogue[:, 0], analogue[:, 1]),
            sample_rate_hz,
        )

    def project(self, unknowns: Array) -> tuple[Array, Array, Array]:
        """Return rows of unknowns moved into the box, and the bounds (R, P) that hold there."""
        lower = np.broadcast_to(self.lower, unknowns.shape).copy()
        upper = np.broadcast_to(self.upper, unknowns.shape).copy()
        if self.ln_analogue_width is not None:
            bands = len(self.lower) // 3
            freq = np.minimum(np.maximum(unknowns[:, :bands], lower[:, :bands]), upper[:, :bands])
            shrink = np.log(warp(np.exp(freq), self.sample_rate_hz))
            low, high = lower[:, 2 * bands :], upper[:, 2 * bands :]
            np.maximum(low, self.ln_analogue_width[0] - shrink, out=low)
            np.minimum(high, self.ln_analogue_width[1] - shrink, out=high)
            np.maximum(low, high, out=high)
        return np.minimum(np.maximum(unknowns, lower), upper), lower, upper


@dataclass(frozen=True, slots=True)
class Problem:
    """Bands that shall follow a curve: their response, bounds, and how a residual is weighed.

    root_weight: (F,), the root of weights that sum to 1. ridge: price of a squared gain in dB**2,
    which keeps bands from working against each other.
    """

    response: BandResponse
    box: Box
    root_weight: Array
    ridge: float = 0.0

    def refine(
        self, targets_db: Array, starts: Array, *, iterations: int, goal_db: float
    ) -> tuple[Array, Array]:
        """Refine rows of unknowns (R, P) towards targets (R, F); return them and their costs (R,).

        A cost is the weighted mean square residual in dB**2 plus the ridge. A row stops
        when it no longer improves or after `iterations`, all rows as soon as one reaches
        `goal_db` (root mean square).
        """
        best, costs = np.empty_like(starts), np.empty(len(starts))
        walk = _Walk(self, targets_db, starts)
        for step in range(iterations + 1):
            done = walk.finished() if step < iterations else np.ones(len(walk.rows), bool)
            if walk.costs.min() <= goal_db**2:
                done[:] = True
            if done.any():
                best[walk.rows[done]] = walk.unknowns[done]
                costs[walk.rows[done]] = walk.costs[done]
                if np.all(done):
                    break
                walk.keep(~done)
            walk.step()
        return best, costs


_MOVED = ("unknowns", "lower", "upper", "costs", "normal", "gradient")
_ROW_STATE = (*_MOVED, "rows", "targets", "damping", "stale")


class _Walk:
    """The state of the rows that are still moving."""

    def __init__(self, problem: Problem, targets_db: Array, starts: Array) -> None:
        self.problem = problem
        self.rows = np.arange(len(starts))
        self.targets = targets_db
        self.unknowns, self.lower, self.upper = problem.box.project(starts)
        self.damping = np.full(len(starts), _FIRST_DAMPING)
        self.stale = np.zeros(len(starts), dtype=np.intp)
        bands = starts.shape[1] // 3
        self.limit = np.repeat(_STEP_LIMIT, bands)
        self.ridge = np.repeat([0.0, problem.ridge, 0.0], bands)
        self.costs, self.normal, self.gradient = self._evaluate(self.unknowns)

    def _evaluate(self, unknowns: Array) -> tuple[Array, Array, Array]:
        root_weight = self.problem.root_weight
        response, jacobian = self.problem.response.weighted_jacobian(unknowns, root_weight)
        residual = response - self.targets
        residual *= root_weight
        priced = unknowns * self.ridge
        costs = np.add.reduce(residual * residual, axis=1)
        costs += np.add.reduce(priced * unknowns, axis=1)
        gradient = (jacobian @ residual[..., None])[..., 0] + priced
        return costs, jacobian @ jacobian.transpose(0, 2, 1), gradient

    def finished(self) -> NDArray[np.bool_]:
        return np.asarray((self.stale >= _STALE_STEPS) | (self.damping >= _MOST_DAMPING))

    def keep(self, rows: NDArray[np.bool_]) -> None:
        for name in _ROW_STATE:
            setattr(self, name, getattr(self, name)[rows])

    def step(self) -> None:
        trial, lower, upper = self.problem.box.project(self.unknowns + self._move())
        costs, normal, gradient = self._evaluate(trial)
        better = costs < self.costs
        gained = costs < (1.0 - _STALE_IMPROVEMENT) * self.costs
        self.stale = np.where(gained, 0, self.stale + better)
        self.damping *= np.where(better, _EASE, _TIGHTEN)
        np.maximum(self.damping, _LEAST_DAMPING, out=self.damping)
        found = (trial, lower, upper, costs, normal, gradient)
        for name, new in zip(_MOVED, found, strict=True):
            if better.all():
                setattr(self, name, new)
            elif better.any():
                old = getattr(self, name)
                setattr(self, name, np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old))

    def _move(self) -> Array:
        held = ((self.unknowns <= self.lower) & (self.gradient >= 0.0)) | (
            (self.unknowns >= self.upper) & (self.gradient <= 0.0)
        )
        normal, gradient = self.normal.copy(), self.gradient
        diagonal = normal.reshape(len(normal), -1)[:, :: normal.shape[1] + 1]
        diagonal += self.ridge
        diagonal += self.damping[:, None] * (diagonal + _DIAGONAL_FLOOR)
        if held.any():
            free = np.where(held, 0.0, 1.0)
            normal *= free[:, :, None]
            normal *= free[:, None, :]
            diagonal += held
            gradient = gradient * free
        move = np.linalg.solve(normal, gradient[..., None])[..., 0]
        return np.asarray(np.minimum(np.maximum(-move, -self.limit), self.limit))


def _pairs(slots: tuple[Slot, ...], kinds: tuple[BandKind, ...]) -> list[tuple[Slot, BandKind]]:
    return list(zip(slots, kinds, strict=True))


def _bandwidth_range(slot: Slot, kind: BandKind) -> tuple[float, float]:
    low, high = slot.bandwidth_oct
    if kind in (BandKind.LOW_SHELF, BandKind.HIGH_SHELF):
        low = max(low, SHELF_BANDWIDTH_OCT[0])
    return low, high


def _analogue_range(slot: Slot, kind: BandKind) -> tuple[float, float]:
    """Return ln of the analogue bandwidth (octaves) range that the slot's Q range means."""
    if kind in (BandKind.LOW_SHELF, BandKind.HIGH_SHELF):
        return -np.inf, np.inf
    with np.errstate(divide="ignore"):
        narrow, wide = np.log(2.0 / np.log(2.0) * np.arcsinh(0.5 / np.array(slot.q)[::-1]))
    return float(narrow), float(wide)
