"""What words mean, for the predictor: sentence vectors, a thesaurus and letters, as kernels.

Vectors are made once by `python -m models.training.words_vectors` and kept, with the thesaurus, in
a cache folder (REATONE_WORDS, else the user's cache).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.training import words_walks
from models.training.words_data import thesaurus
from models.training.words_walks import Meanings

Array = NDArray[np.float64]

VECTORS, THESAURUS, VOCABULARY = "vectors.npz", "thesaurus.dat", "vocab.txt"
_RUNS = (1, 2, 3)
_LIKE, _OPPOSITE, _OPPOSITE_LIKE = 0.5, -0.7, -0.25


@dataclass(frozen=True, slots=True)
class Shares:
    """Weights of what words are compared by, beside the first encoder's 1."""

    second: float = 0.5
    thesaurus: float = 0.5
    letters: float = 0.2
    walks: float = 0.0

    @property
    def weights(self) -> Array:
        """Weights (5,) that add up to 1."""
        weights = np.array([1.0, self.second, self.thesaurus, self.letters, self.walks])
        return np.asarray(weights / weights.sum())


@dataclass(frozen=True)
class Space:
    """Words: unit vectors (N, D) of two encoders, sparse unit rows (N, T) of the thesaurus, of
    letters and of walks through the thesaurus. listed: of the table; adjectives: those of them
    that are that most often.
    """

    index: Mapping[str, int]
    vectors: Array
    second: Array
    related: Any
    letters: Any
    walks: Any
    listed: tuple[str, ...]
    vocabulary: Mapping[str, int]
    adjectives: frozenset[str] = frozenset()

    def kernel(self, first: Sequence[str], second: Sequence[str], shares: Shares) -> Array:
        """Return the likeness (A, B) of words, 1 for a word with itself."""
        return np.asarray(np.tensordot(shares.weights, self.likenesses(first, second), axes=1))

    def likenesses(self, first: Sequence[str], second: Sequence[str]) -> Array:
        """Return the likenesses (5, A, B) of words by encoders, thesaurus, letters and walks.

        Of vectors: the arc-cosine kernel of degree 1 (Cho & Saul 2009).
        """
        a = [self.index[word] for word in first]
        b = [self.index[word] for word in second]
        dense = [_arc(vectors[a] @ vectors[b].T) for vectors in (self.vectors, self.second)]
        rows = (self.related, self.letters, self.walks)
        sparse = [(each[a] @ each[b].T).toarray() for each in rows]
        return np.array([*dense, *sparse])


def load() -> Space:
    """Read the cache. Raises FileNotFoundError, naming the command that makes it."""
    folder = cache_folder()
    if not (folder / VECTORS).is_file():
        raise FileNotFoundError(
            f"no word vectors in {folder}: run python -m models.training.words_vectors"
        )
    stored = np.load(folder / VECTORS)
    words = [str(word) for word in stored["words"]]
    pieces = (folder / VOCABULARY).read_text(encoding="utf-8").splitlines()
    meanings = thesaurus(folder / THESAURUS)
    return Space(
        {word: row for row, word in enumerate(words)},
        _centred(stored["vectors"].astype(np.float64)),
        _centred(stored["second"].astype(np.float64)),
        _related(words, meanings),
        _letters(words),
        words_walks.ends(words, meanings),
        tuple(words[: int(stored["listed"])]),
        {piece: number for number, piece in enumerate(pieces)},
        frozenset(str(word) for word in stored["adjectives"]),
    )


def cache_folder() -> Path:
    """Return where the vectors are kept."""
    from platformdirs import user_cache_path  # noqa: PLC0415

    named = os.environ.get("REATONE_WORDS")
    return Path(named) if named else user_cache_path("reatone", appauthor=False) / "words"


def _centred(vectors: Array) -> Array:
    """Return one unit vector per word of several (N, S, D), each set around its own mean."""
    vectors = _unit(vectors - vectors.mean(axis=0)).mean(axis=1)
    return _unit(vectors - vectors.mean(axis=0))


def _arc(cosine: Array) -> Array:
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    return np.asarray((np.sin(angle) + (np.pi - angle) * cosine) / np.pi)


def _letters(words: Sequence[str]) -> Any:
    """Return a sparse row per word of its runs of one to three letters, rare ones count more."""
    cells: dict[tuple[int, str], int] = {}
    for row, word in enumerate(words):
        marked = f"^{word}$"
        for size in _RUNS:
            for start in range(len(marked) - size + 1):
                cell = row, marked[start : start + size]
                cells[cell] = cells.get(cell, 0) + 1
    columns: dict[str, int] = {}
    return _unit_rows(
        [(row, columns.setdefault(run, len(columns)), n**0.5) for (row, run), n in cells.items()],
        (len(words), len(columns)),
        lambda share: np.log(1.0 / share),
    )


def _related(words: Sequence[str], meanings: Meanings) -> Any:
    """Return a sparse row per word: itself, its synonyms, and its antonyms with a minus sign."""
    columns: dict[str, int] = {}
    cells = [
        (row, columns.setdefault(other, len(columns)), weight)
        for row, word in enumerate(words)
        for other, weight in _neighbours(word, meanings)
    ]
    shape = (len(words), len(columns))
    return _unit_rows(cells, shape, lambda share: np.sqrt(np.log1p(1.0 / share)))


def _unit_rows(
    cells: Sequence[tuple[int, int, float]],
    shape: tuple[int, int],
    rarity: Callable[[Array], Array],
) -> Any:
    """Return sparse rows of length 1; columns are weighed by the share of rows that have them."""
    from scipy.sparse import csr_matrix, diags  # noqa: PLC0415

    rows, places, weights = zip(*cells, strict=True)
    table = csr_matrix((weights, (rows, places)), shape)
    common = np.asarray((table != 0).sum(axis=0)).ravel()
    table = table @ diags(rarity(common / shape[0]))
    size = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return csr_matrix(diags(1.0 / np.maximum(size, 1e-12)) @ table)


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
