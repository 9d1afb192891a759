"""Forms of words: comparatives, nouns, plurals, genders."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

_MIN_STEM = 3


@lru_cache(4096)
def stems(word: str) -> tuple[tuple[str, bool], ...]:
    """Return what a word may be a form of, likeliest first, and whether it is a comparative."""
    return tuple(_stems(word))


def _stems(word: str) -> Iterator[tuple[str, bool]]:
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
