from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import Busy, SessionError
from bridge.memory import Memory
from bridge.osc import wire
from bridge.osc.outbox import INTERVAL_S
from bridge.osc.reaper_device import ReaperDevice
from bridge.osc.surface import OscSurface
from bridge.reaper import reaeq
from bridge.requests import Request, Status, TrackState
from bridge.session import OwnEq, Track
from models.eq import Band, BandKind, Eq
from tests.osc.desk import desk

EQ = Eq((Band(BandKind.BELL, 320.0, -3.0, 1.2), Band(BandKind.HIGH_SHELF, 8000.0, 2.0, 1.0)))
STATE = TrackState("Bass", "bass_guitar", 0.9, 0.65, False, EQ)
DONE = Status("done", "", 1.0, "Done.")
Test = Callable[..., Coroutine[Any, Any, None]]


def in_loop(test: Test) -> Callable[..., None]:
    """Run a test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def a_track() -> Track:
    memory = Memory(0.65, EQ)
    own = OwnEq("{fx}", 0, True, reaeq.encode(reaeq.from_eq(memory.eq(0.65))), False)
    return Track("{1}", "Bass", 1, True, own=own, memory=memory)


class TestIn:
    @in_loop
    async def test_messages_become_requests(self) -> None:
        async with desk() as d:
            d.say("/reatone/auto", 1.0)
            d.say("/reatone/auto", 0.0)
            d.say("/reatone/describe", "warmer")
            d.say("/nobody/knows", 1)
            d.say("/Reatone/auto", 1)
            d.say("/reatone/*", 1)
            await d.settled()
            assert d.kinds() == ["auto", "describe", "undo"]
            assert d.requests[1].args == {"text": "warmer"}
            assert not d.values("/reatone/error")

    @in_loop
    async def test_a_bundle_is_taken_in_its_order(self) -> None:
        async with desk() as d:
            names = ("auto", "cancel", "undo", "master")
            packets = list(wire.bundles(wire.write(f"/reatone/{name}", ()) for name in names))
            assert len(packets) == 1
            d.say_bytes(packets[0])
            await d.until(lambda: len(d.requests) == 4)
            assert d.kinds() == list(names)

    @in_loop
    async def test_what_makes_no_sense_is_answered_and_what_is_no_osc_is_not(self) -> None:
        async with desk() as d:
            d.say_bytes(b"hello")
            d.say("/reatone/amount", 7.0)
            await d.until(lambda: bool(d.heard))
            ((address, (code, text)),) = d.heard
            assert (address, code) == ("/reatone/error", "usage")
            assert "/reatone/amount" in str(text)
            assert "-1 ... 2" in str(text)
            assert d.requests == []

    @in_loop
    async def test_a_full_queue_is_told(self) -> None:
        async with desk() as d:
            d.refuse = Busy("64 requests wait already.", "Wait.")
            d.say("/reatone/auto")
            await d.until(lambda: bool(d.heard))
            assert d.heard == [("/reatone/error", ("busy", "64 requests wait already. Wait."))]

    @in_loop
    async def test_more_than_any_hand_can_press_is_refused(self) -> None:
        async with desk() as d:
            pressed = wire.write("/reatone/auto", ())
            for packet in wire.bundles([pressed] * 64):
                d.say_bytes(packet)
            await d.until(lambda: bool(d.heard))
            assert d.values("/reatone/error") == [
                ("session", "Too many messages at once. Send fewer.")
            ]
            assert d.kinds() == ["auto"] * 40

    @in_loop
    async def test_recordings_are_named_in_their_folders_only(self, tmp_path: Path) -> None:
        (tmp_path / "music").mkdir()
        (tmp_path / "music" / "song.wav").touch()
        (tmp_path / "secret.wav").touch()
        async with desk(folders=[tmp_path / "music"]) as d:
            d.say("/reatone/match", str(tmp_path / "secret.wav"))
            await d.until(lambda: bool(d.heard))
            d.say("/reatone/match", "song.wav")
            await d.until(lambda: bool(d.requests))
            assert "no recording" in str(d.heard[0][1][1])
            assert d.requests[0].args == {"path": str(tmp_path / "music" / "song.wav")}

    @in_loop
    async def test_it_listens_to_this_computer_only_and_says_when_the_port_is_taken(self) -> None:
        async with desk() as d:
            assert d.surface.place[0] == "127.0.0.1"
            second = OscSurface(port=d.surface.place[1])
            with pytest.raises(SessionError, match="--osc-port"):
                await second.start(d.submit)


class TestSubscriptions:
    @in_loop
    async def test_a_subscriber_is_sent_everything_then_what_changes(self) -> None:
        async with desk(listens=False) as d:
            d.surface.show_status(Request("auto"), DONE)
            d.surface.show_state(STATE)
            d.say("/reatone/subscribe", d.place[1])
            await d.until(lambda: bool(d.values("/reatone/band/2/width/str")))
            assert d.values("/reatone/status") == [("Done.",)]
            assert d.values("/reatone/track/name") == [("Bass",)]
            assert d.kinds() == ["refresh"]
            d.surface.show_status(Request("auto"), Status("running", "Rendering", 0.5))
            await d.until(lambda: len(d.values("/reatone/status")) == 2)
            assert d.values("/reatone/progress")[-1] == (0.5,)

    @in_loop
    async def test_faders_send_ports_as_floats_and_nought_ends_it(self) -> None:
        async with desk(listens=False) as d:
            d.say("/reatone/subscribe", float(d.place[1]))
            await d.until(lambda: d.kinds() == ["refresh"])
            d.say("/reatone/subscribe", 0)
            await d.settled()
            d.heard.clear()
            d.surface.show_status(Request("auto"), DONE)
            d.say("/reatone/subscribe", d.place[1])
            await d.until(lambda: bool(d.heard))
            assert len(d.values("/reatone/status")) == 1

    @pytest.mark.parametrize("port", ["9000", -1, 65536, 1.5, None])
    @in_loop
    async def test_what_is_no_port_is_refused(self, port: Any) -> None:
        async with desk() as d:
            arguments = () if port is None else (port,)
            d.say("/reatone/subscribe", *arguments)
            await d.until(lambda: bool(d.heard))
            assert d.heard[0][1][0] == "usage"

    @in_loop
    async def test_one_look_at_a_time_however_often_it_is_asked_for(self) -> None:
        """Sixty-four requests to refresh filled the queue, and no job was taken any more."""
        async with desk() as d:
            for _ in range(15):
                d.say("/reatone/refresh")
                d.say("/reatone/subscribe", d.place[1])
            await d.settled()
            assert d.kinds() == ["refresh", "undo"]
            d.surface.show_status(d.requests[0], Status("done"))
            d.say("/reatone/refresh")
            await d.settled()
            assert d.kinds()[2:] == ["refresh", "undo"]

    @in_loop
    async def test_a_look_that_was_not_taken_may_be_asked_for_again(self) -> None:
        async with desk() as d:
            d.refuse = Busy("Full.")
            d.say("/reatone/refresh")
            await d.until(lambda: bool(d.values("/reatone/error")))
            d.refuse = None
            d.say("/reatone/refresh")
            await d.until(lambda: d.kinds() == ["refresh"])


class TestOut:
    @in_loop
    async def test_refresh_sends_what_is_known_at_once(self) -> None:
        async with desk(listens=False) as d:
            d.surface.show_state(STATE)
            d.say("/reatone/subscribe", d.place[1])
            last = "/reatone/band/2/width/str"
            await d.until(lambda: len(d.values(last)) == 1)
            d.say("/reatone/refresh", 1.0)
            await d.until(lambda: len(d.values(last)) == 2)
            assert d.values("/reatone/amount") == [(pytest.approx(0.65),)] * 2

    @in_loop
    async def test_bands_that_have_gone_are_blanked(self) -> None:
        async with desk() as d:
            d.surface.show_state(STATE)
            d.surface.show_state(TrackState("Bass", "bass_guitar", 0.9, None, None, None))
            await d.until(lambda: d.values("/reatone/band/2/type")[-1:] == [("",)])
            assert d.values("/reatone/band/1/freq/str")[-1] == ("",)

    @in_loop
    async def test_a_long_report_is_one_line_that_fits(self) -> None:
        async with desk() as d:
            d.surface.show_status(Request("auto"), Status("done", "", 1.0, "a line\n" * 500))
            await d.until(lambda: bool(d.values("/reatone/status")))
            ((text,),) = d.values("/reatone/status")
            assert str(text).startswith("a line · a line")
            assert len(str(text)) <= 400
            assert all(len(packet) <= 1024 for packet in d.packets)

    @in_loop
    async def test_looks_are_not_worth_a_word(self) -> None:
        async with desk() as d:
            for kind in ("refresh", "touch"):
                d.surface.show_status(Request(kind), Status("running", "Starting", 0.0))
            d.surface.show_status(Request("auto"), DONE)
            await d.until(lambda: bool(d.heard))
            assert d.values("/reatone/status") == [("Done.",)]

    @in_loop
    async def test_what_the_network_does_not_take_is_thrown_away(self) -> None:
        async with desk() as d:
            protocol = d.surface._protocol
            assert protocol is not None
            protocol.pause_writing()
            d.surface.show_error(Busy("lost"))
            protocol.resume_writing()
            d.surface.show_status(Request("auto"), DONE)
            await d.until(lambda: bool(d.heard))
            assert not d.values("/reatone/error")

    @in_loop
    async def test_the_newest_value_arrives_and_few_of_those_before(self) -> None:
        async with desk() as d:
            loop = asyncio.get_running_loop()
            start_s = loop.time()
            for number in range(200):
                d.surface.show_state(TrackState("Bass", "", number / 199))
            await d.until(lambda: d.values("/reatone/track/confidence")[-1:] == [(1.0,)])
            most = (loop.time() - start_s) / INTERVAL_S + 2.0
            assert 2 <= len(d.values("/reatone/track/confidence")) <= most


class TestFader:
    @in_loop
    async def test_it_is_written_once_when_it_rests(self) -> None:
        async with desk() as d:
            for number in range(100):
                d.say("/reatone/amount", number / 99)
            await d.until(lambda: bool(d.requests))
            assert d.requests[0].args == {"set": 1.0}
            d.say("/reatone/amount", 0.25)
            await d.until(lambda: len(d.requests) == 2)
            assert [request.args["set"] for request in d.requests] == [1.0, 0.25]

    @in_loop
    async def test_a_finger_on_it_is_not_pulled_away(self) -> None:
        async with desk() as d:
            d.say("/reatone/amount", 0.9)
            await d.settled()
            d.surface.show_state(STATE)
            await d.until(lambda: bool(d.values("/reatone/band/2/width/str")))
            assert not d.values("/reatone/amount")
            await d.until(lambda: "amount" in d.kinds())
            d.surface.show_state(STATE)
            await d.until(lambda: bool(d.values("/reatone/amount")))
            assert d.values("/reatone/amount") == [(pytest.approx(0.65),)]

    @in_loop
    async def test_a_value_that_was_not_taken_is_told(self) -> None:
        async with desk() as d:
            d.refuse = Busy("Full.")
            d.say("/reatone/amount", 0.9)
            await d.until(lambda: bool(d.values("/reatone/error")))
            d.refuse = None
            d.say("/reatone/amount", 0.8)
            await d.until(lambda: d.kinds() == ["amount"])

    @in_loop
    async def test_the_last_value_is_written_even_if_the_tracks_cannot_be_asked_for(self) -> None:
        """The first move of a fader was lost when the queue was full at that moment."""
        device = ReaperDevice(("127.0.0.1", 9), send=lambda *_: None)
        async with desk(device=device) as d:
            d.refuse = Busy("Full.")
            d.say("/reatone/amount", 0.9)
            await d.until(lambda: bool(d.values("/reatone/error")))
            d.refuse = None
            await d.until(lambda: d.kinds() == ["amount"])
            assert d.requests[0].args == {"set": pytest.approx(0.9)}
        device.close()

    @in_loop
    async def test_it_is_heard_on_its_way_and_the_touch_ends_before_the_write(self) -> None:
        events: list[str] = []

        def send(data: bytes, _place: object) -> None:
            values = [value for _, (value,) in wire.read(data)]
            events.append("end" if values[0] == -1 else "move")

        device = ReaperDevice(("127.0.0.1", 9), send=send)
        async with desk(device=device) as d:
            d.say("/reatone/amount", 0.1)
            await d.until(lambda: d.kinds() == ["touch"])
            device.begin([a_track()])
            d.say("/reatone/amount", 0.9)
            await d.until(lambda: d.kinds() == ["touch", "amount"])
            events.append("write")
        device.close()
        assert events == ["move", "move", "end", "write"]
