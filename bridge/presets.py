"""YAML presets: one EQ per file, read strictly, written exactly.

reatone: 1                 # format version
kind: eq                   # eq | target | words
name: Vocal, warmer
bands:                     # bandwidth_oct: 1.0, enabled: true if left out
  - {kind: bell, freq_hz: 320.0, gain_db: -2.5, bandwidth_oct: 1.2}
output_gain_db: 0.4        # 0.0 if left out
source: {class: vocals, confidence: 0.93}      # free, may be left out

Numbers are checked against ranges far beyond any sound EQ; a gain may be -.inf, as in ReaEQ. Fields
that are not known are kept. What YAML is understood is told in `bridge.strict_yaml`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.errors import CannotWrite, PresetError
from bridge.files import write_atomic
from bridge.strict_yaml import MAX_DEPTH, MAX_DIGITS, Item, OneLine, compose, dump, shown
from models.eq import Band, BandKind, Eq
from models.resources import presets_dir

FORMAT_VERSION = 1
KINDS = ("eq", "target", "words")
SUFFIXES = (".yaml", ".yml")
MAX_BYTES = 256 * 1024
"""Largest file read; a preset of a hundred bands has about 10 KiB."""

_RANGES = {
    "freq_hz": (0.0, 100_000.0),
    "gain_db": (-math.inf, 60.0),
    "bandwidth_oct": (0.0, 100.0),
    "output_gain_db": (-math.inf, 60.0),
}
_FIELDS = ("reatone", "kind", "name", "bands", "output_gain_db", "source")
_BAND_FIELDS = ("kind", "freq_hz", "gain_db", "bandwidth_oct", "enabled")
_RESERVED_STEM = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")


@dataclass(frozen=True, slots=True)
class EqPreset:
    """An EQ with a name and where it came from.

    source: free plain data (class, confidence, words, amount ...).
    extra, band_extra: fields this version does not know, of the file and of each band; kept and
    written back. band_extra is empty or has one mapping per band.
    Raises ValueError for numbers beyond the format's ranges and for data that YAML cannot hold.
    """

    name: str
    eq: Eq
    source: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    band_extra: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        _check_range("output_gain_db", self.eq.output_gain_db)
        for band in self.eq.bands:
            for name in ("freq_hz", "gain_db", "bandwidth_oct"):
                _check_range(name, getattr(band, name))
        object.__setattr__(self, "source", _plain_mapping(self.source, (), MAX_DEPTH - 2))
        object.__setattr__(self, "extra", _plain_mapping(self.extra, _FIELDS, MAX_DEPTH - 1))
        extras = tuple(_plain_mapping(e, _BAND_FIELDS, MAX_DEPTH - 3) for e in self.band_extra)
        if len(extras) > len(self.eq.bands):
            raise ValueError(f"{len(extras)} band_extra for {len(self.eq.bands)} bands")
        padded = extras + ({},) * (len(self.eq.bands) - len(extras))
        object.__setattr__(self, "band_extra", padded if any(padded) else ())


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """One file of a preset folder; `problem` says why it cannot be used, None if it can."""

    name: str
    path: Path
    kind: str
    problem: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return the form used by `--json`."""
        return {
            "name": self.name,
            "path": str(self.path),
            "kind": self.kind,
            "problem": self.problem,
        }


def load(path: str | Path) -> EqPreset:
    """Read an EQ preset. Raises PresetError naming file, line and field."""
    return loads(_read(Path(path)), str(path))


def loads(text: str, where: str = "preset") -> EqPreset:
    """Parse an EQ preset; `where` names it in messages. Raises PresetError."""
    root, fields = _header(text, where)
    if (kind := fields["kind"].plain()) != "eq":
        raise fields["kind"].error(
            f"this preset holds {kind}, not an EQ.", "Choose a preset of kind eq."
        )
    name = root.need("name").text()
    bands = [_band(item) for item in root.need("bands").elements()]
    eq = Eq(tuple(band for band, _ in bands), _number(root, "output_gain_db", 0.0))
    source = _rest(fields["source"]) if "source" in fields else {}
    return EqPreset(name, eq, source, _rest(root, _FIELDS), tuple(extra for _, extra in bands))


def dumps(preset: EqPreset) -> str:
    """Write a preset as YAML text; `loads` gives back an equal one, floats to the last bit."""
    extras = preset.band_extra or ({},) * len(preset.eq.bands)
    bands = [
        OneLine(_band_fields(band) | dict(extra))
        for band, extra in zip(preset.eq.bands, extras, strict=True)
    ]
    data: dict[str, Any] = {
        "reatone": FORMAT_VERSION,
        "kind": "eq",
        "name": preset.name,
        "bands": bands,
        "output_gain_db": float(preset.eq.output_gain_db),
    }
    source = {"source": OneLine(preset.source)} if preset.source else {}
    return dump(data | source | dict(preset.extra))


def save(path: str | Path, preset: EqPreset, *, overwrite: bool = False) -> None:
    """Write a preset file (and its folder) in one step, keeping an existing one unless told.

    Raises PresetError for a file that is there already, CannotWrite if the disk refuses.
    """
    path = Path(path)
    if not overwrite:
        _check_absent(path)
    data = dumps(preset).encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    except (OSError, ValueError) as error:
        raise CannotWrite(
            f"{path}: the preset could not be written: {error}.", "Choose another folder."
        ) from error


def list_presets(folders: Iterable[str | Path]) -> list[PresetEntry]:
    """List the presets of all kinds in `folders` (missing ones are empty), by file name in each."""
    files = [path for folder in folders for path in sorted(Path(folder).glob("*"))]
    return [_entry(path) for path in files if path.suffix.lower() in SUFFIXES]


def slug(name: str) -> str:
    """Turn a preset name into a file stem safe on every system; "preset" if nothing is left."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", name).lower().replace("_", " "))
    stem = "-".join(words).encode("utf-8", "ignore")[:120].decode("utf-8", "ignore").rstrip("-")
    return f"{stem}-preset" if _RESERVED_STEM.fullmatch(stem) else stem or "preset"


def save_all(
    folder: str | Path, presets: Iterable[EqPreset], *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Save presets under their names, equal names numbered: bass.yaml, bass-2.yaml ...

    Nothing is written when one of the files is there already, unless `overwrite`. Raises as `save`.
    """
    files: dict[Path, EqPreset] = {}
    for preset in presets:
        stem, number = slug(preset.name), 1
        path = Path(folder) / f"{stem}.yaml"
        while path in files:
            number += 1
            path = Path(folder) / f"{stem}-{number}.yaml"
        files[path] = preset
    for path in files if not overwrite else ():
        _check_absent(path)
    for path, preset in files.items():
        save(path, preset, overwrite=overwrite)
    return tuple(files)


def default_folders() -> tuple[Path, ...]:
    """Return where presets are looked for: ReaTone's own and the user's."""
    from platformdirs import user_data_path  # noqa: PLC0415  (only needed here)

    own = presets_dir()
    return own / "targets", user_data_path("reatone", appauthor=False) / "presets"


def _check_absent(path: Path) -> None:
    if path.exists():
        raise PresetError(
            "there is a file of this name already; it was kept.",
            "Choose another name, or ask to overwrite it.",
            file=str(path),
        )


def _header(text: str, where: str) -> tuple[Item, dict[str, Item]]:
    """Return the file's root and fields after checking that its version and kind are known."""
    root = compose(text, where)
    version, kind = root.need("reatone"), root.need("kind")
    if type(number := version.plain()) is not int:
        raise version.error(
            f"must be the format version, not {shown(number)}.", f"Write {FORMAT_VERSION}."
        )
    if number != FORMAT_VERSION:
        raise version.error(
            f"format version {number} is unknown, this ReaTone reads {FORMAT_VERSION}.",
            "Update ReaTone, or export the preset again.",
        )
    kind.choice(KINDS)
    return root, root.fields()


def _band(item: Item) -> tuple[Band, dict[str, Any]]:
    kind = BandKind(item.need("kind").choice([str(kind) for kind in BandKind]))
    item.need("freq_hz")
    if kind.has_gain:
        item.need("gain_db")
    band = Band(
        kind,
        _number(item, "freq_hz", 0.0),
        _number(item, "gain_db", 0.0),
        _number(item, "bandwidth_oct", 1.0),
        item.flag("enabled", default=True),
    )
    return band, _rest(item, _BAND_FIELDS)


def _number(item: Item, name: str, default: float) -> float:
    low, high = _RANGES[name]
    return item.number(name, default, low, high)


def _rest(item: Item, known: tuple[str, ...] = ()) -> dict[str, Any]:
    return {key: value.plain() for key, value in item.fields().items() if key not in known}


def _band_fields(band: Band) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": str(band.kind), "freq_hz": float(band.freq_hz)}
    if band.kind.has_gain or band.gain_db:
        fields["gain_db"] = float(band.gain_db)
    fields["bandwidth_oct"] = float(band.bandwidth_oct)
    return fields if band.enabled else fields | {"enabled": False}


def _entry(path: Path) -> PresetEntry:
    name, kind = path.stem, "unknown"
    try:
        text = _read(path)
        _, fields = _header(text, str(path))
        kind = str(fields["kind"].plain())
        if "name" in fields:
            name = fields["name"].text()
        if kind == "eq":
            loads(text, str(path))
    except PresetError as error:
        return PresetEntry(name, path, kind, str(error))
    return PresetEntry(name, path, kind)


def _check_range(name: str, value: float) -> None:
    low, high = _RANGES[name]
    if not low <= value <= high:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")


def _plain_mapping(
    value: Mapping[str, Any], reserved: tuple[str, ...], depth: int
) -> dict[str, Any]:
    if taken := [key for key in value if key in reserved]:
        raise ValueError(f"{taken[0]} is a field of the format and cannot be an extra one")
    plain: dict[str, Any] = _plain(value, depth)
    return plain


def _plain(value: Any, depth: int) -> Any:
    """Copy data as dicts, lists and Python's own scalars, the form in which YAML gives it back."""
    if depth < 0:
        raise ValueError("the data is nested too deeply for a preset")
    if isinstance(value, Mapping):
        if bad := [key for key in value if not isinstance(key, str)]:
            raise ValueError(f"field names must be text, not {bad[0]!r}")
        return {str(key): _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, str):
        return str(value)
    if value is None or (isinstance(value, int) and abs(value) < 10**MAX_DIGITS):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise ValueError(f"a preset cannot hold {value!r}")


def _read(path: Path) -> str:
    """Return the text of a preset file after checking its kind, size and encoding."""
    remedy = "Choose a preset file (.yaml)."
    try:
        if path.exists() and not path.is_file():
            raise PresetError("is not a file.", remedy, file=str(path))
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise PresetError("there is no such file.", remedy, file=str(path)) from None
    except (OSError, ValueError) as error:
        raise PresetError(f"cannot be read: {error}.", remedy, file=str(path)) from error
    if len(data) > MAX_BYTES:
        raise PresetError(
            f"is larger than {MAX_BYTES // 1024} KiB, too big for a preset.", remedy, file=str(path)
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PresetError(
            "is not UTF-8 text.",
            "Save it as UTF-8, or choose a preset file (.yaml).",
            file=str(path),
            line=line,
        ) from None
