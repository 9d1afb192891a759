"""TouchOSC's layout files (.tosc): XML, compressed by zlib.

Its elements are those that TouchOSC 1.5 writes itself (format version 6). What it adds to a control
by itself is left out. The same layout gives the same bytes.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

WIDTH, HEIGHT = 1024, 768
Frame = tuple[float, float, float, float]
"""x, y, width, height in pixels."""
Color = tuple[float, float, float, float]
_GREY: Color = (0.25, 0.25, 0.25, 1.0)
_CLEAR: Color = (0.0, 0.0, 0.0, 0.0)
_IDS = uuid.UUID("5a0c3a54-1f0c-4b0e-9f5e-7c1d1c6f7e11")
_MOMENTARY, _TOGGLE = 0, 2
_EAST = 1
_ALL_CONNECTIONS = "1111111111"


@dataclass(frozen=True, slots=True)
class Osc:
    """What a control sends and receives.

    constant: sent in place of the control's value. scale: what the value's 0 and 1 stand for.
    trigger: "ANY" change, "RISE" (a press), or "" for a control that only shows.
    """

    address: str
    constant: str | int | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    trigger: str = "ANY"
    receives: bool = True
    text: bool = False


def document(controls: Iterable[Element]) -> bytes:
    """Return a file with these controls on one page."""
    root = Element("lexml", version="6")
    page = _node("GROUP", "ReaTone", (0, 0, WIDTH, HEIGHT), {"interactive": False}, {})
    page.insert(0, Element("includes"))
    ET.SubElement(page, "children").extend(controls)
    root.append(page)
    return zlib.compress(ET.tostring(root, "UTF-8", xml_declaration=True), 9)


def button(name: str, frame: Frame, osc: Osc, *, toggle: bool) -> Element:
    """Return a button; one that toggles keeps its state until the next press."""
    properties = {"buttonType": _TOGGLE if toggle else _MOMENTARY}
    return _node("BUTTON", name, frame, properties, {"x": 0, "touch": False}, osc)


def fader(name: str, frame: Frame, osc: Osc) -> Element:
    """Return a fader that runs to the right; it cannot be moved if it only shows."""
    properties = {"orientation": _EAST, "interactive": bool(osc.trigger)}
    return _node("FADER", name, frame, properties, {"x": 0, "touch": False}, osc)


def label(name: str, frame: Frame, text: str, osc: Osc | None = None) -> Element:
    """Return a text; one that receives nothing lets touches through to what lies below."""
    properties: dict[str, Any] = {"interactive": False, "textSize": 16}
    if osc is None:
        properties |= {"background": False, "color": _CLEAR, "outline": False}
    return _node("LABEL", name, frame, properties, {"text": text, "touch": False}, osc)


def _node(
    kind: str,
    name: str,
    frame: Frame,
    properties: Mapping[str, Any],
    values: Mapping[str, object],
    osc: Osc | None = None,
) -> Element:
    node = Element("node", ID=str(uuid.uuid5(_IDS, name)), type=kind)
    listed = ET.SubElement(node, "properties")
    everything = {"name": name, "frame": frame, "color": _GREY, **properties}
    for key in sorted(everything):
        listed.append(_property(key, everything[key]))
    if values:
        starts = ET.SubElement(node, "values")
        for key, value in values.items():
            starts.append(_start(key, value))
    if osc:
        ET.SubElement(node, "messages").append(_message(osc))
    return node


def _property(key: str, value: object) -> Element:
    if isinstance(value, tuple):
        kind, parts = ("r", "xywh") if key == "frame" else ("c", "rgba")
    else:
        kind, parts = {bool: "b", int: "i", str: "s"}[type(value)], ""
    element = Element("property", type=kind)
    _text(element, "key", key)
    inner = _text(element, "value", "" if parts else _written(value))
    for part, number in zip(parts, value if isinstance(value, tuple) else (), strict=True):
        _text(inner, part, _written(number))
    return element


def _start(key: str, value: object) -> Element:
    element = Element("value")
    _text(element, "key", key)
    _text(element, "locked", "0")
    _text(element, "lockedDefaultCurrent", "0")
    _text(element, "default", "false" if value is False else _written(value))
    _text(element, "defaultPull", "0")
    return element


def _message(osc: Osc) -> Element:
    element = Element("osc")
    _text(element, "enabled", "1")
    _text(element, "send", _written(bool(osc.trigger)))
    _text(element, "receive", _written(osc.receives))
    _text(element, "feedback", "0")
    _text(element, "noDuplicates", "0")
    _text(element, "connections", _ALL_CONNECTIONS)
    if osc.trigger:
        trigger = ET.SubElement(ET.SubElement(element, "triggers"), "trigger")
        _text(trigger, "var", "x")
        _text(trigger, "condition", osc.trigger)
    ET.SubElement(element, "path").append(_partial("CONSTANT", "STRING", osc.address))
    ET.SubElement(element, "arguments").append(_argument(osc))
    return element


def _argument(osc: Osc) -> Element:
    if osc.text:
        return _partial("VALUE", "STRING", "text")
    if osc.constant is None:
        return _partial("VALUE", "FLOAT", "x", osc.scale)
    kind = "INTEGER" if isinstance(osc.constant, int) else "STRING"
    return _partial("CONSTANT", kind, str(osc.constant))


def _partial(
    source: str, kind: str, value: str, scale: tuple[float, float] = (0.0, 1.0)
) -> Element:
    element = Element("partial")
    _text(element, "type", source)
    _text(element, "conversion", kind)
    _text(element, "value", value)
    _text(element, "scaleMin", _written(scale[0]))
    _text(element, "scaleMax", _written(scale[1]))
    return element


def _text(parent: Element, tag: str, text: str) -> Element:
    element = ET.SubElement(parent, tag)
    element.text = text
    return element


def _written(value: object) -> str:
    """Write numbers and flags as TouchOSC does."""
    if isinstance(value, (bool, int, float)):
        return f"{float(value):.6g}"
    return str(value)
