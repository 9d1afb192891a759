"""The demo's second half: ReaTone as it works in REAPER, shown without one.

A process of its own stands in for REAPER (`bridge.host.process`): it has the demo project open and
runs the very server and Lua actions that `reatone install` puts into REAPER. The background
process and an OSC control surface talk to it over the real wires.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.daemon import Daemon
from bridge.demo_surface import Journal, Tablet
from bridge.errors import BridgeError, NotConnected, SessionError
from bridge.host.stand_in import StandIn
from bridge.jobs import Progress
from bridge.osc.surface import OscSurface
from bridge.reaper.link import Link
from bridge.session import ReaperSession

_PATIENCE_S = 90.0
_POLL_S = 0.02
_TRACKS = (0, 2)
"""Bass and drums."""
_WIDTH = 110
_FADER = tuple(0.65 - 0.01 * step for step in range(1, 36))
"""A fader on its way down to 0.3."""
_MOVE_S = 0.01
_EXACT = 0.005
_WORDS = "warmer, less harsh"
_MORE_ACTIONS: tuple[tuple[str, dict[str, list[str]]], ...] = (
    ("Describe the sound of selected tracks", {"inputs": [_WORDS]}),
    ("Amount up", {}),
    ("Compare with and without EQ", {}),
    ("Revert selected tracks", {}),
)
"""Actions, and what the user says to their questions."""
_NO_LUA = (
    "The Lua actions are not shown: lupa, which runs Lua here, is not installed (pip install lupa)."
)


@dataclass(slots=True)
class Show:
    """What was shown. lines: for people. The figures are of the first run, from the key (or the
    button) to the verified bands; problem: why not all was shown.
    """

    lines: list[str] = field(default_factory=list)
    requests: int = 0
    undo_points: int = 0
    seconds: float = 0.0
    render_s: float = 0.0
    problem: str = ""

    def as_text(self) -> str:
        """Return the page for people."""
        return "\n".join([*self.lines, *([f"! {self.problem}"] if self.problem else [])])

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "requests": self.requests,
            "undo_points": self.undo_points,
            "seconds_beyond_render": round(max(self.seconds - self.render_s, 0.0), 3),
            "lines": self.lines,
            "problem": self.problem or None,
        }

    def tell(self, line: str, details: str = "") -> None:
        """Add a line, and details below it."""
        self.lines.append(line)
        for row in details.splitlines():
            self.lines += textwrap.wrap(
                row, _WIDTH, initial_indent="    ", subsequent_indent="        "
            )


class Meter:
    """The way to REAPER, counted and timed."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.requests: list[tuple[str, float]] = []

    def call(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request on."""
        start = time.perf_counter()
        try:
            return self._link.call(name, request)
        finally:
            self.requests.append((name, time.perf_counter() - start))


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs."""

    reaper: StandIn
    meter: Meter
    journal: Journal
    tablet: Tablet
    show: Show

    def action(self, name: str, **answers: list[str]) -> tuple[float, str]:
        """Run an action of REAPER's list; return when its job ended, and its message."""
        self.reaper.tell("action", script=f"ReaTone_{name}.lua", **answers)
        ended, text = self.end_of_job()
        if errors := self.reaper.tell("actions")["errors"]:
            raise SessionError(f"The action {name} failed: {errors[0]}.")
        return ended, text

    def button(self, address: str) -> tuple[float, str]:
        """Press a button of the tablet; return when its job ended, and how."""
        self.tablet.send(address)
        return self.end_of_job()

    def end_of_job(self) -> tuple[float, str]:
        """Wait for the end of a job; return when it ended and its message."""
        ended, status = self.journal.end_of_job(_PATIENCE_S)
        if status.state == "failed":
            raise SessionError(status.text)
        return ended, status.text


def run(project: Path, preset_folder: Path, progress: Progress) -> Show:
    """Play the demo on a project; whatever does not work is told in the result, never raised."""
    show = Show()
    show.tell(
        "Live. A process stands in for REAPER, with another copy of the project open in it; the"
    )
    show.tell(
        "actions, the background process and the OSC messages are those that REAPER would see."
    )
    try:
        with _stage(project, preset_folder, show) as stage:
            progress("Equalising live", 0.2)
            _equalise(stage)
            progress("Moving a fader", 0.7)
            _use_tablet(stage)
            progress("Reverting", 0.9)
            _finish(stage)
    except (BridgeError, OSError, ValueError) as error:
        show.problem = f"The live part stopped: {error}"
    return show


@contextlib.contextmanager
def _stage(project: Path, preset_folder: Path, show: Show) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reatone-")))
        reaper = stack.enter_context(StandIn(project, folder / "run" / "reaper.json"))
        link = stack.enter_context(Link(reaper.endpoint))
        meter, surface, journal = Meter(link), OscSurface(port=0), Journal()
        daemon = Daemon(
            lambda: ReaperSession(meter.call), link, [surface, journal], preset_folder=preset_folder
        )
        stack.enter_context(_running(daemon))
        _await(
            lambda: bool(reaper.call("GetExtState", "ReaTone", "daemon")), "the background process"
        )
        for number in range(reaper.call("CountTracks", 0)):
            track = reaper.call("GetTrack", 0, number)
            reaper.call("SetTrackSelected", track, number in _TRACKS)
        tablet = stack.enter_context(Tablet(surface.place, _PATIENCE_S))
        yield Stage(reaper, meter, journal, tablet, show)


@contextlib.contextmanager
def _running(daemon: Daemon) -> Iterator[None]:
    """Run a daemon in a thread until the end of the block. Raises its error."""
    errors: list[Exception] = []

    def serve() -> None:
        try:
            asyncio.run(daemon.run())
        except Exception as error:
            errors.append(error)
            daemon.ready.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        daemon.ready.wait(_PATIENCE_S)
        if errors:
            raise errors[0]
        yield
    finally:
        daemon.stop()
        thread.join(_PATIENCE_S)


def _equalise(stage: Stage) -> None:
    """Equalise the selected tracks: by the Lua action, without Lua by the tablet's button."""
    show, before = stage.show, len(stage.meter.requests)
    start = time.perf_counter()
    if has_lua():
        name = "Action “ReaTone_Equalise selected tracks”"
        ended, text = stage.action("Equalise selected tracks")
    else:
        show.tell(_NO_LUA)
        name = "OSC button /reatone/auto"
        ended, text = stage.button("/reatone/auto")
    show.seconds = ended - start
    requests = stage.meter.requests[before:]
    show.requests = len(requests)
    show.render_s = sum(spent for name, spent in requests if name == "begin_job")
    show.undo_points = _undo_points(stage.reaper)
    points = "1 undo step" if show.undo_points == 1 else f"{show.undo_points} undo steps"
    show.tell(
        f"{name}: {show.seconds:.1f} s, {show.render_s:.1f} s of it rendering; "
        f"{show.requests} requests to REAPER, {points}.",
        text,
    )


def _use_tablet(stage: Stage) -> None:
    """Move a fader on a control surface, and undo that."""
    tablet, show = stage.tablet, stage.show
    tablet.subscribe()
    before, amount = len(stage.meter.requests), tablet.shown("/reatone/amount")
    for value in _FADER:
        tablet.send("/reatone/amount", value)
        time.sleep(_MOVE_S)
    stage.end_of_job()
    writes = sum(name == "write_eq" for name, _ in stage.meter.requests[before:])
    moved = tablet.shown("/reatone/amount", lambda value: abs(value - _FADER[-1]) < _EXACT)
    show.tell(
        f"OSC fader /reatone/amount, {len(_FADER)} moves down to {_FADER[-1]:.2f}: written "
        f"{'once' if writes == 1 else f'{writes} times'}, {moved:.2f} read back.",
        _band(tablet),
    )
    _, text = stage.button("/reatone/undo")
    back = tablet.shown("/reatone/amount", lambda value: abs(value - amount) < _EXACT)
    show.tell(f"OSC button /reatone/undo: {text} {back:.2f} read back.", _band(tablet))


def _band(tablet: Tablet) -> str:
    """Return what the tablet shows of the first band."""
    name, hz, decibels = (
        tablet.shown(f"/reatone/{what}")
        for what in ("track/name", "band/1/freq/str", "band/1/gain/str")
    )
    return f"The surface shows {name}: band 1 at {hz} Hz, {decibels} dB."


def _finish(stage: Stage) -> None:
    """Run a few actions more, the last one takes all back; look whether anything is left."""
    if not has_lua():
        return
    for name, answers in _MORE_ACTIONS:
        _, text = stage.action(name, **answers)
        told = [line for line in text.splitlines() if not line.startswith(" ")]  # bands left out
        said = "".join(f" (“{word}”)" for words in answers.values() for word in words)
        stage.show.tell(f"Action “ReaTone_{name}”{said}:", "\n".join(told))
    tracks = (stage.reaper.call("GetTrack", 0, number) for number in _TRACKS)
    left = sum(stage.reaper.call("TrackFX_GetEQ", track, False) >= 0 for track in tracks)
    stage.show.tell(f"{left} EQs are left." if left else "Nothing of ReaTone's is left.")


def _undo_points(reaper: StandIn) -> int:
    """Count the steps in the undo history, and put it back as it was."""
    count = 0
    while reaper.call("Undo_DoUndo2", 0):
        count += 1
    for _ in range(count):
        reaper.call("Undo_DoRedo2", 0)
    return count


def _await(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds. Raises NotConnected when it does not in time."""
    end = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise NotConnected(f"Nothing was heard of {what} for {_PATIENCE_S:.0f} s.")
        time.sleep(_POLL_S)


def has_lua() -> bool:
    """Tell whether Lua 5.4 can run here."""
    return importlib.util.find_spec("lupa") is not None
