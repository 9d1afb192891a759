"""One connection as the server in REAPER sees it: reads and writes that never wait, and who it is.

Runs in REAPER's Python: standard library only, Python 3.8 and later.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bridge.reaper.endpoint import (
    HANDSHAKE_LIMIT,
    REPLY_LIMIT,
    REQUEST_LIMIT,
    BadMessage,
    Endpoint,
    Frames,
    new_nonce,
    pack,
    proof,
    same,
)

if TYPE_CHECKING:
    import socket

    from bridge.reaper.endpoint import Json

MAX_PEERS = 16
"""How many connections are kept at a time."""
BACKLOG = 128
"""How many may wait to be let in; when more do, a client is held up for a second."""
PATIENCE_S = 5.0
"""How long a message may stand still half-way, and a stranger may take to say who they are."""
_READ_BYTES = 256 << 10
_UNSENT_LIMIT = 2 * REPLY_LIMIT


class Peer:
    """A connection. `known` once it has shown that it knows the token.

    parked_until: when its wait for events ends, None while it does not wait. parked_at: when it
    was seen waiting last.
    """

    def __init__(self, raw: socket.socket, endpoint: Endpoint) -> None:
        raw.setblocking(False)
        self.socket = raw
        self.known = False
        self.gone = False
        self.parked_until: float | None = None
        self.parked_at = float("-inf")
        self._endpoint = endpoint
        self._nonce = new_nonce()
        self._frames = Frames(HANDSHAKE_LIMIT)
        self._unsent = bytearray()
        self._since = time.monotonic()
        self.send({"reatone": endpoint.api, "nonce": self._nonce})

    def receive(self) -> Json | None:
        """Read what has arrived; return a whole message if there is one.

        Nothing is returned once the other side has gone: nobody would learn what became of it.
        Raises BadMessage.
        """
        progress = self._read()
        message = None if self.gone else self._frames.take()
        now = time.monotonic()
        if self.known and (progress or not self._frames.pending):
            self._since = now
        elif message is None and now - self._since > PATIENCE_S:
            self.gone = True
        return message

    def authenticate(self, message: Json) -> Json | None:
        """Check a stranger's first message; return our own proof, or None for a wrong one."""
        client_nonce = message.get("nonce")
        if not isinstance(client_nonce, str):
            return None
        expected = proof(self._endpoint, "client", self._nonce, client_nonce)
        if not same(message.get("proof"), expected):
            return None
        self.known = True
        self._frames.limit = REQUEST_LIMIT
        return {"proof": proof(self._endpoint, "server", self._nonce, client_nonce)}

    def send(self, message: Json) -> None:
        """Send a message; what does not fit goes out with later calls of `flush`."""
        try:
            data = pack(message, REPLY_LIMIT)
        except BadMessage as error:
            data = pack({"type": "error", "traceback": f"ReaTone: {error}."}, REPLY_LIMIT)
        self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Send as much as goes without waiting."""
        while self._unsent and not self.gone:
            try:
                sent = self.socket.send(memoryview(bytes(self._unsent[:_READ_BYTES])))
            except BlockingIOError:
                self.gone = len(self._unsent) > _UNSENT_LIMIT
                return
            except OSError:
                self.gone = True
                return
            del self._unsent[:sent]

    def close(self) -> None:
        """End the connection."""
        self.gone = True
        self.socket.close()

    def _read(self) -> bool:
        """Read until nothing is there or there is a message; return whether anything came."""
        came = False
        while not self.gone and self._frames.pending <= self._frames.limit:
            try:
                data = self.socket.recv(_READ_BYTES if self.known else HANDSHAKE_LIMIT)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self.gone = not data
            came = came or bool(data)
            self._frames.feed(data)
        return came
