"""Linear discriminants that do not trust neighbours: Gaussian classes of one covariance.

Fisher's discriminant (Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning",
2nd ed., Eq. 4.10, with equal priors), but the covariance is that within runs of related rows plus
that of the runs' means about their class, every run counting alike: thirty songs of one artist
tell as much about an unknown artist as one run does, not as thirty do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

SHRINK = 0.2
"""Share of the covariance that is a multiple of the identity, in standardised features."""

_CONSTANT = 1e-3
"""A feature that varies less than this says nothing."""


def fit(x: Array, labels: Labels, runs: Labels) -> Array:
    """Return weights (D + 1, C), the last row for a one, that give log-odds of features (N, D).

    labels: (N,) of 0 … C − 1, none missing. runs: (N,), each within one class.
    """
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < _CONSTANT] = 1.0
    z = (x - centre) / scale
    _, first, run = np.unique(runs, return_index=True, return_inverse=True)
    run_means = np.array([z[run == number].mean(axis=0) for number in range(len(first))])
    owner = labels[first]
    means = np.array([run_means[owner == c].mean(axis=0) for c in range(labels.max() + 1)])
    within, between = z - run_means[run], run_means - means[owner]
    covariance = within.T @ within / len(z) + between.T @ between / (len(first) - len(means))
    flat = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    slopes = np.linalg.solve((1.0 - SHRINK) * covariance + SHRINK * flat, means.T)
    bias = -0.5 * np.einsum("cd,dc->c", means, slopes)
    slopes = slopes / scale[:, None]
    return np.vstack([slopes, bias - centre @ slopes])
