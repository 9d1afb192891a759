"""The one thread that owns the session: takes requests from the queue and carries them out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bridge import live_jobs
from bridge.errors import BridgeError, NotConnected
from bridge.heard import HeardBefore
from bridge.job_queue import JobQueue
from bridge.live_jobs import Done, Fader, Task
from bridge.requests import Cancelled, Request, Status, TrackState
from bridge.session import Session

log = logging.getLogger("reatone.jobs")


class Listener(Protocol):
    """Who wants to know how jobs fare; called in the worker's thread, must not wait."""

    def on_status(self, request: Request, status: Status) -> None:
        """Take note of how a job stands."""

    def on_error(self, request: Request, error: BridgeError) -> None:
        """Take note of why a job failed."""

    def on_state(self, state: TrackState) -> None:
        """Take note of what is on the track in hand, as read back."""


class Worker:
    """Carries requests out, one after the other.

    open_session: called when a session is needed and again after REAPER has gone.
    """

    def __init__(
        self,
        queue: JobQueue,
        open_session: Callable[[], Session],
        listener: Listener,
        preset_folder: Path,
        fader: Fader | None = None,
    ) -> None:
        self._queue = queue
        self._open_session = open_session
        self._listener = listener
        self._preset_folder = preset_folder
        self._fader = fader
        self._heard = HeardBefore()
        self._session: Session | None = None
        self._cancelled = threading.Event()
        self._stopping = False

    def run(self) -> None:
        """Work until the queue is closed."""
        live_jobs.prepare()
        while (request := self._queue.get()) is not None:
            self._perform(request)

    def cancel(self) -> None:
        """Call off the job in hand; it ends before its next step, with nothing written."""
        self._cancelled.set()

    def stop(self) -> None:
        """Call off the job in hand and all later ones."""
        self._stopping = True
        self._cancelled.set()

    def _perform(self, request: Request) -> None:
        """Carry a request out and tell how it went; no error gets any further."""
        start = time.monotonic()
        self._cancelled.clear()
        try:
            done = self._do(request)
        except BridgeError as error:
            self._fail(request, error)
            outcome, tracks = error.code, 0
        except Exception as error:
            log.exception("job %s (%s) met an unforeseen error", request.name, request.kind)
            what = f"ReaTone failed in {request.kind}: {type(error).__name__}: {error}."
            self._fail(request, BridgeError(what, "Please report this text."))
            outcome, tracks = "error", 0
        else:
            self._finish(request, done)
            outcome, tracks = "done" if done.ok else "failed", done.tracks
        spent_s = time.monotonic() - start
        log.info(
            "job %s %s: %s, %d tracks, %.3f s",
            request.name,
            request.kind,
            outcome,
            tracks,
            spent_s,
        )

    def _do(self, request: Request) -> Done:
        progress = self._progress_of(request)
        progress("Starting", 0.0)
        if self._session is None:
            self._session = self._open_session()
        return live_jobs.run(
            Task(self._session, request, progress, self._preset_folder, self._heard, self._fader)
        )

    def _progress_of(self, request: Request) -> Callable[[str, float], None]:
        def progress(step: str, fraction: float) -> None:
            if self._stopping or self._cancelled.is_set():
                raise Cancelled("The job was cancelled.", "Nothing was written.")
            self._listener.on_status(request, Status("running", step, fraction))

        return progress

    def _finish(self, request: Request, done: Done) -> None:
        if done.state is not None:
            self._listener.on_state(done.state)
        state = "done" if done.ok else "failed"
        self._listener.on_status(request, Status(state, "", 1.0, done.text))
        if not done.ok:
            self._listener.on_error(request, BridgeError(done.text))

    def _fail(self, request: Request, error: BridgeError) -> None:
        self._listener.on_status(request, Status("failed", "", None, str(error)))
        self._listener.on_error(request, error)
        if isinstance(error, NotConnected):
            self._session = None
        elif request.kind in ("amount", "compare"):
            self._show_again()

    def _show_again(self) -> None:
        """Let faders and buttons go back to what is really there."""
        if self._session is None:
            return
        try:
            self._listener.on_state(live_jobs.look(self._session))
        except BridgeError as error:
            log.debug("the state could not be read: %s", error)
