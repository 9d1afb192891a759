"""Judging what a live ReaEQ has shown (`bridge.reaper.calibrate`) against the maps ReaTone uses."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.reaper import reaeq
from bridge.reaper.reaeq import ParamKind, raw_from_normalised, stored_from_raw

_KINDS = {
    "freq": ParamKind.FREQ,
    "gain": ParamKind.GAIN,
    "bandwidth": ParamKind.BANDWIDTH,
    "output": ParamKind.OUTPUT,
}
_RELATIVE = 0.01
_SHOWN = {"freq": 0.06, "gain": 0.06, "bandwidth": 0.006, "output": 0.06}
"""Half a unit of the last digit that ReaEQ shows, and a little."""
_LOWEST_DB = -60.0
_RAW_RANGE = (0.0, 1.0, 0.25)
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)")


def problems(found: Mapping[str, Any]) -> list[str]:
    """Return what differs from ReaTone's knowledge, one line each; empty when all is well."""
    return [*_state_problems(found), *_map_problems(found)]


def _state_problems(found: Mapping[str, Any]) -> Iterator[str]:
    try:
        reaeq.decode(base64.b64decode(found["state"]))
    except (reaeq.ReaEqError, ValueError) as error:
        yield f"its state is not understood ({error})"
    if not found["takes_state"]:
        yield "it does not take back the state that it gave"
    elif not found["takes_more_bands"]:
        yield "it does not take a state with one more band"


def _map_problems(found: Mapping[str, Any]) -> Iterator[str]:
    gain_range = tuple(found["gain_range"])
    if any(abs(a - b) > _RELATIVE for a, b in zip(gain_range, _RAW_RANGE, strict=True)):
        yield f"its gain parameter has the range {gain_range}, expected {_RAW_RANGE}"
    log_freq = _has_log_freq(found)
    for name, texts in found["texts"].items():
        wrong = _first_difference(name, texts, log_freq)
        if wrong:
            yield wrong


def _has_log_freq(found: Mapping[str, Any]) -> bool:
    """Tell whether the band that was tried has ReaEQ's logarithmic scale: a preset may not."""
    try:
        bands = reaeq.decode(base64.b64decode(found["state"])).bands
    except (reaeq.ReaEqError, ValueError):
        return True
    return bands[0].log_freq if bands else True


def _first_difference(name: str, texts: Sequence[str], log_freq: bool) -> str:
    """Describe the first value that is shown otherwise than the map has it."""
    kind = _KINDS[name]
    for step, text in enumerate(texts):
        value = step / (len(texts) - 1)
        raw = raw_from_normalised(kind, value)
        expected = stored_from_raw(kind, raw, log_freq=log_freq)
        if kind in (ParamKind.GAIN, ParamKind.OUTPUT):
            expected = 20.0 * math.log10(expected) if expected > 0.0 else -math.inf
        shown = _value(text)
        if not _agree(name, shown, expected):
            return f"{name} at {value:.2f} is shown as {text!r}, expected {expected:.2f}"
    return ""


def _agree(name: str, shown: float, expected: float) -> bool:
    decibels = name in ("gain", "output")
    if decibels and max(shown, expected) < _LOWEST_DB:
        return True
    allowed = _SHOWN[name] if decibels else max(_SHOWN[name], _RELATIVE * abs(expected))
    return abs(shown - expected) <= allowed


def _value(text: str) -> float:
    """Return the number in a text such as "1160.5 Hz", "-inf", "1.2k"; NaN without one."""
    if "inf" in text.lower():
        return -math.inf
    number = _NUMBER.search(text)
    if number is None:
        return math.nan
    factor = 1000.0 if text[number.end() :].strip().lower().startswith("k") else 1.0
    return float(number.group().replace(",", ".")) * factor
