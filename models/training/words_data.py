"""The descriptor data: who drew which curve for which word, and the paper's folds.

SocialEQ (Cartwright & Pardo 2013; Zheng et al. 2016), as used by Venkatesh, Moffat & Miranda 2022.
Every curve is relative: mean 0, standard deviation 1 over 40 bands.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training.corpus import data_dir

Array = NDArray[np.float64]

TRUSTED = 0.7
"""Consistency (a person's agreement with himself) above which a row may be tested on."""
BANDS = 40


@dataclass(frozen=True)
class Drawings:
    """Curves people drew. words: English, or the English gloss of a Spanish word."""

    words: tuple[str, ...]
    spanish: tuple[str, ...]
    audio: tuple[str, ...]
    consistency: Array
    curves: Array

    def where(self, chosen: Collection[int] | NDArray[np.bool_]) -> Drawings:
        """Return some of the rows."""
        rows = np.flatnonzero(chosen) if isinstance(chosen, np.ndarray) else sorted(chosen)
        return Drawings(
            tuple(self.words[row] for row in rows),
            tuple(self.spanish[row] for row in rows),
            tuple(self.audio[row] for row in rows),
            self.consistency[list(rows)],
            self.curves[list(rows)],
        )

    @cached_property
    def english(self) -> NDArray[np.bool_]:
        """Which rows (N,) are of English words."""
        return np.array([not word for word in self.spanish])

    def of(self, words: Collection[str]) -> NDArray[np.bool_]:
        """Which rows (N,) are of these words."""
        return np.array([word in words for word in self.words])


def drawings(folder: Path | None = None) -> Drawings:
    """Read all rows; a Spanish word with two glosses counts as the first."""
    folder = folder or descriptors_dir()
    gloss = {row["es"]: row["en_gloss_1"].strip() for row in _rows(folder / "es_en_gloss.csv")}
    rows = _rows(folder / "socialeq_contributions.csv")
    bands = [name for name in rows[0] if name[0] == "b" and name[1:].isdigit()]
    spanish = tuple("" if r["lang"] == "en" else r["descriptor_lower"] for r in rows)
    return Drawings(
        tuple(
            gloss.get(es, es) if es else row["descriptor_lower"]
            for es, row in zip(spanish, rows, strict=True)
        ),
        spanish,
        tuple(row["audio_id"] for row in rows),
        np.array([float(row["consistency"]) for row in rows]),
        np.array([[float(row[band]) for band in bands] for row in rows]),
    )


def second_gloss(folder: Path | None = None) -> dict[str, str]:
    """Return the other gloss of Spanish words that have one."""
    rows = _rows((folder or descriptors_dir()) / "es_en_gloss.csv")
    return {row["es"]: row["en_gloss_2"].strip() for row in rows if row["en_gloss_2"].strip()}


def folds(folder: Path | None = None) -> list[frozenset[str]]:
    """Return the paper's four sets of test words."""
    path = (folder or descriptors_dir()) / "folds.json"
    return [frozenset(words) for words in json.loads(path.read_text(encoding="utf-8"))["folds"]]


def split(data: Drawings, test_words: frozenset[str]) -> tuple[Drawings, Drawings]:
    """Return training and test rows of a fold.

    Test: trusted English rows of its words. Training: all other rows; Spanish rows with a gloss
    among the test words are left out of both.
    """
    other = second_gloss()
    tested = data.of(test_words)
    second = np.array([other.get(es, "") in test_words for es in data.spanish])
    training = ~tested & ~(second & ~data.english)
    return data.where(training), data.where(tested & data.english & (data.consistency > TRUSTED))


def thesaurus(path: Path) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Read a MyThes file: word → (words of like meaning, words of opposite meaning)."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    lines = iter(path.read_text(encoding="utf-8").splitlines()[1:])
    for head in lines:
        word, count = head.rsplit("|", 1)
        like, opposite = found.setdefault(word.lower(), (set(), set()))
        for _ in range(int(count)):
            for entry in next(lines).split("|")[1:]:
                bare = entry.split(" (")[0].lower()
                if "(antonym)" in entry:
                    opposite.add(bare)
                elif "(generic term)" not in entry and "(related term)" not in entry:
                    like.add(bare)
    return {word: (frozenset(a), frozenset(b)) for word, (a, b) in found.items()}


def descriptors_dir() -> Path:
    """Return the folder of descriptor data. Raises FileNotFoundError when it is not there."""
    return data_dir() / "descriptors"


def word_means(
    words: Sequence[str], curves: Array, weight: Array, shrink: float = 0.0
) -> tuple[list[str], Array, Array]:
    """Return the distinct words, their weighted mean curves (W, 40) and total weights (W,).

    shrink: weight of a flat curve that every word has besides.
    """
    names = sorted(set(words))
    place = {word: number for number, word in enumerate(names)}
    member = np.zeros((len(names), len(words)))
    member[[place[word] for word in words], range(len(words))] = weight
    total = member.sum(axis=1)
    return names, member @ curves / (total + shrink)[:, None], total


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mean_absolute_error(found: Array, wanted: Array) -> float:
    """Return the paper's error: mean over rows and bands, in units of a curve's deviation."""
    return float(np.abs(found - wanted).mean())


def mean_correlation(found: Array, wanted: Array) -> float:
    """Return the mean Pearson correlation of rows; 0 for flat ones."""
    return float(correlations(found, wanted).mean())


def correlations(found: Array, wanted: Array) -> Array:
    """Return the Pearson correlation (N,) of rows; 0 for flat ones."""
    found = found - found.mean(axis=1, keepdims=True)
    wanted = wanted - wanted.mean(axis=1, keepdims=True)
    size = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
    return np.asarray((found * wanted).sum(axis=1) / np.where(size > 1e-12, size, np.inf))


def distinct(words: Iterable[str]) -> list[str]:
    """Return words once each, sorted."""
    return sorted(set(words))
