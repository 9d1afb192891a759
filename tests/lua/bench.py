"""REAPER with ReaTone's scripts in it, and whoever answers them, on a clock of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bridge.host.host import Host
from bridge.host.lua import LuaAction, Scripts, Trigger
from bridge.host.lua_user import Clock, User

SOURCE = Path(__file__).parents[2] / "reaper_scripts" / "ReaTone"
TICK_S = 1.0 / 30.0
NAMES = {
    "equalise": "Equalise selected tracks",
    "master": "Equalise master",
    "describe": "Describe the sound of selected tracks",
    "match": "Match selected tracks to reference",
    "up": "Amount up",
    "down": "Amount down",
    "set": "Set amount",
    "compare": "Compare with and without EQ",
    "revert": "Revert selected tracks",
    "save": "Save preset",
    "load": "Load preset",
    "words": "Make action from words",
    "start": "Start ReaTone",
    "register": "Register actions",
}


ANSWERS = {"describe": "warmer", "set": "60", "save": "Vocal", "load": "Vocal"}
YES, NO = 6, 7


class SteppedClock(Clock):
    """A clock that goes on only when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.25

    def time(self) -> float:
        return self.now

    def precise(self) -> float:
        return self.now - 1_799_990_000.0


class Bench:
    """Scripts over a host, with a server and a process behind it that do as the test says.

    has_server, has_daemon: whether they show signs of life. takes: whether the server takes
    requests. events: the requests taken, as they were written.
    """

    def __init__(
        self,
        host: Host,
        resource: Path,
        extensions: Mapping[str, tuple[tuple[str, ...], Callable[..., Any]]] | None = None,
    ) -> None:
        self.host = host
        self.clock = SteppedClock()
        self.user = User(run=self._execute)
        self.folder = resource / "Scripts" / "ReaTone"
        shutil.copytree(SOURCE, self.folder, ignore=shutil.ignore_patterns("python", "*.out"))
        self.scripts = Scripts(
            host,
            self.user,
            resource=resource,
            clock=self.clock,
            extensions=extensions,
            run_python=self._run_python,
        )
        self.has_server = self.has_daemon = self.takes = True
        self.starts_server = self.starts_daemon = True
        self.python: list[Path] = []
        self.events: list[dict[str, Any]] = []
        self.beat()

    def run(self, name: str, trigger: Trigger | None = None) -> LuaAction:
        """Trigger an action by its short name."""
        return self.scripts.start(self.folder / f"ReaTone_{NAMES[name]}.lua", trigger)

    def beat(self) -> None:
        """Let the server do what it does at a tick."""
        if self.has_server:
            self.put("heartbeat", f"{self.clock.now:.3f}")
            if self.has_daemon:
                self.put("daemon", f"{self.clock.now:.3f}")
            else:
                self.host.ext_state.pop(("ReaTone", "daemon"), None)
            if self.takes:
                text = self.host.ext_state.pop(("ReaTone", "events"), "")
                self.events += [json.loads(line) for line in text.splitlines()]

    def tick(self, seconds: float = TICK_S) -> bool:
        """Let a time pass, then the server's tick and the scripts'; return whether one runs on."""
        self.clock.now += seconds
        self.beat()
        return self.scripts.step()

    def ticks(self, seconds: float, each: Callable[[], object] = lambda: None) -> float:
        """Tick for a time or until no script runs; return the time it took."""
        start = self.clock.now
        while self.clock.now < start + seconds and self.tick():
            each()
        return self.clock.now - start

    def answer(self, number: int, state: str, **fields: object) -> None:
        """Publish the state of the n-th request."""
        name = self.events[number]["id"]
        self.put(f"status:{name}", json.dumps({"id": name, "state": state, **fields}))

    def answer_all(self, text: str) -> None:
        """Let every request taken end well."""
        for number in range(len(self.events)):
            self.answer(number, "done", text=text)

    def finish(self, number: int = -1, text: str = "Equalised 1 track.", ok: bool = True) -> None:
        """Let a request end well, or not, and the scripts end as well."""
        self.answer(number, "done" if ok else "failed", text=text)
        self.ticks(60.0)

    def get(self, key: str) -> str:
        """Return a key of ReaTone's."""
        return self.host.ext_state.get(("ReaTone", key), "")

    def put(self, key: str, value: str) -> None:
        """Set a key of ReaTone's."""
        self.host.ext_state["ReaTone", key] = value

    @property
    def left_behind(self) -> set[str]:
        """The keys that are there and would be there in no idle REAPER."""
        return {
            key
            for section, key in self.host.ext_state
            if section == "ReaTone"
            and (section, key) not in self.scripts.persisted
            and key not in {"heartbeat", "daemon", "sequence", "news", "command"}
        }

    def _run_python(self, path: Path) -> None:
        self.python.append(path)
        self.has_server = self.starts_server

    def _execute(self, _command: str) -> str | None:
        self.has_daemon = self.starts_daemon
        return "" if self.starts_daemon else None


def prepare(bench: Bench, name: str) -> None:
    """Lay out the answers that an action asks for."""
    if name in ANSWERS:
        bench.user.inputs.append(ANSWERS[name])
    if name == "match":
        bench.user.files.append("/music/reference mix.wav")


def started(bench: Bench, name: str, trigger: Trigger | None = None) -> LuaAction:
    """Start an action with its answers, until its request is taken."""
    prepare(bench, name)
    action = bench.run(name, trigger)
    bench.tick()
    return action
