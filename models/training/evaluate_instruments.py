"""Figures of the instrument recogniser on the test split: python -m models.evaluate instruments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.instruments import CLASSES, FAMILY, classify_spectrum
from models.spectrum import Spectrum
from models.training import corpus
from models.training.scores import accuracy, calibration_error, log_loss, probabilities

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

SEED = 7
QUICK_CLIPS = 60
RESAMPLINGS = 1000
CONFIDENCES = (0.0, 0.5, 0.7, 0.9, 1.0)
"""Between these, accuracy is set beside confidence."""
PAPER = {"what": "paper: CNN, 35 classes, 45,000 clips (Mockenhaupt et al. 2024)", "top1": 0.79}
_FAMILIES = tuple(dict.fromkeys(FAMILY.values()))
_FAMILY_OF = np.array([_FAMILIES.index(family) for family in FAMILY.values()])


def run(quick: bool = False) -> dict[str, Any]:
    """Return the recogniser's figures on the test split (or a fixed part of it)."""
    recordings = corpus.instruments(corpus.data_dir(), "test")
    mixes = corpus.masters(corpus.data_dir(), "test")
    if quick:
        recordings = corpus.spread_over(recordings, QUICK_CLIPS)
        mixes = corpus.spread_over(mixes, QUICK_CLIPS // 4)
    labels = np.array([CLASSES.index(r.label) for r in recordings])
    scores = log_confidences(corpus.heard(recordings))
    of_mixes = probabilities(log_confidences(corpus.heard(mixes))).max(axis=1)
    sources = [f"{r.label}/{r.source}" for r in recordings]
    return {
        "evaluation": "instrument recogniser",
        "split": "test",
        "n": len(labels),
        "sources": len(set(sources)),
        "seed": SEED,
        "whole mixes taken for an instrument": f"{(of_mixes >= 0.5).sum()} of {len(mixes)}",
        "calibration error of honest confidences": chance_error(scores),
        "rows": [
            PAPER,
            {"what": "ReaTone", **figures(scores, labels), **spread(scores, labels, sources)},
            *reliability(scores, labels),
            *recall(scores, labels),
        ],
    }


def log_confidences(spectra: Iterable[Spectrum]) -> Array:
    """Return the logarithms of the confidences (N, 22), classes in order."""
    rows = [{g.label: g.confidence for g in classify_spectrum(s)} for s in spectra]
    return np.log([[row[label] for label in CLASSES] for row in rows])


def figures(scores: Array, labels: Labels) -> dict[str, Any]:
    """Return accuracies, calibration error and log loss."""
    return {
        "n": len(labels),
        "top1": accuracy(scores, labels),
        "top3": accuracy(scores, labels, 3),
        "family": float((family_choice(scores) == _FAMILY_OF[labels]).mean()),
        "ece": calibration_error(scores, labels),
        "log_loss": log_loss(scores, labels),
    }


def spread(scores: Array, labels: Labels, sources: Sequence[str]) -> dict[str, float]:
    """Return the 95 % interval of top-1 by drawing whole sources again: clips of one are alike."""
    rng = np.random.default_rng(SEED)
    hit = scores.argmax(axis=1) == labels
    names = np.array(sources)
    groups = [hit[names == name] for name in sorted(set(sources))]
    draws = rng.integers(len(groups), size=(RESAMPLINGS, len(groups)))
    means = [np.concatenate([groups[i] for i in draw]).mean() for draw in draws]
    low, high = np.percentile(means, (2.5, 97.5))
    return {"low95": float(low), "high95": float(high)}


def chance_error(scores: Array) -> str:
    """Return the median and 95th percentile of the calibration error that chance alone makes.

    Labels are drawn from the confidences themselves, clip by clip: these are honest then.
    """
    rng = np.random.default_rng(SEED)
    edges = np.cumsum(probabilities(scores), axis=1)
    errors = [
        calibration_error(scores, (rng.random((len(edges), 1)) > edges[:, :-1]).sum(axis=1))
        for _ in range(RESAMPLINGS)
    ]
    middle, high = np.percentile(errors, (50.0, 95.0))
    return f"{middle:.3f} (up to {high:.3f})"


def reliability(scores: Array, labels: Labels) -> list[dict[str, Any]]:
    """Return n, accuracy and mean confidence of the clips between confidences."""
    confidence, hit = probabilities(scores).max(axis=1), scores.argmax(axis=1) == labels
    rows = []
    for low, high in pairwise(CONFIDENCES):
        own = (confidence >= low) & ((confidence < high) | (high == 1.0))
        row: dict[str, Any] = {"what": f"confidence {low:g} to {high:g}", "n": int(own.sum())}
        if own.any():
            row |= {"top1": float(hit[own].mean()), "confidence": float(confidence[own].mean())}
        rows.append(row)
    return rows


def family_choice(scores: Array) -> Labels:
    """Return the family (number) whose classes have the most probability together."""
    odds = probabilities(scores)
    member = _FAMILY_OF[:, None] == np.arange(len(_FAMILIES))
    return np.asarray((odds @ member).argmax(axis=1))


def recall(scores: Array, labels: Labels) -> list[dict[str, Any]]:
    """Return n, recall, top-3 recall and what it is taken for instead, of each class."""
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
                "taken for": ", ".join(f"{other} {n}" for other, n in wrong.most_common()),
            }
        )
    return rows
