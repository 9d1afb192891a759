"""`reatone doctor`: does REAPER render tracks one by one, and ReaEQ sound as reckoned?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import soundfile

from bridge.diagnosis import Check, State
from bridge.errors import BridgeError, from_json
from bridge.reaper import own, reaeq
from models.audio import AudioError, load
from models.eq import Band, BandKind, Eq
from models.impulse import impulse, worst_deviation

NAME, SOUND = "Rendering", "ReaEQ's sound"
EQ = Eq(
    (
        Band(BandKind.HIGH_PASS, 40.0, 0.0, 2.0),
        Band(BandKind.LOW_SHELF, 120.0, 4.0, 1.5),
        Band(BandKind.BELL, 500.0, -6.0, 1.0),
        Band(BandKind.BELL, 2500.0, 3.0, 0.5),
        Band(BandKind.HIGH_SHELF, 6000.0, 5.0, 1.5),
        Band(BandKind.LOW_PASS, 15000.0, 0.0, 2.0),
    ),
    -3.0,
)
"""Every kind of band that ReaTone writes."""
ALLOWED_DB = 0.1
_RATE_HZ = 48000
_PATIENCE_S, _POLL_S = 5.0, 0.25
_SILENT = 1e-6
_CLOSE = "See whether REAPER shows a message; close it, and run `reatone doctor` again."
_BUSES = (
    "Leave folders and buses without items of their own out when you equalise, and update REAPER; "
    "tracks with items are not concerned."
)
_REPORT = (
    "Please report this with your version of REAPER. Listen to what ReaTone writes, and compare."
)

Json = dict[str, Any]
Call = Callable[[str, Json], Json]


def check_render(call: Call, wait: Callable[[float], None] = time.sleep) -> Iterator[Check]:
    """Render a second of scratch tracks: one holds nothing, one an impulse, one it and an EQ.

    Some versions of REAPER are said to give the whole mix for a track without items; that one has
    to be silent. What the EQ makes of the impulse has to be what ReaTone reckons with.
    """
    with tempfile.TemporaryDirectory(prefix="reatone-", ignore_cleanup_errors=True) as folder:
        try:
            render = _rendered(call, Path(folder), wait)
        except BridgeError as error:
            yield Check(NAME, State.UNKNOWN, error.message, error.remedy)
            return
        if not render["ready"]:
            yield Check(NAME, State.TODO, "REAPER did not render a scratch track.", _CLOSE)
            return
        files = {name: Path(render["files"][str(n)]) for name, n in render["tracks"].items()}
        try:
            clips = {name: load(path) for name, path in files.items()}
        except AudioError as error:
            text = f"what REAPER rendered cannot be read: {error}"
            yield Check(NAME, State.TODO, text, _CLOSE)
            return
    yield _judged_render(clips["empty"].samples, render["background"])
    yield _judged_sound(clips["plain"], clips["shaped"])


def _rendered(call: Call, folder: Path, wait: Callable[[float], None]) -> Json:
    """Render, and wait while REAPER does it in the background."""
    audio = folder / "impulse.wav"
    soundfile.write(audio, impulse(_RATE_HZ).T, _RATE_HZ, subtype="FLOAT")
    state = own.encode(reaeq.encode(reaeq.from_eq(EQ)))
    request = {"directory": str(folder), "audio": str(audio), "state": state}
    render = _answered(call("try_render", request))
    waited_s, tracks, background = 0.0, render["tracks"], not render["ready"]
    while not render["ready"] and waited_s < _PATIENCE_S:
        wait(_POLL_S)
        waited_s += _POLL_S
        keys = ("directory", "token", "numbers")
        render = _answered(call("render_ready", {key: render[key] for key in keys}))
    return {**render, "tracks": tracks, "background": background}


def _answered(reply: Json) -> Json:
    if "error" in reply:
        raise from_json(reply["error"])
    return reply


def _judged_render(samples: Any, background: bool) -> Check:
    if abs(samples).max(initial=0.0) > _SILENT:
        text = "REAPER gives the whole mix for a track without items."
        return Check(NAME, State.TODO, text, _BUSES)
    how = ", in the background" if background else ""
    return Check(NAME, State.OK, f"scratch tracks were rendered one by one{how}; they are gone.")


def _judged_sound(plain: Any, shaped: Any) -> Check:
    try:
        found = worst_deviation(plain.samples[0], shaped.samples[0], EQ, plain.sample_rate_hz)
    except ValueError:
        text = "REAPER did not render what was put on a scratch track."
        return Check(SOUND, State.UNKNOWN, text, _CLOSE)
    if found.error_db > ALLOWED_DB:
        text = (
            f"at {found.freq_hz:.0f} Hz an EQ makes {found.measured_db:+.2f} dB, "
            f"ReaTone reckons with {found.expected_db:+.2f} dB."
        )
        return Check(SOUND, State.TODO, text, _REPORT)
    text = f"an impulse through six bands is as reckoned, to {found.error_db:.4f} dB."
    return Check(SOUND, State.OK, text)
