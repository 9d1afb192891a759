"""Our predictor: from what a word means to the curve people would draw for it.

Kernel ridge regression of word means on four principal curves, the first (bass against treble)
held back less than the rest; noise falls with the number and consistency of the people who drew.
The mean of several such regressions counts; where engineers have a term for the word, its curve
counts as well. All of this is chosen by cross-validation over words (`words_choice`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from models.training.words_data import Array, Drawings, word_means
from models.training.words_space import Shares, Space
from models.training.words_terms import Terms

COMPONENTS = 4
SPANISH_WEIGHT = 0.6
LEAST_CONSISTENCY = 0.05


@dataclass(frozen=True, slots=True)
class Regression:
    """One kernel ridge regression. first, rest: ridges of the first and of the other shapes."""

    shares: Shares = field(default_factory=Shares)
    first: float = 1.0
    rest: float = 3.0


@dataclass(frozen=True, slots=True)
class Settings:
    """scale: of what regressions add to the mean curve. terms: weight of engineers' terms."""

    regressions: tuple[Regression, ...] = (Regression(),)
    scale: float = 2.0
    terms: float = 0.15


@dataclass(frozen=True)
class Predictor:
    """A fitted predictor. weights (5, W, 40): of each likeness to `words`; mean (40,)."""

    space: Space
    settings: Settings
    words: tuple[str, ...]
    weights: Array
    mean: Array
    terms: Terms

    def __call__(self, words: Sequence[str]) -> Array:
        """Return the curves (N, 40) of words."""
        return self.terms.blended(words, self.by_meaning(words), self.settings.terms)

    def by_meaning(self, words: Sequence[str]) -> Array:
        """Return the curves (N, 40) that words have by their meaning alone."""
        likenesses = self.space.likenesses(words, self.words)
        found = np.einsum("kab,kbc->ac", likenesses, self.weights, optimize=True)
        return np.asarray(self.mean + self.settings.scale * found)


def fit(space: Space, training: Drawings, settings: Settings, terms: Terms) -> Predictor:
    """Fit on rows; words that the space does not know are left out."""
    means = means_of(space, training)
    within = space.likenesses(means.names, means.names)
    weights = np.zeros((len(within), *means.curves.shape))
    for one in settings.regressions:
        likeness = np.tensordot(one.shares.weights, within, axes=1)
        solved = means.first(likeness, one.first) + means.rest(likeness, one.rest)
        weights += one.shares.weights[:, None, None] * solved / len(settings.regressions)
    return Predictor(space, settings, tuple(means.names), weights, means.mean, terms)


@dataclass(frozen=True)
class Means:
    """What is learned from: words, their mean curves (W, 40), how much each counts, the mean."""

    names: list[str]
    curves: Array
    total: Array
    mean: Array

    @cached_property
    def _shapes(self) -> Array:
        centred = (self.curves - self.mean) * np.sqrt(self.total)[:, None]
        return np.asarray(np.linalg.svd(centred, full_matrices=False)[2])

    def first(self, likeness: Array, ridge: float) -> Array:
        """Return the weights (W, 40) of likenesses to the words, for the first shape."""
        return self._solved(likeness, ridge, self._shapes[:1])

    def rest(self, likeness: Array, ridge: float) -> Array:
        """Return the weights (W, 40) for the other shapes."""
        return self._solved(likeness, ridge, self._shapes[1:COMPONENTS])

    def _solved(self, likeness: Array, ridge: float, shapes: Array) -> Array:
        from scipy.linalg import solve  # noqa: PLC0415

        noisy = likeness + np.diag(ridge / self.total)
        wanted = (self.curves - self.mean) @ shapes.T
        return np.asarray(solve(noisy, wanted, assume_a="pos", check_finite=False) @ shapes)


def means_of(space: Space, training: Drawings) -> Means:
    """Return what rows tell; words that the space does not know are left out."""
    known = training.where(np.array([word in space.index for word in training.words]))
    weight = np.clip(known.consistency, LEAST_CONSISTENCY, 1.0)
    weight = weight * np.where(known.english, 1.0, SPANISH_WEIGHT)
    names, curves, total = word_means(known.words, known.curves, weight)
    return Means(names, curves, total, total @ curves / total.sum())
