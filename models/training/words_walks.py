"""Walks through a thesaurus: words are alike when short walks from them end at the same words.

A walk goes along synonyms, and along antonyms with its sign turned; a step counts the less, the
more neighbours both its words have (the normalised adjacency of a signed graph: Kunegis et al.,
SIAM Data Mining 2010). Only the strongest ends of each word's walks are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Meanings = Mapping[str, tuple[frozenset[str], frozenset[str]]]

STEPS = 5
KEPT = 300


def ends(words: Sequence[str], meanings: Meanings) -> Any:
    """Return a sparse row of length 1 per word: where its walks end, and how strongly."""
    from scipy.sparse import diags, eye  # noqa: PLC0415

    steps = _steps(words, meanings)
    walks = reached = eye(len(words), steps.shape[0], format="csr")
    for _ in range(STEPS):
        walks = _strongest(walks @ steps)
        reached = reached + walks
    reached = _strongest(reached)
    size = np.sqrt(np.asarray(reached.multiply(reached).sum(axis=1)).ravel())
    return (diags(1.0 / size) @ reached).tocsr()


def _steps(words: Sequence[str], meanings: Meanings) -> Any:
    """Return the sparse matrix (T, T) of single steps; the words come first."""
    from scipy.sparse import csr_matrix, diags  # noqa: PLC0415

    place = {word: number for number, word in enumerate(words)}
    cells = [
        (place.setdefault(word, len(place)), place.setdefault(other, len(place)), sign)
        for word, meaning in meanings.items()
        for others, sign in zip(meaning, (1.0, -1.0), strict=True)
        for other in others
        if other != word
    ]
    rows, columns, signs = zip(*cells, strict=True)
    one_way = csr_matrix((signs, (rows, columns)), (len(place), len(place)))
    both = (one_way + one_way.T).sign()
    neighbours = np.asarray(abs(both).sum(axis=1)).ravel()
    even = diags(1.0 / np.sqrt(np.maximum(neighbours, 1.0)))
    return (even @ both @ even).tocsr()


def _strongest(rows: Any) -> Any:
    """Return sparse rows with only their `KEPT` largest values."""
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        if end - start > KEPT:
            values = rows.data[start:end]
            values[np.argpartition(np.abs(values), -KEPT)[:-KEPT]] = 0.0
    rows.eliminate_zeros()
    return rows
