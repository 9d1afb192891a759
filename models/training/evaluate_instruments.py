"""Figures of the instrument recogniser on the test split: python -m models.evaluate instruments."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.instruments import CLASSES, FAMILY, features, load_model
from models.training import corpus
from models.training.fit_recogniser import levels_and_labels, random_eq_db
from models.training.scores import accuracy, calibration_error, interval, log_loss, probabilities

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

SEED = 7
QUICK_CLIPS = 60
PAPER = {"what": "paper: CNN, 35 classes, 45,000 clips (Mockenhaupt et al. 2024)", "top1": 0.79}
_FAMILIES = tuple(dict.fromkeys(FAMILY.values()))
_FAMILY_OF = np.array([_FAMILIES.index(family) for family in FAMILY.values()])


def run(quick: bool = False) -> dict[str, Any]:
    """Return the recogniser's figures on the test split (or a fixed part of it)."""
    recordings = corpus.instruments(corpus.data_dir(), "test")
    if quick:
        recordings = corpus.spread_over(recordings, QUICK_CLIPS)
    levels_db, labels = levels_and_labels(recordings)
    changed_db = levels_db + random_eq_db(np.random.default_rng(SEED), len(levels_db))
    model = load_model()
    plain, changed = (model.scores(features(levels)) for levels in (levels_db, changed_db))
    return {
        "evaluation": "instrument recogniser (baseline: nearest class by spectral shape)",
        "split": "test",
        "n": len(labels),
        "sources": len({(r.label, r.source) for r in recordings}),
        "seed": SEED,
        "rows": [
            PAPER,
            {"what": "nearest class", **figures(plain, labels)},
            {"what": "nearest class, random EQ", **figures(changed, labels)},
            *recall(plain, labels),
        ],
    }


def figures(scores: Array, labels: Labels) -> dict[str, Any]:
    """Return accuracies with their 95 % intervals, calibration error and log loss."""
    top1 = accuracy(scores, labels)
    low, high = interval(top1, len(labels))
    return {
        "n": len(labels),
        "top1": top1,
        "low95": low,
        "high95": high,
        "top3": accuracy(scores, labels, 3),
        "family": float((family_choice(scores) == _FAMILY_OF[labels]).mean()),
        "ece": calibration_error(scores, labels),
        "log_loss": log_loss(scores, labels),
    }


def family_choice(scores: Array) -> Labels:
    """Return the family (number) whose classes have the most probability together."""
    odds = probabilities(scores)
    member = _FAMILY_OF[:, None] == np.arange(len(_FAMILIES))
    return np.asarray((odds @ member).argmax(axis=1))


def recall(scores: Array, labels: Labels) -> list[dict[str, Any]]:
    """Return n, recall, top-3 recall and most frequent mistakes of each class."""
    guessed = scores.argmax(axis=1)
    rows = []
    for c, label in enumerate(CLASSES):
        own = labels == c
        if not own.any():
            continue
        wrong = Counter(CLASSES[g] for g in guessed[own] if g != c)
        rows.append(
            {
                "what": label,
                "n": int(own.sum()),
                "top1": accuracy(scores[own], labels[own]),
                "top3": accuracy(scores[own], labels[own], 3),
                "taken for": ", ".join(f"{other} {n}" for other, n in wrong.most_common(2)),
            }
        )
    return rows
