"""A client that says what it likes, to try the server in REAPER."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bridge.reaper import endpoint as way
from bridge.reaper.endpoint import Endpoint, Frames

Json = dict[str, Any]
PATIENCE_S = 20.0


class Raw:
    """A connection to the server of an endpoint; keeps every byte that came (`heard`)."""

    def __init__(self, endpoint: Endpoint, *, port: int | None = None) -> None:
        self.endpoint = endpoint
        self.socket = socket.create_connection((way.HOST, port or endpoint.port), PATIENCE_S)
        self.socket.settimeout(PATIENCE_S)
        self.heard = b""
        self._frames = Frames(way.REPLY_LIMIT)

    @classmethod
    def known(cls, path: Path) -> Self:
        """Connect and prove who we are."""
        raw = cls(way.read(path))
        raw.shake_hands()
        return raw

    def shake_hands(self, token: str | None = None) -> Json | None:
        """Do our part of the handshake, with another token if given; return the answer."""
        greeting = self.receive()
        assert greeting is not None
        endpoint = self.endpoint._replace(token=token or self.endpoint.token)
        nonce = way.new_nonce()
        proof = way.proof(endpoint, "client", greeting["nonce"], nonce)
        return self.ask({"nonce": nonce, "proof": proof})

    def ask(self, message: Json) -> Json | None:
        """Send a message and return the answer."""
        self.send(way.pack(message, 1 << 30))
        return self.receive()

    def request(self, function: object, request: object, **more: object) -> Json | None:
        """Send a request and return the answer."""
        return self.ask({"function": function, "input": {"args": [request]}, **more})

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def receive(self) -> Json | None:
        """Return the next message, None when the server has closed the connection."""
        while (message := self._frames.take()) is None:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self.heard += data
            self._frames.feed(data)
        return message

    def is_closed(self) -> bool:
        """Read to the end; True when there is one."""
        while self.receive() is not None:
            pass
        return True

    def reset(self) -> None:
        """Close with a reset, as a port scanner does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.socket.close()
