"""A kernel machine that keeps no training data: ridge regression on random Fourier features.

cos(ω · x) and sin(ω · x) for random ω make a feature space in which inner products are nearly those
of a Gaussian kernel (Rahimi & Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007,
Alg. 1); ω orthogonal in blocks come nearer with fewer (Yu, Suresh, Choromanski, Holtmann-Rice &
Kumar, "Orthogonal Random Features", NIPS 2016, Eq. 3). What is kept are random numbers and the
weights of one regression: no row of what it was fitted to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Waves(NamedTuple):
    """Scores are Σ over widths w of [cos(√w · x @ frequencies), sin(…)] @ weights.

    frequencies: (D, H). widths: (K,), of the kernels exp(−w · mean (x − y)²). weights: (K, 2H, C).
    """

    frequencies: Array
    widths: Array
    weights: Array

    def scores(self, x: Array) -> Array:
        """Return the scores (N, C) of standardised features (N, D)."""
        parts = zip(features(x, self.frequencies, self.widths), self.weights, strict=True)
        return np.asarray(sum(part @ weights for part, weights in parts))


def draw(size: int, pairs: int, seed: int) -> Array:
    """Return random frequencies (size, pairs), orthogonal in blocks, as half precision keeps them.

    Their spread suits features of D dimensions compared by the mean of squared differences.
    """
    rng = np.random.default_rng(seed)
    blocks = [
        np.linalg.qr(rng.standard_normal((size, size)))[0] * np.sqrt(rng.chisquare(size, size))
        for _ in range(-(-pairs // size))
    ]
    drawn = np.concatenate(blocks, axis=1)[:, :pairs] * np.sqrt(2.0 / size)
    return np.asarray(drawn.astype(np.float16), dtype=np.float64)


def features(x: Array, frequencies: Array, widths: Array) -> list[Array]:
    """Return for each width features (N, 2H), whose inner products are nearly the kernel's."""
    phase = x @ frequencies
    norm = 1.0 / np.sqrt(frequencies.shape[1])
    scaled = [np.sqrt(width) * phase for width in widths]
    return [norm * np.concatenate([np.cos(p), np.sin(p)], axis=1) for p in scaled]


def fit(x: Array, targets: Array, frequencies: Array, widths: Array, ridges: Array) -> Waves:
    """Return the sum over all widths and ridges (R, N), one per row, of regressions of x (N, D).

    targets: (N, C). Solved in the dual form: fast while there are fewer rows than features.
    """
    weights = []
    for part in features(x, frequencies, widths):
        kernel = part @ part.T
        weights.append(part.T @ sum(np.linalg.solve(kernel + np.diag(r), targets) for r in ridges))
    return Waves(frequencies, np.asarray(widths, dtype=np.float64), np.array(weights))
