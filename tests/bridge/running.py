"""A daemon that runs in a thread, over the embedded host or whatever a test gives it."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bridge.daemon import Daemon, Surface
from bridge.errors import BridgeError, NotConnected
from bridge.postman import Wire
from bridge.requests import Request, Status, TrackState
from bridge.session import ReaperSession, Session
from models.eq import Eq

PATIENCE_S = 60.0


class FakeWire:
    """The link's events and news, without REAPER. down: REAPER has gone."""

    def __init__(self) -> None:
        self.events: queue.Queue[list[dict[str, Any]] | None] = queue.Queue()
        self.news: queue.Queue[tuple[str, str, str]] = queue.Queue()
        self.down = threading.Event()
        self.refused = threading.Event()

    def send(self, identity: str, kind: str, **args: Any) -> None:
        self.events.put([{"id": identity, "kind": kind, "args": args}])

    def wait_events(self, timeout_s: float = 20.0) -> list[dict[str, Any]]:
        if self.down.is_set():
            self.refused.set()
            raise NotConnected("REAPER has gone.")
        try:
            events = self.events.get(timeout=timeout_s)
        except queue.Empty:
            return []
        if events is None:
            self.events.put(None)
            raise NotConnected("The link is closed.")
        return events

    def set_status(
        self,
        identity: str,
        state: str,
        *,
        step: str | None = None,
        fraction: float | None = None,
        text: str | None = None,
    ) -> None:
        if self.down.is_set():
            self.refused.set()
            raise NotConnected("REAPER has gone.")
        assert fraction is None or 0.0 <= fraction <= 1.0
        self.news.put((identity, state, text or step or ""))

    def close(self) -> None:
        self.events.put(None)

    def end_of(self, identity: str) -> tuple[str, str]:
        """Wait for the end of a job; return its state and text."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            who, state, text = self.news.get(timeout=max(deadline - time.monotonic(), 0.01))
            if who == identity and state in ("done", "failed"):
                return state, text


class Watcher:
    """A surface that writes down what it is shown."""

    def __init__(self) -> None:
        self.ends: queue.Queue[tuple[str, Status]] = queue.Queue()
        self.steps: list[str] = []
        self.states: list[TrackState] = []
        self.errors: list[BridgeError] = []
        self.closed = False

    async def start(self, submit: Callable[[Request], None]) -> None:
        self.submit = submit

    def show_status(self, request: Request, status: Status) -> None:
        self.steps.append(status.step)
        if status.final:
            self.ends.put((request.kind, status))

    def show_error(self, error: BridgeError) -> None:
        self.errors.append(error)

    def show_state(self, state: TrackState) -> None:
        self.states.append(state)

    def close(self) -> None:
        self.closed = True

    def end(self) -> tuple[str, Status]:
        return self.ends.get(timeout=PATIENCE_S)


class Counting:
    """A transport that counts, and stops at a gate before one kind of request."""

    def __init__(self, session: ReaperSession, hold: str = "") -> None:
        self.inner = session
        self.calls: list[str] = []
        self.hold = hold
        self.reached = threading.Event()
        self.go = threading.Event()

    def session(self) -> ReaperSession:
        def call(name: str, request: dict[str, Any]) -> dict[str, Any]:
            self.calls.append(name)
            if name == self.hold:
                self.reached.set()
                assert self.go.wait(PATIENCE_S)
            return self.inner._transport(name, request)

        return ReaperSession(call)


@contextlib.contextmanager
def running(
    open_session: Callable[[], Session],
    folder: Path,
    *,
    wire: Wire | None = None,
    surfaces: Sequence[Surface] = (),
    **more: Any,
) -> Iterator[Daemon]:
    """Run a daemon until the end of the block; its end is a part of the test."""
    daemon = Daemon(open_session, wire, surfaces, preset_folder=folder, **more)
    thread = threading.Thread(target=lambda: asyncio.run(daemon.run()))
    thread.start()
    try:
        assert daemon.ready.wait(PATIENCE_S)
        yield daemon
    finally:
        daemon.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def alike(one: Eq, other: Eq) -> bool:
    """Tell whether two EQs are the same but for the rounding of ReaEQ's linear gains."""
    return len(one.bands) == len(other.bands) and all(
        a.kind is b.kind
        and (a.freq_hz, a.bandwidth_oct) == (b.freq_hz, b.bandwidth_oct)
        and abs(a.gain_db - b.gain_db) < 1e-9
        for a, b in zip(one.bands, other.bands, strict=True)
    )
