"""Figures of the recogniser on the test split: python -m models.training.evaluate_instruments."""

from __future__ import annotations

import json
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
        "evaluation": "instruments",
        "split": "test",
        "n": len(labels),
        "sources": len({(r.label, r.source) for r in recordings}),
        "seed": SEED,
        "plain": figures(plain, labels),
        "random_eq": figures(changed, labels),
        "recall": recall(plain, labels),
        "confusions": confusions(plain, labels),
    }


def figures(scores: Array, labels: Labels) -> dict[str, Any]:
    """Return accuracies with their 95 % intervals, calibration error and log loss."""
    top1 = accuracy(scores, labels)
    family = float((family_choice(scores) == _FAMILY_OF[labels]).mean())
    return {
        "top1": top1,
        "top1_95": interval(top1, len(labels)),
        "top3": accuracy(scores, labels, 3),
        "family": family,
        "family_95": interval(family, len(labels)),
        "ece": calibration_error(scores, labels),
        "log_loss": log_loss(scores, labels),
    }


def family_choice(scores: Array) -> Labels:
    """Return the family (number) whose classes have the most probability together."""
    odds = probabilities(scores)
    member = _FAMILY_OF[:, None] == np.arange(len(_FAMILIES))
    return np.asarray((odds @ member).argmax(axis=1))


def recall(scores: Array, labels: Labels) -> dict[str, dict[str, float]]:
    """Return n and recall of each class."""
    hit = scores.argmax(axis=1) == labels
    return {
        label: {"n": int((labels == c).sum()), "recall": float(hit[labels == c].mean())}
        for c, label in enumerate(CLASSES)
        if (labels == c).any()
    }


def confusions(scores: Array, labels: Labels, most: int = 8) -> list[tuple[str, str, int]]:
    """Return the most frequent mistakes as (true, guessed, count)."""
    guessed = scores.argmax(axis=1)
    pairs = zip(labels[guessed != labels], guessed[guessed != labels], strict=True)
    return [(CLASSES[t], CLASSES[g], n) for (t, g), n in Counter(pairs).most_common(most)]


def table(result: dict[str, Any]) -> str:
    """Return the figures as text."""
    lines = [f"instrument recogniser, test split: n = {result['n']}, {result['sources']} sources"]
    for name in ("plain", "random_eq"):
        f = result[name]
        low, high = f["top1_95"]
        lines.append(
            f"{name:10} top-1 {f['top1']:.1%} ({low:.1%} ... {high:.1%})  top-3 {f['top3']:.1%}  "
            f"13 families {f['family']:.1%}  ECE {f['ece']:.3f}  log loss {f['log_loss']:.2f}"
        )
    lines += [f"{k:26} n {v['n']:3}  recall {v['recall']:.0%}" for k, v in result["recall"].items()]
    lines += ["most frequent mistakes:"]
    lines += [f"  {true} taken for {guessed}: {n}" for true, guessed, n in result["confusions"]]
    return "\n".join(lines)


def main() -> None:
    """Print the table, then everything as JSON."""
    result = run()
    print(table(result))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
