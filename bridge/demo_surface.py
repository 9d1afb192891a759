"""Two surfaces for the demo: a tablet that speaks OSC, and a journal of how jobs end."""

from __future__ import annotations

import queue
import select
import socket
import time
from collections.abc import Callable
from typing import Any, Self

from bridge.errors import BridgeError, NotConnected
from bridge.osc import wire
from bridge.osc.outbox import Place
from bridge.requests import QUIET, Request, Status, TrackState

_PACKET = 65536


class Journal:
    """A surface of the daemon (`bridge.daemon.Surface`) that notes when and how jobs end."""

    def __init__(self) -> None:
        self._ends: queue.Queue[tuple[float, Status]] = queue.Queue()

    def end_of_job(self, within_s: float) -> tuple[float, Status]:
        """Wait for the end of the next job; return when that was (time.perf_counter) and how.

        Raises NotConnected when it does not come.
        """
        try:
            return self._ends.get(timeout=within_s)
        except queue.Empty as error:
            raise NotConnected(f"No job came to its end within {within_s:.0f} s.") from error

    async def start(self, submit: Callable[[Request], None]) -> None:
        """Begin; nothing is ever asked for here."""

    def show_status(self, request: Request, status: Status) -> None:
        """Note the end of a job."""
        if status.final and request.kind not in QUIET:
            self._ends.put((time.perf_counter(), status))

    def show_error(self, error: BridgeError) -> None:
        """Leave out why: the status tells."""

    def show_state(self, state: TrackState) -> None:
        """Leave out what is on the track."""

    def close(self) -> None:
        """Stop."""


class Tablet:
    """A control surface that sends to `place`, and waits so many seconds for what it expects."""

    def __init__(self, place: Place, patience_s: float) -> None:
        self._place = place
        self._patience_s = patience_s
        self._shown: dict[str, Any] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))

    def subscribe(self) -> None:
        """Ask for everything from now on."""
        self.send("/reatone/subscribe", self._socket.getsockname()[1])

    def send(self, address: str, *arguments: str | int | float) -> None:
        """Send one message."""
        self._socket.sendto(wire.write(address, arguments), self._place)

    def shown(self, address: str, holds: Callable[[Any], bool] = bool) -> Any:
        """Wait until what an address shows is as it should be, and return it.

        Raises NotConnected when it does not come.
        """
        end = time.monotonic() + self._patience_s
        while select.select([self._socket], [], [], 0.0)[0]:
            self._take(self._patience_s, address)
        while not (address in self._shown and holds(self._shown[address])):
            self._take(max(end - time.monotonic(), 0.01), address)
        return self._shown[address]

    def _take(self, within_s: float, address: str) -> None:
        self._socket.settimeout(within_s)
        try:
            data = self._socket.recv(_PACKET)
        except TimeoutError as error:
            last = self._shown.get(address)
            raise NotConnected(f"{address} was not shown as expected, but as {last!r}.") from error
        for where, arguments in wire.read(data):
            self._shown[where] = arguments[-1] if arguments else None

    def close(self) -> None:
        """Put it away."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
