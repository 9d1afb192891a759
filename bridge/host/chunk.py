"""One line of a REAPER chunk: splitting into tokens, quoting, and editing one token in place."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

_SPACE = " \t"
_TOKEN = re.compile(r""" "([^"]*)"? | '([^']*)'? | `([^`]*)`? | ([^ \t"'`][^ \t]*) """, re.VERBOSE)
_QUOTES = "\"'`"
_NEEDS_QUOTES = " \t\"'`"
_NEEDS_QUOTES_FIRST = "#;<>|"


class Token(NamedTuple):
    """A token's value (unquoted) and the span of its text, quotes included."""

    value: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def tokenise(text: str) -> tuple[Token, ...]:
    """Split a line as REAPER's own line parser does.

    Tokens are separated by spaces or tabs; one that starts with a double quote, an apostrophe or a
    backtick runs to the next such character. There are no escapes. A missing end quote ends with
    the line.
    """
    return tuple(Token(m[m.lastindex or 0], m.start(), m.end()) for m in _TOKEN.finditer(text))


def quote(value: str, *, always: bool = False) -> str:
    """Write a string as one token: bare when it can be, else in the first of ", ', ` that it lacks.

    `always`: in quotes even where it could be bare. With all three inside, its backticks become
    apostrophes (so does REAPER). Raises ValueError for line breaks, NUL and text that is not valid
    Unicode: a project file cannot hold them.
    """
    if any(c in value for c in "\r\n\0"):
        raise ValueError(f"a line break or NUL cannot be stored in a project line: {value!r}")
    value.encode("utf-8", "surrogateescape")
    bare = value and value[0] not in _NEEDS_QUOTES_FIRST
    if bare and not always and not any(c in value for c in _NEEDS_QUOTES):
        return value
    for mark in _QUOTES:
        if mark not in value:
            return f"{mark}{value}{mark}"
    return "`" + value.replace("`", "'") + "`"


def format_number(value: float) -> str:
    """Write a number as REAPER does: at most 14 decimals, no trailing zeros, no exponent."""
    if not math.isfinite(value):
        raise ValueError(f"a project file holds finite numbers only, not {value!r}")
    text = f"{value:.14f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


class Line:
    """A line of the file: its text (indentation included) and its line ending, both verbatim.

    Token 0 is the keyword; for the first line of a block it keeps the block's "<".
    """

    __slots__ = ("ending", "text")

    def __init__(self, text: str, ending: str = "\n") -> None:
        self.text = text
        self.ending = ending

    def __repr__(self) -> str:
        return f"Line({self.text!r}, {self.ending!r})"

    @property
    def indent(self) -> str:
        """The white space before the first token."""
        return self.text[: len(self.text) - len(self.text.lstrip(_SPACE))]

    @property
    def name(self) -> str:
        """The keyword, without the "<" of a block."""
        words = self.text.split(None, 1)
        return words[0].removeprefix("<") if words else ""

    def is_named(self, keyword: str) -> bool:
        """Tell whether this is the line's keyword; quick where it is not."""
        return keyword in self.text and self.name == keyword

    @property
    def values(self) -> list[str]:
        """All tokens, unquoted."""
        return [token.value for token in tokenise(self.text)]

    def value(self, index: int, default: str = "") -> str:
        """Return token `index`, unquoted, or `default` when the line is shorter."""
        tokens = tokenise(self.text)
        return tokens[index].value if index < len(tokens) else default

    def number(self, index: int, default: float = 0.0) -> float:
        """Return token `index` as a finite number, or `default` when it is missing or is none."""
        try:
            number = float(self.value(index))
        except ValueError:
            return default
        return number if math.isfinite(number) else default

    def integer(self, index: int, default: int = 0) -> int:
        """Return token `index` as an integer, or `default` when it is missing or is none."""
        return int(self.number(index, default))

    def set_string(self, index: int, value: str, *, quoted: bool = False) -> None:
        """Replace token `index`, in quotes as needed or always; the others stay verbatim."""
        if index >= len(self.values) or self.value(index) != value:
            self._replace(index, quote(value, always=quoted))

    def set_number(self, index: int, value: float) -> None:
        """Replace token `index`, unless it is this number already; the others stay verbatim."""
        if self.number(index, math.nan) != value:
            self._replace(index, format_number(value))

    def _replace(self, index: int, written: str) -> None:
        tokens = tokenise(self.text)
        if index < len(tokens):
            self.text = self.text[: tokens[index].start] + written + self.text[tokens[index].end :]
        elif index == len(tokens):
            self.text = f"{self.text.rstrip(_SPACE)} {written}"
        else:
            raise IndexError(f"{self.name} has {len(tokens)} tokens: cannot set token {index}")
