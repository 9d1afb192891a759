"""The stand-in REAPER with faults on command: `python -m tests.live.faulty_reaper`.

Command "fault": at the `at`-th ReaScript call from now (counted without ExtState and console; only
calls of `function` if given) the process is killed, stands still, or the disk is full. Command
"count": the number of calls so far, from zero again.
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


class FaultyStage(Stage):
    """A stage on which things go wrong."""

    def __init__(self, host: Host, script: Path) -> None:
        super().__init__(host, script)
        self._calls = 0
        self._at = 0
        self._function = ""
        self._fault: Callable[[], None] = lambda: None
        self.commands |= {"fault": self.plan, "count": self.count, "settings": self.settings}

    def plan(self, kind: str, at: int = 1, function: str = "", seconds: float = 0.0) -> None:
        """Plan one fault: "kill", "sleep" or "disk_full"."""
        faults: dict[str, Callable[[], None]] = {
            "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "sleep": lambda: time.sleep(seconds),
            "disk_full": _disk_full,
        }
        self._at, self._function, self._fault = at, function, faults[kind]

    def count(self) -> int:
        """Return the number of calls and start again."""
        calls, self._calls = self._calls, 0
        return calls

    def settings(self) -> list[str]:
        """Return the lines on rendering and selection, and the number of open blocks."""
        words = ("RENDER", "SEL")
        host = self.host
        host.settings.write(host.project)
        lines = [line.text.strip() for line in host.project.root.all_lines()]
        kept = [line for line in lines if line.startswith(words)]
        return [*kept, f"open blocks {host.history.depth}"]

    def _through(self, name: str) -> Callable[..., Any]:
        function = super()._through(name)

        def call(*arguments: object) -> Any:
            if not any(word in name for word in _UNCOUNTED):
                self._count_one(name)
            return function(*arguments)

        return call

    def _count_one(self, name: str) -> None:
        self._calls += 1
        if self._at and (not self._function or name == f"RPR_{self._function}"):
            self._at -= 1
            if not self._at:
                self._fault()


def _disk_full() -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    raise CannotWrite(f"The file could not be written ({error.strerror}).", "Make room.")


if __name__ == "__main__":
    main(make_stage=FaultyStage)
