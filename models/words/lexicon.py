"""Engineers' words from YAML: what a technical term asks of an EQ, as bands.

A file of kind `words` (see presets/words/engineers.yaml) names terms, their other forms, and the
bands at full strength. Files read later override words of earlier ones: users can have their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.eq import Band, BandKind, Eq
from models.spectrum import GRID_HZ
from models.words.pieces import plain

Array = NDArray[np.float64]

FORMAT_VERSION = 1
RATE_HZ = 48000.0
"""Sample rate at which the curves of terms are worked out."""
MAX_FILE_BYTES = 1_000_000
MAX_TERM_GAIN_DB = 24.0
_BAND_FIELDS = frozenset({"kind", "freq_hz", "gain_db", "bandwidth_oct"})
_TERM_FIELDS = frozenset({"also", "es", "fault", "source", "bands", "note"})


class WordsError(ValueError):
    """A file of words that cannot be used; the message names file and place."""


@dataclass(frozen=True)
class Term:
    """A word with bands. fault: said of a sound it is a complaint. user: from a user's own file."""

    name: str
    bands: tuple[Band, ...]
    fault: bool = False
    source: str = ""
    user: bool = False

    @cached_property
    def curve_db(self) -> Array:
        """The change it asks for at full strength, (121,) dB on `GRID_HZ`."""
        return Eq(self.bands).response_db(GRID_HZ, RATE_HZ)


def load(path: Path, *, user: bool = False) -> dict[str, Term]:
    """Read a file of words: every form → its term. Raises WordsError naming file and word."""
    import yaml  # noqa: PLC0415  (slow, and needed once)

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise WordsError(f"{path}: larger than {MAX_FILE_BYTES} bytes, no file of words")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, in C: ten times faster
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise WordsError(f"{path}: cannot be read as YAML: {error}") from error
    try:
        return dict(_forms(_mapping(content, "the file"), user))
    except WordsError as error:
        raise WordsError(f"{path}: {error}") from None


def load_all(shipped: Iterable[Path], own: Iterable[Path] = ()) -> dict[str, Term]:
    """Read files in order; later ones override. Raises WordsError.

    A term of the same name takes over all forms of the earlier one ("warm" also means "warmer").
    """
    forms: dict[str, Term] = {}
    for path, user in (*((path, False) for path in shipped), *((path, True) for path in own)):
        read = load(path, user=user)
        terms = {normal(term.name): term for term in read.values()}
        taken = {
            form: terms[normal(old.name)]
            for form, old in forms.items()
            if normal(old.name) in terms
        }
        forms |= taken | read
    return forms


def normal(form: str) -> str:
    """Return a form as it is looked up: lower case, no accents, single spaces, no hyphens."""
    return " ".join(plain(form).replace("-", " ").split())


def _forms(content: Mapping[str, Any], user: bool) -> Iterable[tuple[str, Term]]:
    if content.get("reatone") != FORMAT_VERSION:
        raise WordsError(f"reatone must be {FORMAT_VERSION}, not {content.get('reatone')!r}")
    if content.get("kind") != "words":
        raise WordsError(f"kind must be words, not {content.get('kind')!r}")
    sources = _mapping(content.get("sources", {}), "sources")
    for name, value in _mapping(content.get("words"), "words").items():
        if not isinstance(name, str) or not normal(name):
            raise WordsError(f"words: {name!r} is no word; put it in quotes")
        fields = _mapping(value, name)
        if unknown := sorted(str(key) for key in fields if key not in _TERM_FIELDS):
            known = ", ".join(sorted(_TERM_FIELDS))
            raise WordsError(f"{name}: there is no field {unknown[0]!r}; fields are {known}")
        source = str(fields.get("source", "your own words" if user else ""))
        fault = fields.get("fault", False)
        if not isinstance(fault, bool):
            raise WordsError(f"{name}: fault must be true or false")
        bands = _bands(fields.get("bands"), name)
        term = Term(name, bands, fault, str(sources.get(source, source)), user)
        for form in (name, *_texts(fields, "also", name), *_texts(fields, "es", name)):
            yield normal(form), term


def _bands(value: object, name: str) -> tuple[Band, ...]:
    if not isinstance(value, list) or not value:
        raise WordsError(f"{name}: bands must be a list of bands")
    return tuple(_band(item, f"{name}: band {number}") for number, item in enumerate(value, 1))


def _band(value: object, where: str) -> Band:
    fields = _mapping(value, where)
    if unknown := sorted(str(key) for key in fields if key not in _BAND_FIELDS):
        known = ", ".join(sorted(_BAND_FIELDS))
        raise WordsError(f"{where}: there is no field {unknown[0]!r}; fields are {known}")
    try:
        band = Band(
            BandKind(fields["kind"]),
            float(fields["freq_hz"]),
            float(fields["gain_db"]),
            float(fields.get("bandwidth_oct", 1.0)),
        )
    except KeyError as error:
        raise WordsError(f"{where}: {error.args[0]} is missing") from None
    except (TypeError, ValueError) as error:
        raise WordsError(f"{where}: {error}") from None
    if not band.kind.has_gain:
        raise WordsError(f"{where}: a band of a word needs a gain (a shelf or a bell)")
    if not (10.0 <= band.freq_hz <= 20000.0 and abs(band.gain_db) <= MAX_TERM_GAIN_DB):
        raise WordsError(f"{where}: 10 ... 20000 Hz and at most {MAX_TERM_GAIN_DB:g} dB, please")
    return band


def _texts(fields: Mapping[str, Any], key: str, name: str) -> list[str]:
    value = fields.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WordsError(f"{name}: {key} must be a list of words")
    return [item for item in value if normal(item)]


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise WordsError(f"{what} must be a mapping of names to values")
    return value
