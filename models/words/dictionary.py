"""Everything a word may be: a user's or engineers' term, an instrument, a word of the table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from models.name_hint import classes_of
from models.words.forms import stems
from models.words.lexicon import Term
from models.words.reading import Mention, Word
from models.words.slips import Slips
from models.words.table import Entry, Table

Sense = Term | Entry

_SINGERS = ("vocals_female", "vocals_male")
_INSTRUMENTS = {
    "voces": _SINGERS,
    "cantante": _SINGERS,
    "singing": _SINGERS,
    "singers": _SINGERS,
    "bateria": ("drums_kit",),
    "platillos": ("cymbals",),
    "platos": ("cymbals",),
    "tambores": ("drums_kit",),
    "saxofon": ("saxophone",),
    "violin": ("strings",),
    "cuerdas": ("strings",),
    "trompeta": ("brass",),
    "flauta": ("woodwinds",),
    "teclado": ("piano", "electric_piano", "organ", "synth"),
}
"""Instruments that people speak of, beside those that tracks are named after."""
_SPOKEN_OF = ("vocal", "vocals", "voice", "guitar", "guitars", "drums", "snare", "piano", "cymbals")
"""Instruments whose names are read in spite of a slip of the finger."""
_MIN_GUESSED = 5
_NO_INSTRUMENT = frozenset(
    [
        "oh",
        "floor",
        "crash",
        "ride",
        "bd",
        "sd",
        "hh",
        "git",
        "bass",
        "bajo",
        "acoustic",
        "kit",
        "lead",
        "pad",
        "ring",
        "metal",
        "string",
    ]
)
"""Words of track names that mean something else in a sentence, or not enough."""
OTHER_TOOLS = frozenset(
    re.split(
        r"\s",
        "compression compressor compress compressed reverb reverberation delay chorus flanger "
        "phaser limiter limiting gate pan panning panned autotune autotuned pitch tempo tuning "
        "detune louder quieter volume volumen fader compresion compresor reverberacion afinacion",
    )
)
"""What people also say about tracks, and no equaliser does."""
_QUALIFIERS = frozenset(
    [
        "lead",
        "backing",
        "background",
        "main",
        "electric",
        "male",
        "female",
        "acoustic",
        "double",
        "kick",
        "snare",
        "hi",
        "drum",
        "rhythm",
        "bass",
        "clean",
        "distorted",
        "upright",
        "grand",
        "synth",
        "floor",
        "overhead",
        "ride",
        "crash",
    ]
)


@dataclass(frozen=True)
class Dictionary:
    """Looks words up. terms: every form of the authored words. table: None when there is none."""

    terms: Mapping[str, Term]
    table: Table | None = None
    _typed: dict[str, Word | Mention | None] = field(default_factory=dict, repr=False)

    def find(self, run: Sequence[str]) -> Word | Mention | None:
        """Return what a run of words stands for as a whole, or None."""
        phrase = " ".join(run)
        if phrase in OTHER_TOOLS:
            return None
        if phrase in self.terms:
            return Word(phrase, self.terms[phrase], self._compares(phrase))
        if mention := _instrument(run):
            return mention
        return self._single(run[0]) if len(run) == 1 else None

    def sense(self, word: str) -> Sense | None:
        """Return what one word stands for."""
        found = self.find(word.split())
        return found.key if isinstance(found, Word) and isinstance(found.key, Sense) else None

    def _single(self, word: str) -> Word | Mention | None:
        if word not in self._typed:
            if len(self._typed) > 4096:
                self._typed.clear()
            self._typed[word] = self._looked_up(word)
        return self._typed[word]

    def _looked_up(self, word: str) -> Word | Mention | None:
        for stem, comparative in stems(word):
            if stem in self.terms:
                return Word(word, self.terms[stem], comparative)
        if not word.isascii() or not word.isalpha() or len(word) < 3:
            return None
        found = self._in_table(word)
        return found if found or self.is_word(word) else self._slip(word)

    def _slip(self, word: str) -> Word | Mention | None:
        slip = self._slips.meant(word)
        if slip is None:
            guess = self.table.guess(word) if self.table and len(word) >= _MIN_GUESSED else None
            return Word(word, guess) if guess and guess.says_something else None
        if slip in self.terms:
            return Word(word, self.terms[slip], self._compares(slip), slip)
        found = _instrument([slip]) or self._in_table(slip)
        return replace(found, text=word, meant=slip) if found else None

    def _in_table(self, word: str) -> Word | None:
        if self.table is None:
            return None
        if entry := self.table.find(word):
            return Word(word, entry) if entry.says_something else None
        for stem, comparative in stems(word):
            entry = self.table.find(stem)
            if entry and entry.says_something and (entry.kind == "known" or comparative):
                return Word(word, entry, comparative)
        return None

    def is_word(self, word: str) -> bool:
        """Whether a word is none of sound, rather than a slip."""
        if self.table is None:
            return False
        index = self.table.index
        return word in index or any(stem in index for stem, _ in stems(word))

    def _compares(self, phrase: str) -> bool:
        return any(
            comparative and stem in self.terms
            for stem, comparative in stems(phrase.split(maxsplit=1)[0])
        )

    def prepare(self) -> None:
        """Do now what the first word that is not known would have to wait for."""
        self._slips.meant("")
        if self.table:
            self.table.guess("")

    @cached_property
    def _slips(self) -> Slips:
        known = self.table.known() if self.table else []
        forms = (*self.terms, *known, *_INSTRUMENTS, *_SPOKEN_OF)
        return Slips(form for form in forms if " " not in form)


_classes_of = lru_cache(4096)(classes_of)


def _instrument(run: Sequence[str]) -> Mention | None:
    phrase, last = " ".join(run), run[-1]
    if len(run) == 1:
        if phrase in _NO_INSTRUMENT:
            return None
        classes = frozenset(_INSTRUMENTS.get(phrase, ())) or _classes_of(phrase)
        return Mention(phrase, classes) if classes else None
    if len(run) != 2 or run[0] not in _QUALIFIERS:
        return None
    named = last not in _NO_INSTRUMENT and _classes_of(last)
    whole = phrase in ("double bass", "bass drum", "upright bass", "hi hat", "hi hats")
    if named or whole:
        return Mention(phrase, _classes_of(phrase) or _classes_of(last) or frozenset({"hihat"}))
    return None
