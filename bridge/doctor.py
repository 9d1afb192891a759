"""`reatone doctor`: looks at everything that ReaTone needs in REAPER, each with the next step."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import psutil  # type: ignore[import-untyped]

from bridge import calibration, doctor_files, reaper_places, serving, single
from bridge.diagnosis import Check, Diagnosis, State
from bridge.errors import BridgeError, NotConnected, UsageError
from bridge.files import write_atomic
from bridge.reaper.link import Deadlines, Link
from bridge.reaper_places import RunningReaper
from bridge.session import Hello, ReaperSession

_DEADLINES = Deadlines(connect=4.0, answer=10.0, recover=2.0)
_OLDEST_PYTHON = (3, 8)


@dataclass(frozen=True, slots=True)
class Live:
    """What the running REAPER has told. hello: None without an answer. error: why there is none."""

    hello: Hello | None = None
    error: BridgeError | None = None

    @property
    def answers(self) -> bool:
        """Whether REAPER answered, be it another version."""
        return self.hello is not None or (
            self.error is not None and not isinstance(self.error, NotConnected)
        )


def examine(
    resource_path: Path | None = None,
    *,
    again: bool = False,
    endpoint: Path | None = None,
    cache: Path | None = None,
) -> Diagnosis:
    """Look at everything. again: try ReaEQ, though it was tried with this REAPER before.

    endpoint: the file of the REAPER to ask. cache: where is kept how ReaEQ was found.
    """
    reapers = reaper_places.running_reapers()
    with Link(endpoint, _DEADLINES) as link:
        live = _ask(link)
        checks = [
            *_of_files(resource_path, reapers, live),
            _check_server(live, reapers),
            _check_reaeq(link, live, cache or _cache(), again),
            *_check_render(link, live),
            _check_daemon(),
        ]
    return Diagnosis(tuple(checks), live.answers)


def _of_files(
    named: Path | None, reapers: tuple[RunningReaper, ...], live: Live
) -> Iterator[Check]:
    """Check what needs no answer, as far as the resource folder is found."""
    name, resource = "Resource folder", None
    try:
        resource = reaper_places.find_resource(named, reapers)
    except UsageError as error:
        yield Check(name, State.TODO, error.message, error.remedy)
    else:
        yield Check(name, State.OK, f"{resource}")
        yield doctor_files.check_scripts(resource)
        yield doctor_files.check_actions(resource)
    settings = doctor_files.settings_of(resource) if resource else None
    yield doctor_files.check_python(settings, live.hello.python if live.hello else None)
    yield doctor_files.check_osc(settings)
    yield doctor_files.check_stock_server(resource, _open_ports(reapers))
    yield doctor_files.check_web(settings)


def _ask(link: Link) -> Live:
    try:
        return Live(ReaperSession(link.call).hello())
    except BridgeError as error:
        return Live(error=error)


def _check_server(live: Live, reapers: tuple[RunningReaper, ...]) -> Check:
    """Does REAPER answer, in the same version?"""
    name = "Server in REAPER"
    if live.hello is not None:
        hello = live.hello
        text = f"REAPER {hello.reaper} answers, interface {hello.api}; project {_named(hello)}."
        if tuple(map(int, hello.python.split(".")[:2])) < _OLDEST_PYTHON:
            return Check(name, State.TODO, f"{text} Its Python is too old.", "Choose 3.8 or newer.")
        return Check(name, State.OK, text)
    assert live.error is not None
    if live.answers:
        return Check(name, State.TODO, live.error.message, live.error.remedy)
    if not reapers:
        text, step = (
            "REAPER is not running.",
            "Start it and run the action “ReaTone_Start ReaTone”.",
        )
        return Check(name, State.TODO, text, step)
    step = "In REAPER run the action “ReaTone_Start ReaTone”; its console tells what goes wrong."
    return Check(name, State.TODO, live.error.message, step)


def _named(hello: Hello) -> str:
    tracks = hello.project.tracks
    count = "1 track" if tracks == 1 else f"{tracks} tracks"
    return f"{hello.project.name or 'not saved yet'} ({count})"


def _check_reaeq(link: Link, live: Live, cache: Path, again: bool) -> Check:
    """Is ReaEQ there, and does it behave as ReaTone takes it to? Tried once for each REAPER."""
    name = "ReaEQ"
    if live.hello is None:
        return Check(name, State.UNKNOWN, "REAPER does not answer.")
    known = _known(cache)
    version = live.hello.reaper
    if version in known and not again:
        return _judged(name, known[version], "as tried before with this REAPER")
    try:
        found = link.call("try_reaeq", {})
        if "error" in found:
            return Check(name, State.UNKNOWN, found["error"]["message"], found["error"]["remedy"])
    except BridgeError as error:
        return Check(name, State.UNKNOWN, error.message, error.remedy)
    if not found["present"]:
        step = "Install REAPER anew with its plug-ins, or scan for plug-ins in its preferences."
        return Check(name, State.TODO, "REAPER has no ReaEQ.", step)
    wrong = calibration.problems(found)
    _remember(cache, {**known, version: wrong})
    return _judged(name, wrong, "tried on a scratch track, which is gone again")


def _check_render(link: Link, live: Live) -> Iterator[Check]:
    from bridge import doctor_render  # noqa: PLC0415  (reads audio)

    if live.hello is None:
        yield Check(doctor_render.NAME, State.UNKNOWN, "REAPER does not answer.")
    else:
        yield from doctor_render.check_render(link.call)


def _judged(name: str, wrong: list[str], how: str) -> Check:
    if not wrong:
        return Check(name, State.OK, f"its scales and settings are as expected ({how}).")
    step = "Please report this with your version of REAPER. EQs may come out other than shown."
    return Check(name, State.TODO, f"behaves unexpectedly: {'; '.join(wrong)} ({how}).", step)


def _check_daemon() -> Check:
    """Does ReaTone itself run in the background?"""
    name, process = "ReaTone", single.holder(serving.lock_path())
    if process is not None:
        return Check(name, State.OK, f"runs in the background (process {process}).")
    step = "The actions offer to start it; `reatone service install` does so at each log-in."
    return Check(name, State.ADVICE, "does not run in the background.", step)


def _open_ports(reapers: tuple[RunningReaper, ...]) -> list[tuple[str, int]]:
    """Return the addresses on which REAPERs listen."""
    found = []
    for reaper in reapers:
        with contextlib.suppress(psutil.Error):
            connections = psutil.Process(reaper.pid).net_connections(kind="tcp")
            listening = (c for c in connections if c.status == psutil.CONN_LISTEN)
            found += [(str(c.laddr.ip), int(c.laddr.port)) for c in listening]
    return found


def _cache() -> Path:
    return platformdirs.user_cache_path("reatone", appauthor=False) / "reaeq.json"


def _known(cache: Path) -> dict[str, list[str]]:
    """Return how ReaEQ was found: version of REAPER → what was wrong."""
    try:
        rows: dict[str, Any] = json.loads(cache.read_text("utf-8"))
        return {str(version): [str(text) for text in wrong] for version, wrong in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(cache: Path, known: dict[str, list[str]]) -> None:
    with contextlib.suppress(OSError):  # it is only tried once more next time
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(cache, json.dumps(known, indent=1).encode())
