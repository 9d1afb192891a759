"""Target spectra of masters by genre: the shipped ones, and the blend that a mixture calls for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from models import target_files
from models.genres import GENRES
from models.instruments import Guess
from models.resources import presets_dir
from models.target import Target, TargetError, blend

FOLDER = "genres"
MIN_SHARE = 0.05
"""Genres less likely than this are left out of a blend."""


def for_genre(name: str) -> Target:
    """Return the shipped target of a genre. Raises TargetError for an unknown one."""
    if name not in GENRES:
        raise TargetError(f"no genre named {name!r}: choose one of {', '.join(GENRES)}")
    return _shipped(name)


def for_mixture(guesses: Sequence[Guess]) -> Target:
    """Return the blend of targets by the confidences of a mixture (best first)."""
    likely = [guess for guess in guesses if guess.confidence >= MIN_SHARE] or guesses
    if len(likely) == 1:
        return for_genre(likely[0].label)
    total = sum(guess.confidence for guess in likely)
    shares = [f"{guess.label.replace('_', ' ')} {guess.confidence / total:.0%}" for guess in likely]
    parts = [(for_genre(guess.label), guess.confidence) for guess in likely]
    return blend(parts, name=", ".join(shares))


@cache
def _shipped(name: str) -> Target:
    return target_files.load(presets_dir() / FOLDER / f"{name}.yaml")
