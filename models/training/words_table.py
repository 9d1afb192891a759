"""Build the shipped table of words from drawings and a fitted predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.training.words_data import Array, Drawings, distinct
from models.training.words_predictor import Predictor
from models.words.pieces import cut, plain
from models.words.table import KINDS, SPREAD_STEP

SCORES = 10
PRIOR_PEOPLE = 1.5
"""A known word's curve is its people's mean, with its prediction counting as this many of them."""
_PIECE_RIDGE = 0.05
_SPREAD_ALONE = 0.8


@dataclass(frozen=True)
class Row:
    """A word of the table before it is packed."""

    word: str
    curve: Array
    spread: float
    people: int
    kind: str
    describes: bool = False


def rows_of(data: Drawings, predictor: Predictor, listed: Sequence[str]) -> list[Row]:
    """Return known words, then predicted ones; each word once.

    A word of both languages is that of the language in which more people drew it.
    """
    rows: dict[str, Row] = {}
    for spanish in (False, True):
        names = [plain(word) for word in (data.spanish if spanish else data.words)]
        chosen = ~data.english if spanish else data.english
        for word in distinct(name for name, use in zip(names, chosen, strict=True) if use):
            mine = np.array([name == word for name in names]) & chosen
            more = mine.sum() > (rows[word].people if word in rows else 0)
            if more and word.isascii() and "\n" not in word:
                rows[word] = _known(word, data.where(mine), predictor)
    unseen = [word for word in listed if word not in rows]
    for word, curve in zip(unseen, predictor(unseen), strict=True):
        describes = word in predictor.space.adjectives
        rows[word] = Row(word, curve, _SPREAD_ALONE, 0, "predicted", describes)
    return list(rows.values())


def _known(word: str, drawn: Drawings, predictor: Predictor) -> Row:
    weight = np.clip(drawn.consistency, 0.05, 1.0)
    known = drawn.words[0] in predictor.space.index
    prior = predictor([drawn.words[0]])[0] if known else predictor.mean
    curve = (weight @ drawn.curves + PRIOR_PEOPLE * prior) / (weight.sum() + PRIOR_PEOPLE)
    deviation = drawn.curves - curve
    spread = float(np.sqrt(np.average((deviation**2).mean(axis=1), weights=weight)))
    return Row(word, curve, spread, len(drawn.words), "known")


def pack(rows: Sequence[Row], vocabulary: Sequence[str]) -> dict[str, Any]:
    """Return the table's arrays, 8 bits per score, with word pieces learned from the words."""
    curves = np.array([row.curve for row in rows])
    shapes = np.linalg.svd(curves, full_matrices=False)[2][:SCORES]
    scores = curves @ shapes.T
    pieces = [piece for piece in vocabulary if _usable(piece)]
    learned, offset = _distilled([row.word for row in rows], scores, pieces)
    scale, small = _bytes(scores)
    piece_scale, small_pieces = _bytes(learned)
    spreads = np.array([row.spread for row in rows]) / SPREAD_STEP
    return {
        "words": _text([row.word for row in rows]),
        "scores": small,
        "scale": scale,
        "basis": shapes.astype(np.float32),
        "spread": np.clip(np.round(spreads), 0, 255).astype(np.uint8),
        "people": np.array([min(row.people, 255) for row in rows], dtype=np.uint8),
        "kind": np.array([KINDS.index(row.kind) for row in rows], dtype=np.uint8),
        "describes": np.array([row.describes for row in rows], dtype=np.uint8),
        "pieces": _text(pieces),
        "piece_scores": small_pieces,
        "piece_scale": piece_scale,
        "piece_offset": offset.astype(np.float32),
    }


def _distilled(words: Sequence[str], scores: Array, pieces: Sequence[str]) -> tuple[Array, Array]:
    """Learn scores per piece whose mean over a word's pieces is the word's (ridge regression)."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415
    from scipy.sparse.linalg import lsqr  # noqa: PLC0415

    number = {piece: place for place, piece in enumerate(pieces)}
    cuts = [cut(word, number) for word in words]
    used = [row for row, found in enumerate(cuts) if found]
    cells = [(i, p, 1.0 / len(cuts[row])) for i, row in enumerate(used) for p in cuts[row]]
    rows, columns, values = zip(*cells, strict=True)
    parts = csr_matrix((values, (rows, columns)), (len(used), len(pieces)))
    offset = scores[used].mean(axis=0)
    wanted = scores[used] - offset
    damp = float(np.sqrt(_PIECE_RIDGE))
    learned = [lsqr(parts, wanted[:, k], damp=damp)[0] for k in range(scores.shape[1])]
    return np.array(learned).T, offset


def _usable(piece: str) -> bool:
    bare = piece.removeprefix("##")
    return bare.isascii() and bare.isalpha()


def _bytes(values: Array) -> tuple[Any, Any]:
    scale = np.maximum(np.abs(values).max(axis=0) / 127.0, 1e-9)
    return scale.astype(np.float32), np.round(values / scale).astype(np.int8)


def _text(lines: Sequence[str]) -> Any:
    return np.frombuffer("\n".join(lines).encode("utf-8"), dtype=np.uint8)
