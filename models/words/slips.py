"""Slips of the finger: which known word was meant by one that is not known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

MIN_TYPED, MIN_MEANT = 4, 4
"""Shorter words are too easily turned into others ("left" is no "heft", "hits" no "hiss")."""
MIN_TWO_SLIPS = 8
"""Words of this length may have two slips, if they begin as they should."""


class Slips:
    """Known words, ready to be compared with what was typed.

    A slip is a letter missing, added, wrong, or swapped with its neighbour: the optimal string
    alignment distance (Damerau 1964), by the library rapidfuzz.
    """

    def __init__(self, known: Iterable[str]) -> None:
        from rapidfuzz import process  # noqa: PLC0415  (ten milliseconds; only words need it)
        from rapidfuzz.distance import OSA  # noqa: PLC0415

        self._extract, self._distance = process.extract, OSA.distance
        self._lists: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for word in set(known):
            if len(word) >= MIN_MEANT:
                for length in range(len(word) - 1, len(word) + 2):
                    self._lists[_first(word), length].append(word)
                    self._lists[_last(word), length].append(word)

    def meant(self, word: str) -> str | None:
        """Return the known word that is one slip away, for long words two; None without one.

        Rather one of the same first letter, then rather one of the same letters.
        """
        if len(word) < MIN_TYPED:
            return None
        found = self._within(word, _first(word), 1) or self._within(word, _last(word), 1)
        if not found and len(word) >= MIN_TWO_SLIPS:
            found = self._within(word, _first(word), 2)
        return min(found, key=lambda other: (sorted(other) != sorted(word), other), default=None)

    def _within(self, word: str, end: str, slips: int) -> set[str]:
        """Return the known words, of about its length and like it at one end, that are near."""
        lengths = (len(word),) if slips == 1 else (len(word) - 1, len(word) + 1)
        near = [other for length in lengths for other in self._lists.get((end, length), ())]
        found = self._extract(word, near, scorer=self._distance, score_cutoff=slips, limit=None)
        return {other for other, _, _ in found}


def _first(word: str) -> str:
    """Return the key of words that begin alike; one slip leaves them so, or alike at the end."""
    return f"{word[0]}-"


def _last(word: str) -> str:
    return f"-{word[-1]}"
