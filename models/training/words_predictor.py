"""Our predictor: from what a word means to the curve people would draw for it.

Kernel ridge regression of word means on four principal curves, the first (bass against treble)
held back less than the rest; noise falls with the number and consistency of the people who drew.
Every setting is chosen by cross-validation over the training words (`choose`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from models.training.words_data import (
    Array,
    Drawings,
    distinct,
    mean_absolute_error,
    split,
    word_means,
)
from models.training.words_space import SHAPES, Space

COMPONENTS = 4
SPANISH_WEIGHT = 0.6
_LEAST_CONSISTENCY = 0.05
_PARTS = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """shape, share: see `Space.kernel`. first, rest: ridge of the first and the other principal
    curves. scale: of the predicted deviation from the mean curve.
    """

    shape: str = "arc"
    share: float = 0.5
    first: float = 0.3
    rest: float = 3.0
    scale: float = 1.5


GRID = tuple(
    Settings(shape, share, first, rest)
    for shape, share, (first, rest) in product(
        SHAPES, (0.25, 0.5, 1.0), ((0.3, 3.0), (0.15, 1.5), (0.3, 1.0))
    )
)
SCALES = (1.0, 1.15, 1.3, 1.5, 1.7)


@dataclass(frozen=True)
class Predictor:
    """A fitted predictor: `words` with `weights` (W, 40) on their likeness, and the mean (40,)."""

    space: Space
    settings: Settings
    words: tuple[str, ...]
    weights: Array
    mean: Array

    def __call__(self, words: Sequence[str]) -> Array:
        """Return the curves (N, 40) of words."""
        likeness = self.space.kernel(words, self.words, self.settings.shape, self.settings.share)
        return np.asarray(self.mean + self.settings.scale * (likeness @ self.weights))


def fit(space: Space, training: Drawings, settings: Settings) -> Predictor:
    """Fit on rows; words that the space does not know are left out."""
    names, means, total = _means(space, training)
    likeness = space.kernel(names, names, settings.shape, settings.share)
    mean, weights = _solve(likeness, means, total, settings)
    return Predictor(space, settings, tuple(names), weights, mean)


def choose(space: Space, training: Drawings, seed: int = 0) -> tuple[Settings, float]:
    """Return the settings with the least error on held-out training words, and that error.

    Five-fold by English word; a held-out word's Spanish rows are held out as well.
    """
    parts = list(_parts(training, seed))
    best = (Settings(), float("inf"))
    for settings in GRID:
        found = [fit(space, rows, replace(settings, scale=1.0)) for rows, _ in parts]
        plain = [model(held.words) for model, (_, held) in zip(found, parts, strict=True)]
        wanted = np.concatenate([held.curves for _, held in parts])
        for scale in SCALES:
            curves = np.concatenate(
                [
                    model.mean + scale * (curve - model.mean)
                    for model, curve in zip(found, plain, strict=True)
                ]
            )
            error = mean_absolute_error(curves, wanted)
            if error < best[1]:
                best = (replace(settings, scale=scale), error)
    return best


def _parts(training: Drawings, seed: int) -> Iterator[tuple[Drawings, Drawings]]:
    words = distinct(training.where(training.english).words)
    np.random.default_rng(seed).shuffle(words)
    for number in range(_PARTS):
        yield split(training, frozenset(words[number::_PARTS]))


def _means(space: Space, training: Drawings) -> tuple[list[str], Array, Array]:
    known = training.where(np.array([word in space.index for word in training.words]))
    weight = np.clip(known.consistency, _LEAST_CONSISTENCY, 1.0)
    weight = weight * np.where(known.english, 1.0, SPANISH_WEIGHT)
    return word_means(known.words, known.curves, weight)


def _solve(likeness: Array, means: Array, total: Array, settings: Settings) -> tuple[Array, Array]:
    mean = total @ means / total.sum()
    centred = means - mean
    shapes = np.linalg.svd(centred * np.sqrt(total)[:, None], full_matrices=False)[2]
    weights = np.zeros_like(means)
    for ridge, chosen in ((settings.first, shapes[:1]), (settings.rest, shapes[1:COMPONENTS])):
        solved = np.linalg.solve(likeness + np.diag(ridge / total), centred @ chosen.T)
        weights += solved @ chosen
    return mean, weights
