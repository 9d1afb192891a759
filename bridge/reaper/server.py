"""ReaTone's server inside REAPER: runs the functions of `bridge.reaper.inside` for the daemon.

Built on reapy's `Server` and `defer`, without what makes reapy's own server unsafe: it listens on
the loopback only, on a port of its own choice; nobody is served without the token of the endpoint
file; functions are looked up in one table by name, nothing is imported or evaluated; no read ever
waits, so that a slow or silent client costs REAPER nothing; every request is answered.

A request is {"function": name, "input": {"args": [request]}, "id"?: text}, an answer {"type":
"result", "value": reply} or {"type": "error", "traceback": text}. The answer to a request with an
id is remembered: a client that has lost it asks for its `outcome`.

Runs in REAPER's Python: standard library and reapy only, Python 3.8 and later.
"""

from __future__ import annotations

import os
import select
import socket
import time
import traceback
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import reaper_python  # type: ignore[import-not-found]

_checked_pointer = reaper_python.rpr_packp
import reapy  # noqa: E402
from reapy.tools.network import Server as ReapyServer  # noqa: E402
from reapy.tools.network.socket import Socket  # noqa: E402

# reapy has put a pointer conversion into REAPER's module that no longer asks REAPER whether the
# pointer is valid. Ours keeps the check: a stale pointer must not crash REAPER.
reaper_python.rpr_packp = _checked_pointer

from bridge.reaper import endpoint as way  # noqa: E402
from bridge.reaper import inside, mailbox  # noqa: E402
from bridge.reaper.mailbox import Mailbox  # noqa: E402
from bridge.reaper.peer import BACKLOG, MAX_PEERS, Peer  # noqa: E402
from bridge.reaper.rpr import Refused  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.reaper.endpoint import Json

_LINGER_S, _ANSWER_S = 0.003, 0.010
_TICK_BUDGET_S = 0.020
_REMEMBERED = 16
_LONGEST_WAIT_S = 60.0
_DAEMON_GRACE_S = 5.0


class Server(ReapyServer):
    """The server; `tick` is to run on each turn of REAPER's defer loop."""

    def __init__(self, rpr: Any, path: Path) -> None:
        Socket.__init__(self)  # reapy's own opens a port to the whole network
        self.bind((way.HOST, 0))
        self.listen(BACKLOG)
        self._socket.setblocking(False)
        port = self._socket.getsockname()[1]
        self.endpoint = way.Endpoint(
            way.HOST, port, way.new_token(), os.getpid(), inside.API_VERSION
        )
        self.path = path
        self.peers: list[Peer] = []
        self.mailbox = Mailbox(rpr)
        self._rpr = rpr
        self._outcomes: OrderedDict[str, Json | None] = OrderedDict()
        self._complaints: set[str] = set()
        way.write(path, self.endpoint)

    def tick(self) -> None:
        """Serve what has arrived, for a few hundredths of a second at most, then come back later.

        A burst of requests is served in one turn; only a single request may take longer.
        """
        try:
            end = time.monotonic() + _TICK_BUDGET_S
            self._admit()
            self._serve_burst(end)
            if self._deliver():
                self._linger(_ANSWER_S)
                self._serve_burst(end)
            self._beat()
        except Exception:
            self._complain(traceback.format_exc())

    def _admit(self) -> None:
        """Let in who has connected; when there is no room, the oldest stranger has to go."""
        for _ in range(BACKLOG):
            try:
                raw, address = self._socket.accept()
            except OSError:
                return
            strangers = [peer for peer in self.peers if not peer.known]
            if len(self.peers) >= MAX_PEERS and strangers:
                self._drop(strangers[0])
            if len(self.peers) >= MAX_PEERS or address[0] != way.HOST:
                raw.close()
                continue
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peers.append(Peer(raw, self.endpoint))

    def close(self) -> None:
        """Stop serving and leave nothing behind."""
        for peer in list(self.peers):
            self._drop(peer)
        self._socket.close()
        way.remove(self.path, self.endpoint)
        self.mailbox.clear()

    # --- requests -------------------------------------------------------------------------------

    def _serve_burst(self, end: float) -> None:
        while self._serve() and time.monotonic() < end:
            self._linger(_LINGER_S)

    def _serve(self) -> bool:
        """Serve one request of each peer; return whether there was any."""
        served = False
        for peer in list(self.peers):
            try:
                message = peer.receive()
                if message is not None:
                    served = True
                    self._answer(peer, message)
            except way.BadMessage as error:
                self._dismiss(peer, f"ReaTone: {error}.")
            except Exception:
                self._complain(traceback.format_exc())
                self._dismiss(peer, "ReaTone: this cannot be answered.")
            peer.flush()
            if peer.gone:
                self._drop(peer)
        return served

    def _answer(self, peer: Peer, message: Json) -> None:
        if not peer.known:
            value = peer.authenticate(message)
            if value is None:
                self._dismiss(peer, "ReaTone: only ReaTone's own programs are served here.")
            else:
                peer.send({"type": "result", "value": value})
            return
        try:
            name, request = message["function"], message["input"]["args"][0]
        except (KeyError, IndexError, TypeError):
            name, request = None, None
        if not isinstance(name, str) or not isinstance(request, dict):
            peer.send(_error("ReaTone: this is no request."))
        elif name == "wait_event":
            self._park(peer, request)
        else:
            peer.send(self._run(name, request, message.get("id")))

    def _run(self, name: str, request: Json, identity: object) -> Json:
        """Run a function once; one whose id is known already is not run again."""
        if name == "outcome":
            return _result(self._outcome(str(request.get("id"))))
        if isinstance(identity, str) and identity in self._outcomes:
            return self._outcomes[identity] or _error("ReaTone: this request was given up.")
        try:
            if name == "set_status":
                answer = _result(self.mailbox.set_status(request))
            else:
                answer = _result(inside.call(self._rpr, name, request))
        except Refused as error:
            answer = _result({"error": error.to_json()})
        except Exception as error:
            answer = _error(f"ReaTone: {name} failed ({type(error).__name__}: {error}).")
        if isinstance(identity, str):
            self._remember(identity, answer)
        return answer

    def _outcome(self, identity: str) -> Json:
        """Say what became of a request; one that has not come yet will be refused if it does."""
        answer = self._outcomes.get(identity)
        if answer is None:
            self._remember(identity, None)
            return {"state": "never"}
        return {"state": "done", "answer": answer}

    def _remember(self, identity: str, answer: Json | None) -> None:
        self._outcomes[identity] = answer
        while len(self._outcomes) > _REMEMBERED:
            self._outcomes.popitem(last=False)

    # --- events ---------------------------------------------------------------------------------

    def _park(self, peer: Peer, request: Json) -> None:
        try:
            wait_s = min(
                max(float(request.get("timeout_s", _LONGEST_WAIT_S)), 0.0), _LONGEST_WAIT_S
            )
        except (TypeError, ValueError):
            wait_s = 0.0
        peer.parked_until = time.monotonic() + wait_s
        self.mailbox.meet(str(request.get("daemon", ""))[:64])

    def _deliver(self) -> bool:
        """Bring events to the first peer that waits; let those go whose time is over.

        Return whether there were events.
        """
        self.mailbox.drain()
        now, delivered = time.monotonic(), False
        for peer in list(self.peers):
            if peer.parked_until is None:
                continue
            peer.parked_at = now
            events = self.mailbox.take()
            if events or now >= peer.parked_until:
                peer.parked_until = None
                peer.send(_result({"events": events}))
            if peer.gone:
                self.mailbox.give_back(events)
                self._drop(peer)
            elif events:
                delivered = True
        return delivered

    def _beat(self) -> None:
        now = time.monotonic()
        due = now >= self.mailbox.next_beat
        self.mailbox.beat(any(now - peer.parked_at < _DAEMON_GRACE_S for peer in self.peers))
        if due and not self.path.exists():
            way.write(self.path, self.endpoint)  # another REAPER has gone and taken its file along

    # --- peers ----------------------------------------------------------------------------------

    def _linger(self, seconds: float) -> None:
        """Wait a moment for the next request of a burst, or for the one that follows an event."""
        known = [peer.socket for peer in self.peers if peer.known]
        if known:
            select.select(known, [], [], seconds)

    def _dismiss(self, peer: Peer, text: str) -> None:
        peer.send(_error(text))
        peer.gone = True

    def _drop(self, peer: Peer) -> None:
        peer.close()
        if peer in self.peers:
            self.peers.remove(peer)

    def _complain(self, text: str) -> None:
        """Show an error of our own in REAPER's console, each once."""
        if text not in self._complaints and len(self._complaints) < 8:
            self._complaints.add(text)
            self._rpr.RPR_ShowConsoleMsg(f"ReaTone: {text}\n")


def start() -> Server | None:
    """Start serving inside REAPER until it quits; None when a server is running already."""
    if mailbox.alive(reaper_python):
        return None
    server = Server(reaper_python, way.default_path())
    reapy.at_exit(server.close)
    _loop(server)
    return server


def _loop(server: Server) -> None:
    try:
        server.tick()
    finally:
        reapy.defer(_loop, server)


def _result(value: Json) -> Json:
    return {"type": "result", "value": value}


def _error(text: str) -> Json:
    return {"type": "error", "traceback": text}
