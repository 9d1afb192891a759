"""A surface in an event loop, with what it asks for and what it shows at hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from bridge.errors import BridgeError
from bridge.osc import wire
from bridge.osc.outbox import Place
from bridge.osc.surface import OscSurface
from bridge.requests import Request

PATIENCE_S = 30.0
Arguments = tuple[object, ...]


class Desk(asyncio.DatagramProtocol):
    """What is at the other end of a surface: it sends, hears, and takes requests.

    refuse: raised for the next requests in place of taking them.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.heard: list[tuple[str, Arguments]] = []
        self.packets: list[bytes] = []
        self.refuse: BridgeError | None = None
        self.surface: OscSurface
        self._changed = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def place(self) -> Place:
        """Where it hears."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        return host, port

    def say(self, address: str, *arguments: Any) -> None:
        """Send a message to the surface."""
        self.say_bytes(wire.write(address, arguments))

    def say_bytes(self, data: bytes) -> None:
        """Send a packet to the surface."""
        assert self._transport is not None
        self._transport.sendto(data, self.surface.place)

    def submit(self, request: Request) -> None:
        """Take a request, as the daemon would."""
        if self.refuse:
            raise self.refuse
        self.requests.append(request)
        self._changed.set()

    def kinds(self) -> list[str]:
        """Return the kinds of the requests."""
        return [request.kind for request in self.requests]

    def values(self, address: str) -> list[Arguments]:
        """Return what was heard at an address."""
        return [arguments for at, arguments in self.heard if at == address]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, looking whenever something has come."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def settled(self) -> None:
        """Wait until the surface has acted upon all that was said."""
        count = self.kinds().count("undo") + 1
        self.say("/reatone/undo")
        await self.until(lambda: self.kinds().count("undo") == count)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, _addr: object) -> None:
        self.packets.append(data)
        self.heard += wire.read(data)
        self._changed.set()


@contextlib.asynccontextmanager
async def desk(*, listens: bool = True, **options: Any) -> AsyncIterator[Desk]:
    """Run a surface with a desk at its other end, which is sent everything if it listens."""
    loop = asyncio.get_running_loop()
    transport, desk = await loop.create_datagram_endpoint(Desk, local_addr=("127.0.0.1", 0))
    fixed = [desk.place] if listens else []
    desk.surface = OscSurface(port=0, fixed=fixed, **options)
    await desk.surface.start(desk.submit)
    try:
        yield desk
    finally:
        desk.surface.close()
        transport.close()
