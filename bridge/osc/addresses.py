"""The one table of OSC addresses: what surfaces may send, and what they are sent.

Exact addresses only. A button acts when it is pressed (no argument, or 0.5 and above), not when it
is released. Values in three forms, as REAPER has them: 0 ... 1, in their unit, and as text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bridge import requests
from bridge.errors import UsageError
from bridge.reaper.reaeq import ParamKind, normalised_from_raw, raw_from_stored, stored_text
from bridge.requests import Request, TrackState
from models.eq import Band, Eq

Argument = str | int | float
Message = tuple[str, tuple[Argument, ...]]
Parse = Callable[[Sequence[object]], dict[str, Any] | None]

ROOT = "/reatone"
SUBSCRIBE = f"{ROOT}/subscribe"
REFRESH = f"{ROOT}/refresh"
AMOUNT = f"{ROOT}/amount"
STATUS = f"{ROOT}/status"
PROGRESS = f"{ROOT}/progress"
ERROR = f"{ROOT}/error"
_PRESSED = 0.5


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a surface may send. arguments: for people. parse: to a request's arguments, None for
    the release of a button; raises UsageError.
    """

    kind: str
    arguments: str
    does: str
    parse: Parse


def to_request(address: str, arguments: Sequence[object]) -> Request | None:
    """Return what a message asks for, None for nothing. Raises UsageError."""
    entry = INCOMING[address]
    try:
        args = entry.parse(arguments)
        return None if args is None else requests.parse(entry.kind, args)
    except UsageError as error:
        raise UsageError(f"{address}: {error.message}", f"It takes: {entry.arguments}.") from error


def state_messages(state: TrackState, bands: int = 0) -> Iterator[Message]:
    """Yield all that surfaces show of a track; bands up to `bands` that are not there go blank."""
    yield f"{ROOT}/track/name", (state.name,)
    yield f"{ROOT}/track/class", (state.label.replace("_", " "),)
    yield f"{ROOT}/track/confidence", (float(state.confidence),)
    if state.amount is not None:
        yield AMOUNT, (float(state.amount),)
    if state.bypassed is not None:
        yield f"{ROOT}/bypass", (int(state.bypassed),)
    eq = state.eq or Eq()
    for number in range(1, max(len(eq.bands), bands) + 1):
        band = eq.bands[number - 1] if number <= len(eq.bands) else None
        yield from band_messages(number, band)


def band_messages(number: int, band: Band | None) -> Iterator[Message]:
    """Yield everything about one band; None: there is no such band."""
    at = f"{ROOT}/band/{number}"
    yield f"{at}/type", ("" if band is None else band.kind.value,)
    yield f"{at}/type/str", ("" if band is None else band.kind.value.replace("_", " "),)
    yield f"{at}/enabled", (int(band is not None and band.enabled),)
    yield f"{at}/enabled/str", (("on" if band.enabled else "off") if band else "",)
    values = (0.0, 1.0, 0.0) if band is None else (band.freq_hz, band.amplitude, band.bandwidth_oct)
    for (name, unit, kind), stored in zip(_VALUES, values, strict=True):
        raw = 0.0 if band is None else raw_from_stored(kind, stored)
        yield f"{at}/{name}", (min(max(normalised_from_raw(kind, raw), 0.0), 1.0),)
        yield f"{at}/{name}/{unit}", (_in_unit(kind, stored),)
        yield f"{at}/{name}/str", ("" if band is None else stored_text(kind, stored),)


def outgoing() -> Iterator[tuple[str, str, str]]:
    """Yield what surfaces are sent: address, arguments, meaning."""
    yield STATUS, "text", "what happens, in words"
    yield PROGRESS, "0 ... 1", "how far the job is"
    yield ERROR, "code text", "why something did not work"
    yield f"{ROOT}/track/name", "text", "the track that is shown"
    yield f"{ROOT}/track/class", "text", "what it was taken for"
    yield f"{ROOT}/track/confidence", "0 ... 1", "how sure that is"
    yield AMOUNT, "-1 ... 2", "amount in force, as read back"
    yield f"{ROOT}/bypass", "1 or 0", "whether ReaTone's EQ is bypassed"
    yield f"{ROOT}/band/N/type", "text", "kind of band N (1 ...); also /str"
    yield f"{ROOT}/band/N/enabled", "1 or 0", "whether it is on; also /str"
    for name, unit, _ in _VALUES:
        yield f"{ROOT}/band/N/{name}", "0 ... 1", f"as on ReaEQ's own scale; also /{unit} and /str"


_VALUES = (
    ("freq", "hz", ParamKind.FREQ),
    ("gain", "db", ParamKind.GAIN),
    ("width", "oct", ParamKind.BANDWIDTH),
)
_SILENT_DB = -150.0
"""What a gain of minus infinity is sent as: OSC has no infinity that all surfaces understand."""


def _in_unit(kind: ParamKind, stored: float) -> float:
    if kind is not ParamKind.GAIN:
        return float(stored)
    return max(20.0 * math.log10(stored), _SILENT_DB) if stored > 0.0 else _SILENT_DB


def _one(arguments: Sequence[object]) -> object:
    if len(arguments) != 1:
        raise UsageError("one value is needed.")
    return arguments[0]


def _pressed(arguments: Sequence[object]) -> bool:
    """Tell a press (no argument, null, true, 0.5 and above) from a release."""
    if not arguments or arguments[0] is None:
        return True
    value = arguments[0]
    if len(arguments) > 1 or not isinstance(value, (bool, int, float)) or math.isnan(value):
        raise UsageError("a button is pressed with 1 and released with 0.")
    return value >= _PRESSED


def _press(arguments: Sequence[object]) -> dict[str, Any] | None:
    return {} if _pressed(arguments) else None


def _press_or_text(name: str) -> Parse:
    def parse(arguments: Sequence[object]) -> dict[str, Any] | None:
        if len(arguments) == 1 and isinstance(arguments[0], str):
            return {name: arguments[0]} if arguments[0].strip() else {}
        return _press(arguments)

    return parse


def _value(name: str) -> Parse:
    return lambda arguments: {name: _one(arguments)}


def _bypass(arguments: Sequence[object]) -> dict[str, Any]:
    value = _one(arguments)
    if not isinstance(value, (bool, int, float)) or not 0 <= value <= 1:
        raise UsageError("1 or 0 is needed.")
    return {"on": value < _PRESSED}


INCOMING: dict[str, Incoming] = {
    f"{ROOT}/auto": Incoming("auto", "press", "equalise the selected tracks", _press),
    f"{ROOT}/master": Incoming(
        "master", "press, or a genre", "equalise the master", _press_or_text("genre")
    ),
    f"{ROOT}/describe": Incoming("describe", "text", "change the sound by words", _value("text")),
    f"{ROOT}/match": Incoming(
        "match", "file name", "come close to a recording in the Music folder", _value("path")
    ),
    AMOUNT: Incoming("amount", "-1 ... 2", "how strongly the EQ acts", _value("set")),
    f"{ROOT}/bypass": Incoming("compare", "1 or 0", "hear the tracks without the EQ", _bypass),
    f"{ROOT}/undo": Incoming("undo", "press", "undo ReaTone's last step", _press),
    f"{ROOT}/preset/save": Incoming("preset_save", "name", "save the EQ", _value("name")),
    f"{ROOT}/preset/load": Incoming("preset_load", "name", "load an EQ", _value("name")),
    f"{ROOT}/class": Incoming(
        "auto", "class", "equalise as this kind of instrument", _value("class")
    ),
    f"{ROOT}/cancel": Incoming("cancel", "press", "call off what runs and waits", _press),
    REFRESH: Incoming("refresh", "press", "send everything again", _press),
}
"""Address → what it does. `/reatone/subscribe port` belongs to the surface itself."""
