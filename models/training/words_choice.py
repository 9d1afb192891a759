"""Choose the predictor by cross-validation over training words: its form and all its settings.

A form says what words are compared by, how many regressions count, and whether engineers' terms
do. `FORMS` holds every form of this predictor that was tried on the paper's test folds (the model
card tells what was tried before it), and all between them, so that the choice among them is made
anew wherever the predictor is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from models.training.words_data import Array, Drawings, correlations, distinct, split
from models.training.words_predictor import (
    LEAST_CONSISTENCY,
    Means,
    Regression,
    Settings,
    means_of,
)
from models.training.words_space import Shares, Space
from models.training.words_terms import Terms

_PARTS = 5


@dataclass(frozen=True, slots=True)
class Form:
    """uses: what words may be compared by beside the first encoder. several: of how many
    regressions the mean counts, at most. terms: whether engineers' terms count.
    """

    uses: tuple[str, ...]
    several: int
    terms: bool

    def __str__(self) -> str:
        compared = " + ".join(("first encoder", *self.uses))
        count = "one regression" if self.several == 1 else f"mean of {self.several}"
        return f"{compared}; {count}; {'terms' if self.terms else 'no terms'}"

    def has(self, one: Regression) -> bool:
        """Whether a regression is of this form; with a thesaurus, that always counts."""
        used = {name for name in _NAMES if getattr(one.shares, name)}
        return used <= set(self.uses) and ("thesaurus" in used) == ("thesaurus" in self.uses)


@dataclass(frozen=True, slots=True)
class Choice:
    """Settings of a form. error, likeness: with the rows held out, weighted by consistency."""

    form: Form
    settings: Settings
    error: float
    likeness: float


_NAMES = ("thesaurus", "second", "letters", "walks")
_KINDS = tuple(_NAMES[:count] for count in range(len(_NAMES) + 1))
_SHARES = (
    Shares(0.0, 0.0, 0.0, 0.0),
    *(
        Shares(*shares)
        for shares in product((0.0, 0.5, 1.0), (0.25, 0.5, 1.0), (0.0, 0.2, 0.4), (0.0, 0.5))
    ),
)
_FIRST, _REST = (0.6, 1.0, 1.5), 3.0
GRID = tuple(Regression(shares, first, _REST) for shares, first in product(_SHARES, _FIRST))
SEVERAL = 12
FORMS = tuple(
    Form(kinds, several, terms)
    for kinds, several, terms in product(_KINDS, (1, SEVERAL, len(GRID)), (False, True))
)
SCALES = (1.0, 1.15, 1.3, 1.5, 1.7, 2.0)
TERMS = (0.0, 0.15, 0.3, 0.45)


def choose(space: Space, training: Drawings, terms: Terms, seed: int = 0) -> Choice:
    """Return the form and settings whose curves are most like those of held-out words."""
    return best_of(choices(space, training, terms, seed))


def best_of(found: Mapping[Form, Choice]) -> Choice:
    """Return the choice of the greatest likeness."""
    return max(found.values(), key=lambda choice: choice.likeness)


def choices(space: Space, training: Drawings, terms: Terms, seed: int = 0) -> dict[Form, Choice]:
    """Return the best settings of each form.

    Five-fold by English word; a held-out word's Spanish rows are held out as well. The regressions
    are those whose curves correlate best with what people drew; their scale is that of least
    error, the weight of terms that of most correlation. All English rows count, by the square of
    their consistency.
    """
    parts = [_Part(space, *part) for part in _parts(training, seed)]
    held = _Held(
        [word for part in parts for word in part.words],
        np.concatenate([part.wanted for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.mean_curves for part in parts]),
    )
    moved: dict[Regression, Array] = {}
    for answers in zip(*(part.answers() for part in parts), strict=True):
        moved[answers[0][0]] = np.concatenate([answer for _, answer in answers])
    likeness = {one: held.likeness(held.mean + change) for one, change in moved.items()}
    order = sorted(GRID, key=lambda one: -likeness[one])
    return {form: _choice(form, order, moved, held, terms) for form in FORMS}


def _choice(
    form: Form,
    order: list[Regression],
    moved: Mapping[Regression, Array],
    held: _Held,
    terms: Terms,
) -> Choice:
    used = [one for one in order if form.has(one)][: form.several]
    change = np.mean([moved[one] for one in used], axis=0)
    scale = min(SCALES, key=lambda scale: held.error(held.mean + scale * change))
    curves = held.mean + scale * change
    share = 0.0
    if form.terms:
        found = {share: terms.blended(held.words, curves, share) for share in TERMS}
        share = max(TERMS, key=lambda share: held.likeness(found[share]))
        curves = found[share]
    settings = Settings(tuple(used), scale, share)
    return Choice(form, settings, held.error(curves), held.likeness(curves))


@dataclass(frozen=True)
class _Held:
    """Rows held out: what was drawn for which word, how much each counts, and the mean curve."""

    words: list[str]
    wanted: Array
    weight: Array
    mean: Array

    def likeness(self, found: Array) -> float:
        return float(np.average(correlations(found, self.wanted), weights=self.weight))

    def error(self, found: Array) -> float:
        return float(np.average(np.abs(found - self.wanted).mean(axis=1), weights=self.weight))


class _Part:
    """A part of the training words held out, with what any regression needs."""

    def __init__(self, space: Space, rows: Drawings, held: Drawings) -> None:
        self._means: Means = means_of(space, rows)
        self._within = space.likenesses(self._means.names, self._means.names)
        self._across = space.likenesses(held.words, self._means.names)
        self.words = held.words
        self.wanted = held.curves
        self.weight = np.clip(held.consistency, LEAST_CONSISTENCY, 1.0) ** 2
        self.mean_curves = np.tile(self._means.mean, (len(held.words), 1))

    def answers(self) -> Iterator[tuple[Regression, Array]]:
        """Yield what each regression of `GRID` adds to the mean curve of the rows held out."""
        for shares in _SHARES:
            within, across = (
                np.tensordot(shares.weights, each, axes=1) for each in (self._within, self._across)
            )
            rest = across @ self._means.rest(within, _REST)
            for first in _FIRST:
                yield (
                    Regression(shares, first, _REST),
                    across @ self._means.first(within, first) + rest,
                )


def _parts(training: Drawings, seed: int) -> Iterator[tuple[Drawings, Drawings]]:
    words = distinct(training.where(training.english).words)
    np.random.default_rng(seed).shuffle(words)
    for number in range(_PARTS):
        held = frozenset(words[number::_PARTS])
        yield split(training, held)[0], training.where(training.of(held) & training.english)
