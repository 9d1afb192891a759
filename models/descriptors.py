"""Words to curves: `curve("warmer, less muddy", freqs_hz)`, and what was understood of it.

No network and no training library at run time: a table (`models.words.table`), engineers' terms
(`presets/words/*.yaml`, and the user's own), and a grammar (`models.words.meaning`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.resources import presets_dir
from models.spectrum import GRID_HZ
from models.words import lexicon, meaning, table
from models.words.dictionary import Dictionary
from models.words.lexicon import WordsError
from models.words.meaning import Understanding

__all__ = ["Understanding", "WordsError", "curve", "dictionary", "explain", "own_folder"]


def curve(text: str, freqs_hz: ArrayLike) -> NDArray[np.float64]:
    """Return the change in dB at `freqs_hz` (F,) that a text asks for, flat if it asks for none.

    At full strength and for any instrument; what was and was not understood is told by `explain`.
    """
    position = np.log(np.maximum(np.asarray(freqs_hz, dtype=np.float64), 1.0))
    return np.asarray(np.interp(position, np.log(GRID_HZ), explain(text).curve_db))


def explain(text: str) -> Understanding:
    """Say what a text asks for and what of it was not understood; never raises for any text."""
    return meaning.understand(text, dictionary())


@cache
def dictionary() -> Dictionary:
    """Return all words: shipped ones, and the user's own, which go first. Raises WordsError."""
    folder = own_folder()
    own = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    shipped = sorted((presets_dir() / "words").glob("*.yaml"))
    words = Dictionary(lexicon.load_all(shipped, own), table.shipped())
    words.prepare()
    return words


def own_folder() -> Path:
    """Return the folder of the user's own words (files like presets/words/engineers.yaml)."""
    from platformdirs import user_data_path  # noqa: PLC0415  (only needed here)

    return user_data_path("reatone", appauthor=False) / "words"
