"""Somebody else where the server in REAPER is expected: nothing is told, nothing is run."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge import errors
from bridge.host.stand_in import StandIn
from bridge.reaper import endpoint as way
from bridge.reaper.link import Deadlines, Link
from tests.live.raw import Raw


class Squatter:
    """Somebody else on the port of an endpoint file."""

    def __init__(self, path: Path, behave: Callable[[socket.socket], None]) -> None:
        self._server = socket.create_server((way.HOST, 0))
        self._server.settimeout(20.0)
        self.token = way.new_token()
        port = self._server.getsockname()[1]
        way.write(path, way.Endpoint(way.HOST, port, self.token, os.getpid(), 1))
        self.heard = b""
        self._behave = behave
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection = self._server.accept()[0]
        connection.settimeout(0.5)
        with connection:
            try:
                self._behave(connection)
                while data := connection.recv(65536):
                    self.heard += data
            except OSError:
                pass

    def close(self) -> None:
        self._thread.join()
        self._server.close()


def frame(message: dict[str, Any]) -> bytes:
    return way.pack(message, 1 << 20)


GREETING = frame({"reatone": 1, "nonce": "00"})
EVIL = {"__callable__": True, "module_name": "antigravity", "name": "fly"}
REAPY = {"__reapy__": True, "class": "Project", "args": [], "kwargs": {}}
SAYS = {
    "nothing": b"",
    "garbage": b"\x00" * 4000,
    "half a frame": GREETING[:-3],
    "a huge length": (1 << 62).to_bytes(8, "little") + b"x" * 1000,
    "HTTP": b"HTTP/1.1 200 OK\r\n\r\n",
    "another version": frame({"reatone": 7, "nonce": "00"}),
    "a wrong proof": GREETING + frame({"type": "result", "value": {"proof": "0" * 64}}),
    "no proof": GREETING + frame({"type": "result", "value": {}}),
    "an odd nonce": frame({"reatone": 1, "nonce": EVIL}) + frame({"value": EVIL}),
    "a callable": frame({**EVIL, "reatone": 1, "nonce": "0"}) + frame({"value": EVIL}),
    "a reapy object": GREETING + frame({"type": "result", "value": REAPY}),
    "reapy's greeting": (13).to_bytes(8, "little") + b"('127.0.0.1')",
}


class TestSquatter:
    @pytest.mark.parametrize("says", SAYS.values(), ids=SAYS.keys())
    def test_learns_nothing_and_runs_nothing(self, tmp_path: Path, says: bytes) -> None:
        path = tmp_path / "reaper.json"
        squatter = Squatter(path, lambda connection: connection.sendall(says))
        with pytest.raises(errors.SessionError) as raised:
            Link(path, Deadlines(connect=1.0)).call("list_tracks", {})
        squatter.close()
        assert squatter.token.encode() not in squatter.heard
        assert b"list_tracks" not in squatter.heard
        assert squatter.token not in repr(raised.getrepr())
        assert "antigravity" not in sys.modules

    def test_cannot_pass_the_proofs_on_to_the_real_server(
        self, steady: StandIn, tmp_path: Path
    ) -> None:
        real = way.read(steady.endpoint)
        path = tmp_path / "reaper.json"

        def relay(connection: socket.socket) -> None:
            with Raw(real) as server:
                greeting = server.receive()
                assert greeting is not None
                connection.sendall(frame(greeting))
                server.socket.sendall(connection.recv(4096))
                answer = server.receive()
                connection.sendall(frame(answer or {}))

        squatter = Squatter(path, relay)
        lying = way.read(path)._replace(token=real.token, pid=real.pid)
        way.write(path, lying)
        with pytest.raises(errors.NotConnected):
            Link(path, Deadlines(connect=2.0)).call("hello", {})
        squatter.close()
