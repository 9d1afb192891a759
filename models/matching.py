"""Parametric matching: the ReaEQ bands whose response follows a wanted curve.

Levenberg-Marquardt on ReaEQ's own parameters with exact derivatives (`models.band_response`), from
a network's guess (`models.network_start`) or greedy starts (`models.greedy`). With a `Layout` its
slots are filled (`models.layout_fit`); without one the fewest bands that do are chosen
(`models.band_choice`). NumPy only, deterministic. What curves on the same bins share is kept for
the next call.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from models.band_choice import BandChooser
from models.curve_grid import CurveGrid, checked_curves
from models.eq import Array, Eq
from models.layout import Layout, Limits
from models.layout_fit import Effort, LayoutFit
from models.network_start import NetworkStart
from models.response_limits import held_to_limits

__all__ = ["Effort", "match", "match_many"]

DEFAULT_TOLERANCE_DB = 0.25
"""Residual (weighted root mean square) at which no further band is added."""
LAYOUT_TOLERANCE_DB = 5e-4
"""Residual at which the search for a better fit of a given layout ends."""


def match(
    freqs_hz: ArrayLike,
    desired_db: ArrayLike,
    *,
    layout: Layout | None = None,
    sample_rate_hz: float = 48000.0,
    limits: Limits | None = None,
    weight: ArrayLike | None = None,
    tolerance_db: float | None = None,
    effort: Effort = Effort.NORMAL,
) -> Eq:
    """Return the equaliser whose response follows `desired_db` (F,) at rising `freqs_hz` (F,).

    layout: the bands to fill, one each and in slot order (absent: kinds and number of bands are
    chosen by the curve). limits: the user's limits, always kept (absent: `Limits()` without a
    layout, the layout's own ranges with one). weight (F,): importance of each bin, 0 or above
    (absent: all alike); bins of weight 0 and above the Nyquist frequency are ignored.
    tolerance_db: weighted root mean square residual that is good enough (absent: 0.25 dB without a
    layout, 0.0005 dB with one). effort: how long to search. The result's output gain is 0.
    Raises ValueError for input of a wrong shape, order or value.
    """
    desired = np.asarray(desired_db)
    return match_many(
        freqs_hz,
        desired[None],
        layout=layout,
        sample_rate_hz=sample_rate_hz,
        limits=limits,
        weight=weight,
        tolerance_db=tolerance_db,
        effort=effort,
    )[0]


def match_many(
    freqs_hz: ArrayLike,
    desired_db: ArrayLike,
    *,
    layout: Layout | None = None,
    sample_rate_hz: float = 48000.0,
    limits: Limits | None = None,
    weight: ArrayLike | None = None,
    tolerance_db: float | None = None,
    effort: Effort = Effort.NORMAL,
) -> tuple[Eq, ...]:
    """Match many curves (N, F) as `match` does each; weight is (F,) or (N, F)."""
    freqs, desired, weights = checked_curves(freqs_hz, desired_db, weight, sample_rate_hz)
    default = DEFAULT_TOLERANCE_DB if layout is None else LAYOUT_TOLERANCE_DB
    tolerance = default if tolerance_db is None else tolerance_db
    if not tolerance >= 0.0:
        raise ValueError(f"tolerance_db must be 0 or above, not {tolerance_db!r}")
    if weights.ndim == 1:
        weights = np.broadcast_to(weights, desired.shape)
    asked = (layout, limits, float(sample_rate_hz))
    return tuple(
        _matcher(freqs.tobytes(), row.tobytes(), *asked).match(curve, tolerance, effort)
        for curve, row in zip(desired, weights, strict=True)
    )


@lru_cache(maxsize=8)
def _matcher(
    freqs_hz: bytes,
    weight: bytes,
    layout: Layout | None,
    limits: Limits | None,
    sample_rate_hz: float,
) -> _Matcher:
    """Return what curves with these bins, weights and wishes share, as it was or new."""
    return _Matcher(np.frombuffer(freqs_hz), np.frombuffer(weight), layout, limits, sample_rate_hz)


class _Matcher:
    """What curves with the same bins, weights and wishes share."""

    def __init__(
        self,
        freqs_hz: Array,
        weight: Array,
        layout: Layout | None,
        limits: Limits | None,
        sample_rate_hz: float,
    ) -> None:
        self._grid = CurveGrid.thinned(freqs_hz, weight, sample_rate_hz)
        self._sample_rate_hz = sample_rate_hz
        self._limits = Limits() if layout is None and limits is None else limits
        self._layout = layout
        if layout is not None and limits is not None:
            self._layout = limits.narrowed(layout)
        self._fit = self._fitter()

    def match(self, desired_db: Array, tolerance_db: float, effort: Effort) -> Eq:
        if self._fit is None:
            return Eq()
        target_db = self._grid.operator @ desired_db
        eq = self._fit.fit(target_db, tolerance_db, effort)
        if self._limits is None:
            return eq
        if self._layout is not None and len(eq.bands) > self._limits.max_bands:
            eq = self._with_fewer_slots(eq, target_db, tolerance_db)
        return held_to_limits(eq, self._limits, self._sample_rate_hz)

    def _fitter(self) -> LayoutFit | BandChooser | None:
        grid = (self._grid.freqs_hz, self._grid.root_weight, self._sample_rate_hz)
        if not len(self._grid.freqs_hz):
            return None
        if self._layout is not None:
            network = NetworkStart.of(self._layout)
            return LayoutFit(self._layout, *grid, network) if self._layout.slots else None
        return BandChooser(self._limits or Limits(), *grid)

    def _with_fewer_slots(self, eq: Eq, target_db: Array, tolerance_db: float) -> Eq:
        """Fit again with the allowed number of slots, those that did most in `eq`."""
        assert self._layout is not None
        assert self._limits is not None
        count = self._limits.max_bands
        done = [
            np.linalg.norm(
                Eq((band,)).response_db(self._grid.freqs_hz, self._sample_rate_hz)
                * self._grid.root_weight
            )
            for band in eq.bands
        ]
        kept = sorted(np.argsort(done, kind="stable")[len(done) - count :].tolist())
        if not kept:
            return Eq()
        layout = Layout(tuple(self._layout.slots[i] for i in kept))
        grid = (self._grid.freqs_hz, self._grid.root_weight, self._sample_rate_hz)
        return LayoutFit(layout, *grid).fit(target_db, tolerance_db)
