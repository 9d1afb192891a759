from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from bridge import jobs
from bridge.host.host import Host
from bridge.memory import Memory
from bridge.osc import wire
from bridge.osc.outbox import Place
from bridge.osc.reaper_device import ReaperDevice
from bridge.reaper import reaeq
from bridge.session import OwnEq, ReaperSession, Track, embedded
from models.eq import Band, BandKind, Eq
from tests.osc import liblo, reapers_device
from tests.projects import pink_noise, write_song

Message = tuple[str, tuple[object, ...]]
NOWHERE = ("127.0.0.1", 9)
FREQS_HZ = np.geomspace(30.0, 16000.0, 60)
FULL = Eq(
    (
        Band(BandKind.HIGH_PASS, 60.0, 0.0, 1.9),
        Band(BandKind.BELL, 320.0, -6.0, 1.2),
        Band(BandKind.HIGH_SHELF, 8000.0, 4.0, 1.0),
    )
)


class Bench:
    """A device whose packets are kept, and as messages `taken`. now_s: its clock, moved by hand and
    by each packet.
    """

    def __init__(self, packet_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.packets: list[bytes] = []
        self._packet_s = packet_s
        self.device = ReaperDevice(NOWHERE, lambda: self.now_s, self._send)

    def taken(self) -> list[Message]:
        messages = [message for packet in self.packets for message in wire.read(packet)]
        self.packets.clear()
        return messages

    def _send(self, data: bytes, _place: Place) -> None:
        self.now_s += self._packet_s
        self.packets.append(data)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.device.close()


@pytest.fixture(scope="module")
def equalised(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A project with two tracks that ReaTone has equalised."""
    folder = tmp_path_factory.mktemp("song")
    noise = {"Bass": pink_noise(2.0), "Gtr": pink_noise(2.0, 1)}
    host = Host.open(write_song(folder, noise))
    assert not jobs.auto(embedded(host), jobs.AutoOptions()).failed
    return host


def a_track(number: int = 1, full: Eq = FULL, **changed: object) -> Track:
    """Return a track with an EQ of ReaTone's at amount 0.65."""
    memory = Memory(0.65, full, ((-1.0, 1.0), (2.0, -2.0)))
    state = reaeq.encode(reaeq.from_eq(memory.eq(0.65)))
    own = OwnEq("{fx}", 2, True, state, False)
    track = Track(f"{{{number}}}", "Bass", number, True, own=own, memory=memory)
    return replace(track, **changed)  # type: ignore[arg-type]


def values(messages: Sequence[tuple[str, tuple[object, ...]]]) -> dict[str, object]:
    return {address: argument for address, (argument,) in messages}


class TestValues:
    @pytest.mark.parametrize("amount", [-1.0, 0.0, 0.3, 1.0, 2.0])
    def test_moving_sounds_like_the_write_that_follows(
        self, equalised: Host, bench: Bench, amount: float
    ) -> None:
        """The device's messages, taken as REAPER takes them, give the EQ of that amount."""
        session: ReaperSession = embedded(equalised)
        tracks = session.list_tracks()
        bench.device.move(amount)
        bench.device.begin(edited(tracks, False))

        def set_param(param: tuple[int, int, int], value: float) -> None:
            pointer = equalised.api.RPR_GetTrack(0, param[0])
            assert equalised.api.RPR_TrackFX_SetParamNormalized(pointer, *param[1:], value)

        reapers_device.take(bench.taken(), set_param)
        for track in session.list_tracks():
            assert track.own is not None
            assert track.memory is not None
            heard_db = track.own.eq.response_db(FREQS_HZ, 48000.0)
            meant_db = track.memory.eq(amount).response_db(FREQS_HZ, 48000.0)
            top_db = 12.04  # of REAPER's scale
            gains = [band.gain_db for band in track.memory.eq(amount).bands]
            if max(gains) < top_db:
                assert np.abs(heard_db - meant_db).max() < 0.01

    def test_addresses_count_from_one(self, bench: Bench) -> None:
        bench.device.move(1.0)
        bench.device.begin([a_track(3)])
        sent = values(bench.taken())
        at = "/track/3/fx/3/fxparam"
        assert set(sent) == {f"{at}/{n}/value" for n in (1, 5, 8, 10)}
        assert sent[f"{at}/5/value"] == pytest.approx(10 ** (-6 / 20) / 2)
        assert sent[f"{at}/8/value"] == pytest.approx(0.5 + (10 ** (4 / 20) - 1) / 6)

    def test_only_what_has_changed_is_sent(self, bench: Bench) -> None:
        bench.device.move(1.0)
        bench.device.begin([a_track()])
        bench.taken()
        bench.now_s = 1.0
        bench.device.move(1.0)
        assert bench.taken() == []

    def test_many_tracks_go_in_bundles_that_reaper_takes(self, bench: Bench) -> None:
        tracks = [a_track(number) for number in range(1, 65)]
        bench.device.move(1.0)
        bench.device.begin(tracks)
        assert len(bench.packets) < 20
        for packet in bench.packets:
            assert len(packet) <= 1024
            assert packet.count(b"#bundle") == 1
        assert len(bench.taken()) == 4 * 64


class TestPace:
    @pytest.mark.parametrize("packet_s", [0.0, 0.001, 0.005], ids=["fast", "busy", "slow"])
    @pytest.mark.parametrize("fader_hz", [30.0, 45.0, 60.0, 61.0, 1000.0])
    def test_a_fader_is_heard_thirty_to_sixty_times_a_second(
        self, packet_s: float, fader_hz: float
    ) -> None:
        """Sixteen tracks are three packets; slow: sending them takes half of the time."""
        bench = Bench(packet_s)
        bench.device.move(0.0)
        bench.device.begin([a_track(number) for number in range(1, 17)])
        bench.taken()
        start_s = bench.now_s
        updates = 0
        jitter = np.random.default_rng(0).uniform(-0.3, 0.3, 1001)
        for number in range(1, int(fader_hz) + 1):
            bench.now_s = max(start_s + (number + jitter[number]) / fader_hz, bench.now_s)
            bench.device.move(number / fader_hz)
            updates += bool(bench.taken())
        bench.device.close()
        rate_hz = updates / (bench.now_s - start_s)
        assert min(fader_hz, 30.0) * 0.95 <= rate_hz <= 62.0

    def test_moves_before_the_tracks_are_known_are_caught_up_with(self, bench: Bench) -> None:
        assert bench.device.move(0.1)
        assert not bench.device.move(0.9)
        assert bench.packets == []
        bench.device.begin([a_track()])
        other = Bench()
        other.device.move(0.9)
        other.device.begin([a_track()])
        assert bench.taken() == other.taken()
        other.device.close()


class TestTouch:
    def test_it_ends_with_minus_one_for_each_parameter(self, bench: Bench) -> None:
        bench.device.move(1.0)
        bench.device.begin([a_track()])
        moved = [address for address, _ in bench.taken()]
        bench.device.release()
        assert bench.taken() == [(address, (-1,)) for address in moved]
        bench.device.release()
        assert bench.packets == []

    def test_nothing_moves_after_it_has_ended(self, bench: Bench) -> None:
        """The tracks may become known only after the fader rests."""
        bench.device.move(1.0)
        bench.device.release()
        bench.device.begin([a_track()])
        assert bench.packets == []
        assert bench.device.move(0.5)
        assert bench.packets == []

    def test_what_was_moved_is_known_until_it_is_written(self, bench: Bench) -> None:
        bench.device.move(1.0)
        bench.device.begin([a_track(1), a_track(2, own=None)])
        assert bench.device.moved() == {"{1}"}
        bench.device.written()
        assert bench.device.moved() == {"{1}"}, "the fader is still on its way"
        bench.device.release()
        bench.device.written()
        assert bench.device.moved() == frozenset()


class TestWhatIsLeftAlone:
    @pytest.mark.parametrize(
        "track",
        [
            a_track(own=None),
            a_track(memory=None),
            a_track(own=replace(a_track().own, edited_by_hand=True)),  # type: ignore[type-var]
            a_track(own=replace(a_track().own, state=b"no state")),  # type: ignore[type-var]
            a_track(memory=Memory(0.65, Eq(FULL.bands[:2]))),
        ],
        ids=["no EQ", "no memory", "edited by hand", "damaged", "other bands"],
    )
    def test_a_track_whose_eq_is_not_as_reatone_left_it(self, bench: Bench, track: Track) -> None:
        bench.device.move(1.0)
        bench.device.begin([track, a_track(2)])
        assert {address.split("/")[2] for address, _ in bench.taken()} == {"2"}
        assert bench.device.moved() == {"{2}"}

    def test_what_a_move_itself_has_changed_may_be_moved_on(self, bench: Bench) -> None:
        bench.device.move(1.0)
        bench.device.begin([a_track()])
        bench.device.release()
        bench.taken()
        bench.device.move(0.5)
        bench.device.begin(edited([a_track()], True))
        assert len(bench.taken()) == 4


def test_nobody_listening_is_no_error() -> None:
    tries = itertools.count()

    def send(_data: bytes, _place: tuple[str, int]) -> None:
        next(tries)
        raise ConnectionRefusedError

    device = ReaperDevice(NOWHERE, send=send)
    device.move(1.0)
    device.begin([a_track()])
    device.release()
    device.close()
    assert next(tries) == 2


def test_liblo_understands_moves_and_the_end_of_a_touch(dump: liblo.Dump) -> None:
    now_s = itertools.count()
    device = ReaperDevice(dump.place, lambda: float(next(now_s)))
    tracks = [a_track(number) for number in range(1, 9)]
    device.move(0.0)
    device.begin(tracks)
    last = "/track/8/fx/3/fxparam/10/value"
    for number in range(1, 31):
        device.move(number / 30)
        wanted = number + 1
        dump.wait(lambda heard, n=wanted: [at for at, _ in heard].count(last) == n)  # type: ignore[misc]
    heard = values(dump.heard)
    device.release()
    device.close()
    dump.wait(lambda heard: [value for _, value in heard].count((-1,)) == 32)
    bench = Bench()
    bench.device.move(1.0)
    bench.device.begin(tracks)
    assert heard == pytest.approx(values(bench.taken()), abs=1e-6)
    bench.device.close()


def edited(tracks: Iterable[Track], by_hand: bool) -> list[Track]:
    """Return tracks as they are seen when something else has moved their EQ, or not."""
    owned = ((track, track.own) for track in tracks)
    return [replace(track, own=replace(own, edited_by_hand=by_hand)) for track, own in owned if own]
