from __future__ import annotations

import asyncio
import logging
import random
import socket
import threading
from collections import Counter
from pathlib import Path

import pytest

from bridge import requests
from bridge.host.host import Host
from bridge.osc import wire
from bridge.osc.outbox import MAX_SUBSCRIBERS, Place
from bridge.osc.surface import OscSurface, _Rate
from bridge.requests import Request, Status
from bridge.session import embedded
from tests.bridge.running import running
from tests.osc import abuse, liblo
from tests.osc.desk import Desk, desk
from tests.projects import pink_noise, write_song

DIRECT, OVER_UDP = 97_000, 3_000
KINDS = frozenset(requests.KINDS)


def test_ninety_seven_thousand_random_packets_do_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Straight into what takes packets apart and acts upon them, from four hosts. For half of them
    nothing is too fast, so that more than forty a second get through.
    """
    asked: Counter[str] = Counter()
    sizes: list[int] = []

    def check(d: Desk, request: Request) -> None:
        asked[request.kind] += 1
        d.submit(request)
        d.requests.clear()
        requests.parse(request.kind, request.args)
        assert "path" not in request.args, "there is no recording to be named"

    async def run() -> None:
        dice = random.Random(1)
        async with desk(folders=[tmp_path]) as d:
            surface = d.surface
            monkeypatch.setattr(surface, "_submit", lambda request: check(d, request))
            monkeypatch.setattr(
                surface._outbox, "_send", lambda data, _place: sizes.append(len(data))
            )
            for number, packet in enumerate(abuse.packets(2026, DIRECT), start=1):
                surface._receive(packet, (f"10.0.0.{dice.randrange(4)}", dice.randrange(65536)))
                if number % 500 == 0:
                    surface.show_status(Request("refresh"), Status("done"))
                    await asyncio.sleep(0)  # timers and answers have their turn
                if number == DIRECT // 2:
                    monkeypatch.setattr(_Rate, "allows", lambda _rate, _now: True)
            assert len(surface._outbox.places) <= MAX_SUBSCRIBERS
            assert len(surface._outbox._held) < 200
            await d.until(lambda: surface._fader is None)

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert caplog.records == []
    assert set(asked) == KINDS - {"match", "revert"}
    assert 0 < max(sizes) <= wire.MAX_BUNDLE


def test_after_three_thousand_over_udp_the_next_job_succeeds(
    tmp_path: Path, dump: liblo.Dump, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host.open(write_song(tmp_path / "song", {"Bass": pink_noise(1.0)}))
    surface = OscSurface(port=0, fixed=[dump.place], folders=[tmp_path])
    got = Received(surface)
    with (
        caplog.at_level(logging.INFO),
        running(lambda: embedded(host), tmp_path / "presets", surfaces=[surface]) as daemon,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        for number, packet in enumerate(abuse.packets(7, OVER_UDP, jobs=False), start=1):
            stranger.sendto(packet, surface.place)
            got.wait_for(number - 10)  # not more on their way than the buffer holds
            assert len(daemon.queue) <= 64
        got.wait_for(OVER_UDP)
        while embedded(host).list_tracks()[0].own is None:
            dump.forget()
            liblo.send(surface.place, "/reatone/auto")
            dump.wait(lambda heard: any(is_an_end(message) for message in heard))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    own = embedded(host).list_tracks()[0].own
    assert own is not None
    assert not own.edited_by_hand
    assert list(tmp_path.rglob("passwd*")) == []


class Received:
    """Counts the packets that a surface, not yet started, takes."""

    def __init__(self, surface: OscSurface) -> None:
        self._count = 0
        self._changed = threading.Condition()
        self._take = surface._receive
        surface._receive = self._receive  # type: ignore[method-assign]

    def _receive(self, data: bytes, sender: Place) -> None:
        self._take(data, sender)
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._count >= count, liblo.PATIENCE_S)


def is_an_end(message: liblo.Heard) -> bool:
    """Tell whether a message is the end of a job, or its refusal."""
    address, arguments = message
    return address == "/reatone/error" or (address, arguments) == ("/reatone/progress", (1.0,))
