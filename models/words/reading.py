"""From text to items: numbers with units, small words, descriptors, targets, and the unknown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from models.words.markers import MOST_WORDS, Marker, markers, rewrites
from models.words.pieces import plain

MOST_TOKENS = 40
"""As many words, numbers and commas of a text are read: nobody waits longer than for a few."""
MAX_TEXT = 500
"""As many characters of it are looked at."""
MAX_SHOWN = 40
"""As much of an unknown word is shown."""


class Unit(Enum):
    """What a number counts."""

    NONE = auto()
    DB = auto()
    HZ = auto()
    PERCENT = auto()
    TIMES = auto()


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written; signed: with + or −. high: the upper end of a range."""

    value: float
    unit: Unit
    signed: bool = False
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """Punctuation. strong: a new sentence."""

    strong: bool


@dataclass(frozen=True, slots=True)
class Word:
    """Something that describes a sound. key: what it was found as. comparative: "-er". meant: the
    word that was read instead, if there was a slip of the finger.
    """

    text: str
    key: object
    comparative: bool = False
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """An instrument that is spoken of: its classes. meant: as for words."""

    text: str
    classes: frozenset[str]
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be understood."""

    text: str


@dataclass(frozen=True, slots=True)
class Small:
    """A small word."""

    text: str
    marker: Marker


Item = Number | Split | Word | Mention | Unknown | Small
Find = Callable[[Sequence[str]], Word | Mention | None]
"""Looks up a run of words as a descriptor or an instrument."""

_NUMBER = r"\d{1,6}(?:[.,]\d{1,4})?"
_UNITS = r"db|decibels?|decibelios?|khz|kilohertz|k|hz|hertz|hercios|%|percent|x|times|veces"
_TOKEN = re.compile(
    rf"(?P<low>{_NUMBER})\s?(?P<lowunit>khz|hz|k)?\s?[-–]\s?"
    rf"(?P<high>{_NUMBER})\s?(?P<highunit>khz|hz|k|hertz|hercios)(?![a-z0-9])"
    rf"|(?:(?P<sign>[+\-−–])\s?)?(?P<number>{_NUMBER})\s*(?P<unit>{_UNITS})?(?![a-z0-9])"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<stop>[.;!?\n]+)"
    r"|(?P<comma>[,:/|]+|\s[-–—]\s)"
    r"|(?P<joint>[&+@])"
    r"|(?P<odd>[^\s'’\"()\[\]{}<>*_~`^°,¿¡…\-–—‘“”«»=]+)"
)
_COUNTS = {
    "a couple of": 2,
    "a couple": 2,
    "couple of": 2,
    "un par de": 2,
    "half a": 0.5,
    "medio": 0.5,
    **dict.fromkeys(("one", "un", "uno"), 1),
    **dict.fromkeys(("two", "dos"), 2),
    **dict.fromkeys(("three", "tres"), 3),
    **dict.fromkeys(("four", "cuatro"), 4),
    **dict.fromkeys(("five", "cinco"), 5),
    **dict.fromkeys(("six", "seis"), 6),
    **dict.fromkeys(("eight", "ocho"), 8),
    **dict.fromkeys(("ten", "diez"), 10),
    **dict.fromkeys(("twelve", "doce"), 12),
    **dict.fromkeys(("twenty", "veinte"), 20),
    **dict.fromkeys(("thirty", "treinta"), 30),
    **dict.fromkeys(("fifty", "cincuenta"), 50),
}
"""Numbers in words, before a unit."""
_COUNT = re.compile(
    rf"\b({'|'.join(sorted(_COUNTS, key=len, reverse=True))})\s+"
    r"(?=(?:db|decib\w+|percent|hz|hertz|hercios|khz|times|veces|por ciento)\b|%)"
)
_SOME_DB = re.compile(r"\b(\d+(?:\.\d+)?)\s+(?:or|to|o|a)\s+(\d+(?:\.\d+)?)\s*(?=db\b)")
_PUSHED_BACK = re.compile(
    r"\b(?:push|move|place|put|set|sit)\s+((?:(?!and\b|but\b)\w+ ){0,4}?)"
    r"(?:(?:further|farther) )?back\b"
)
_ENCLITIC = re.compile(r"(?<=\w{3})(?:l[oa]s?|les?)$")
"""Spanish pronouns that hang on a verb: "quítalo"."""
_KILO = frozenset({"k", "khz", "kilohertz"})
_BETWEEN = frozenset({"between", "entre", "from", "desde"})
_TO = frozenset({"to", "a", "hasta"})
_AND = frozenset({"and", "y"})

Token = Number | Split | str


def read(text: str, find: Find) -> tuple[list[Item], bool]:
    """Read the beginning of a text as items; return them, and whether that is the whole text."""
    text = text.strip()
    shown = unicodedata.normalize("NFKC", text[: MAX_TEXT + 1])
    whole = len(text) <= MAX_TEXT and len(shown) <= MAX_TEXT
    if not whole:
        shown = shown[:MAX_TEXT].rsplit(None, 1)[0]
    tokens = _tokens(_prepared(shown))
    return list(_scan(tokens[:MOST_TOKENS], find)), whole and len(tokens) <= MOST_TOKENS


def _prepared(text: str) -> str:
    text = plain(text).replace("’", "'").replace("‘", "'")
    text = re.sub(r"n't\b", " not", text)
    text = re.sub(r"\b(?:do|does|did|ca|wo|would|could|should|ai) not\b", "not", text)
    text = re.sub(r"\b([st])'s\b", r"\1 sounds", text)
    text = re.sub(r"'(s|re|m)\b", " is", text)
    text = re.sub(r"'d\b", " would", text)
    text = re.sub(r"'(ll|ve)\b", " ", text)
    text = re.sub(r"\b(?:19|20)?\d0'?s\b", " ", text)
    text = re.sub(r"\b(\w+) (it|them|this|that) (up|down|out|off)\b", r"\1 \3 \2", text)
    text = _PUSHED_BACK.sub(r"\1more distant", text)
    text = _COUNT.sub(lambda match: f"{_COUNTS[match[1]]} ", text)
    text = re.sub(r"\b(?:a|un) (?=db\b)", "1 ", text)
    text = _SOME_DB.sub(lambda match: f"{(float(match[1]) + float(match[2])) / 2:g} ", text)
    text = re.sub(r"\b(?:plus|mas)\s+(?=\d)", "+", text)
    text = re.sub(r"\b(?:minus|menos)\s+(?=\d)", "-", text)
    text = re.sub(r"\bpor ciento\b", "%", text)
    text = re.sub(r"\bs'(?=\s|$)", "s", text)
    return re.sub(r"(?<=[^\W\d_])[-‐‑](?=[^\W\d_])", " ", text)


def _tokens(text: str) -> list[Token]:
    return _with_ranges([_token(match) for match in _TOKEN.finditer(text)])


def _token(match: re.Match[str]) -> Token:
    if match["low"]:
        return _range(
            Number(_value(match["low"], match["lowunit"]), _unit(match["lowunit"])),
            Number(_value(match["high"], match["highunit"]), Unit.HZ),
        )
    if match["number"]:
        sign = -1.0 if match["sign"] in ("-", "−", "–") else 1.0
        value, unit = _value(match["number"], match["unit"]), _unit(match["unit"])
        signed = match["sign"] is not None
        return Number(value if unit is Unit.HZ else sign * value, unit, signed)
    if match["stop"] or match["comma"]:
        return Split(strong=match["stop"] is not None)
    return match["word"] or match["joint"] or match["odd"]


def _with_ranges(tokens: list[Token]) -> list[Token]:
    """Join "200 to 500 Hz" and "between 200 and 500" into ranges."""
    joined: list[Token] = []
    for token in tokens:
        low = joined[-2] if len(joined) > 1 else None
        if isinstance(token, Number) and isinstance(low, Number) and not token.signed:
            after = joined[-3] if len(joined) > 2 else None
            named = isinstance(after, str) and after in _BETWEEN
            link = joined[-1] if isinstance(joined[-1], str) else ""
            fits = low.unit in (Unit.HZ, Unit.NONE) and token.unit in (Unit.HZ, Unit.NONE)
            linked = (link in _TO and (named or token.unit is Unit.HZ)) or (link in _AND and named)
            if fits and linked:
                joined[-2:] = [_range(low, token)]
                continue
        joined.append(token)
    return joined


def _range(low: Number, high: Number) -> Number:
    """Return a range in Hz; the low end takes the high end's unit ("2 to 4 kHz")."""
    start = low.value
    if low.unit is Unit.NONE and high.value >= 1000.0 and start < 20.0:
        start *= 1000.0
    return Number(min(start, high.value), Unit.HZ, high=max(start, high.value))


def _value(text: str, unit: str | None) -> float:
    return float(text.replace(",", ".")) * (1000.0 if unit in _KILO else 1.0)


def _unit(text: str | None) -> Unit:
    if text is None:
        return Unit.NONE
    if text.startswith("d"):
        return Unit.DB
    if text in ("%", "percent"):
        return Unit.PERCENT
    return Unit.TIMES if text in ("x", "times", "veces") else Unit.HZ


def _scan(tokens: Sequence[Token], find: Find) -> Iterator[Item]:
    """Replace runs of words by what they are, longest first."""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if not isinstance(token, str):
            yield token
            position += 1
            continue
        run = _run(tokens, position)
        items, used = _longest(run, find)
        yield from items
        position += used


def _run(tokens: Sequence[Token], start: int) -> list[str]:
    run: list[str] = []
    for token in tokens[start : start + MOST_WORDS]:
        if not isinstance(token, str):
            break
        run.append(token)
    return run


def _longest(run: list[str], find: Find) -> tuple[list[Item], int]:
    small, other = markers(), rewrites()
    for size in range(len(run), 0, -1):
        phrase = " ".join(run[:size])
        if phrase in other:
            return list(_scan(_tokens(other[phrase]), find)), size
        if phrase in small:
            return [Small(phrase, small[phrase])], size
        verb = _ENCLITIC.sub("", phrase) if size == 1 else phrase
        if verb != phrase and verb in small and small[verb].verb:
            return [Small(verb, small[verb])], size
        if found := find(run[:size]):
            return [found], size
    return [Unknown(run[0][:MAX_SHOWN])], 1
