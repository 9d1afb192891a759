"""Parametric matching: the ReaEQ bands whose response follows a wanted curve.

Levenberg-Marquardt on ReaEQ's own parameters with exact derivatives (`models.band_response`), from
greedy starts (`models.greedy`). With a `Layout` its slots are filled (`models.layout_fit`); without
one the fewest bands that do are chosen (`models.band_choice`). NumPy only, deterministic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from models.band_choice import BandChooser
from models.curve_grid import CurveGrid, checked_curves
from models.eq import Array, Eq
from models.layout import Layout, Limits
from models.layout_fit import LayoutFit

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
) -> Eq:
    """Return the equaliser whose response follows `desired_db` (F,) at `freqs_hz` (F,), both in order.

    layout: the bands to fill, one per slot and in slot order (absent: kinds and number of bands are
    chosen by the curve). limits: the user's limits, always kept (absent: `Limits()` without a layout,
    the layout's own ranges with one). weight (F,): importance of each bin, 0 or above (absent: all
    alike); bins of weight 0 and above the Nyquist frequency are ignored. tolerance_db: weighted root
    mean square residual that is good enough (absent: 0.25 dB without a layout, 0.0005 dB with one).
    The result's output gain is 0. Raises ValueError for input of a wrong shape, order or value.
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
) -> tuple[Eq, ...]:
    """Match many curves (N, F); weight is (F,) or (N, F). Otherwise as `match`, with equal results."""
    freqs, desired, weights = checked_curves(freqs_hz, desired_db, weight, sample_rate_hz)
    default = DEFAULT_TOLERANCE_DB if layout is None else LAYOUT_TOLERANCE_DB
    tolerance = default if tolerance_db is None else tolerance_db
    if not tolerance >= 0.0:
        raise ValueError(f"tolerance_db must be 0 or above, not {tolerance_db!r}")
    if weights.ndim == 1:
        matcher = _Matcher(freqs, weights, layout, limits, sample_rate_hz)
        return tuple(matcher.match(curve, tolerance) for curve in desired)
    return tuple(
        _Matcher(freqs, row, layout, limits, sample_rate_hz).match(curve, tolerance)
        for curve, row in zip(desired, weights, strict=True)
    )


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
        self._fit: LayoutFit | BandChooser | None = None
        grid = (self._grid.freqs_hz, self._grid.root_weight, sample_rate_hz)
        if not len(self._grid.freqs_hz):
            return
        if layout is None:
            self._fit = BandChooser(limits or Limits(), *grid)
        else:
            layout = layout if limits is None else limits.narrowed(layout)
            if layout.slots:
                self._fit = LayoutFit(layout, *grid)

    def match(self, desired_db: Array, tolerance_db: float) -> Eq:
        if self._fit is None:
            return Eq()
        return self._fit.fit(self._grid.operator @ desired_db, tolerance_db)
