"""Figures of merit of a classifier, from its scores (N, C) and the true class numbers (N,)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.intp]


def probabilities(scores: Array) -> Array:
    """Return the softmax of each row."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def accuracy(scores: Array, labels: Labels, top: int = 1) -> float:
    """Return the share of rows whose true class is among the `top` best."""
    best = np.argsort(-scores, axis=1)[:, :top]
    return float((best == labels[:, None]).any(axis=1).mean())


def log_loss(scores: Array, labels: Labels) -> float:
    """Return the mean negative log-probability of the true class."""
    chosen = probabilities(scores)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def calibration_error(scores: Array, labels: Labels, bins: int = 10) -> float:
    """Return the expected calibration error: the mean |confidence − accuracy| over bins."""
    odds = probabilities(scores)
    confidence, hit = odds.max(axis=1), odds.argmax(axis=1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[which == b].sum() - hit[which == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(labels))


def interval(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share out of `count`."""
    z = 1.959964
    centre = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return (centre - half) / scale, (centre + half) / scale
