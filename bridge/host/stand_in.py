"""Starting and steering a process that stands in for REAPER (`bridge.host.process`)."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bridge.errors import NotConnected

_ANSWER_S = 60.0


class StandIn:
    """A running stand-in; as a context manager it quits at the end.

    endpoint: the file that tells where its server is. module: what to run, for tests.
    """

    def __init__(
        self,
        project: Path,
        endpoint: Path,
        *,
        ticks_per_s: float = 30.0,
        module: str = "bridge.host.process",
        more: Sequence[str] = (),
    ) -> None:
        self.endpoint = endpoint
        command = [sys.executable, "-m", module, str(project), "--steered"]
        command += ["--endpoint", str(endpoint), "--ticks-per-s", str(ticks_per_s), *more]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._replies: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._answer()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def call(self, function: str, *arguments: object) -> Any:
        """Call a ReaScript function (name without RPR_), as another script or the user would.

        Raises ValueError with its error.
        """
        return self.tell("call", function=function, arguments=arguments)

    def tell(self, do: str, **rest: object) -> Any:
        """Give a command of `bridge.host.process.Stage` and return its answer.

        Raises ValueError when it fails and NotConnected when the process has ended.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps({"do": do, **rest}) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def quit(self) -> None:
        """Quit as a user would."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._end()

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._process.kill()
        self._end()

    def wait(self) -> int:
        """Wait for the process to end by itself; return its exit status."""
        status = self._process.wait(_ANSWER_S)
        self._end()
        return status

    def _end(self) -> None:
        try:
            self._process.wait(_ANSWER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._replies.put(line)
        self._replies.put("")

    def _answer(self) -> Any:
        line = self._replies.get(timeout=_ANSWER_S)
        if not line:
            self._replies.put("")
            raise NotConnected("The process that stands in for REAPER has ended.")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.quit()
