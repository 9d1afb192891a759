"""Our predictor: from what a word means to the curve people would draw for it.

Kernel ridge regression of word means on four principal curves, the first (bass against treble)
held back less than the rest; noise falls with the number and consistency of the people who drew.
The mean of several such regressions counts; where engineers have a term for the word, its curve
counts as well. Every setting is chosen by cross-validation over the training words (`choose`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from models.training.words_data import Array, Drawings, correlations, distinct, split, word_means
from models.training.words_space import Shares, Space
from models.training.words_terms import Terms

COMPONENTS = 4
SPANISH_WEIGHT = 0.6
SEVERAL = 12
_LEAST_CONSISTENCY = 0.05
_PARTS = 5


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


GRID = tuple(
    Regression(Shares(*shares), *ridges)
    for *shares, ridges in product(
        (0.0, 0.5, 1.0),
        (0.25, 0.5, 1.0),
        (0.0, 0.2, 0.4),
        ((0.6, 3.0), (1.0, 3.0), (1.5, 3.0)),
    )
)
SCALES = (1.0, 1.15, 1.3, 1.5, 1.7, 2.0)
TERMS = (0.0, 0.15, 0.3, 0.45)


@dataclass(frozen=True)
class Predictor:
    """A fitted predictor. weights (4, W, 40): of each likeness to `words`; mean (40,)."""

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
    names, means, total = _means(space, training)
    within = space.likenesses(names, names)
    weights = np.zeros((len(within), len(names), means.shape[1]))
    for one in settings.regressions:
        kernel = np.tensordot(one.shares.weights, within, axes=1)
        solved = _solve(kernel, means, total, one) / len(settings.regressions)
        weights += one.shares.weights[:, None, None] * solved
    return Predictor(space, settings, tuple(names), weights, _mean(means, total), terms)


def choose(space: Space, training: Drawings, terms: Terms, seed: int = 0) -> tuple[Settings, float]:
    """Return the best settings on held-out training words, and their error there.

    Five-fold by English word; a held-out word's Spanish rows are held out as well. The regressions
    are the `SEVERAL` whose curves correlate best with what people drew; their scale is that of
    least error, the weight of terms that of most correlation. All English rows count, by the square
    of their consistency.
    """
    parts = [_Part(space, *part) for part in _parts(training, seed)]
    held = _Held(
        [word for part in parts for word in part.words],
        np.concatenate([part.wanted for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )
    tried = [np.concatenate([part.answer(one) for part in parts]) for one in GRID]
    order = sorted(range(len(GRID)), key=lambda number: -held.likeness(tried[number]))[:SEVERAL]
    mean = np.concatenate([part.means() for part in parts])
    moved = np.mean([tried[number] for number in order], axis=0) - mean
    scale = min(SCALES, key=lambda scale: held.error(mean + scale * moved))
    found = {share: terms.blended(held.words, mean + scale * moved, share) for share in TERMS}
    share = max(TERMS, key=lambda share: held.likeness(found[share]))
    regressions = tuple(GRID[number] for number in order)
    return Settings(regressions, scale, share), held.error(found[share])


@dataclass(frozen=True)
class _Held:
    """Rows held out: what was drawn for which word, and how much each counts."""

    words: list[str]
    wanted: Array
    weight: Array

    def likeness(self, found: Array) -> float:
        return float(np.average(correlations(found, self.wanted), weights=self.weight))

    def error(self, found: Array) -> float:
        return float(np.average(np.abs(found - self.wanted).mean(axis=1), weights=self.weight))


class _Part:
    """A part of the training words held out, with what any regression needs."""

    def __init__(self, space: Space, rows: Drawings, held: Drawings) -> None:
        self._names, self._means, self._total = _means(space, rows)
        self._within = space.likenesses(self._names, self._names)
        self._across = space.likenesses(held.words, self._names)
        self.words = held.words
        self.wanted = held.curves
        self.weight = np.clip(held.consistency, _LEAST_CONSISTENCY, 1.0) ** 2

    def means(self) -> Array:
        """Return the mean curve for each row held out."""
        return np.tile(_mean(self._means, self._total), (len(self.words), 1))

    def answer(self, one: Regression) -> Array:
        """Return curves for the rows held out."""
        within, across = (
            np.tensordot(one.shares.weights, each, axes=1) for each in (self._within, self._across)
        )
        solved = _solve(within, self._means, self._total, one)
        return np.asarray(self.means() + across @ solved)


def _parts(training: Drawings, seed: int) -> Iterator[tuple[Drawings, Drawings]]:
    words = distinct(training.where(training.english).words)
    np.random.default_rng(seed).shuffle(words)
    for number in range(_PARTS):
        held = frozenset(words[number::_PARTS])
        yield split(training, held)[0], training.where(training.of(held) & training.english)


def _means(space: Space, training: Drawings) -> tuple[list[str], Array, Array]:
    known = training.where(np.array([word in space.index for word in training.words]))
    weight = np.clip(known.consistency, _LEAST_CONSISTENCY, 1.0)
    weight = weight * np.where(known.english, 1.0, SPANISH_WEIGHT)
    return word_means(known.words, known.curves, weight)


def _mean(means: Array, total: Array) -> Array:
    return np.asarray(total @ means / total.sum())


def _solve(likeness: Array, means: Array, total: Array, one: Regression) -> Array:
    centred = means - _mean(means, total)
    shapes = np.linalg.svd(centred * np.sqrt(total)[:, None], full_matrices=False)[2]
    weights = np.zeros_like(means)
    for ridge, chosen in ((one.first, shapes[:1]), (one.rest, shapes[1:COMPONENTS])):
        solved = np.linalg.solve(likeness + np.diag(ridge / total), centred @ chosen.T)
        weights += solved @ chosen
    return weights
