"""The OSC addresses of ReaTone in words: what surfaces send, get, and how REAPER runs actions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from bridge import shipped
from bridge.action_ids import action_id, osc_address
from bridge.osc.addresses import INCOMING, SUBSCRIBE, outgoing
from bridge.osc.surface import DEFAULT_PORT

_FOLDER = PurePosixPath(shipped.FOLDER).name
_LAYOUTS = (".tosc", ".json")


def as_json() -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "port": DEFAULT_PORT,
        "in": [
            {"address": address, "arguments": entry.arguments, "does": entry.does}
            for address, entry in INCOMING.items()
        ],
        "subscribe": SUBSCRIBE,
        "out": [
            {"address": address, "arguments": arguments, "means": means}
            for address, arguments, means in outgoing()
        ],
        "actions": [
            {"action": name, "id": f"_{action_id(path)}", "address": osc_address(path)}
            for name, path in _actions()
        ],
        "layouts": layouts(),
    }


def as_text() -> str:
    """Return everything as a page."""
    data = as_json()
    surface = [*((r["address"], r["arguments"], r["does"]) for r in data["in"])]
    surface.append((SUBSCRIBE, "port", "send everything to this port, for ten minutes"))
    got = [(row["address"], row["arguments"], row["means"]) for row in data["out"]]
    actions = [(row["action"], row["address"]) for row in data["actions"]]
    files = [f"  {path}" for path in data["layouts"]]
    return "\n".join(
        [
            f"A control surface sends to ReaTone (`reatone serve`), UDP port {DEFAULT_PORT}:",
            *_table(surface),
            "",
            "and is sent:",
            *_table(got),
            "",
            "REAPER itself runs the actions, once they are in its action list, by these addresses,",
            "if it has an OSC device (Preferences > Control/OSC/web) of pattern config Default:",
            *_table(actions),
            *(["", "Surface layouts that come with ReaTone:", *files] if files else []),
        ]
    )


def layouts() -> list[str]:
    """Return the surface layouts that come with ReaTone."""
    folder = shipped.scripts_dir()
    return [str(path) for path in sorted(folder.rglob("*")) if path.suffix in _LAYOUTS]


def _actions() -> list[tuple[str, str]]:
    """Return each action's name and its path as REAPER stores it after `reatone install`."""
    return [(name, f"{_FOLDER}/{name}.lua") for name in shipped.action_files()]


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
