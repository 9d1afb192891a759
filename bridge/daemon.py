"""The background process: listens to REAPER's actions and to control surfaces, and does the jobs.

    events of actions ┐                                   ┌ news for the actions (postman)
    control surfaces  ┴─▶ one bounded queue ─▶ one worker ┴ news and read-back values (surfaces)

An asyncio loop runs the surfaces and the signals; what may have to wait for REAPER (the worker,
events, news) has a thread each. REAPER may come, go and be busy at any time: the daemon stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from bridge import requests
from bridge.errors import BridgeError
from bridge.job_queue import JobQueue
from bridge.live_jobs import Fader
from bridge.postman import Postman, Wire
from bridge.requests import Request, Status, TrackState
from bridge.session import Session
from bridge.worker import Worker

log = logging.getLogger("reatone.daemon")

WAIT_S = 20.0
RECONNECT_S = 1.0
STOP_S = 10.0
LAST_NEWS_S = 1.0


class Surface(Protocol):
    """Something in the event loop that sends requests and shows what became of them.

    Everything is called in the loop's thread. `start` gets the function that takes requests; it
    raises BridgeError for those that are not taken.
    """

    async def start(self, submit: Callable[[Request], None]) -> None:
        """Begin to listen."""

    def show_status(self, request: Request, status: Status) -> None:
        """Show how a job stands."""

    def show_error(self, error: BridgeError) -> None:
        """Show why something failed."""

    def show_state(self, state: TrackState) -> None:
        """Show what is on the track in hand."""

    def close(self) -> None:
        """Stop listening."""


class Daemon:
    """The background process, without a process of its own: `run` it in an event loop.

    open_session: see `Worker`. wire: events and news of REAPER's actions, None without any.
    preset_folder: where presets are saved. fader: see `bridge.live_jobs`.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        wire: Wire | None = None,
        surfaces: Collection[Surface] = (),
        *,
        preset_folder: Path,
        fader: Fader | None = None,
    ) -> None:
        self.queue = JobQueue()
        self.ready = threading.Event()
        self._wire = wire
        self._surfaces = tuple(surfaces)
        self._postman = Postman(wire) if wire else None
        self._worker = Worker(self.queue, open_session, self, preset_folder, fader)
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None

    async def run(self) -> None:
        """Serve until `stop`. Raises BridgeError when a surface cannot listen."""
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        threads: list[threading.Thread] = []
        try:
            for surface in self._surfaces:
                await surface.start(self.submit)
            threads = self._start_threads()
            self.ready.set()
            log.info("listening")
            if not self._stopping.is_set():
                await self._stopped.wait()
        finally:
            await asyncio.to_thread(self._close, threads)
            for surface in self._surfaces:
                surface.close()
            log.info("stopped")

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._stopping.set()
        loop, stopped = self._loop, self._stopped
        if loop is not None and stopped is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(stopped.set)

    def submit(self, request: Request) -> None:
        """Take a request, from any thread. Raises Busy when too many wait."""
        if request.kind == "cancel":
            self._cancel(request)
            return
        self.on_status(request, Status("queued"))
        self.queue.put(request)

    # --- what the worker tells ------------------------------------------------------------------

    def on_status(self, request: Request, status: Status) -> None:
        """Pass on how a job stands."""
        if self._postman:
            for identity in request.ids:
                self._postman.post(identity, status)
        self._show(lambda surface: surface.show_status(request, status))

    def on_error(self, _request: Request, error: BridgeError) -> None:
        """Pass on why a job failed."""
        self._show(lambda surface: surface.show_error(error))

    def on_state(self, state: TrackState) -> None:
        """Pass on what is on the track in hand."""
        self._show(lambda surface: surface.show_state(state))

    def _show(self, tell: Callable[[Surface], None]) -> None:
        if not self._surfaces or self._loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended
            for surface in self._surfaces:
                self._loop.call_soon_threadsafe(tell, surface)

    # --- threads --------------------------------------------------------------------------------

    def _start_threads(self) -> list[threading.Thread]:
        targets: list[Callable[[], None]] = [self._worker.run]
        if self._wire and self._postman:
            targets += [self._take_events, self._postman.run]
        threads = [threading.Thread(target=target, daemon=True) for target in targets]
        for thread in threads:
            thread.start()
        return threads

    def _take_events(self) -> None:
        """Turn events of REAPER's actions into requests, as long as we run."""
        assert self._wire is not None
        connected: bool | None = None
        while not self._stopping.is_set():
            try:
                events = self._wire.wait_events(WAIT_S)
            except BridgeError as error:
                if connected is not False and not self._stopping.is_set():
                    log.warning("no REAPER: %s", error)
                connected = False
                self._stopping.wait(RECONNECT_S)
                continue
            if not connected:
                log.info("connected to REAPER")
            connected = True
            for event in events:
                self._take_event(event)

    def _take_event(self, event: dict[str, object]) -> None:
        identity = str(event.get("id", ""))
        try:
            self.submit(requests.parse(event.get("kind"), event.get("args"), (identity,)))
        except BridgeError as error:
            log.warning("request %s refused: %s", identity, error)
            self.on_status(Request("", {}, (identity,)), Status("failed", "", None, str(error)))

    def _cancel(self, request: Request) -> None:
        """Call off what runs and what waits."""
        dropped = self.queue.clear()
        self._worker.cancel()
        for waiting in dropped:
            self.on_status(waiting, Status("failed", "", None, "Cancelled before it began."))
        self.on_status(request, Status("done", "", 1.0, "Cancelled."))

    def _close(self, threads: list[threading.Thread]) -> None:
        """End all threads: first what can be told is told, then those that wait are woken."""
        self._stopping.set()
        waiting = self.queue.close()
        self._worker.stop()
        for request in waiting:
            self.on_status(request, Status("failed", "", None, "ReaTone was stopped."))
        if self._wire and self._postman:
            self._postman.stop()
            if threads:
                threads[-1].join(LAST_NEWS_S)
            self._wire.close()
        for thread in threads:
            thread.join(STOP_S)


async def serve(daemon: Daemon) -> None:
    """Run the daemon until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, daemon.stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: daemon.stop())
    await daemon.run()
