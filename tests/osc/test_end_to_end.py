"""From an OSC message to REAPER and back: liblo, the daemon, TCP, and a process in REAPER's place."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge.daemon import Surface
from bridge.host.stand_in import StandIn
from bridge.osc import wire
from bridge.osc.outbox import Place
from bridge.osc.reaper_device import ReaperDevice
from bridge.osc.surface import OscSurface
from bridge.reaper.link import Link
from bridge.session import ReaperSession, Track
from tests.bridge.running import Watcher, running
from tests.osc import liblo, reapers_device
from tests.osc.shown import assert_shown
from tests.projects import pink_noise, write_song


class ReapersPort:
    """REAPER's OSC device: what arrives is set in the stand-in, by the shipped pattern file. Of
    what has come meanwhile, only the newest value of each parameter.
    """

    def __init__(self, reaper: StandIn) -> None:
        self.updates = 0
        self.ended: list[reapers_device.Param] = []
        self._reaper = reaper
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.005)
        self._closing = threading.Event()
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def place(self) -> Place:
        host, port = self._socket.getsockname()
        return host, port

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            data = self._waiting()
            newest: dict[reapers_device.Param, float] = {}
            try:
                while data:
                    self.ended += reapers_device.take(wire.read(data), newest.__setitem__)
                    data = self._waiting()
                for (track, fx, number), value in newest.items():
                    pointer = self._reaper.call("GetTrack", 0, track)
                    self._reaper.call("TrackFX_SetParamNormalized", pointer, fx, number, value)
                    self.updates += 1
            except Exception as failure:
                self.failure = failure

    def _waiting(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except TimeoutError:
            return b""


@pytest.fixture
def reaper(tmp_path: Path) -> Iterator[StandIn]:
    song = write_song(tmp_path / "song", {"Bass": pink_noise(1.0)})
    with StandIn(song, tmp_path / "run" / "reaper.json") as reaper:
        yield reaper
        assert reaper.tell("console") == []


@pytest.fixture
def link(reaper: StandIn) -> Iterator[Link]:
    with Link(reaper.endpoint) as link:
        yield link


def undo_step(reaper: StandIn) -> str:
    return str(reaper.call("Undo_CanUndo2", 0))


def the_track(link: Link) -> Track:
    (track,) = ReaperSession(link.call).list_tracks()
    return track


def end_of(ends: Watcher, kind: str) -> None:
    while True:
        ended, status = ends.end()
        assert status.state == "done", status.text
        if ended == kind:
            return


def test_a_button_then_a_fader(
    reaper: StandIn,
    link: Link,
    dump: liblo.Dump,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The stand-in is steered from outside: it takes moves later than REAPER's own device would.
    monkeypatch.setattr("bridge.osc.surface.SETTLE_S", 2.0)
    with contextlib.closing(ReapersPort(reaper)) as port:
        device = ReaperDevice(port.place)
        surface, ends = OscSurface(port=0, device=device), Watcher()
        surfaces: list[Surface] = [surface, ends]
        with (
            contextlib.closing(device),
            Link(reaper.endpoint) as own_link,
            running(
                lambda: ReaperSession(own_link.call), tmp_path, surfaces=surfaces, fader=device
            ),
        ):
            liblo.send(surface.place, "/reatone/subscribe", "i", dump.port)
            liblo.send(surface.place, "/reatone/auto", "f", 1.0)
            end_of(ends, "auto")
            assert undo_step(reaper).startswith("ReaTone: auto")
            assert_shown(the_track(link), dump)

            moves = [(n / 60.0, "/reatone/amount", f"f {n / 100:.2f}") for n in range(101)]
            liblo.send_all(surface.place, tmp_path / "moves", moves)
            end_of(ends, "amount")
            while (track := the_track(link)).memory and track.memory.amount != 1.0:
                end_of(ends, "amount")
            assert_shown(track, dump)
        assert port.failure is None
        assert port.updates > 0
        assert port.ended
    assert undo_step(reaper).startswith("ReaTone: amount")
    assert track.own is not None
    assert track.memory is not None
    assert not track.own.edited_by_hand
    heard_db, meant_db = (
        eq.response_db(np.geomspace(30.0, 16000.0, 60), 48000.0)
        for eq in (track.own.eq, track.memory.eq(1.0))
    )
    assert heard_db == pytest.approx(meant_db, abs=1e-9)
