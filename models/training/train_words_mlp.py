"""`python -m models.training.train_words_mlp VECTORS.npz`: the paper's network, Table 3 again.

VECTORS.npz holds `words` (N,) and `vectors` (N, D), for example GloVe-6B. Two protocols: as
published (the best moment on the test fold counts) and honest (stopped on a fifth of the training
words, which it does not learn from). Words without a vector get zeros.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from models.training import words_data
from models.training.words_data import (
    Array,
    Drawings,
    distinct,
    mean_absolute_error,
    mean_correlation,
)
from models.training.words_mlp import Task, train

UPDATES = 40_000


def main() -> None:
    """Train on the paper's folds and print errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    stored = np.load(options.vectors)
    vectors = dict(zip((str(w) for w in stored["words"]), stored["vectors"], strict=True))
    folds = [words_data.split(words_data.drawings(), words) for words in words_data.folds()]
    published = [_published(english(training), test, vectors) for training, test in folds]
    honest = [_honest(english(training), test, vectors, options.seed) for training, test in folds]
    found = train([*published, *honest], options.updates, options.seed)
    tests = [test for _, test in folds]
    for name, answers in (("as published", found[:4]), ("honest", found[4:])):
        pairs = [(a[0], t.curves) for a, t in zip(answers, tests, strict=True)]
        errors = [mean_absolute_error(*pair) for pair in pairs]
        likeness = [mean_correlation(*pair) for pair in pairs]
        print(
            f"{name:14} {np.mean(errors):.3f} ± {np.std(errors, ddof=1):.3f}  "
            f"r {np.mean(likeness):.2f}  folds {' '.join(f'{error:.3f}' for error in errors)}  "
            f"best updates {[update for _, update in answers]}  seed {options.seed}"
        )


def english(rows: Drawings) -> Drawings:
    """Return the English rows, the only ones the paper trained on."""
    return rows.where(rows.english)


def _published(training: Drawings, test: Drawings, vectors: dict[str, Array]) -> Task:
    asked = _embedded(test, vectors)
    return Task((_embedded(training, vectors), training.curves), (asked, test.curves), asked)


def _honest(training: Drawings, test: Drawings, vectors: dict[str, Array], seed: int) -> Task:
    words = distinct(training.words)
    np.random.default_rng(seed).shuffle(words)
    held = training.of(set(words[::5]))
    learned, watched = training.where(~held), training.where(held)
    return Task(
        (_embedded(learned, vectors), learned.curves),
        (_embedded(watched, vectors), watched.curves),
        _embedded(test, vectors),
    )


def _embedded(rows: Drawings, vectors: dict[str, Array]) -> Array:
    nothing = np.zeros_like(next(iter(vectors.values())))
    return np.array([vectors.get(word, nothing) for word in rows.words])


if __name__ == "__main__":
    main()
