"""Forms of words: comparatives, nouns, plurals, genders, and slips of the finger."""

from __future__ import annotations

from collections.abc import Collection, Iterator

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MIN_TYPO = 5
_MIN_TWO_SLIPS = 8
_MIN_STEM = 3


def stems(word: str) -> Iterator[tuple[str, bool]]:
    """Yield what a word may be a form of, likeliest first, and whether it is a comparative."""
    for ending in ("er", "est"):
        if word.endswith(ending):
            yield from ((stem, True) for stem in _without(word, ending))
    for ending in ("ness", "ish", "ly", "en", "ing", "ed"):
        if word.endswith(ending):
            yield from ((stem, False) for stem in _without(word, ending))
    for ending, others in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            yield from ((word[: -len(ending)] + other, False) for other in others)
    yield word + "y", False


_ENDINGS = (
    ("isimo", ("o",)),
    ("isima", ("o",)),
    ("as", ("o", "a")),
    ("os", ("o",)),
    ("es", ("", "e")),
    ("s", ("",)),
    ("a", ("o",)),
    ("o", ("a",)),
    ("y", ("",)),
)
"""Endings of nouns and of Spanish adjectives, and what may stand in their place."""


def _without(word: str, ending: str) -> Iterator[str]:
    """Yield a word without its ending: muddi(er) → muddy, fatt(er) → fat, clos(er) → close."""
    stem = word[: -len(ending)]
    if len(stem) < _MIN_STEM - 1:
        return
    if stem.endswith("i"):
        yield stem[:-1] + "y"
    if len(stem) > _MIN_STEM and stem[-1] == stem[-2]:
        yield stem[:-1]
    yield stem
    yield stem + "e"


def corrected(word: str, known: Collection[str]) -> str | None:
    """Return the known word that is one slip away (a letter missing, added, wrong, or swapped).

    Two slips for long words. None for short words, and when there is none. Same first letter before
    others.
    """
    if len(word) < _MIN_TYPO - 1:
        return None
    found = sorted(
        {other for other in _one_slip(word) if other in known and len(other) >= _MIN_STEM + 1},
        key=lambda other: (other[0] != word[0], sorted(other) != sorted(word), other),
    )
    if not found and len(word) >= _MIN_TWO_SLIPS:
        found = sorted(other for other in known if _is_two_slips_away(word, other))
    return found[0] if found else None


def _is_two_slips_away(word: str, other: str) -> bool:
    """Whether a long word with the same first letter is two slips away."""
    if abs(len(word) - len(other)) > 2 or word[0] != other[0] or len(other) < _MIN_TWO_SLIPS - 1:
        return False
    if len(set(word) ^ set(other)) > 4:
        return False
    return _slips(word, other) <= 2


def _slips(word: str, other: str) -> int:
    """Return how many letters are missing, added, wrong or swapped (Damerau 1964)."""
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for row, letter in enumerate(word, start=1):
        now = [row]
        for column, wanted in enumerate(other, start=1):
            best = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != wanted))
            swapped = (
                row > 1 and column > 1 and (letter, wanted) == (other[column - 2], word[row - 2])
            )
            now.append(min(best, before[column - 2] + 1) if swapped else best)
        before, last = last, now
    return last[-1]


def _one_slip(word: str) -> Iterator[str]:
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in _LETTERS:
            if tail:
                yield head + letter + tail[1:]
            yield head + letter + tail
