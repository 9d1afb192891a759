"""`python -m models.evaluate words`: our curves on the paper's folds, beside the paper's table.

Everything about the predictor, its form included, is chosen by cross-validation within each fold's
training words. Forms that were looked at on the test folds before have rows of their own, which
nothing was chosen by. Errors are the paper's: mean absolute difference in units of a curve's own
standard deviation (the curves are relative, not dB). PCM: against the mean of a word's test rows,
our curve first; reversed: the mean first. `--quick`: two folds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from models.training import words_data, words_space, words_table, words_table3, words_terms
from models.training.words_choice import SEVERAL, Choice, Form, best_of, choices
from models.training.words_data import (
    Array,
    Drawings,
    correlations,
    mean_absolute_error,
    mean_correlation,
)
from models.training.words_pcm import mean_pcm, word_means_of
from models.training.words_predictor import Predictor, fit
from models.training.words_space import Space
from models.words.pieces import cut
from models.words.table import Table, unpacked

SEED = 0
_DRAWS = 2000
PAPER: tuple[tuple[str, str], ...] = (
    ("paper: no embedding", ".836 ± .016"),
    ("paper: GloVe-6B (best epoch on the test fold)", ".798"),
    ("paper: Tok2Vec, its best (best epoch on the test fold)", ".760 ± .055"),
)

_ALL = ("thesaurus", "second", "letters", "walks")
LOOKED_AT = (
    Form(_ALL[:1], 1, False),
    Form(_ALL[:3], 1, False),
    Form(_ALL, 1, False),
    Form(_ALL[:3], SEVERAL, False),
    Form(_ALL[:3], SEVERAL, True),
)
"""Forms whose figures on the test folds were known before the form was chosen within each fold."""

Answers = list[tuple[Array, Drawings]]


@dataclass(frozen=True)
class Fold:
    """One fold: its rows, our predictor for it, the table built from it, and other forms."""

    training: Drawings
    test: Drawings
    choice: Choice
    predictor: Predictor
    table: Table
    others: dict[Form, Predictor]


def run(quick: bool) -> dict[str, Any]:
    """Return the table's rows. Raises FileNotFoundError without the data or the word vectors."""
    space = words_space.load()
    data = words_data.drawings()
    folds = words_data.folds()[: 2 if quick else None]
    ready = [_ready(space, data, words) for words in folds]
    answers: dict[str, Callable[[Fold], Array]] = {
        "flat curve": lambda fold: np.zeros_like(fold.test.curves),
        "mean of the training curves": _training_mean,
        "by meaning alone, nested": lambda fold: fold.predictor.by_meaning(fold.test.words),
        "ours: form and settings chosen, nested": lambda fold: fold.predictor(fold.test.words),
        "as shipped (table, else word pieces), nested": _shipped,
        "as shipped, word pieces alone, word unseen, nested": partial(_pieces, space),
    }
    for form in LOOKED_AT:
        answers[f"looked at before: {form}"] = partial(_of_form, form)
    rows = [_row(name, [(answer(f), f.test) for f in ready]) for name, answer in answers.items()]
    rows += [_row("other people's mean (floor)", [_others(data, f.test) for f in ready])]
    rows += [_row("known word: other people and ours", [_known(data, f) for f in ready])]
    return {
        "error": "mean absolute, in units of a curve's standard deviation; lower is better",
        "test rows": sum(len(fold.test.words) for fold in ready),
        "test words": len({word for fold in ready for word in fold.test.words}),
        "seed": SEED,
        "chosen by inner cross-validation": "; ".join(_chosen(fold.choice) for fold in ready),
        "inner error": float(np.mean([fold.choice.error for fold in ready])),
        "rows": rows + [{"row": name, "error": error} for name, error in PAPER] + _networks(),
    }


def _ready(space: Space, data: Drawings, test_words: frozenset[str]) -> Fold:
    training, test = words_data.split(data, test_words)
    terms = words_terms.shipped()
    found = choices(space, training, terms, SEED)
    best = best_of(found)
    predictor = fit(space, training, best.settings, terms)
    others = {form: fit(space, training, found[form].settings, terms) for form in LOOKED_AT}
    rows = words_table.rows_of(training, predictor, space.listed)
    table = unpacked(words_table.pack(rows, list(space.vocabulary)))
    return Fold(training, test, best, predictor, table, others)


def _networks() -> list[dict[str, Any]]:
    """Return the rows of the paper's network that were trained here."""
    return [
        {
            "row": f"its network, made again: {vectors}, {protocol}",
            **{name: row[name] for name in ("error", "r", "PCM", "PCM reversed")},
            "n": 189,
            "folds": " ".join(f"{error:.3f}" for error in row["folds"]),
        }
        for vectors, protocols in words_table3.read().items()
        for protocol, row in protocols.items()
    ]


def _chosen(choice: Choice) -> str:
    settings = choice.settings
    best = settings.regressions[0]
    return f"{choice.form}; {best}, scale {settings.scale}, terms {settings.terms}"


def _of_form(form: Form, fold: Fold) -> Array:
    return fold.others[form](fold.test.words)


def _training_mean(fold: Fold) -> Array:
    mean = fold.training.where(fold.training.english).curves.mean(axis=0)
    return np.tile(mean, (len(fold.test.words), 1))


def _shipped(fold: Fold) -> Array:
    curves = []
    for word in fold.test.words:
        entry = fold.table.find(word) or fold.table.guess(word)
        curves.append(fold.predictor.mean if entry is None else entry.unit_curve)
    return np.array(curves)


def _pieces(space: Space, fold: Fold) -> Array:
    """Return what word pieces say when the test words are left out of learning them."""
    hidden = set(fold.test.words)
    listed = [word for word in space.listed if word not in hidden]
    rows = words_table.rows_of(fold.training, fold.predictor, listed)
    table = unpacked(words_table.pack(rows, list(space.vocabulary)))
    cuts = [cut(word, table.vocabulary) for word in fold.test.words]
    return np.array([table.guessed_curve(c) if c else fold.predictor.mean for c in cuts])


def _others(data: Drawings, test: Drawings) -> tuple[Array, Drawings]:
    """Return the mean of other people's rows, for the test rows that have others."""
    found, kept = [], []
    for row, word in enumerate(test.words):
        others = _rows_of_others(data, test, row, word)
        if len(others.words):
            found.append(np.average(others.curves, axis=0, weights=others.consistency.clip(0.05)))
            kept.append(row)
    return np.array(found), test.where(kept)


def _known(data: Drawings, fold: Fold) -> tuple[Array, Drawings]:
    """Return what the table would hold for a word whose other rows are known."""
    found, kept = [], []
    for row, word in enumerate(fold.test.words):
        others = _rows_of_others(data, fold.test, row, word)
        if len(others.words):
            weight, prior = others.consistency.clip(0.05), words_table.PRIOR_PEOPLE
            drawn = weight @ others.curves + prior * fold.predictor([word])[0]
            found.append(drawn / (weight.sum() + prior))
            kept.append(row)
    return np.array(found), fold.test.where(kept)


def _rows_of_others(data: Drawings, test: Drawings, row: int, word: str) -> Drawings:
    same = np.array([name == word for name in data.words]) & data.english
    mine = np.abs(data.curves - test.curves[row]).max(axis=1) < 1e-9
    return data.where(same & ~mine)


def _row(name: str, answers: Answers) -> dict[str, Any]:
    errors = [mean_absolute_error(found, test.curves) for found, test in answers]
    likeness = [mean_correlation(found, test.curves) for found, test in answers]
    return {
        "row": name,
        "error": f"{np.mean(errors):.3f} ± {np.std(errors, ddof=1):.3f}",
        "95 % over words": _interval(answers, _errors),
        "r": round(float(np.mean(likeness)), 3),
        "r, 95 % over words": _interval(answers, correlations),
        "PCM": _pcm([(found, word_means_of(test)) for found, test in answers]),
        "PCM reversed": _pcm([(word_means_of(test), found) for found, test in answers]),
        "n": sum(len(test.words) for _, test in answers),
        "folds": " ".join(f"{error:.3f}" for error in errors),
    }


def _pcm(pairs: list[tuple[Array, Array]]) -> float | str:
    value = float(np.mean([mean_pcm(*pair) for pair in pairs]))
    return round(value, 1) if np.isfinite(value) else "–"


def _interval(answers: Answers, measure: Callable[[Array, Array], Array]) -> str:
    """Return the 95 % interval of a row's mean measure when words are drawn anew (bootstrap)."""
    by_word: dict[str, list[float]] = {}
    for found, test in answers:
        for word, value in zip(test.words, measure(found, test.curves), strict=True):
            by_word.setdefault(word, []).append(float(value))
    sums = np.array([(sum(values), len(values)) for values in by_word.values()])
    drawn = np.random.default_rng(SEED).integers(0, len(sums), (_DRAWS, len(sums)))
    totals = sums[drawn].sum(axis=1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], (2.5, 97.5))
    return f"{low:.3f} … {high:.3f}"


def _errors(found: Array, wanted: Array) -> Array:
    return np.asarray(np.abs(found - wanted).mean(axis=1))
