"""The daemon's way to a live REAPER: the transport under `ReaperSession`, and the wait for events.

Everything has a deadline. A `Link` may be used from several threads; each of its three lanes
(requests, status, events) is a connection of its own, so that a long render holds up neither the
others nor the end of the program. A connection is opened when it is needed, anew after REAPER has
been restarted.

A change that got no answer is never simply sent again: the server is asked what became of it. Only
if REAPER itself has gone does it stay open, and is reported as such with what can be read back.
"""

from __future__ import annotations

import base64
import contextlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bridge import errors
from bridge.reaper import endpoint as way
from bridge.reaper import own
from bridge.reaper.connection import (
    INSTALL_REMEDY,
    START_REMEDY,
    Connection,
    Deadline,
    connect,
    find,
)
from bridge.reaper.endpoint import BadMessage, Endpoint

Json = dict[str, Any]
CHANGES = frozenset({"write_eq", "revert", "set_bypass", "undo"})
"""Functions that change the project."""
_GONE = "REAPER has gone."
_EVENT_GRACE_S = 0.5


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long things may take, in seconds.

    connect: to reach the server and prove who we are. answer: to any request but `begin_job`,
    which renders: render. recover: to learn what became of a change that got no answer.
    """

    connect: float = 10.0
    answer: float = 15.0
    render: float = 1800.0
    recover: float = 10.0

    def of(self, name: str) -> float:
        """Return the deadline of a request."""
        return self.render if name == "begin_job" else self.answer


class Link:
    """The link to the REAPER of an endpoint file (default: the user's).

    Raises errors of `bridge.errors`: NotConnected when nobody answers, WriteFailed for a change
    that REAPER did not take up, OutcomeUncertain for one of which nothing can be learnt any more.
    """

    def __init__(self, path: Path | None = None, deadlines: Deadlines | None = None) -> None:
        self.path = path or way.default_path()
        self.deadlines = deadlines or Deadlines()
        self._requests, self._status, self._events = (
            _Lane(self.path, self.deadlines.connect) for _ in range(3)
        )
        self._waiting: Connection | None = None
        self._name = uuid.uuid4().hex

    def call(self, name: str, request: Json) -> Json:
        """Run a function of `inside.FUNCTIONS` in REAPER: the transport of `ReaperSession`."""
        deadline = Deadline(self.deadlines.of(name))
        if name not in CHANGES:
            return _value(self._requests.ask(name, request, None, deadline))
        identity = uuid.uuid4().hex
        try:
            return _value(self._requests.ask(name, request, identity, deadline))
        except _NoAnswer as lost:
            return self._find_out(name, request, identity, lost)

    def connect(self) -> None:
        """Make sure that REAPER is reached. Raises NotConnected, and SessionError for another
        version.
        """
        self._requests.open(Deadline(self.deadlines.connect))

    def wait_events(self, timeout_s: float = 20.0) -> list[Json]:
        """Wait for what Lua actions ask for: [{"id", "kind", "args"}], empty after the time.

        A REAPER that is busy is simply waited for. Raises NotConnected once it has gone.
        """
        with self._events.held(Deadline(timeout_s)) as lane:
            connection = lane.open(Deadline(self.deadlines.connect))
            deadline = Deadline(timeout_s + _EVENT_GRACE_S)
            try:
                if connection is not self._waiting:
                    request = {"timeout_s": timeout_s, "daemon": self._name}
                    connection.send_request("wait_event", request, None, deadline)
                    self._waiting = connection
                answer = connection.receive(deadline)
            except TimeoutError:
                return []
            except (OSError, BadMessage) as error:
                lane.drop()
                raise errors.NotConnected(_GONE, START_REMEDY) from error
            self._waiting = None
            events: list[Json] = _value(answer)["events"]
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
        """Tell the action of the event `identity` how its job stands.

        state: queued, running, done or failed. fraction: 0 ... 1. text: one message for people.
        """
        request = {"id": identity, "state": state, "step": step, "fraction": fraction, "text": text}
        reply = _value(
            self._status.ask("set_status", request, None, Deadline(self.deadlines.answer))
        )
        if "error" in reply:
            raise errors.from_json(reply["error"])

    def close(self) -> None:
        """End all connections; threads that wait in this link get NotConnected."""
        for lane in (self._requests, self._status, self._events):
            lane.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- changes without an answer --------------------------------------------------------------

    def _find_out(self, name: str, request: Json, identity: str, lost: _NoAnswer) -> Json:
        """Learn what became of a change: its answer, that it never was, or that nobody knows."""
        deadline = Deadline(self.deadlines.recover)
        try:
            answer = self._requests.ask("outcome", {"id": identity}, None, deadline)
            same_reaper = self._requests.endpoint == lost.endpoint
        except errors.SessionError as silence:
            raise errors.OutcomeUncertain(
                f"REAPER has ended or stands still: whether {name} was done is not known.",
                "It was done as a whole or not at all. If REAPER shows a dialog, close it; see "
                "what its undo history says, and try again if nothing was done.",
            ) from silence
        outcome = _value(answer)
        if outcome.get("state") == "done":
            return _value(outcome["answer"])
        if same_reaper:
            raise errors.WriteFailed(
                "REAPER was busy and did not take the change up.",
                "Nothing was changed. See whether it shows a dialog, and try again.",
            ) from lost
        raise self._uncertain(name, request) from lost

    def _uncertain(self, name: str, request: Json) -> errors.OutcomeUncertain:
        """Describe a change during which REAPER ended, with what the new one shows."""
        wanted = {row["guid"]: row["state"] for row in request.get("writes", ())}
        held: list[str] = []
        with contextlib.suppress(errors.SessionError):
            for track in self.call("list_tracks", {}).get("tracks", ()):
                state = wanted.get(track["guid"])
                ours = track["own"] and track["own"]["state"]
                if state and ours and _audible(state) == _audible(ours):
                    held.append(track["guid"])
        details = {"held": held, "missing": [guid for guid in wanted if guid not in held]}
        seen = f" The EQ is on {len(held)} of {len(wanted)} tracks now." if wanted else ""
        return errors.OutcomeUncertain(
            f"REAPER ended during {name} and was started again.{seen}",
            "Look at the project in REAPER and run again if needed.",
            details,
        )


class _NoAnswer(errors.NotConnected):
    """A request was sent whole and its answer did not come."""

    endpoint: Endpoint | None = None


class _Lane:
    """One connection, opened when it is needed, for one request at a time."""

    def __init__(self, path: Path, connect_s: float) -> None:
        self._path = path
        self._connect_s = connect_s
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._closed = False
        self.endpoint: Endpoint | None = None

    @contextlib.contextmanager
    def held(self, deadline: Deadline) -> Iterator[_Lane]:
        """Have the lane to oneself. Raises Busy when others keep it too long."""
        if not self._lock.acquire(timeout=deadline.left_s()):
            raise errors.Busy("REAPER is busy with another request.", "Try again in a moment.")
        try:
            yield self
        finally:
            self._lock.release()

    def open(self, deadline: Deadline) -> Connection:
        """Return the connection, a new one if there is none or it has ended."""
        with self.held(deadline):
            if self._connection is not None and self._connection.ended():
                self.drop()
            if self._closed:
                raise errors.NotConnected("The link to REAPER is closed.")
            if self._connection is None:
                self.endpoint = find(self._path)
                within_s = min(self._connect_s, deadline.left_s())
                self._connection = connect(self.endpoint, Deadline(within_s))
            return self._connection

    def ask(self, name: str, request: Json, identity: str | None, deadline: Deadline) -> Json:
        """Send a request and return the answer; the connection ends when there is none."""
        with self.held(deadline):
            connection = self.open(deadline)
            try:
                connection.send_request(name, request, identity, deadline)
            except OSError as error:  # not sent whole, so not carried out
                self.drop()
                raise errors.NotConnected(_GONE, START_REMEDY) from error
            try:
                return connection.receive(deadline)
            except (OSError, BadMessage) as error:
                self.drop()
                late = isinstance(error, TimeoutError)
                what = "has not answered in time" if late else "ended the connection"
                lost = _NoAnswer(
                    f"REAPER {what} (request {name}).",
                    "See whether it runs and shows no dialog, and try again.",
                )
                lost.endpoint = self.endpoint
                raise lost from error

    def drop(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """End the lane; who waits in it is woken."""
        self._closed = True
        connection = self._connection
        if connection is not None:
            connection.wake()
        with self._lock:
            self.drop()


def _value(answer: Json) -> Json:
    """Return an answer's value. Raises SessionError when the server could not make one."""
    value = answer.get("value")
    if answer.get("type") != "result" or not isinstance(value, dict):
        raise errors.SessionError(
            str(answer.get("traceback") or "ReaTone's server in REAPER answered nonsense."),
            INSTALL_REMEDY,
        )
    return value


def _audible(state: str) -> bytes:
    return own.audible(base64.b64decode(state))
