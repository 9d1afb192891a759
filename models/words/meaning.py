"""What a phrase asks for: its parts, their curves and bands, and what was not understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.eq import Band, BandKind, Eq
from models.spectrum import GRID_HZ
from models.words import literal
from models.words.clauses import Clause, split
from models.words.context import settled, without_by_the_way
from models.words.dictionary import OTHER_TOOLS, Dictionary
from models.words.lexicon import RATE_HZ, Array, Term
from models.words.markers import Role
from models.words.reading import (
    MAX_TEXT,
    MOST_TOKENS,
    Mention,
    Number,
    Unit,
    Word,
    read,
)
from models.words.signs import Sign, signs
from models.words.table import Entry

MOST_DB = 12.0
"""What the words of one phrase add up to is bent to stay within this."""
_KEPT_FROM_DB = 0.25
_TOO_LONG = f"Only the beginning was read, {MOST_TOKENS} words at most; say it shorter."
_OPPOSED, _CANCELLED = -0.5, -0.8
_LIMIT = 0.4
_MOST_CONFLICTS = 4


@dataclass(frozen=True, eq=False)
class Part:
    """One thing understood.

    name: of the descriptor or band. direction: 1 more, −1 less, 0 keep. strength: 1 as the word
    says. curve_db (121,): at this strength. exact: dB as named, not subject to an amount. bands:
    what was spelt out. classes: instruments it is for, empty for all. source: where it comes from.
    """

    name: str
    direction: int
    strength: float
    curve_db: Array
    source: str
    kind: str
    exact: bool = False
    bands: tuple[Band, ...] = ()
    classes: frozenset[str] = frozenset()

    def as_text(self) -> str:
        """Return the part for people."""
        if self.bands:
            return ", ".join(_band_text(band) for band in self.bands)
        verb = {1: "more", -1: "less", 0: "keep"}[self.direction]
        if self.exact:
            peak_db = self.curve_db[np.argmax(np.abs(self.curve_db))]
            return f"{self.name}: {peak_db:+.1f} dB"
        share = "" if self.strength == 1.0 or not self.direction else f" × {self.strength:.2g}"
        return f"{verb} {self.name}{share}"


@dataclass(frozen=True, eq=False)
class Understanding:
    """What was understood of a text. unknown: words that were not. notes: what to know about it."""

    text: str
    parts: tuple[Part, ...]
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> frozenset[str]:
        """Instruments spoken of; empty when it is for any."""
        return frozenset().union(*(part.classes for part in self.parts))

    @property
    def relative_db(self) -> Array:
        """The change (121,) at full strength that words ask for; an amount scales it."""
        total = np.zeros(GRID_HZ.size)
        for part in self.parts:
            if part.direction and not part.exact:
                total += part.curve_db
        return np.asarray(MOST_DB * np.tanh(total * self._free / MOST_DB))

    @property
    def exact_db(self) -> Array:
        """The change (121,) that was asked for in dB, without `bands`."""
        total = np.zeros(GRID_HZ.size)
        for part in self.parts:
            if part.exact and not part.bands:
                total += part.curve_db
        return total * self._free

    @property
    def bands(self) -> tuple[Band, ...]:
        """Bands that were spelt out."""
        return tuple(band for part in self.parts for band in part.bands)

    @property
    def curve_db(self) -> Array:
        """The whole change (121,) on `GRID_HZ`, for any instrument."""
        return self.relative_db + self.exact_db + Eq(self.bands).response_db(GRID_HZ, RATE_HZ)

    @property
    def _free(self) -> Array:
        """How much each band (121,) may change: 0 where it is to be kept, 1 elsewhere."""
        free = np.ones(GRID_HZ.size)
        for part in self.parts:
            if part.direction == 0:
                size = np.abs(part.curve_db)
                free = np.minimum(free, 1.0 - size / max(float(size.max()), _KEPT_FROM_DB))
        return free

    def as_text(self) -> str:
        """Say what was understood, line by line, and what was not."""
        lines = [f"{part.as_text()}{_for(part.classes)}  [{part.source}]" for part in self.parts]
        if self.unknown:
            lines.append("not understood: " + ", ".join(repr(word) for word in self.unknown[:20]))
        return "\n".join([*lines, *self.notes]) or "Nothing to do."

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "text": self.text[:MAX_TEXT],
            "parts": [
                {
                    "name": part.name,
                    "direction": part.direction,
                    "strength": round(part.strength, 3),
                    "exact": part.exact,
                    "kind": part.kind,
                    "source": part.source,
                    "classes": sorted(part.classes),
                }
                for part in self.parts
            ],
            "unknown": list(self.unknown),
            "notes": list(self.notes),
        }


def understand(text: str, dictionary: Dictionary) -> Understanding:
    """Read a text; never raises for any text, and says what it could not make sense of."""
    items, whole = read(text, dictionary.find)
    notes = [] if whole else [_TOO_LONG]
    clauses, aside = without_by_the_way(split(items))
    clauses = [settled(clause) for clause in clauses]
    notes += dict.fromkeys(note for clause in clauses for note in _corrected(clause))
    parts: list[Part] = []
    unknown: list[str] = []
    classes: frozenset[str] = frozenset()
    last_db: float | None = None
    for clause, sign in zip(clauses, signs(clauses), strict=True):
        unknown += clause.unknown
        classes = clause.mentions or classes
        if clause.joint is Role.JOIN and literal.gain_db(clause) is None and last_db is not None:
            clause.items += (
                [Number(last_db, Unit.DB, signed=True)] if literal.places(clause) else []
            )
        found = list(_parts(clause, sign))
        if classes:
            found = [replace(part, classes=classes) for part in found]
        if clause.joint is Role.BREAK and Role.NOT in clause.roles:
            found = [_limited(part, parts) for part in found]
        notes += _trouble(clause)
        unknown += [f"{n.value:g}" for n in clause.numbers(Unit.NONE) if not found]
        last_db = literal.gain_db(clause) if found and literal.places(clause) else None
        parts += found
    notes += _conflicts(parts)
    notes += [f"{word!r} is no matter of an EQ." for word in unknown if word in OTHER_TOOLS]
    unknown = [word for word in unknown if word not in OTHER_TOOLS]
    if parts:
        aside += [word for word in unknown if dictionary.is_word(word)]
        unknown = [word for word in unknown if word not in aside and _is_text(word)]
    else:
        unknown += aside
        notes.insert(0, _nothing(text))
    if parts and aside:
        notes.append("left out, as no words of sound: " + ", ".join(dict.fromkeys(aside)))
    return Understanding(text, tuple(parts), tuple(dict.fromkeys(unknown)), tuple(notes))


def _parts(clause: Clause, sign: Sign) -> Iterator[Part]:
    if literal.places(clause):
        if sign.direction or not _is_said(clause):
            yield from _literal(clause, sign)
        return
    gain_db = literal.gain_db(clause)
    for word in clause.words:
        sense = word.key
        if not isinstance(sense, Term | Entry):
            continue
        kind = sense.kind if isinstance(sense, Entry) else "user" if sense.user else "authored"
        source = sense.source if word.text == sense.name else f"{word.text!r}: {sense.source}"
        exact = gain_db is not None and sign.direction != 0
        if exact:
            factor = literal.signed_gain_db(clause, sign) / max(_peak(sense.curve_db), 1e-9)
            direction = 1 if factor >= 0.0 else -1
        else:
            direction, factor = sign.direction, sign.direction * sign.strength or 1.0
        curve_db = factor * sense.curve_db
        yield Part(sense.name, direction, sign.strength, curve_db, source, kind, exact)


def _peak(curve_db: Array) -> float:
    return float(np.abs(curve_db).max())


def _literal(clause: Clause, sign: Sign) -> Iterator[Part]:
    bands = tuple(literal.bands(clause, sign))
    gain = bands[0].gain_db if bands else 0.0
    yield Part(
        "band",
        -1 if gain < 0.0 or not bands[0].kind.has_gain else 1,
        1.0,
        Eq(bands).response_db(GRID_HZ, RATE_HZ),
        "as you said",
        "literal",
        exact=True,
        bands=bands,
    )


def _is_said(clause: Clause) -> bool:
    return bool({Role.KEEP, Role.NOT} & set(clause.roles))


def _is_text(word: str) -> bool:
    return any(char.isalnum() for char in word)


def _limited(part: Part, before: Sequence[Part]) -> Part:
    """Return a "but not" part: a limit to what was asked for before, not its undoing."""
    if not before or _likeness([part], before).min() >= _OPPOSED:
        return part
    return replace(part, strength=_LIMIT * part.strength, curve_db=_LIMIT * part.curve_db)


def _corrected(clause: Clause) -> Iterator[str]:
    """Say which words were read as others."""
    for item in clause.items:
        if isinstance(item, Word | Mention) and item.meant:
            yield f"{item.text!r} was read as {item.meant!r}."


def _trouble(clause: Clause) -> Iterator[str]:
    low, high = literal.AUDIBLE_HZ
    for number in literal.inaudible(clause):
        yield f"{number.value:g} Hz was left out: only {low:g} to {high:g} Hz can be heard."
    for number in clause.numbers(Unit.DB):
        if abs(number.value) > literal.MAX_DB:
            yield f"{number.value:g} dB is more than an EQ should do: {literal.MAX_DB:g} dB it is."


def _conflicts(parts: Sequence[Part]) -> Iterator[str]:
    """Say which parts undo each other, each pair once; of many pairs the first few."""
    if len(parts) < 2:
        return
    said = set()
    for row, column in np.argwhere(np.triu(_likeness(parts, parts) < _CANCELLED, 1)):
        first, second = parts[row], parts[column]
        together = not (first.classes and second.classes) or first.classes & second.classes
        pair = f"{first.as_text()!r} and {second.as_text()!r}"
        if together and pair not in said:
            said.add(pair)
            if len(said) > _MOST_CONFLICTS:
                yield "Other words pull against each other too."
                return
            yield f"{pair} pull against each other; what is left is done."


def _likeness(first: Sequence[Part], second: Sequence[Part]) -> Array:
    """Return the cosines (A, B) between changes; 0 for what is to be kept."""
    rows, columns = (
        np.array([part.curve_db * bool(part.direction) for part in parts])
        for parts in (first, second)
    )
    sizes = np.outer(np.linalg.norm(rows, axis=1), np.linalg.norm(columns, axis=1))
    return np.asarray(rows @ columns.T / np.maximum(sizes, 1e-12))


def _nothing(text: str) -> str:
    if not text.strip():
        return "Nothing was said. Try: warmer, less muddy."
    return "Nothing was understood. Try: warmer, less muddy, +2 dB at 3 kHz."


def _for(classes: frozenset[str]) -> str:
    names = ", ".join(sorted(label.replace("_", " ") for label in classes))
    return f" (for {names})" if names else ""


def _band_text(band: Band) -> str:
    hertz = f"{band.freq_hz:.0f} Hz" if band.freq_hz < 1000 else f"{band.freq_hz / 1000:.3g} kHz"
    if not band.kind.has_gain:
        return f"{band.kind.value.replace('_', ' ')} at {hertz}"
    side = {BandKind.LOW_SHELF: "below", BandKind.HIGH_SHELF: "above"}.get(band.kind, "at")
    return f"{band.gain_db:+.1f} dB {side} {hertz}"
