"""The daemon's way to a live REAPER: the transport under `ReaperSession`, and the wait for events.

The only importer of reapy outside REAPER. Everything has a deadline. A `Link` may be used from
several threads; each of its three lanes (requests, status, events) is a connection of its own, so
that a long render holds up neither the others nor the end of the program. A connection is opened
when it is needed, anew after REAPER has been restarted.

A change that got no answer is never simply sent again: the server is asked what became of it. Only
if REAPER itself has gone does it stay open, and is reported as such with what can be read back.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
import urllib.error
import urllib.request
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil  # type: ignore[import-untyped]

from bridge import errors
from bridge.reaper import endpoint as way
from bridge.reaper import inside, own
from bridge.reaper.endpoint import BadMessage, Endpoint, Frames


@contextlib.contextmanager
def _no_network() -> Iterator[None]:
    """Keep reapy, which looks for a REAPER when it is imported, from asking anybody."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise urllib.error.URLError("not asked")

    real = urllib.request.urlopen
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        urllib.request.urlopen = refuse
        try:
            yield
        finally:
            urllib.request.urlopen = real


with _no_network():
    from reapy.tools.network import Client as ReapyClient

Json = dict[str, Any]
CHANGES = frozenset({"write_eq", "revert", "set_bypass", "undo"})
"""Functions that change the project."""
_NOT_RUNNING = "ReaTone's server in REAPER is not running."
_START_REMEDY = "Start REAPER and run the action ReaTone: Start server there."
_INSTALL_REMEDY = "Restart REAPER; if that does not help, run `reatone install` again."
_GONE = "REAPER has gone."
_EVENT_GRACE_S = 0.5
_READ_BYTES = 1 << 16


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
        self._waiting: _Connection | None = None

    def call(self, name: str, request: Json) -> Json:
        """Run a function of `inside.FUNCTIONS` in REAPER: the transport of `ReaperSession`."""
        deadline = _Deadline(self.deadlines.of(name))
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
        self._requests.open(_Deadline(self.deadlines.connect))

    def wait_events(self, timeout_s: float = 20.0) -> list[Json]:
        """Wait for what Lua actions ask for: [{"id", "kind", "args"}], empty after the time.

        A REAPER that is busy is simply waited for. Raises NotConnected once it has gone.
        """
        with self._events.held(_Deadline(timeout_s)) as lane:
            connection = lane.open(_Deadline(self.deadlines.connect))
            deadline = _Deadline(timeout_s + _EVENT_GRACE_S)
            try:
                if connection is not self._waiting:
                    request = {"timeout_s": timeout_s}
                    connection.send_request("wait_event", request, None, deadline)
                    self._waiting = connection
                answer = connection.receive(deadline)
            except TimeoutError:
                return []
            except (OSError, BadMessage) as error:
                lane.drop()
                raise errors.NotConnected(_GONE, _START_REMEDY) from error
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
            self._status.ask("set_status", request, None, _Deadline(self.deadlines.answer))
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
        deadline = _Deadline(self.deadlines.recover)
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


class _Deadline:
    """A moment by which something must have happened."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left_s(self) -> float:
        """Return the time that is left, at least a hundredth of a second."""
        return max(self._at - time.monotonic(), 0.01)


class _Lane:
    """One connection, opened when it is needed, for one request at a time."""

    def __init__(self, path: Path, connect_s: float) -> None:
        self._path = path
        self._connect_s = connect_s
        self._lock = threading.RLock()
        self._connection: _Connection | None = None
        self._closed = False
        self.endpoint: Endpoint | None = None

    @contextlib.contextmanager
    def held(self, deadline: _Deadline) -> Iterator[_Lane]:
        """Have the lane to oneself. Raises Busy when others keep it too long."""
        if not self._lock.acquire(timeout=deadline.left_s()):
            raise errors.Busy("REAPER is busy with another request.", "Try again in a moment.")
        try:
            yield self
        finally:
            self._lock.release()

    def open(self, deadline: _Deadline) -> _Connection:
        """Return the connection, a new one if there is none or it has ended."""
        with self.held(deadline):
            if self._connection is not None and self._connection.ended():
                self.drop()
            if self._closed:
                raise errors.NotConnected("The link to REAPER is closed.")
            if self._connection is None:
                self.endpoint = _find(self._path)
                within_s = min(self._connect_s, deadline.left_s())
                self._connection = _connect(self.endpoint, _Deadline(within_s))
            return self._connection

    def ask(self, name: str, request: Json, identity: str | None, deadline: _Deadline) -> Json:
        """Send a request and return the answer; the connection ends when there is none."""
        with self.held(deadline):
            connection = self.open(deadline)
            try:
                connection.send_request(name, request, identity, deadline)
            except OSError as error:  # not sent whole, so not carried out
                self.drop()
                raise errors.NotConnected(_GONE, _START_REMEDY) from error
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


class _Connection(ReapyClient):
    """reapy's client with deadlines and bounds, without its trust in what comes."""

    def __init__(self, endpoint: Endpoint, deadline: _Deadline) -> None:
        self._frames = Frames(way.HANDSHAKE_LIMIT)
        self._deadline = deadline
        self._endpoint = endpoint
        try:
            super().__init__(endpoint.port, endpoint.host)
        except BaseException:
            self.close()
            raise

    def _connect(self, port: int, host: str) -> None:
        """Connect and shake hands: each side proves that it knows the token."""
        self.settimeout(self._deadline.left_s())
        self.connect((host, port))
        greeting = self.receive(self._deadline)
        _check_version(greeting.get("reatone"))
        theirs, ours = str(greeting.get("nonce")), way.new_nonce()
        proof = way.proof(self._endpoint, "client", theirs, ours)
        self.send(way.pack({"nonce": ours, "proof": proof}, way.HANDSHAKE_LIMIT))
        shown = self.receive(self._deadline).get("value")
        expected = way.proof(self._endpoint, "server", theirs, ours)
        if not isinstance(shown, dict) or not way.same(shown.get("proof"), expected):
            raise BadMessage("the other side does not know the token")
        self._frames.limit = way.REPLY_LIMIT
        self.address = f"{host}:{port}"

    def send(self, data: bytes) -> None:
        """Send a frame in one piece."""
        self._socket.settimeout(self._deadline.left_s())
        self._socket.sendall(data)

    def send_request(
        self, name: str, request: Json, identity: str | None, deadline: _Deadline
    ) -> None:
        """Send a request. Raises OSError, and SessionError when it is too large."""
        message: Json = {"function": name, "input": {"args": [request]}}
        if identity is not None:
            message["id"] = identity
        try:
            frame = way.pack(message, way.REQUEST_LIMIT)
        except BadMessage as error:
            raise errors.SessionError(
                f"{name}: {error}.", "Work on fewer tracks at once."
            ) from error
        self._deadline = deadline
        self.send(frame)

    def receive(self, deadline: _Deadline) -> Json:
        """Return the next message. Raises TimeoutError (it may still come), OSError, BadMessage."""
        while (message := self._frames.take()) is None:
            self._socket.settimeout(deadline.left_s())
            data = self._socket.recv(_READ_BYTES)
            if not data:
                raise ConnectionResetError("the other side has closed the connection")
            self._frames.feed(data)
        return message

    def ended(self) -> bool:
        """Tell whether the other side has gone."""
        self._socket.setblocking(False)
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def wake(self) -> None:
        """Make a thread that waits for this connection find it ended."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def _find(path: Path) -> Endpoint:
    """Return the endpoint of a REAPER that runs. Raises NotConnected."""
    try:
        endpoint = way.read(path)
    except FileNotFoundError as error:
        raise errors.NotConnected(_NOT_RUNNING, _START_REMEDY) from error
    except (OSError, way.BadEndpoint) as error:
        raise errors.NotConnected(f"REAPER cannot be found: {error}.", _START_REMEDY) from error
    if not psutil.pid_exists(endpoint.pid):
        raise errors.NotConnected("REAPER is no longer running.", _START_REMEDY)
    _check_version(endpoint.api)
    return endpoint


def _connect(endpoint: Endpoint, deadline: _Deadline) -> _Connection:
    try:
        return _Connection(endpoint, deadline)
    except TimeoutError as error:
        raise errors.NotConnected(
            "REAPER is busy, or ReaTone's server in it has stopped.",
            "Close REAPER's dialogs; if that does not help, run ReaTone: Start server there.",
        ) from error
    except (OSError, BadMessage) as error:
        raise errors.NotConnected(_NOT_RUNNING, _START_REMEDY) from error


def _check_version(api: object) -> None:
    if api != inside.API_VERSION:
        raise errors.SessionError(
            f"ReaTone inside REAPER speaks version {api!r} of the interface, "
            f"this is version {inside.API_VERSION}.",
            _INSTALL_REMEDY,
        )


def _value(answer: Json) -> Json:
    """Return an answer's value. Raises SessionError when the server could not make one."""
    value = answer.get("value")
    if answer.get("type") != "result" or not isinstance(value, dict):
        raise errors.SessionError(
            str(answer.get("traceback") or "ReaTone's server in REAPER answered nonsense."),
            _INSTALL_REMEDY,
        )
    return value


def _audible(state: str) -> bytes:
    return own.audible(base64.b64decode(state))
