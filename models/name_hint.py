"""A track's name as a weak hint at what it holds.

People name tracks well, but "Bass" on a synthesiser and "Gtr bus" on a whole band exist: a word in
the name only raises the odds of its classes, and whoever shows the result should say that it did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from models.instruments import Guess

ODDS = 4.0
"""How much likelier the classes of a word in the name become."""

_VOCALS = ("vocals_female", "vocals_male")
_GUITARS = ("guitar_acoustic", "guitar_electric_clean", "guitar_electric_distorted")
_WORDS = MappingProxyType(
    {
        "vocal": _VOCALS,
        "vox": _VOCALS,
        "voice": _VOCALS,
        "voz": _VOCALS,
        "choir": _VOCALS,
        "singer": _VOCALS,
        "guitar": _GUITARS,
        "gtr": _GUITARS,
        "git": _GUITARS,
        "guitarra": _GUITARS,
        "acoustic": ("guitar_acoustic",),
        "bass": ("bass_guitar", "double_bass"),
        "bajo": ("bass_guitar", "double_bass"),
        "upright": ("double_bass",),
        "contrabass": ("double_bass",),
        "drum": ("drums_kit",),
        "kit": ("drums_kit",),
        "overhead": ("drums_kit", "cymbals"),
        "oh": ("drums_kit", "cymbals"),
        "kick": ("kick",),
        "bd": ("kick",),
        "bombo": ("kick",),
        "snare": ("snare",),
        "sd": ("snare",),
        "caja": ("snare",),
        "hat": ("hihat",),
        "hihat": ("hihat",),
        "hh": ("hihat",),
        "cymbal": ("cymbals",),
        "ride": ("cymbals",),
        "crash": ("cymbals",),
        "tom": ("toms",),
        "floor": ("toms",),
        "perc": ("percussion",),
        "percussion": ("percussion",),
        "conga": ("percussion",),
        "shaker": ("percussion",),
        "tambourine": ("percussion",),
        "marimba": ("percussion",),
        "piano": ("piano",),
        "keys": ("piano", "electric_piano", "organ", "synth"),
        "rhodes": ("electric_piano",),
        "wurli": ("electric_piano",),
        "wurlitzer": ("electric_piano",),
        "clav": ("electric_piano",),
        "clavinet": ("electric_piano",),
        "organ": ("organ",),
        "hammond": ("organ",),
        "string": ("strings",),
        "violin": ("strings",),
        "viola": ("strings",),
        "cello": ("strings",),
        "brass": ("brass",),
        "horn": ("brass", "saxophone"),
        "trumpet": ("brass",),
        "trombone": ("brass",),
        "tuba": ("brass",),
        "sax": ("saxophone",),
        "saxophone": ("saxophone",),
        "flute": ("woodwinds",),
        "clarinet": ("woodwinds",),
        "oboe": ("woodwinds",),
        "bassoon": ("woodwinds",),
        "synth": ("synth",),
        "pad": ("synth",),
        "pluck": ("synth",),
        "arp": ("synth",),
    }
)
_MODIFIERS = MappingProxyType(
    {
        "dist": "guitar_electric_distorted",
        "distorted": "guitar_electric_distorted",
        "heavy": "guitar_electric_distorted",
        "clean": "guitar_electric_clean",
        "acoustic": "guitar_acoustic",
        "female": "vocals_female",
        "male": "vocals_male",
    }
)
"""Words that narrow the classes named by another word."""


def classes_of(name: str) -> frozenset[str]:
    """Return the classes that the words of a track's name point at; empty for none or too many.

    Words count in the singular or plural, in any case, with digits cut off ("GTR2", "Vocals").
    """
    words = re.findall(r"[^\W\d_]+", name.casefold())
    named = {label for word in words for label in _WORDS.get(_singular(word), ())}
    if {"bass", "guitar"} <= set(words):
        named -= set(_GUITARS) | {"double_bass"}
    if {"bass", "drum"} <= {_singular(word) for word in words}:
        return frozenset({"kick"})
    narrowed = {_MODIFIERS[word] for word in words if word in _MODIFIERS} & named
    return frozenset(narrowed or named)


def with_name(guesses: Sequence[Guess], name: str) -> tuple[Guess, ...]:
    """Return the guesses, best first, after the name's hint; they still add up to 1."""
    hinted = classes_of(name)
    odds = {
        guess.label: guess.confidence * (ODDS if guess.label in hinted else 1.0)
        for guess in guesses
    }
    total = sum(odds.values())
    if not hinted or total <= 0.0:
        return tuple(guesses)
    ranked = sorted(odds.items(), key=lambda item: -item[1])
    return tuple(Guess(label, value / total) for label, value in ranked)


def _singular(word: str) -> str:
    if word in _WORDS:
        return word
    return word[:-1] if word.endswith("s") and word[:-1] in _WORDS else word
