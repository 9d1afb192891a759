"""News of jobs for REAPER's actions, sent from a thread of its own.

REAPER answers at its own pace, and not at all while it renders: so nobody else waits for it. Only
the newest news of each job is sent; the end of a job is sent until REAPER has taken it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Protocol

from bridge.errors import BridgeError
from bridge.requests import Status

log = logging.getLogger("reatone.news")

RETRY_S = 1.0
LIFE_S = 60.0
"""How long the end of a job is news."""


class Wire(Protocol):
    """The link to REAPER, as far as events and their news are concerned (`bridge.reaper.link`)."""

    def wait_events(self, timeout_s: float = 20.0) -> list[dict[str, Any]]:
        """Wait for what actions ask for."""

    def set_status(
        self,
        identity: str,
        state: str,
        *,
        step: str | None = None,
        fraction: float | None = None,
        text: str | None = None,
    ) -> None:
        """Tell an action how its job stands."""

    def close(self) -> None:
        """End the link; who waits in it is woken."""


class Postman:
    """Carries the newest status of each job to the actions that wait for it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._news: dict[str, tuple[float, Status]] = {}
        self._changed = threading.Condition()
        self._stopped = False

    def post(self, identity: str, status: Status) -> None:
        """Have a status delivered; never waits."""
        with self._changed:
            self._news[identity] = (time.monotonic(), status)
            self._changed.notify()

    def run(self) -> None:
        """Deliver until stopped."""
        while (item := self._take()) is not None:
            identity, (posted, status) = item
            try:
                self._send(identity, status)
            except BridgeError as error:
                log.debug("news of %s not delivered: %s", identity, error)
                self._keep(identity, posted, status)

    def stop(self) -> None:
        """Stop once what is at hand has been tried."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _take(self) -> tuple[str, tuple[float, Status]] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._news or self._stopped)
            if not self._news:
                return None
            identity = next(iter(self._news))
            return identity, self._news.pop(identity)

    def _send(self, identity: str, status: Status) -> None:
        self._wire.set_status(
            identity,
            status.state,
            step=status.step or None,
            fraction=status.fraction,
            text=status.text or None,
        )

    def _keep(self, identity: str, posted: float, status: Status) -> None:
        """Try again later, if it is the end of a job and nothing newer has come."""
        with self._changed:
            if status.final and time.monotonic() - posted < LIFE_S and not self._stopped:
                self._news.setdefault(identity, (posted, status))
                self._changed.wait_for(lambda: self._stopped, timeout=RETRY_S)
