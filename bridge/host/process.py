"""A process that stands in for REAPER: a project, REAPER's Python, and a defer loop.

`python -m bridge.host.process SONG.rpp` opens the project in the embedded host, gives Python code
the surroundings that it has in REAPER (`__main__` and the module `reaper_python`), runs ReaTone's
start-up script and then its deferred code thirty times a second, until it is told to quit. What
connects to it meets the server that runs in REAPER. `bridge.host.stand_in` starts and steers one.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from bridge.host.host import Host
from bridge.host.lua import Scripts
from bridge.host.lua_user import User
from bridge.host.reascript import PREFIX
from bridge.reaper import endpoint as way

TICKS_PER_S = 30.0
START_SCRIPT = "ReaTone_Start server.py"
_TIMES_KEPT = 10000
_Json = dict[str, Any]


class Stage:
    """What REAPER is to a script: ReaScript functions, deferred code, a console.

    commands: what can be asked from outside, by name. steps: run first on each tick.
    """

    def __init__(self, host: Host, script: Path) -> None:
        self.host = host
        self.script = script
        self.steps: list[Callable[[], None]] = []
        self.commands: dict[str, Callable[..., Any]] = {
            "action": self.start_action,
            "actions": self.actions,
            "busy": self.busy_s,
            "call": self.call,
            "console": lambda: list(self.host.console),
            "freeze": self.freeze,
            "open": self.open,
            "run_script": self.run_script,
        }
        self._deferred: list[str] = []
        self._at_exit: list[str] = []
        self._main = ModuleType("__main__")
        self._busy_s: deque[float] = deque(maxlen=_TIMES_KEPT)
        self._scripts: Scripts | None = None
        self._programs: list[subprocess.Popen[bytes]] = []

    @property
    def resource(self) -> Path:
        """REAPER's resource folder: the script lies in Scripts/ReaTone below it."""
        return self.script.parents[2]

    def set_up(self) -> None:
        """Put `__main__` and `reaper_python` in place as REAPER does."""
        functions = {name: self._through(name) for name in dir(self.host.api)}
        functions["RPR_GetResourcePath"] = lambda: str(self.resource)
        functions["RPR_defer"] = self._deferred.append
        functions["RPR_atexit"] = self._at_exit.append
        reaper_python = ModuleType("reaper_python")
        vars(reaper_python).update(functions, _ft={}, rpr_packp=lambda _kind, pointer: pointer)
        vars(self._main).update(functions, obj=self)
        sys.modules["reaper_python"] = reaper_python
        sys.modules["__main__"] = self._main

    def run_script(self) -> None:
        """Run the start-up script as REAPER's Python does: its text, its folder first in path."""
        self._run_python(self.script)

    def tick(self) -> None:
        """Run what was deferred, once."""
        start = time.perf_counter()
        for step in list(self.steps):
            step()
        codes, self._deferred[:] = self._deferred[:], []
        for code in codes:
            self._run(code)
        self._busy_s.append(time.perf_counter() - start)

    def call(self, function: str, arguments: list[Any]) -> Any:
        """Call a ReaScript function, as another script or the user would."""
        return getattr(self.host.api, PREFIX + function)(*arguments)

    def start_action(self, script: str, **answers: Any) -> None:
        """Trigger a Lua action, a file beside the start-up script.

        answers: what the user will say to its questions, as `bridge.host.lua_user.User` takes them.
        """
        user = User(**answers, run=self._start_program)
        if self._scripts is None:
            self._scripts = Scripts(
                self.host, user, resource=self.resource, run_python=self._run_python
            )
            self.steps.append(self._step_actions)
        self._scripts.user = user
        self._scripts.start(self.script.with_name(script))

    def actions(self) -> _Json:
        """Say how many actions run, what they have told the user last, and their errors."""
        if self._scripts is None:
            return {"running": 0, "messages": [], "errors": []}
        user = self._scripts.user
        running = len(self._scripts.running)
        return {"running": running, "messages": user.messages, "errors": user.errors}

    def _step_actions(self) -> None:
        if self._scripts is not None:
            self._scripts.host = self.host
            self._scripts.step()

    def freeze(self, seconds: float) -> None:
        """Stand still at the next tick, as REAPER does under a dialog."""

        def once() -> None:
            self.steps.remove(once)
            time.sleep(seconds)

        self.steps.append(once)

    def open(self, project: str) -> None:
        """Close the project unsaved and open another; what belongs to REAPER itself stays."""
        host = Host.open(project)
        host.ext_state, host.console = self.host.ext_state, self.host.console
        self.host = host

    def busy_s(self) -> list[float]:
        """Return how long each tick since the last call took (the last ten thousand)."""
        times = list(self._busy_s)
        self._busy_s.clear()
        return times

    def quit(self) -> None:
        """Run what scripts want done at the end."""
        for code in self._at_exit:
            self._run(code)

    def _run_python(self, script: Path) -> None:
        if str(script.parent) not in sys.path:
            sys.path.insert(0, str(script.parent))
        self._run(script.read_text("utf-8"))

    def _start_program(self, command: str) -> str | None:
        """Start a program that lives on after REAPER, as ExecProcess does without waiting."""
        try:
            program = subprocess.Popen(
                shlex.split(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return None
        self._programs.append(program)
        return ""

    def _run(self, code: str) -> None:
        """Run code; an error ends its chain of deferred calls and stands in the console."""
        try:
            exec(compile(code, str(self.script), "exec"), vars(self._main))
        except Exception:
            self.host.console.append(traceback.format_exc())

    def _through(self, name: str) -> Callable[..., Any]:
        def call(*arguments: object) -> Any:
            return getattr(self.host.api, name)(*arguments)

        return call


class Desk:
    """Commands from outside, one JSON object a line, carried out between two ticks."""

    def __init__(self, stage: Stage, replies: TextIO) -> None:
        self._stage = stage
        self._replies = replies
        self._lines: queue.Queue[str] = queue.Queue()
        self.open = True

    def listen(self, lines: TextIO, ends: bool) -> None:
        """Take lines from now on; their end is the end of the process if `ends`."""

        def read() -> None:
            for line in lines:
                self._lines.put(line)
            if ends:
                self.close()

        threading.Thread(target=read, daemon=True).start()

    def close(self, *_: object) -> None:
        """Quit before the next tick."""
        self._lines.put("")

    def serve(self, until: float) -> None:
        """Carry out commands until a time of the monotonic clock."""
        while self.open:
            try:
                line = self._lines.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                return
            self._carry_out(line)

    def say(self, message: _Json) -> None:
        """Write a line to the other side."""
        self._replies.write(json.dumps(message) + "\n")
        self._replies.flush()

    def _carry_out(self, line: str) -> None:
        if not line:
            self.open = False
            return
        command = json.loads(line)
        try:
            self.say({"value": self._stage.commands[command.pop("do")](**command)})
        except Exception as error:
            self.say({"error": f"{type(error).__name__}: {error}"})


def run(stage: Stage, desk: Desk, ticks_per_s: float) -> None:
    """Run the start-up script and the defer loop until the desk closes."""
    stage.set_up()
    stage.run_script()
    gc.collect()
    gc.freeze()  # what a stand-in has to load does not burden REAPER's own Python
    desk.say({"value": "ready"})
    due = time.monotonic()
    while desk.open:
        due = max(due + 1.0 / ticks_per_s, time.monotonic())
        desk.serve(due)
        stage.tick()
    stage.quit()


def arguments() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(prog="python -m bridge.host.process", description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--endpoint", type=Path, help="the file that tells where the server is")
    parser.add_argument("--script", type=Path, default=start_script())
    parser.add_argument("--ticks-per-s", type=float, default=TICKS_PER_S)
    parser.add_argument("--steered", action="store_true", help="quit at the end of standard input")
    return parser


def start_script() -> Path:
    """Return the start-up script: in an installation, or in a working copy."""
    package = Path(__file__).resolve().parents[1]
    folders = (package / "share" / "reaper_scripts", package.parent / "reaper_scripts")
    found = [folder / "ReaTone" / START_SCRIPT for folder in folders]
    return next((path for path in found if path.exists()), found[-1])


def main(argv: list[str] | None = None, make_stage: Callable[[Host, Path], Stage] = Stage) -> None:
    """Stand in for REAPER until told to quit."""
    options = arguments().parse_args(argv)
    if options.endpoint:
        os.environ[way.ENVIRONMENT] = str(options.endpoint.absolute())
    replies, sys.stdout = sys.stdout, sys.stderr
    stage = make_stage(Host.open(options.project), options.script.absolute())
    desk = Desk(stage, replies)
    signal.signal(signal.SIGTERM, desk.close)
    desk.listen(sys.stdin, options.steered)
    run(stage, desk, options.ticks_per_s)


if __name__ == "__main__":
    main()
