"""The K-weighting of ITU-R BS.1770-4 at any sample rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from models.bands import Array

_SHELF_HZ, _SHELF_DB, _SHELF_Q, _SHELF_SLOPE = (
    1681.974450955533,
    3.999843853973347,
    0.7071752369554196,
    0.4996667741545416,
)
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773


def k_weighting(sample_rate_hz: float) -> Array:
    """Return the two K-weighting biquads as second-order sections (2, 6).

    BS.1770-4, Annex 1, tables 1 and 2 give them at 48 kHz; these are the same filters at any rate:
    bilinear transforms of the high shelf and the high pass whose parameters reproduce the tables
    (as derived for libebur128).
    """
    k = math.tan(math.pi * _SHELF_HZ / sample_rate_hz)
    high = 10.0 ** (_SHELF_DB / 20.0)
    band = high**_SHELF_SLOPE
    shelf = [high + band * k / _SHELF_Q + k * k, 2 * (k * k - high)]
    shelf += [high - band * k / _SHELF_Q + k * k, *_denominator(k, _SHELF_Q)]
    k = math.tan(math.pi * _PASS_HZ / sample_rate_hz)
    a0, a1, a2 = _denominator(k, _PASS_Q)
    sections = np.array([shelf, [a0, -2.0 * a0, a0, a0, a1, a2]])
    return np.asarray(sections / sections[:, 3:4])


def k_power_gain(freqs_hz: ArrayLike, sample_rate_hz: float) -> Array:
    """Return the power gain |H|^2 of the K-weighting at `freqs_hz`, of the same shape."""
    delay = np.exp(-2j * np.pi * np.asarray(freqs_hz, dtype=np.float64) / sample_rate_hz)
    response = np.ones_like(delay)
    for b0, b1, b2, _, a1, a2 in k_weighting(sample_rate_hz):
        response *= (b0 + delay * (b1 + delay * b2)) / (1.0 + delay * (a1 + delay * a2))
    return np.asarray(np.abs(response) ** 2)


def _denominator(k: float, q: float) -> list[float]:
    return [1.0 + k / q + k * k, 2.0 * (k * k - 1.0), 1.0 - k / q + k * k]
