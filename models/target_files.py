"""Targets as YAML files: `kind: target`, a curve on any frequencies, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spectrum import GRID_HZ
from models.target import Target, TargetError

FORMAT_VERSION = 1
MAX_FILE_BYTES = 1_000_000
MAX_POINTS = 10_000
_COLUMNS = ("freq_hz", "level_db", "spread_db", "confidence")


def load(path: Path) -> Target:
    """Read a target file. Raises TargetError, naming file and field, for anything else."""
    import yaml  # noqa: PLC0415

    if not path.is_file():
        raise TargetError(f"{path}: no such target file")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise TargetError(f"{path}: larger than {MAX_FILE_BYTES} bytes, no target file")
    try:
        # As yaml.safe_load, in C where it is installed: ten times faster on long columns.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise TargetError(f"{path}: not YAML ({error})") from error
    try:
        return _parse(content)
    except TargetError as error:
        raise TargetError(f"{path}: {error}") from error


def dumps(target: Target, source: dict[str, Any]) -> str:
    """Return the target as YAML text; `source` tells what it was made from."""
    import yaml  # noqa: PLC0415

    columns = (
        np.round(GRID_HZ, 2),
        np.round(target.curve_db, 2),
        np.round(target.spread_db, 2),
        np.round(target.confidence, 3),
    )
    head = {"reatone": FORMAT_VERSION, "kind": "target", "name": target.name}
    curve = {key: _Row(values.tolist()) for key, values in zip(_COLUMNS, columns, strict=True)}
    document = {**head, "source": {"provenance": target.provenance, **source}, "curve": curve}

    class Dumper(yaml.SafeDumper):
        """Writes number columns on few lines."""

    Dumper.add_representer(_Row, _represent_row)
    return str(yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100))


class _Row(list[float]):
    """A list that is written in flow style."""


def _represent_row(dumper: Any, row: _Row) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)


def _parse(content: object) -> Target:
    fields = _mapping(content, "the file")
    if fields.get("reatone") != FORMAT_VERSION:
        raise TargetError(f"reatone must be {FORMAT_VERSION}, not {fields.get('reatone')!r}")
    if fields.get("kind") != "target":
        raise TargetError(f"kind must be target, not {fields.get('kind')!r}")
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        raise TargetError("name must be a text")
    curve = _mapping(fields.get("curve"), "curve")
    freq_hz, level_db, spread_db, confidence = (_numbers(curve, key) for key in _COLUMNS)
    if len({column.size for column in (freq_hz, level_db, spread_db, confidence)}) != 1:
        raise TargetError("curve: all columns must have the same length")
    if freq_hz[0] <= 0.0 or (np.diff(freq_hz) <= 0.0).any():
        raise TargetError("curve.freq_hz must rise, from above 0")
    if (spread_db <= 0.0).any():
        raise TargetError("curve.spread_db must be above 0")
    if (confidence < 0.0).any() or (confidence > 1.0).any():
        raise TargetError("curve.confidence must be within 0 ... 1")
    source = fields.get("source")
    provenance = source.get("provenance", "") if isinstance(source, dict) else ""
    position = np.log(GRID_HZ)
    known = np.log(freq_hz)
    outside = (position < known[0] - 1e-3) | (position > known[-1] + 1e-3)
    return Target(
        curve_db=np.interp(position, known, level_db),
        spread_db=np.interp(position, known, spread_db),
        confidence=np.where(outside, 0.0, np.interp(position, known, confidence)),
        provenance=str(provenance),
        name=name,
    )


def _mapping(value: object, what: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TargetError(f"{what} must be a mapping of names to values")
    return value


def _numbers(curve: dict[Any, Any], key: str) -> NDArray[np.float64]:
    values = curve.get(key)
    if not isinstance(values, list) or not 2 <= len(values) <= MAX_POINTS:
        raise TargetError(f"curve.{key} must be a list of 2 ... {MAX_POINTS} numbers")
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        raise TargetError(f"curve.{key} must hold numbers only")
    numbers = np.array(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise TargetError(f"curve.{key} must hold finite numbers only")
    return numbers
