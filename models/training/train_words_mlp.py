"""`python -m models.training.train_words_mlp`: Table 3 of Venkatesh et al. 2022, made again.

Trains the paper's network on its four folds with every set of word vectors in the cache
(`models.training.words_embeddings`) and with none (one number per word), and prints its Table 3
beside ours: both protocols, error, correlation with a person's curve, and PCM against the word's
mean in both orientations. As published: the best moment on the test fold counts. Honest: stopped
on a fifth of the training words, which it does not learn from. About ten minutes per row on one
core; rows that are there are not trained again (`--again NAME` does), `--print` trains none.
`--sigmoid`: with sigmoids in the hidden layers too, as rows of their own.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from models.training import words_data, words_embeddings
from models.training.words_data import (
    Array,
    Drawings,
    distinct,
    mean_absolute_error,
    mean_correlation,
)
from models.training.words_mlp import RECTIFIED, SIGMOID, Activation, Task, train
from models.training.words_pcm import mean_pcm, word_means_of
from models.training.words_table3 import NONE, RESULTS, Row, as_text, read

UPDATES = 40_000
SEED = 0
_PLACES = 400
Folds = list[tuple[Drawings, Drawings]]


def main() -> None:
    """Train the rows that are missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="sets of vectors; all that are there if left out")
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--again", action="append", default=[], metavar="NAME")
    parser.add_argument("--print", action="store_true", dest="only_print")
    parser.add_argument("--sigmoid", action="store_true")
    options = parser.parse_args()
    rows = read()
    if not options.only_print:
        sets = sorted(path.stem for path in words_embeddings.folder().glob("*.npz"))
        folds = [words_data.split(words_data.drawings(), w) for w in words_data.folds()]
        for name in options.names or (NONE, *sets):
            row = f"{name}, sigmoids" if options.sigmoid else name
            if row not in rows or name in options.again:
                hidden = SIGMOID if options.sigmoid else RECTIFIED
                rows[row] = reproduced(name, folds, options.updates, hidden)
                RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(as_text(rows))


def reproduced(
    name: str, folds: Folds, updates: int, hidden: Activation = RECTIFIED
) -> dict[str, Row]:
    """Train on all folds with one set of vectors, in both protocols."""
    published = [_published(english(training), test, name) for training, test in folds]
    honest = [_honest(english(training), test, name) for training, test in folds]
    found = train([*published, *honest], updates, SEED, hidden)
    tests = [test for _, test in folds]
    return {
        "as published": _figures(found[: len(folds)], tests),
        "honest": _figures(found[len(folds) :], tests),
    }


def english(rows: Drawings) -> Drawings:
    """Return the English rows, the only ones the paper trained on."""
    return rows.where(rows.english)


def _figures(answers: list[tuple[Array, int]], tests: list[Drawings]) -> Row:
    pairs = [(curves, test) for (curves, _), test in zip(answers, tests, strict=True)]
    errors = [mean_absolute_error(curves, test.curves) for curves, test in pairs]
    return {
        "error": f"{np.mean(errors):.3f} ± {np.std(errors, ddof=1):.3f}",
        "folds": [round(error, 4) for error in errors],
        "r": round(float(np.mean([mean_correlation(c, t.curves) for c, t in pairs])), 3),
        "PCM": round(float(np.mean([mean_pcm(c, word_means_of(t)) for c, t in pairs])), 2),
        "PCM reversed": round(float(np.mean([mean_pcm(word_means_of(t), c) for c, t in pairs])), 2),
        "updates": [update for _, update in answers],
    }


def _published(training: Drawings, test: Drawings, name: str) -> Task:
    embed = _Embedding(name, training)
    asked = embed(test)
    return Task((embed(training), training.curves), (asked, test.curves), asked)


def _honest(training: Drawings, test: Drawings, name: str) -> Task:
    words = distinct(training.words)
    np.random.default_rng(SEED).shuffle(words)
    held = training.of(set(words[::5]))
    learned, watched = training.where(~held), training.where(held)
    embed = _Embedding(name, learned)
    return Task((embed(learned), learned.curves), (embed(watched), watched.curves), embed(test))


class _Embedding:
    """Rows to vectors; zeros for words without one. No embedding: a place per training word."""

    def __init__(self, name: str, training: Drawings) -> None:
        words = distinct(training.words)
        own = dict(zip(words, np.eye(_PLACES)[: len(words)], strict=True))
        self._vectors = own if name == NONE else words_embeddings.load(name)
        self._nothing = np.zeros_like(next(iter(self._vectors.values())))

    def __call__(self, rows: Drawings) -> Array:
        return np.array([self._vectors.get(word, self._nothing) for word in rows.words])


if __name__ == "__main__":
    main()
