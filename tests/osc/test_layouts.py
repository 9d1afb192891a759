from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from typing import Any

import py2tosc
import pytest

from bridge.osc import layouts
from bridge.osc.addresses import INCOMING, SUBSCRIBE, outgoing, to_request
from bridge.osc.layouts import Control, Look
from tests.conftest import ROOT

FOLDER = ROOT / "reaper_scripts" / "surfaces"
TOSC, SESSION = (FOLDER / name for name in layouts.FILES)
Sent = tuple[str, object]


def shown() -> set[str]:
    """Return the addresses that surfaces are sent, for as many bands as are drawn."""
    found = set()
    for address, _, means in outgoing():
        for form in ("", *re.findall(r"/\w+", means)):
            for number in range(1, layouts.BANDS + 1):
                found.add(f"{address}{form}".replace("/N/", f"/{number}/"))
    return found


def address_of(message: ET.Element) -> str:
    return "".join(part.findtext("value", "") for part in message.iterfind("path/partial"))


def sent_by_touch_osc(root: ET.Element) -> Iterator[Sent]:
    for message in root.iter("osc"):
        if message.findtext("send") == "1":
            (part,) = message.iterfind("arguments/partial")
            scale = [float(part.findtext(name, "")) for name in ("scaleMin", "scaleMax")]
            value: object = part.findtext("value")
            match part.findtext("type"), part.findtext("conversion"):
                case "VALUE", "FLOAT":
                    yield from ((address_of(message), end) for end in scale)
                    continue
                case "CONSTANT", "INTEGER":
                    value = int(str(value))
            yield address_of(message), value


def sent_by_session(widgets: list[dict[str, Any]]) -> Iterator[Sent]:
    for widget in widgets:
        address = widget["address"]
        match widget["type"]:
            case "button":
                states = ["on"] if widget["mode"] == "tap" else ["on", "off"]
                for state in states:
                    value = widget[state]
                    yield address, value["value"] if isinstance(value, dict) else value
            case "fader" if not widget.get("bypass"):
                yield address, widget["range"]["min"]
                yield address, widget["range"]["max"]
            case "input":
                yield address, "some words"


@pytest.fixture(scope="module")
def touch_osc() -> ET.Element:
    return ET.fromstring(zlib.decompress(TOSC.read_bytes()))


@pytest.fixture(scope="module")
def widgets() -> list[dict[str, Any]]:
    session = json.loads(SESSION.read_text("utf-8"))
    assert session["type"] == "session"
    assert session["content"]["type"] == "root"
    found: list[dict[str, Any]] = session["content"]["widgets"]
    return found


def test_the_files_are_those_that_are_drawn() -> None:
    """Made by `python -m bridge.osc.layouts reaper_scripts/surfaces`."""
    assert zlib.decompress(TOSC.read_bytes()) == zlib.decompress(layouts.touch_osc())
    assert SESSION.read_text("utf-8") == layouts.open_stage_control()


def test_every_message_is_one_that_is_understood(
    touch_osc: ET.Element, widgets: list[dict[str, Any]]
) -> None:
    for sent in (list(sent_by_touch_osc(touch_osc)), list(sent_by_session(widgets))):
        for address, value in sent:
            if address == SUBSCRIBE:
                assert value == layouts.LISTEN_PORT
            else:
                assert to_request(address, (value,)) is not None or value == 0
        wanted = {"auto", "master", "amount", "bypass", "undo", "describe", "refresh", "cancel"}
        addresses = {address for address, _ in sent}
        assert {f"/reatone/{name}" for name in wanted} | {SUBSCRIBE} == addresses


def test_every_display_is_fed(touch_osc: ET.Element, widgets: list[dict[str, Any]]) -> None:
    received = {
        address_of(message)
        for message in touch_osc.iter("osc")
        if message.findtext("receive") == "1"
    }
    assert received <= shown()
    texts = {w["address"] for w in widgets if w["type"] == "text" or w.get("bypass")}
    assert texts <= shown()
    assert {"/reatone/status", "/reatone/progress", "/reatone/band/6/freq/str"} <= received & texts


def test_displays_send_nothing(touch_osc: ET.Element) -> None:
    sends = {m.findtext("send"): m for m in touch_osc.iter("osc") if "/track/" in address_of(m)}
    assert list(sends) == ["0"]


def test_touch_osc_would_find_nothing_to_complain_of() -> None:
    """A second implementation of the format, checked against files of TouchOSC's editor."""
    document = py2tosc.load(TOSC)
    assert [str(issue) for issue in document.validate()] == []
    sent = [m for control in document.walk() for m in control.messages]
    drawn = [control for control in layouts.controls() if control.look is not Look.FIELD]
    assert len(sent) == len(drawn)
    identities = [control.id for control in document.walk()]
    assert len(set(identities)) == len(identities)


def test_identities_of_widgets_differ(widgets: list[dict[str, Any]]) -> None:
    identities = [widget["id"] for widget in widgets]
    assert len(set(identities)) == len(identities)


def test_nothing_lies_over_another_or_outside() -> None:
    def cells(control: Control) -> set[tuple[int, int]]:
        column, row, columns, rows = control.at
        return set(itertools.product(range(column, column + columns), range(row, row + rows)))

    taken = [cell for control in layouts.controls() for cell in cells(control)]
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(itertools.product(range(layouts.COLUMNS), range(layouts.ROWS)))


def test_addresses_of_the_drawing_exist() -> None:
    known = shown() | set(INCOMING) | {SUBSCRIBE}
    assert {control.address for control in layouts.controls()} <= known
