"""All of ReaTone at once: a stand-in REAPER with its actions, and a daemon, each a process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge.host.stand_in import StandIn
from bridge.reaper.endpoint import ENVIRONMENT
from bridge.reaper.link import Link
from bridge.session import ReaperSession, Track
from tests.bridge.running import alike
from tests.live.conftest import FAULTY, eventually
from tests.lua.bench import NAMES, SOURCE

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 180.0
SERVE = ("-m", "bridge.cli", "serve", "--osc-port", "0", "--reaper-osc-port", "0")


class DaemonProcess:
    """`reatone serve` for the REAPER of an endpoint file; presets and logs go into `folder`."""

    def __init__(self, endpoint: Path, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.log = folder / "output.txt"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *SERVE],
                cwd=ROOT,
                env=environment(endpoint, folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """Wait for its end; return its exit status."""
        return self._process.wait(PATIENCE_S)

    def stop(self) -> int:
        """Ask it to end, as a service manager does; return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()


class Whole:
    """REAPER, its actions, and whatever daemon runs for it."""

    def __init__(self, reaper: StandIn, scripts: Path) -> None:
        self.reaper = reaper
        self.scripts = scripts
        self._link = Link(reaper.endpoint)
        self._daemons: list[DaemonProcess] = []

    @property
    def session(self) -> ReaperSession:
        """A session beside the daemon's."""
        return ReaperSession(self._link.call)

    def tracks(self) -> list[Track]:
        """Return the tracks as they are."""
        return list(self.session.list_tracks())

    def start_daemon(self, folder: Path) -> DaemonProcess:
        """Start a daemon for this REAPER and wait until REAPER knows of it."""
        daemon = DaemonProcess(self.reaper.endpoint, folder)
        self._daemons.append(daemon)
        self.wait_for_daemon()
        return daemon

    def wait_for_daemon(self) -> None:
        """Wait until REAPER knows of a daemon."""
        eventually(lambda: self.state("daemon") != "", PATIENCE_S)

    def state(self, key: str) -> str:
        """Return a key of ReaTone's in REAPER."""
        return str(self.reaper.call("GetExtState", "ReaTone", key))

    def press(self, name: str, **answers: Any) -> None:
        """Trigger an action by its short name; its questions get these answers."""
        self.trigger(f"ReaTone_{NAMES[name]}.lua", **answers)

    def trigger(self, script: str, **answers: Any) -> None:
        """Trigger an action by its file."""
        self.reaper.tell("action", script=script, **answers)

    def said(self) -> list[str]:
        """Return what the action triggered last has said."""
        actions = self.reaper.tell("actions")
        assert actions["errors"] == []
        return list(actions["messages"])

    def message(self) -> str:
        """Wait for the one message with which the action ends."""
        eventually(lambda: bool(self.said()), PATIENCE_S)
        (text,) = self.said()
        return text

    def do(self, name: str, **answers: Any) -> str:
        """Trigger an action and return its message."""
        self.press(name, **answers)
        return self.message()

    def close(self) -> None:
        """End the link, and the daemons that were started here."""
        self._link.close()
        for daemon in self._daemons:
            daemon.kill()


@contextlib.contextmanager
def reaper_with_actions(project: Path, folder: Path) -> Iterator[Whole]:
    """Run a REAPER with ReaTone's scripts below `folder`; its endpoint is run/reaper.json."""
    scripts = folder / "Scripts" / "ReaTone"
    if not scripts.exists():
        shutil.copytree(SOURCE, scripts, ignore=shutil.ignore_patterns("python", "*.out"))
    more = ("--script", str(scripts / "ReaTone_Start server.py"))
    with StandIn(project, folder / "run" / "reaper.json", module=FAULTY, more=more) as reaper:
        whole = Whole(reaper, scripts)
        try:
            yield whole
            if reaper.running:
                assert reaper.tell("console") == []
        finally:
            whole.close()


def environment(endpoint: Path, folder: Path) -> dict[str, str]:
    """Return the environment of a user whose data and logs lie in `folder`."""
    homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("DATA", "STATE", "CONFIG")}
    return {**os.environ, **homes, "HOME": str(folder), ENVIRONMENT: str(endpoint)}


def is_whole(track: Track) -> bool:
    """Tell whether a track has just the EQ that its memory says, or neither."""
    if track.own is None or track.memory is None:
        return track.own is None and track.memory is None
    return not track.own.edited_by_hand and alike(
        track.own.eq, track.memory.eq(track.memory.amount)
    )
