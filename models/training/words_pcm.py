"""Partial curve mapping (PCM), the second measure of Venkatesh et al. 2022.

K. Witowski & N. Stander, 12th AIAA ATIO Conference 2012, as the package similaritymeasures 0.4
(C. Jekel, MIT) computes it: both curves are scaled by the range of the first, so that the value
depends on which comes first, and a first curve that is nearly flat makes it grow without bound.
"""

from __future__ import annotations

import numpy as np

from models.training.words_data import Array, Drawings

_OFFSETS = 200


def pcm(first: Array, second: Array) -> float:
    """Return the PCM of two curves (N,) over the same places; inf if the first is flat."""
    reach = float(np.ptp(first))
    if reach < 1e-9:
        return float("inf")
    place = np.linspace(0.0, 1.0, first.size)
    short, long = ((curve - first.min()) / reach for curve in (first, second))
    (length, along), (other, other_along) = _length(place, short), _length(place, long)
    if other > length:
        short, long = long, short
        (length, along), (other, other_along) = (other, other_along), (length, along)
    offsets = np.linspace(0.0, length - other, _OFFSETS)[:, None]
    apart = np.hypot(
        short - np.interp(along + offsets, other_along, long),
        place - np.interp(along + offsets, other_along, place),
    )
    area = (0.5 * (apart[:, :-1] + apart[:, 1:]) * along[1:]).sum(axis=1)
    return float(area.min())


def mean_pcm(first: Array, second: Array) -> float:
    """Return the mean PCM of rows (N, B)."""
    return float(np.mean([pcm(a, b) for a, b in zip(first, second, strict=True)]))


def word_means_of(test: Drawings) -> Array:
    """Return for each row (N, 40) the mean of its word's rows."""
    return np.array([test.curves[test.of({word})].mean(axis=0) for word in test.words])


def _length(place: Array, curve: Array) -> tuple[float, Array]:
    """Return the length of a curve, scaled by its greatest size, and the share up to each point."""
    top = float(np.abs(curve).max()) or 1e-15
    steps = np.hypot(np.diff(place), np.diff(curve) / top)
    total = float(steps.sum())
    return total, np.concatenate([[0.0], np.cumsum(steps)]) / total
