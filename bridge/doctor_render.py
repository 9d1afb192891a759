"""`reatone doctor`: does REAPER render a track for itself, as ReaTone needs it?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge.diagnosis import Check, State
from bridge.errors import BridgeError, from_json
from models.audio import AudioError, load

NAME = "Rendering"
_PATIENCE_S, _POLL_S = 5.0, 0.25
_SILENT = 1e-6
_CLOSE = "See whether REAPER shows a message; close it, and run `reatone doctor` again."
_BUSES = (
    "Leave folders and buses without items of their own out when you equalise, and update REAPER; "
    "tracks with items are not concerned."
)

Json = dict[str, Any]
Call = Callable[[str, Json], Json]


def check_render(call: Call, wait: Callable[[float], None] = time.sleep) -> Check:
    """Render a second of a scratch track that holds nothing: the file has to be there, and silent.

    Some versions of REAPER are said to give the whole mix for a track without items.
    """
    with tempfile.TemporaryDirectory(prefix="reatone-", ignore_cleanup_errors=True) as folder:
        try:
            render = _answered(call("try_render", {"directory": folder}))
            background = not render["ready"]
            render = _finished(call, render, wait)
        except BridgeError as error:
            return Check(NAME, State.UNKNOWN, error.message, error.remedy)
        if not render["ready"]:
            return Check(NAME, State.TODO, "REAPER did not render a scratch track.", _CLOSE)
        try:
            silent = _is_silent(Path(*render["files"].values()))
        except AudioError as error:
            return Check(NAME, State.TODO, f"what REAPER rendered cannot be read: {error}", _CLOSE)
    if not silent:
        text = "REAPER gives the whole mix for a track without items."
        return Check(NAME, State.TODO, text, _BUSES)
    how = ", in the background" if background else ""
    return Check(NAME, State.OK, f"a scratch track was rendered for itself{how}; it is gone again.")


def _finished(call: Call, render: Json, wait: Callable[[float], None]) -> Json:
    waited_s = 0.0
    while not render["ready"] and waited_s < _PATIENCE_S:
        wait(_POLL_S)
        waited_s += _POLL_S
        keys = ("directory", "token", "numbers")
        render = _answered(call("render_ready", {key: render[key] for key in keys}))
    return render


def _answered(reply: Json) -> Json:
    if "error" in reply:
        raise from_json(reply["error"])
    return reply


def _is_silent(path: Path) -> bool:
    samples = load(path).samples
    return bool(abs(samples).max(initial=0.0) <= _SILENT)
