"""The daemon's queue: bounded, first come first served, the newest amount wins."""

from __future__ import annotations

import threading
from collections import deque

from bridge.errors import Busy
from bridge.requests import Request

LIMIT = 64


class JobQueue:
    """Requests from any thread, taken by one worker."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._waiting: deque[Request] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, request: Request) -> None:
        """Add a request, or merge it into the last one. Raises Busy when the queue is full."""
        with self._changed:
            if self._closed:
                raise Busy("ReaTone is stopping.", "Start it again.")
            merged = self._waiting[-1].merged(request) if self._waiting else None
            if merged is not None:
                self._waiting[-1] = merged
                return
            if len(self._waiting) >= self._limit:
                raise Busy(
                    f"{self._limit} requests wait already: this one was not taken.",
                    "Wait for them, or cancel them.",
                )
            self._waiting.append(request)
            self._changed.notify()

    def get(self) -> Request | None:
        """Wait for the next request; None once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return None if self._closed else self._waiting.popleft()

    def clear(self) -> list[Request]:
        """Drop all that wait, and return them."""
        with self._changed:
            dropped = list(self._waiting)
            self._waiting.clear()
            return dropped

    def close(self) -> list[Request]:
        """Take and give nothing any more; return what waited."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        return self.clear()
