"""Engineers' terms for the predictor: what presets/words/engineers.yaml says a word asks for.

The terms were authored from books and practice, not from the drawings that are predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.eq import Eq
from models.resources import presets_dir
from models.training.words_data import Array
from models.words.forms import stems
from models.words.lexicon import RATE_HZ, Term, load
from models.words.table import band_centres_hz

SIZE = 0.75
"""Deviation of a term's curve, in units of one person's; people's mean for a word has 0.65."""


@dataclass(frozen=True)
class Terms:
    """All forms of the terms."""

    forms: dict[str, Term]

    def blended(self, words: Sequence[str], curves: Array, share: float) -> Array:
        """Return curves (N, 40) of words, with the share of their terms where there are some."""
        found = curves.copy()
        for row, word in enumerate(words):
            own = self.curve(word)
            if own is not None:
                found[row] = (1.0 - share) * curves[row] + share * own
        return found

    def curve(self, word: str) -> Array | None:
        """Return a term's curve (40,) of the deviation `SIZE`; None for other words."""
        forms = (word, *(stem for stem, _ in stems(word)))
        term = next((self.forms[form] for form in forms if form in self.forms), None)
        if term is None:
            return None
        curve = Eq(term.bands).response_db(band_centres_hz(), RATE_HZ)
        return np.asarray(SIZE * (curve - curve.mean()) / curve.std())


def shipped() -> Terms:
    """Return the terms that are part of the product."""
    return Terms(load(presets_dir() / "words" / "engineers.yaml"))
