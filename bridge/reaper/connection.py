"""A connection to the server in REAPER: reapy's client with deadlines, bounds and proofs.

The only importer of reapy outside REAPER.
"""

from __future__ import annotations

import contextlib
import socket
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from bridge import errors
from bridge.reaper import endpoint as way
from bridge.reaper import inside
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
_NOT_RUNNING = "ReaTone's server in REAPER is not running."
START_REMEDY = "Start REAPER and run the action ReaTone_Start ReaTone there."
INSTALL_REMEDY = "Restart REAPER; if that does not help, run `reatone install` again."
_READ_BYTES = 1 << 16


class Deadline:
    """A moment by which something must have happened."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left_s(self) -> float:
        """Return the time that is left, at least a hundredth of a second."""
        return max(self._at - time.monotonic(), 0.01)


class Connection(ReapyClient):
    """reapy's client with deadlines and bounds, without its trust in what comes."""

    def __init__(self, endpoint: Endpoint, deadline: Deadline) -> None:
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
        self, name: str, request: Json, identity: str | None, deadline: Deadline
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

    def receive(self, deadline: Deadline) -> Json:
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


def find(path: Path) -> Endpoint:
    """Return the endpoint of a REAPER that runs. Raises NotConnected."""
    try:
        endpoint = way.read(path)
    except FileNotFoundError as error:
        raise errors.NotConnected(_NOT_RUNNING, START_REMEDY) from error
    except (OSError, way.BadEndpoint) as error:
        raise errors.NotConnected(f"REAPER cannot be found: {error}.", START_REMEDY) from error
    if not psutil.pid_exists(endpoint.pid):
        raise errors.NotConnected("REAPER is no longer running.", START_REMEDY)
    _check_version(endpoint.api)
    return endpoint


def connect(endpoint: Endpoint, deadline: Deadline) -> Connection:
    """Connect to a server and shake hands. Raises NotConnected, and SessionError for another
    version.
    """
    try:
        return Connection(endpoint, deadline)
    except TimeoutError as error:
        raise errors.NotConnected(
            "REAPER is busy, or ReaTone's server in it has stopped.",
            "Close REAPER's dialogs; if that does not help, run ReaTone_Start ReaTone there.",
        ) from error
    except (OSError, BadMessage) as error:
        raise errors.NotConnected(_NOT_RUNNING, START_REMEDY) from error


def _check_version(api: object) -> None:
    if api != inside.API_VERSION:
        raise errors.SessionError(
            f"ReaTone inside REAPER speaks version {api!r} of the interface, "
            f"this is version {inside.API_VERSION}.",
            INSTALL_REMEDY,
        )
