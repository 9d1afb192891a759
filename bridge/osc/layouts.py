"""Ready-made layouts for surface apps, drawn once and written for TouchOSC and Open Stage Control.

`python -m bridge.osc.layouts FOLDER` writes both files; those in reaper_scripts/surfaces are made
so. The apps send to port 9876 of the computer with ReaTone and listen at port 9000.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from bridge.osc import touchosc
from bridge.osc.addresses import AMOUNT, PROGRESS, REFRESH, ROOT, STATUS, SUBSCRIBE
from bridge.requests import MAX_AMOUNT, MIN_AMOUNT

LISTEN_PORT = 9000
"""Where the apps listen, as they suggest themselves."""
COLUMNS, ROWS = 12, 16
BANDS = 6
WORDS = ("warmer", "brighter", "clearer", "softer", "airy", "less muddy")
FILES = {"ReaTone.tosc": "TouchOSC", "ReaTone.open-stage-control.json": "Open Stage Control"}


class Look(StrEnum):
    """What a control is: the first four are for fingers, the others only show."""

    BUTTON = "button"
    TOGGLE = "toggle"
    FADER = "fader"
    FIELD = "field"
    METER = "meter"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a layout.

    at: column, row, columns, rows. sends: what a button sends, None for 1 at the press.
    """

    look: Look
    address: str
    at: tuple[int, int, int, int]
    label: str = ""
    sends: str | int | None = None
    low: float = 0.0
    high: float = 1.0


def controls() -> Iterator[Control]:
    """Yield the controls from top to bottom."""
    yield Control(Look.TEXT, STATUS, (0, 0, 12, 1))
    yield Control(Look.METER, PROGRESS, (0, 1, 12, 1))
    yield Control(Look.TEXT, f"{ROOT}/track/name", (0, 2, 6, 1))
    yield Control(Look.TEXT, f"{ROOT}/track/class", (6, 2, 4, 1))
    yield Control(Look.METER, f"{ROOT}/track/confidence", (10, 2, 2, 1))
    buttons = (("Equalise", "auto"), ("Master", "master"), ("Undo", "undo"), ("Cancel", "cancel"))
    for number, (label, name) in enumerate(buttons):
        yield Control(Look.BUTTON, f"{ROOT}/{name}", (2 * number, 3, 2, 2), label)
    yield Control(Look.TOGGLE, f"{ROOT}/bypass", (8, 3, 2, 2), "Without EQ")
    yield Control(Look.BUTTON, REFRESH, (10, 3, 2, 1), "Refresh")
    yield Control(Look.BUTTON, SUBSCRIBE, (10, 4, 2, 1), "Connect", LISTEN_PORT)
    yield Control(Look.FADER, AMOUNT, (0, 5, 12, 2), "Amount", None, MIN_AMOUNT, MAX_AMOUNT)
    for number, word in enumerate(WORDS):
        yield Control(Look.BUTTON, f"{ROOT}/describe", (2 * number, 7, 2, 2), word, word)
    yield Control(Look.FIELD, f"{ROOT}/describe", (0, 9, 12, 1), "Describe the sound")
    for number in range(1, BANDS + 1):
        for place, value in enumerate(("type", "freq", "gain", "width")):
            at = (3 * place, 9 + number, 3, 1)
            yield Control(Look.TEXT, f"{ROOT}/band/{number}/{value}/str", at)


def touch_osc() -> bytes:
    """Return the layout as TouchOSC opens it (.tosc). It has no control to type text into."""
    cell = touchosc.WIDTH / COLUMNS, touchosc.HEIGHT / ROWS
    nodes = []
    for number, control in enumerate(controls()):
        column, row, columns, rows = control.at
        frame = (column * cell[0], row * cell[1], columns * cell[0], rows * cell[1])
        if control.look is Look.FIELD:
            continue
        nodes.append(_touch_node(control, f"{control.look}{number}", frame))
        if control.label:
            nodes.append(touchosc.label(f"label{number}", frame, control.label))
    return touchosc.document(nodes)


def open_stage_control() -> str:
    """Return the layout as a session of Open Stage Control, version 1 (.json)."""
    widgets = [_widget(number, control) for number, control in enumerate(controls())]
    root = {
        "type": "root",
        "id": "root",
        "comments": f"Start with: send 127.0.0.1:9876, osc-port {LISTEN_PORT}.",
        "widgets": widgets,
        "tabs": [],
    }
    session = {
        "createdWith": "Open Stage Control",
        "version": "1.25.0",
        "type": "session",
        "content": root,
    }
    return json.dumps(session, indent=1) + "\n"


def write(folder: Path) -> None:
    """Write both files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tosc, session = FILES
    (folder / tosc).write_bytes(touch_osc())
    (folder / session).write_text(open_stage_control(), "utf-8", newline="\n")


def _touch_node(control: Control, name: str, frame: touchosc.Frame) -> Element:
    scale = (control.low, control.high)
    match control.look:
        case Look.BUTTON:
            message = touchosc.Osc(control.address, control.sends, trigger="RISE", receives=False)
            return touchosc.button(name, frame, message, toggle=False)
        case Look.TOGGLE:
            return touchosc.button(name, frame, touchosc.Osc(control.address), toggle=True)
        case Look.FADER:
            return touchosc.fader(name, frame, touchosc.Osc(control.address, scale=scale))
        case Look.METER:
            return touchosc.fader(name, frame, touchosc.Osc(control.address, trigger=""))
    return touchosc.label(name, frame, "", touchosc.Osc(control.address, trigger="", text=True))


def _widget(number: int, control: Control) -> dict[str, Any]:
    column, row, columns, rows = control.at
    widget: dict[str, Any] = {
        "id": f"{control.look}_{number}",
        "left": f"{100 * column / COLUMNS:.4g}%",
        "top": f"{100 * row / ROWS:.4g}%",
        "width": f"{100 * columns / COLUMNS:.4g}%",
        "height": f"{100 * rows / ROWS:.4g}%",
        "address": control.address,
    }
    sent = {"type": "i", "value": control.sends} if control.sends == LISTEN_PORT else control.sends
    span = {"range": {"min": control.low, "max": control.high}, "horizontal": True}
    more: dict[Look, dict[str, Any]] = {
        Look.BUTTON: {"mode": "tap", "on": 1 if sent is None else sent, "off": 0},
        Look.TOGGLE: {"mode": "toggle", "on": 1, "off": 0},
        Look.FADER: {**span, "design": "compact"},
        Look.METER: {**span, "design": "compact", "interaction": False, "bypass": True},
        Look.TEXT: {},
        Look.FIELD: {"asYouType": False, "placeholder": control.label},
    }
    kinds = {Look.TOGGLE: "button", Look.METER: "fader", Look.FIELD: "input"}
    widget["type"] = str(kinds.get(control.look, control.look))
    if control.look in (Look.BUTTON, Look.TOGGLE):
        widget["label"] = control.label
    return widget | more[control.look]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
