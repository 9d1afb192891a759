"""Item fades: REAPER's fade shapes as gain curves.

The closed forms were worked out by users against REAPER itself (Cockos forum thread 262260; used by
several published scripts). Shapes: 0 linear, 1 fast start, 2 fast end, 3 fast start (steep), 4 fast
end (steep), 5 S-curve, 6 S-curve (steep), 7 equal power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_EQUAL_POWER = 2.0 - math.pi / 4.0


@dataclass(frozen=True, slots=True)
class Fade:
    """One end of an item: length in seconds, shape 0 … 7, curvature −1 … 1."""

    length_s: float = 0.0
    shape: int = 0
    curvature: float = 0.0


NO_FADE = Fade()


def fade_in_gain(position: Array, shape: int, curvature: float) -> Array:
    """Return the gain (0 … 1) of a fade-in at `position` (0 = start, 1 = end of the fade)."""
    x = np.clip(position, 0.0, 1.0)
    c = min(max(curvature, -1.0), 1.0)
    match shape:
        case 1:
            return _bent(x, x * (2.0 - x), np.sqrt(1.0 - (1.0 - x) ** 8), x**4, c)
        case 2:
            return _bent(x, x, 1.0 - (1.0 - x) ** 2, x**2, c)
        case 5:
            y = _skewed(x, 0.25 * (c + 2.0))
            return np.asarray((3.0 - 2.0 * y) * y**2)
        case 6:
            y = _skewed(x, (5.0 * c + 8.0) / 16.0)
            return np.where(y <= 0.5, 8.0 * y**4, 1.0 - 8.0 * (1.0 - y) ** 4)
        case 7:
            return _equal_power(x, c)
        case _:
            return _bent(x, x, 1.0 - (1.0 - x) ** 4, x**4, c)


def fade_out_gain(position: Array, shape: int, curvature: float) -> Array:
    """Return the gain (1 … 0) of a fade-out at `position` (0 = start, 1 = end of the fade)."""
    return fade_in_gain(1.0 - position, shape, -curvature)


def _bent(x: Array, middle: Array, early: Array, late: Array, c: float) -> Array:
    """Blend from `middle` (c = 0) to `early` (c = −1) or `late` (c = 1)."""
    bend = early if c < 0.0 else late
    return np.asarray((1.0 - abs(c)) * middle + abs(c) * bend)


def _skewed(x: Array, t: float) -> Array:
    """A quadratic Bézier curve through (t, 1 − t), as a function of x."""
    if t == 0.5:
        return x
    g = (np.sqrt(x * (1.0 - 2.0 * t) + t * t) - t) / (1.0 - 2.0 * t)
    return np.asarray((2.0 * t - 1.0) * g**2 + (2.0 - 2.0 * t) * g)


def _equal_power(x: Array, c: float) -> Array:
    if c < 0.0:
        falling = (1.0 + c) * (1.0 - x**2 * (_EQUAL_POWER - (_EQUAL_POWER - 1.0) * x**2))
        return np.sqrt(np.maximum(1.0 - (falling - c * (1.0 - x) ** 4) ** 2, 0.0))
    rest = (1.0 - x) ** 2
    return np.asarray(
        c * x**4 + (1.0 - c) * (1.0 - rest * (_EQUAL_POWER - (_EQUAL_POWER - 1.0) * rest))
    )
