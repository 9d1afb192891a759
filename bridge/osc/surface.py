"""Control surfaces: an OSC server over UDP, and feedback of what was read back from REAPER.

The surface never owns a state: after each command the values that are really there are sent, so a
fader whose change failed goes back.

Nothing proves who sends a packet. So what can be asked for is harmless (no code, no file but the
user's presets and references), work and answers are bounded, and only this computer is listened to
unless the user wants it otherwise.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bridge.errors import BridgeError, SessionError, UsageError
from bridge.osc import references, wire
from bridge.osc.addresses import (
    AMOUNT,
    ERROR,
    INCOMING,
    PROGRESS,
    REFRESH,
    STATUS,
    SUBSCRIBE,
    Message,
    state_messages,
    to_request,
)
from bridge.osc.outbox import Outbox, Place
from bridge.osc.reaper_device import ReaperDevice
from bridge.requests import QUIET, Request, Status, TrackState

log = logging.getLogger("reatone.osc")

DEFAULT_PORT = 9876
LOOPBACK = "127.0.0.1"
SETTLE_S = 0.25
"""A fader that has not moved for this long has arrived: its value is written, as one undo step."""
_RATE_S, _RATE = 1.0, 40
"""Buttons and texts taken within a time, at most; refusals that are worth a line in the log."""
_MAX_TEXT = 400


class OscSurface:
    """The OSC side of the daemon (a `bridge.daemon.Surface`).

    port: 0 for any free one. fixed: places that are sent everything without asking. device:
    REAPER's own OSC device, for moves that are heard while a fader moves. folders: where the
    recordings are that surfaces may name, None for `references.default_folders`.
    """

    def __init__(
        self,
        host: str = LOOPBACK,
        port: int = DEFAULT_PORT,
        fixed: Sequence[Place] = (),
        device: ReaperDevice | None = None,
        folders: Sequence[Path] | None = None,
    ) -> None:
        self._address = (host, port)
        self._folders = references.default_folders() if folders is None else tuple(folders)
        self._outbox = Outbox(self._send, fixed)
        self._device = device
        self._submit: Callable[[Request], None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._protocol: _Protocol | None = None
        self._state = TrackState()
        self._status: dict[str, tuple[Any, ...]] = {}
        self._bands = 0
        self._fader: Request | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._refreshing = False
        self._taken, self._refused = _Rate(), _Rate()

    @property
    def place(self) -> Place:
        """Where the surface listens."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    async def start(self, submit: Callable[[Request], None]) -> None:
        """Begin to listen. Raises SessionError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._submit = submit
        try:
            transport, self._protocol = await loop.create_datagram_endpoint(
                lambda: _Protocol(self._receive), local_addr=self._address
            )
        except OSError as error:
            raise SessionError(
                f"The OSC port {self._address[1]} cannot be opened: {error}.",
                "Choose another one with --osc-port, or switch OSC off with --osc-port 0.",
            ) from error
        self._transport = transport
        log.info("OSC surfaces: %s port %d", *self.place)

    def close(self) -> None:
        """Stop listening."""
        if self._settling:
            self._settling.cancel()
        self._outbox.close()
        if self._transport:
            self._transport.close()

    # --- in -------------------------------------------------------------------------------------

    def _receive(self, data: bytes, sender: Place) -> None:
        """Act on a packet; nothing that it holds may do any harm."""
        try:
            messages = wire.read(data)
        except wire.BadPacket as error:
            log.debug("a packet from %s is no OSC: %s", sender, error)
            return
        self._outbox.renew(sender[0])
        for address, arguments in messages:
            try:
                self._act(address, arguments, sender)
            except BridgeError as error:
                self._refuse(address, error)

    def _refuse(self, address: str, error: BridgeError) -> None:
        if self._refused.allows(asyncio.get_running_loop().time()):
            log.info("OSC %s refused: %s", address, error)
        self.show_error(error)

    def _act(self, address: str, arguments: Sequence[object], sender: Place) -> None:
        if address == SUBSCRIBE:
            self._limit()
            self._subscribe(arguments, sender)
            return
        if address not in INCOMING:
            log.debug("no such OSC address: %s", address[:80])
            return
        request = to_request(address, arguments)
        if request is None:
            return
        if address == AMOUNT:
            self._move(request)
            return
        self._limit()
        if address == REFRESH:
            self._outbox.put(self._everything())
            self._look()
            return
        if "path" in request.args:
            path = references.find(request.args["path"], self._folders)
            request = replace(request, args={**request.args, "path": str(path)})
        self._hand_over(request)

    def _subscribe(self, arguments: Sequence[object], sender: Place) -> None:
        """Take a port to which the sender's host wants feedback; 0 ends all of that host's."""
        port = arguments[0] if len(arguments) == 1 else None
        if isinstance(port, float) and port.is_integer():
            port = int(port)  # most surfaces know numbers of one kind only
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port < 65536:
            raise UsageError(f"{SUBSCRIBE}: a port from 1 to 65535 is needed, or 0 to end it.")
        if port == 0:
            self._outbox.unsubscribe(sender[0])
            return
        place = (sender[0], port)
        if not self._outbox.subscribe(place):
            raise SessionError("Too many surfaces have subscribed.", "End one of them.")
        log.info("OSC feedback to %s:%d", *place)
        self._outbox.put_to(place, self._everything())
        self._look()

    def _look(self) -> None:
        """Have the state read back, unless that is on its way."""
        if self._refreshing:
            return
        self._refreshing = True
        try:
            self._hand_over(Request("refresh"))
        except BridgeError:
            self._refreshing = False
            raise

    def _move(self, request: Request) -> None:
        """Follow a fader: heard at once over REAPER's device, written when it stands still."""
        self._fader = request
        if self._settling:
            self._settling.cancel()
        self._settling = asyncio.get_running_loop().call_later(SETTLE_S, self._settle)
        if self._device and self._device.move(request.args["set"]):
            self._hand_over(Request("touch"))

    def _settle(self) -> None:
        request, self._fader, self._settling = self._fader, None, None
        if request is None:
            return
        if self._device:
            self._device.release()
        try:
            self._hand_over(request)
        except BridgeError as error:
            self._refuse(AMOUNT, error)

    def _hand_over(self, request: Request) -> None:
        assert self._submit is not None
        self._submit(request)

    def _limit(self) -> None:
        """Refuse what comes faster than any hand."""
        if not self._taken.allows(asyncio.get_running_loop().time()):
            raise SessionError("Too many messages at once.", "Send fewer.")

    # --- out ------------------------------------------------------------------------------------

    def show_status(self, request: Request, status: Status) -> None:
        """Show how a job stands."""
        if request.kind == "refresh" and status.final:
            self._refreshing = False
        if request.kind in QUIET:
            return
        text = status.text or status.step or status.state
        messages: list[Message] = [(STATUS, (_one_line(text),))]
        if status.fraction is not None:
            messages.append((PROGRESS, (float(status.fraction),)))
        self._status.update(messages)
        self._outbox.put(messages)

    def show_error(self, error: BridgeError) -> None:
        """Show why something failed."""
        self._outbox.put([(ERROR, (error.code, _one_line(str(error))))])

    def show_state(self, state: TrackState) -> None:
        """Show what is on the track in hand, as read back."""
        self._state = state
        count = len(state.eq.bands) if state.eq else 0
        messages = list(state_messages(state, max(self._bands, count)))
        if self._fader is not None:  # a finger is on it: do not pull it away
            messages = [message for message in messages if message[0] != AMOUNT]
        self._bands = count
        self._outbox.put(messages)

    def _everything(self) -> list[Message]:
        return [*self._status.items(), *state_messages(self._state, self._bands)]

    def _send(self, data: bytes, place: Place) -> None:
        transport, protocol = self._transport, self._protocol
        if transport and protocol and not transport.is_closing() and not protocol.full:
            transport.sendto(data, place)


class _Rate:
    """So many times in a second, at most."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=_RATE)

    def allows(self, now_s: float) -> bool:
        """Return whether there is room now, and take it."""
        if len(self._times_s) == _RATE and now_s - self._times_s[0] < _RATE_S:
            return False
        self._times_s.append(now_s)
        return True


class _Protocol(asyncio.DatagramProtocol):
    """Hands packets on; errors of single packets (nobody listens there) mean nothing.

    full: the network does not take what waits already, more is to be thrown away.
    """

    def __init__(self, receive: Callable[[bytes, Place], None]) -> None:
        self._receive = receive
        self.full = False

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._receive(data, (str(addr[0]), addr[1]))

    def error_received(self, exc: Exception) -> None:
        log.debug("OSC: %s", exc)


def _one_line(text: str) -> str:
    """Return the first lines as one, short enough for a packet."""
    line = " · ".join(part.strip() for part in text.splitlines() if part.strip())
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"
