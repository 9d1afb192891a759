"""The shipped table: thousands of words with their curves, and word pieces for all others.

Curves are stored as a few scores per word on common shapes (`basis`), 8 bits each. Known words are
shrunken means of what people drew; the others were predicted when the table was built (see the
model card beside the file). A word that is not in the table is guessed from its pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.resources import weights_path
from models.spectrum import GRID_HZ
from models.words.pieces import cut

Array = NDArray[np.float64]

DB_PER_UNIT = 3.9
"""dB per unit of a curve: engineers' own settings for a word have this standard deviation (median
of the SAFE data, `python -m models.training.build_words --amounts`)."""
FILE = "words"
LEAST_PREDICTED = 0.15
"""A predicted curve of less deviation (in units) says nothing about sound."""
KINDS = ("known", "predicted")
SPREAD_STEP = 1.0 / 128.0
_BANDS = 40
_TOP_HZ = 22050.0
_DESCRIBING = ("y", "ish", "ous", "ful", "ic", "ive", "like", "oso", "osa", "ado", "ada")
_MIN_PIECE = 3
_MIN_MEAN_PIECE = 2.75


@dataclass(frozen=True, eq=False)
class Entry:
    """A word of the table. scores: on the basis. spread: how far people are from it, in units of
    a curve's standard deviation. people: how many drew it. kind: known, predicted or guessed.
    describes: it is an adjective more often than not.
    """

    name: str
    unit_curve: Array
    spread: float
    people: int
    kind: str
    describes: bool = False

    fault = False
    user = False

    @cached_property
    def curve_db(self) -> Array:
        """The change it asks for at full strength, (121,) dB on `GRID_HZ`."""
        return np.asarray(np.interp(*_places(), self.unit_curve) * DB_PER_UNIT)

    @property
    def says_something(self) -> bool:
        """Whether people drew it, or the prediction is more than next to nothing."""
        return self.kind == "known" or float(self.unit_curve.std()) >= LEAST_PREDICTED

    @property
    def source(self) -> str:
        """Where it comes from, for people."""
        if self.kind == "known":
            return f"drawn by {self.people} {'person' if self.people == 1 else 'people'}"
        if self.kind == "predicted":
            return "predicted from words of like meaning"
        return "guessed from the parts of the word"


@dataclass(frozen=True)
class Table:
    """All words. scores (N, K) int8, scale (K,), basis (K, 40); pieces the same for word pieces."""

    index: dict[str, int]
    scores: NDArray[np.int8]
    scale: Array
    basis: Array
    spread: NDArray[np.uint8]
    people: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    describes: NDArray[np.uint8]
    pieces_text: bytes
    piece_scores: NDArray[np.int8]
    piece_scale: Array
    piece_offset: Array

    def find(self, word: str) -> Entry | None:
        """Return the entry of a word, None when it is not in the table."""
        row = self.index.get(word)
        if row is None:
            return None
        curve = (self.scores[row] * self.scale) @ self.basis
        spread = float(self.spread[row]) * SPREAD_STEP
        kind, describes = KINDS[self.kind[row]], bool(self.describes[row])
        return Entry(word, curve, spread, int(self.people[row]), kind, describes)

    def known(self) -> list[str]:
        """Return the words that people drew."""
        words = list(self.index)
        return [words[row] for row in np.flatnonzero(self.kind == 0)]

    def guess(self, word: str) -> Entry | None:
        """Guess a word from its pieces; None when they are too short to mean anything."""
        numbers = cut(word, self.vocabulary)
        if not numbers or len(word) / len(numbers) < _MIN_MEAN_PIECE:
            return None
        if len(self._piece_names[numbers[0]]) < _MIN_PIECE:
            return None
        describes = word.endswith(_DESCRIBING)
        return Entry(word, self.guessed_curve(numbers), 1.0, 0, "guessed", describes)

    def guessed_curve(self, numbers: list[int]) -> Array:
        """Return the curve (40,) that word pieces add up to."""
        scores = (self.piece_scores[numbers] * self.piece_scale).mean(axis=0)
        return np.asarray((scores + self.piece_offset) @ self.basis)

    @cached_property
    def _piece_names(self) -> list[str]:
        return self.pieces_text.decode("utf-8").split("\n")

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Word pieces and their numbers."""
        names = self._piece_names
        return dict(zip(names, range(len(names)), strict=True))


def band_centres_hz() -> Array:
    """Return the 40 centre frequencies of the data: ERB-spaced from 20 Hz to half of 44.1 kHz.

    As in Slaney's gammatone filter bank (Apple TR 35, 1993), ascending.
    """
    ear_q, min_bandwidth = 9.26449, 24.7
    offset = ear_q * min_bandwidth
    steps = np.arange(1, _BANDS + 1) / _BANDS
    top = _TOP_HZ + offset
    centres = -offset + np.exp(steps * np.log((20.0 + offset) / top)) * top
    return np.asarray(centres[::-1])


@cache
def _places() -> tuple[Array, Array]:
    """Return where curves are wanted and where they are known, as logarithms."""
    return np.log(GRID_HZ), np.log(band_centres_hz())


@cache
def shipped() -> Table | None:
    """Return the shipped table, None when it is not installed."""
    path = weights_path(FILE)
    return load(path) if path.is_file() else None


def load(path: Path) -> Table:
    """Read a table file."""
    from safetensors.numpy import load_file  # noqa: PLC0415  (only needed here)

    return unpacked(load_file(path))


def unpacked(stored: Mapping[str, Any]) -> Table:
    """Return a table's arrays, as its file holds them, as the table."""
    words = stored["words"].tobytes().decode("utf-8").split("\n")
    return Table(
        index=dict(zip(words, range(len(words)), strict=True)),
        scores=stored["scores"],
        scale=stored["scale"].astype(np.float64),
        basis=stored["basis"].astype(np.float64),
        spread=stored["spread"],
        people=stored["people"],
        kind=stored["kind"],
        describes=stored["describes"],
        pieces_text=stored["pieces"].tobytes(),
        piece_scores=stored["piece_scores"],
        piece_scale=stored["piece_scale"].astype(np.float64),
        piece_offset=stored["piece_offset"].astype(np.float64),
    )
