"""A whole session with ReaTone over OSC, liblo on the other side, the embedded host in place of
REAPER.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.daemon import Daemon, Surface
from bridge.host.host import Host
from bridge.osc.addresses import STATUS
from bridge.osc.outbox import Place
from bridge.osc.surface import OscSurface
from bridge.requests import QUIET
from bridge.session import OwnEq, ReaperSession, Track, embedded
from tests.bridge.running import Watcher, running
from tests.osc import liblo
from tests.osc.shown import assert_shown, of_track
from tests.projects import pink_noise, write_song


@dataclass
class Session:
    """A daemon, a surface and oscdump, which has subscribed."""

    host: Host
    reaper: ReaperSession
    daemon: Daemon
    place: Place
    dump: liblo.Dump
    ends: Watcher
    writes: list[str]

    def send(self, address: str, types: str = "", *values: Any) -> None:
        liblo.send(self.place, f"/reatone/{address}", types, *values)

    def do(self, address: str, types: str = "", *values: Any) -> str:
        """Send a message, wait for the end of its job, and return what liblo was told of it."""
        self.dump.forget()
        self.send(address, types, *values)
        kind = ""
        while kind in QUIET | {""}:
            kind, status = self.ends.end()
            assert status.state == "done", status.text
        line = status.text.splitlines()[0].strip()
        self.dump.wait(lambda heard: any(at == STATUS and line in str(a[0]) for at, a in heard))
        return line

    def fail(self, address: str, types: str = "", *values: Any) -> tuple[str, str]:
        """Send a message that is refused or fails; return the error's code and text."""
        self.dump.forget()
        self.send(address, types, *values)
        code, text = self.dump.last("/reatone/error")
        return str(code), str(text)

    def edit_by_hand(self) -> None:
        """Turn a knob of each track's EQ, as a user would."""
        for track in self.reaper.list_tracks():
            assert track.own is not None
            pointer = self.host.api.RPR_GetTrack(0, track.number - 1)
            self.host.api.RPR_TrackFX_SetParamNormalized(pointer, track.own.fx, 2, 0.77)

    def track(self) -> Track:
        return self.reaper.list_tracks()[0]

    def own(self) -> OwnEq:
        own = self.track().own
        assert own is not None
        return own


@pytest.fixture
def session(tmp_path: Path, dump: liblo.Dump) -> Iterator[Session]:
    noise = {"Bass": pink_noise(1.0), "Gtr": pink_noise(1.0, 1)}
    host = Host.open(write_song(tmp_path / "Music", noise))
    reaper = embedded(host)
    writes: list[str] = []

    def call(name: str, request: dict[str, Any]) -> dict[str, Any]:
        writes.append(name)
        return reaper._transport(name, request)

    surface, ends = OscSurface(port=0, folders=[tmp_path / "Music"]), Watcher()
    surfaces: list[Surface] = [surface, ends]
    with running(lambda: ReaperSession(call), tmp_path / "p", surfaces=surfaces) as daemon:
        liblo.send(surface.place, "/reatone/subscribe", "i", dump.port)
        dump.wait_for("/reatone/track/name", "Bass")
        yield Session(host, reaper, daemon, surface.place, dump, ends, writes)


def test_a_button_equalises_and_the_values_read_back_are_shown(session: Session) -> None:
    assert "Bass: equalised" in session.do("auto", "f", 1.0)
    assert_shown(session.track(), session.dump)
    steps = [arguments[0] for at, arguments in session.dump.heard if at == "/reatone/progress"]
    assert steps == sorted(steps)
    assert not [at for at, _ in session.dump.heard if at == "/reatone/error"]


def test_the_whole_life_of_an_eq(session: Session) -> None:
    assert "equalised" in session.do("class", "s", "Bass guitar")
    assert session.dump.last("/reatone/track/class") == ("bass guitar",)
    session.do("amount", "f", 0.25)
    assert_shown(session.track(), session.dump)
    assert session.dump.last("/reatone/amount") == (0.25,)
    session.do("bypass", "f", 1.0)
    assert session.dump.last("/reatone/bypass") == (1,)
    assert not session.own().enabled
    session.do("bypass", "T")
    assert not session.own().enabled
    session.do("bypass", "i", 0)
    assert session.own().enabled
    session.do("preset/save", "s", "My sound")
    kept = session.own().eq
    session.do("amount", "i", -1)
    assert session.own().eq != kept
    session.do("undo")
    assert session.own().eq == kept
    session.do("preset/load", "s", "my sound Bass")
    assert session.own().eq == kept
    assert "equalised" in session.do("match", "s", "2.wav")


def test_releases_and_other_addresses_do_nothing(session: Session) -> None:
    for message in (("auto", "f", 0.0), ("auto", "F"), ("undo", "i", 0), ("autos",), ("auto/x",)):
        session.send(*message)
    code, _ = session.fail("amount", "f", 9.0)
    assert code == "usage"
    assert set(session.writes) <= {"list_tracks"}
    assert session.track().own is None


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        (("amount", "f", 2.5), "usage", "-1 ... 2"),
        (("amount", "f", "nan"), "usage", "-1 ... 2"),
        (("amount", "s", "0.5"), "usage", "-1 ... 2"),
        (("auto", "ff", 1.0, 1.0), "usage", "/reatone/auto"),
        (("subscribe", "s", "here"), "usage", "port"),
        (("match", "s", "/etc/passwd"), "usage", "no recording '/etc/passwd'"),
        (("class", "s", "kazoo"), "usage", "no class"),
        (("preset/load", "s", "../../etc/passwd"), "preset", "no preset"),
        (("bypass", "i", 1), "nothing_selected", "None of the selected"),
        (("amount", "f", 0.5), "nothing_selected", "None of these tracks"),
        (("undo",), "nothing_to_undo", "undo"),
    ],
)
def test_errors_are_messages_and_the_next_job_succeeds(
    session: Session, message: tuple[Any, ...], code: str, says: str
) -> None:
    heard, text = session.fail(*message)
    assert heard == code
    assert says in text
    session.dump.forget()
    session.send("refresh")
    session.dump.wait_for("/reatone/track/name", "Bass")


def test_a_fader_whose_change_failed_goes_back(session: Session) -> None:
    """The EQ was edited by hand, so that the amount is left alone."""
    session.do("auto")
    session.edit_by_hand()
    code, text = session.fail("amount", "f", 0.1)
    assert code == "error"
    assert "edited by hand" in text
    memory = session.track().memory
    assert memory is not None
    session.dump.wait_for("/reatone/amount", memory.amount)


def test_refresh_sends_everything_and_nought_ends_it(session: Session, dump: liblo.Dump) -> None:
    session.do("auto")
    dump.forget()
    session.send("refresh")
    for address in of_track(session.track()):
        dump.wait_for(address)
    session.send("subscribe", "i", 0)
    with liblo.Dump() as other:
        session.send("subscribe", "i", other.port)
        other.wait_for("/reatone/band/1/freq/hz")
        dump.forget()
        session.send("bypass", "i", 1)
        other.wait_for("/reatone/bypass", 1)
    assert dump.heard == []


def test_a_thousand_moves_at_four_hundred_a_second_are_few_writes(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.do("auto")
    session.writes.clear()
    session.dump.forget()
    longest = 0
    put = session.daemon.queue.put

    def counted(request: Any) -> None:
        nonlocal longest
        put(request)
        longest = max(longest, len(session.daemon.queue))

    monkeypatch.setattr(session.daemon.queue, "put", counted)
    moves = [(n / 400.0, "/reatone/amount", f"f {n / 999:.4f}") for n in range(1000)]
    liblo.send_all(session.place, tmp_path / "moves", moves)
    session.dump.wait_for("/reatone/amount", 1.0)
    assert longest <= 2
    assert len(session.daemon.queue) == 0
    assert 1 <= session.writes.count("write_eq") <= 10
    memory = session.track().memory
    assert memory is not None
    assert memory.amount == 1.0
    assert_shown(session.track(), session.dump)
