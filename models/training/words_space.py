"""What words mean, for the predictor: sentence vectors and a thesaurus, as kernels.

Both are made once by `python -m models.training.words_vectors` and kept in a cache folder
(REATONE_WORDS, else the user's cache).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.training.words_data import thesaurus

Array = NDArray[np.float64]
Meanings = Mapping[str, tuple[frozenset[str], frozenset[str]]]

VECTORS, THESAURUS, VOCABULARY = "vectors.npz", "thesaurus.dat", "vocab.txt"
SHAPES = ("linear", "arc", "gauss")
_LIKE, _OPPOSITE, _OPPOSITE_LIKE = 0.5, -0.7, -0.25


@dataclass(frozen=True)
class Space:
    """Words: unit vectors (N, D), sparse unit thesaurus rows (N, T). listed: of the table."""

    index: Mapping[str, int]
    vectors: Array
    related: Any
    listed: tuple[str, ...]
    vocabulary: Mapping[str, int]

    def kernel(
        self, first: Sequence[str], second: Sequence[str], shape: str, share: float
    ) -> Array:
        """Return the likeness (A, B) of words, 1 for a word with itself.

        shape: linear, arc (arc-cosine kernel of degree 1, Cho & Saul 2009) or gauss, of the
        vectors. share: weight of the thesaurus beside them.
        """
        a = [self.index[word] for word in first]
        b = [self.index[word] for word in second]
        cosine = self.vectors[a] @ self.vectors[b].T
        both = np.asarray((self.related[a] @ self.related[b].T).todense())
        return np.asarray((_shaped(cosine, shape) + share * both) / (1.0 + share))


def load() -> Space:
    """Read the cache. Raises FileNotFoundError, naming the command that makes it."""
    folder = cache_folder()
    if not (folder / VECTORS).is_file():
        raise FileNotFoundError(
            f"no word vectors in {folder}: run python -m models.training.words_vectors"
        )
    stored = np.load(folder / VECTORS)
    words = [str(word) for word in stored["words"]]
    vectors = stored["vectors"].astype(np.float64)
    vectors = _unit(vectors - vectors.mean(axis=0)).mean(axis=1)
    pieces = (folder / VOCABULARY).read_text(encoding="utf-8").splitlines()
    return Space(
        {word: row for row, word in enumerate(words)},
        _unit(vectors - vectors.mean(axis=0)),
        _related(words, thesaurus(folder / THESAURUS)),
        tuple(words[: int(stored["listed"])]),
        {piece: number for number, piece in enumerate(pieces)},
    )


def cache_folder() -> Path:
    """Return where the vectors are kept."""
    from platformdirs import user_cache_path  # noqa: PLC0415

    named = os.environ.get("REATONE_WORDS")
    return Path(named) if named else user_cache_path("reatone", appauthor=False) / "words"


def _shaped(cosine: Array, shape: str) -> Array:
    if shape == "linear":
        return cosine
    if shape == "gauss":
        return np.asarray(np.exp(cosine - 1.0))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    return np.asarray((np.sin(angle) + (np.pi - angle) * cosine) / np.pi)


def _related(words: Sequence[str], meanings: Meanings) -> Any:
    """Return a sparse row per word: itself, its synonyms, and its antonyms with a minus sign."""
    from scipy.sparse import csr_matrix, diags  # noqa: PLC0415

    columns: dict[str, int] = {}
    cells = [
        (row, columns.setdefault(other, len(columns)), weight)
        for row, word in enumerate(words)
        for other, weight in _neighbours(word, meanings)
    ]
    rows, places, weights = zip(*cells, strict=True)
    table = csr_matrix((weights, (rows, places)), (len(words), len(columns)))
    common = np.asarray((table != 0).sum(axis=0)).ravel()
    table = table @ diags(np.sqrt(np.log1p(len(words) / common)))
    size = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return csr_matrix(diags(1.0 / size) @ table)


def _neighbours(word: str, meanings: Meanings) -> Iterator[tuple[str, float]]:
    like, opposite = meanings.get(word, (frozenset(), frozenset()))
    yield word, 1.0
    yield from ((other, _LIKE) for other in sorted(like))
    for other in sorted(opposite):
        yield other, _OPPOSITE
        second = meanings.get(other, (frozenset(), frozenset()))[0]
        yield from ((near, _OPPOSITE_LIKE) for near in sorted(second))


def _unit(values: Array) -> Array:
    return np.asarray(values / np.linalg.norm(values, axis=-1, keepdims=True))
