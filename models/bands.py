"""The fixed frequency grid, its bands, and smoothing on the hearing's own scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

GRID_HZ: Array = 1000.0 * np.exp2(np.arange(-68, 53, dtype=np.float64) / 12.0)
"""Band centres: 121 points, 1/12 octave apart, 19.7 Hz ... 20.16 kHz."""
EDGES_HZ: Array = 1000.0 * np.exp2((np.arange(-68, 54, dtype=np.float64) - 0.5) / 12.0)
"""The 122 edges of the 121 bands, 19.1 Hz ... 20.75 kHz."""


def erb_hz(freqs_hz: ArrayLike) -> Array:
    """Return the equivalent rectangular bandwidth in Hz: 0.108 f + 24.7 (Glasberg & Moore 1990)."""
    return np.asarray(0.108 * np.asarray(freqs_hz, dtype=np.float64) + 24.7)


def erb_rate(freqs_hz: ArrayLike) -> Array:
    """Return the ERB-rate, the integral of df / ERB(f): ln(1 + 0.108 f / 24.7) / 0.108."""
    return np.asarray(np.log1p(0.108 / 24.7 * np.asarray(freqs_hz, dtype=np.float64)) / 0.108)


ERB_WEIGHT: Array = np.diff(erb_rate(EDGES_HZ)) / np.ptp(erb_rate(EDGES_HZ))
"""(121,): each band's share of the grid's ERB-rate scale; the sum is 1."""


def erb_smooth(
    values_db: ArrayLike, freqs_hz: ArrayLike = GRID_HZ, weight: ArrayLike | None = None
) -> Array:
    """Smooth curves over critical bands: an exponential average upwards, then one downwards.

    values_db: (..., F); freqs_hz: (F,) increasing, any spacing; weight: (..., F) of 0 or more;
    values of weight 0 are filled from their neighbours. Returns (..., F). Raises ValueError for
    other shapes.

    Nercessian 2020 ("Neural parametric equalizer matching using differentiable biquads", DAFx-20,
    eq. 16-18): y[k] = y[k-1] + mu[k] (x[k] - y[k-1]), mu[k] = 1 - exp(-df[k] / (0.108 f[k] +
    24.7)), run forwards over x and then backwards over y. Here df[k] is the local spacing and f[k]
    the middle of the step, which makes the spacing of the grid immaterial; y starts at the first
    value, so that constants are kept. With weights w, the smoothed w x is divided by the smoothed
    w.
    """
    freqs = np.asarray(freqs_hz, dtype=np.float64)
    values = np.asarray(values_db, dtype=np.float64)
    if freqs.ndim != 1 or values.shape[-1:] != freqs.shape or np.any(np.diff(freqs) <= 0.0):
        raise ValueError(f"need (..., F) values on F increasing frequencies, not {values.shape}")
    if weight is None:
        return _average_both_ways(values, freqs)
    weights = np.maximum(np.broadcast_to(np.asarray(weight, dtype=np.float64), values.shape), 1e-9)
    return _average_both_ways(values * weights, freqs) / _average_both_ways(weights, freqs)


def _average_both_ways(values: Array, freqs_hz: Array) -> Array:
    middle = 0.5 * (freqs_hz[1:] + freqs_hz[:-1])
    mu = -np.expm1(-np.diff(freqs_hz) / erb_hz(middle))
    out = np.moveaxis(values, -1, 0).copy()
    for k in range(1, len(freqs_hz)):
        out[k] = out[k - 1] + mu[k - 1] * (out[k] - out[k - 1])
    for k in range(len(freqs_hz) - 2, -1, -1):
        out[k] = out[k + 1] + mu[k] * (out[k] - out[k + 1])
    return np.moveaxis(out, 0, -1)
