"""The stand-in REAPER with faults on command: `python -m tests.live.faulty_reaper`.

Command "fault": at the `at`-th call from now something goes wrong or comes in between. Calls are
those of ReaScript functions, without the console and without ExtState but for states of jobs; only
calls of `function` if given. What was done can be asked for: "count" (calls), "requests" (of the
daemon), "rendering" and "inside" (seconds in REAPER's functions), "undo_points",
"settings"; and "age" lets time pass.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge.errors import CannotWrite
from bridge.host.host import Host
from bridge.host.process import Stage, main

_UNCOUNTED = ("ExtState", "ShowConsoleMsg")
_STATUS = "status:"
_RENDER = "RPR_Main_OnCommandEx"


class FaultyStage(Stage):
    """A stage on which things go wrong."""

    def __init__(self, host: Host, script: Path) -> None:
        super().__init__(host, script)
        self._calls = 0
        self._at = 0
        self._function = ""
        self._fault: Callable[[], object] = lambda: None
        self._requests: list[str] = []
        self._carried_out: dict[str, float] = {}
        self._rendering_s = self._inside_s = 0.0
        self.commands |= {
            "age": self.age,
            "count": self.count,
            "fault": self.plan,
            "patience": self.lose_patience,
            "inside": self.inside_s,
            "rendering": self.rendering_s,
            "requests": self.requests,
            "settings": self.settings,
            "carried_out": lambda: self._carried_out,
            "undo_points": lambda: [point.label for point in self.host.history.done],
        }

    def set_up(self) -> None:
        """Note each request that the server carries out."""
        super().set_up()
        from bridge.reaper import inside

        carry_out = inside.call

        def noted(rpr: Any, name: str, request: Any) -> Any:
            self._requests.append(name)
            answer = carry_out(rpr, name, request)
            self._carried_out[name] = time.perf_counter()
            return answer

        inside.call = noted

    def plan(self, kind: str, at: int = 1, function: str = "", **how: Any) -> None:
        """Plan one fault: "kill" (pid: another process), "sleep" (seconds), "disk_full"; or what a
        user does: "delete_track" (the first), "undo", "open" (project). at = 0: none.
        """
        faults: dict[str, Callable[..., object]] = {
            "kill": lambda pid=0: os.kill(pid or os.getpid(), signal.SIGKILL),
            "sleep": _sleep,
            "disk_full": _disk_full,
            "delete_track": lambda: self.call("DeleteTrack", [self.call("GetTrack", [0, 0])]),
            "undo": lambda: self.call("Undo_DoUndo2", [0]),
            "open": self.open,
        }
        self._at, self._function = at, function
        self._fault = lambda: faults[kind](**how)

    def count(self) -> int:
        """Return the number of calls and start again."""
        calls, self._calls = self._calls, 0
        return calls

    def requests(self) -> list[str]:
        """Return the requests carried out since the last time."""
        done, self._requests = self._requests, []
        return done

    def rendering_s(self) -> float:
        """Return the seconds spent in rendering since the last time."""
        spent_s, self._rendering_s = self._rendering_s, 0.0
        return spent_s

    def inside_s(self) -> float:
        """Return the seconds spent in REAPER's own functions since the last time."""
        spent_s, self._inside_s = self._inside_s, 0.0
        return spent_s

    def settings(self) -> list[str]:
        """Return the lines on rendering and selection, and the number of open blocks."""
        words = ("RENDER", "SEL")
        host = self.host
        host.settings.write(host.project)
        lines = [line.text.strip() for line in host.project.root.all_lines()]
        kept = [line for line in lines if line.startswith(words)]
        return [*kept, f"open blocks {host.history.depth}"]

    def lose_patience(self, seconds: float) -> None:
        """Let the server wait only so long for messages that stand still half-way."""
        from bridge.reaper import peer

        peer.PATIENCE_S = seconds

    def age(self, hours: float, tick_s: float) -> dict[str, float]:
        """Run ticks as fast as they go on a clock that goes on `tick_s` with each of them.

        Returns the ticks run, the seconds they took, and by how many KiB the process has grown in
        the second half of them.
        """
        from bridge.reaper import mailbox, peer, server

        clock = _Clock(tick_s)
        modules = (mailbox, peer, server)
        for module in modules:
            module.time = clock
        try:
            ticks, start = round(hours * 3600.0 / tick_s), time.perf_counter()
            self._tick_many(clock, ticks // 2)
            before = _resident_kib()
            self._tick_many(clock, ticks - ticks // 2)
            spent_s = time.perf_counter() - start
            return {"ticks": ticks, "seconds": spent_s, "grown_kib": _resident_kib() - before}
        finally:
            for module in modules:
                module.time = time

    def _tick_many(self, clock: _Clock, ticks: int) -> None:
        for _ in range(ticks):
            clock.go_on()
            self.tick()

    def _through(self, name: str) -> Callable[..., Any]:
        function = super()._through(name)
        uncounted = any(word in name for word in _UNCOUNTED)

        def call(*arguments: object) -> Any:
            is_status = name == "RPR_SetExtState" and str(arguments[1]).startswith(_STATUS)
            if is_status or not uncounted:
                self._count_one(name)
            start = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                spent_s = time.perf_counter() - start
                self._inside_s += spent_s
                if name == _RENDER:
                    self._rendering_s += spent_s

        return call

    def _count_one(self, name: str) -> None:
        self._calls += 1
        if self._at and (not self._function or name == f"RPR_{self._function}"):
            self._at -= 1
            if not self._at:
                self._fault()


class _Clock:
    """The module `time` on a clock of its own."""

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        self._passed_s = 0.0
        self._start_s, self._start_monotonic_s = time.time(), time.monotonic()

    def go_on(self) -> None:
        self._passed_s += self._tick_s

    def time(self) -> float:
        return self._start_s + self._passed_s

    def monotonic(self) -> float:
        return self._start_monotonic_s + self._passed_s


def _resident_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _disk_full() -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    raise CannotWrite(f"The file could not be written ({error.strerror}).", "Make room.")


if __name__ == "__main__":
    main(make_stage=FaultyStage)
