"""`python -m models.training.evaluate_words_again`: our predictor on folds drawn anew.

The 110 words that can be tested are dealt into four folds at random, once per seed; in each fold
the predictor's form and settings are chosen by cross-validation within its training words. About
two minutes per seed on one core.
"""

from __future__ import annotations

import argparse

import numpy as np

from models.training import words_data, words_space, words_terms
from models.training.words_choice import choose
from models.training.words_data import (
    Drawings,
    distinct,
    mean_absolute_error,
    mean_correlation,
)
from models.training.words_predictor import fit
from models.training.words_space import Space

FOLDS = 4


def main() -> None:
    """Print a row per seed, and their mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    space, data = words_space.load(), words_data.drawings()
    found = []
    for seed in range(1, parser.parse_args().seeds + 1):
        scores = np.array([_scores(space, data, words) for words in dealt(data, seed)])
        found.append(scores.mean(axis=0))
        print(f"seed {seed}: error {found[-1][0]:.3f}, r {found[-1][1]:.3f}", flush=True)
    error, likeness = np.mean(found, axis=0)
    print(f"mean of {len(found)} seeds: error {error:.3f}, r {likeness:.3f}")


def dealt(data: Drawings, seed: int) -> list[frozenset[str]]:
    """Return the words that can be tested, in folds."""
    trusted = data.where(data.english & (data.consistency > words_data.TRUSTED))
    words = distinct(trusted.words)
    np.random.default_rng(seed).shuffle(words)
    return [frozenset(words[number::FOLDS]) for number in range(FOLDS)]


def _scores(space: Space, data: Drawings, words: frozenset[str]) -> tuple[float, float]:
    """Return error and correlation of a fold."""
    training, test = words_data.split(data, words)
    terms = words_terms.shipped()
    predictor = fit(space, training, choose(space, training, terms).settings, terms)
    curves = predictor(test.words)
    return mean_absolute_error(curves, test.curves), mean_correlation(curves, test.curves)


if __name__ == "__main__":
    main()
