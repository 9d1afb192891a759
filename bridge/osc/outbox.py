"""What is sent to surfaces: to whom, how often at most, and the newest value of each address."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bridge.osc import wire
from bridge.osc.addresses import Argument, Message

log = logging.getLogger("reatone.osc")

Place = tuple[str, int]
"""Host and UDP port."""
INTERVAL_S = 0.05
"""Least time between two messages of one address: 20 a second."""
SUBSCRIPTION_S = 600.0
MAX_SUBSCRIBERS = 16
MAX_PER_HOST = 4
"""Most subscriptions of one host; a further one takes the place of that host's oldest."""


@dataclass(slots=True)
class _Held:
    """The newest value of an address that was sent too recently."""

    arguments: tuple[Argument, ...]
    due: float


class Outbox:
    """Sends messages to fixed places and to subscribers; used in the event loop only.

    send: puts bytes on the way. now: the clock, seconds.
    """

    def __init__(
        self,
        send: Callable[[bytes, Place], None],
        fixed: Sequence[Place] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._fixed = tuple(fixed)
        self._now = now
        self._until: dict[Place, float] = {}
        self._sent: dict[str, float] = {}
        self._held: dict[str, _Held] = {}
        self._timer: asyncio.TimerHandle | None = None

    def subscribe(self, place: Place) -> bool:
        """Send to this place until its host is silent for ten minutes; return whether there is
        room.
        """
        self._forget()
        self._until.pop(place, None)  # the newest comes last
        same_host = self._of(place[0])
        if len(same_host) >= MAX_PER_HOST:
            del self._until[same_host[0]]
        if len(self._until) >= MAX_SUBSCRIBERS:
            return False
        self._until[place] = self._now() + SUBSCRIPTION_S
        return True

    def renew(self, host: str) -> None:
        """Take note that a host is there: its subscriptions hold for ten minutes from now."""
        for place in self._of(host):
            self._until[place] = self._now() + SUBSCRIPTION_S

    def unsubscribe(self, host: str) -> None:
        """Send nothing to this host any more, unless a place of it is fixed."""
        for place in self._of(host):
            del self._until[place]

    @property
    def places(self) -> tuple[Place, ...]:
        """Where messages go now."""
        self._forget()
        return tuple(dict.fromkeys((*self._fixed, *self._until)))

    def put(self, messages: Iterable[Message]) -> None:
        """Send messages, at most 20 a second of each address; the newest one always arrives."""
        now = self._now()
        ready = []
        for address, arguments in messages:
            due = self._sent.get(address, -INTERVAL_S) + INTERVAL_S
            if due > now:
                self._held[address] = _Held(arguments, due)
            else:
                self._held.pop(address, None)
                self._sent[address] = now
                ready.append((address, arguments))
        self._deliver(ready, self.places)
        self._wake()

    def put_to(self, place: Place, messages: Iterable[Message]) -> None:
        """Send messages to one place, at once."""
        self._deliver(list(messages), (place,))

    def close(self) -> None:
        """Send nothing any more."""
        if self._timer:
            self._timer.cancel()
        self._held.clear()
        self._until.clear()

    def flush(self) -> None:
        """Send what has waited long enough."""
        self._timer = None
        now = self._now()
        due = [(at, held.arguments) for at, held in self._held.items() if held.due <= now]
        self.put(due)

    def _wake(self) -> None:
        if self._held and self._timer is None:
            first = min(held.due for held in self._held.values())
            delay_s = max(first - self._now(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.flush)

    def _deliver(self, messages: Sequence[Message], places: Sequence[Place]) -> None:
        if not messages or not places:
            return
        for packet in wire.bundles(wire.write(*message) for message in messages):
            for place in places:
                self._send(packet, place)

    def _of(self, host: str) -> list[Place]:
        return [place for place in self._until if place[0] == host]

    def _forget(self) -> None:
        now = self._now()
        for place in [place for place, until in self._until.items() if until <= now]:
            log.info("subscription of %s:%d has ended", *place)
            del self._until[place]
