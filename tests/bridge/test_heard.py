"""What was heard is used again as long as the track sounds the same, and not a moment longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge import jobs
from bridge.describe_job import DescribeOptions, describe
from bridge.heard import HeardBefore
from bridge.host.host import Host
from bridge.reaper import inside, sound
from bridge.reaper.rpr import places
from bridge.report import Outcome
from bridge.session import Job, ReaperSession, embedded
from tests.host.studio import FLOAT_WAV, guid, item, studio, track, write
from tests.projects import pink_noise

CHANGED_ITEM = "VOLPAN 0.5 0 1 -1"
Change = Callable[[Any, str], object]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A folder with a child, a track that receives from the fourth, and the fourth alone."""
    write(tmp_path, pink_noise(1.0)[None])
    return studio(
        tmp_path,
        track(1, item(), "ISBUS 1 1"),
        track(2, item(), "ISBUS 2 -1"),
        track(3, item(), "AUXRECV 3 0 1 0 0 0 0 0 0 -1:U 0 -1 ''"),
        track(4, item(), "VOLPAN 1 0 -1 -1 1"),
    )


class Watched(ReaperSession):
    """A session that counts how many tracks were rendered."""

    def __init__(self, host: Host) -> None:
        self.rendered: list[int] = []
        super().__init__(embedded(host)._transport)

    def begin_job(self, *args: Any, **kwargs: Any) -> Job:
        job = super().begin_job(*args, **kwargs)
        self.rendered.append(sum(track.audio is not None for track in job.tracks))
        return job


def say(session: ReaperSession, heard: HeardBefore, text: str = "warmer", tracks: str = "4") -> Any:
    report = describe(session, DescribeOptions(text, tracks), heard=heard)
    assert [track.outcome for track in report.tracks] == [Outcome.WRITTEN] * len(report.tracks)
    return report


def prints(host: Host) -> list[str]:
    return sound.prints(host.api, places(host.api))


def pointer(host: Host, number: int) -> str:
    return str(host.api.RPR_GetTrack(0, number - 1))


def add_fx(host: Host, number: int) -> None:
    assert host.api.RPR_TrackFX_AddByName(pointer(host, number), "ReaEQ (Cockos)", False, -1) >= 0


class TestJobs:
    def test_a_track_heard_before_is_not_rendered_again(self, host: Host) -> None:
        session, heard = Watched(host), HeardBefore()
        jobs.auto(session, jobs.AutoOptions("4"), heard=heard)
        first = say(session, heard)
        again = say(session, heard, "brighter")
        assert session.rendered == [1, 0, 0]
        assert first.tracks[0].loudness_change_lu == pytest.approx(0.0, abs=0.1)
        assert "bright" in again.tracks[0].message

    def test_what_comes_out_is_the_same_as_after_a_render(self, host: Host, tmp_path: Path) -> None:
        session, heard = Watched(host), HeardBefore()
        say(session, heard, "+0 dB at 1 kHz, airy")
        remembered = say(session, heard, "warmer").tracks[0].eq
        (tmp_path / "other").mkdir()
        write(tmp_path / "other", pink_noise(1.0)[None])
        fresh = Watched(studio(tmp_path / "other", *(track(n, item()) for n in (1, 2, 3, 4))))
        say(fresh, HeardBefore(), "+0 dB at 1 kHz, airy")
        rendered = say(fresh, HeardBefore(), "warmer").tracks[0].eq
        assert (session.rendered, fresh.rendered) == ([1, 0], [1, 1])
        assert remembered == rendered

    def test_only_what_has_changed_is_rendered(self, host: Host) -> None:
        session, heard = Watched(host), HeardBefore()
        say(session, heard, tracks="2,4")
        add_fx(host, 4)
        say(session, heard, tracks="2,4")
        assert session.rendered == [2, 1]

    def test_a_muted_track_is_left_alone_though_it_was_heard(self, host: Host) -> None:
        session, heard = Watched(host), HeardBefore()
        say(session, heard)
        host.api.RPR_SetMediaTrackInfo_Value(pointer(host, 4), "B_MUTE", 1.0)
        (row,) = describe(session, DescribeOptions("warmer", "4"), heard=heard).tracks
        assert row.outcome is Outcome.SKIPPED
        assert "muted" in row.message

    def test_silence_is_not_remembered(self, host: Host, tmp_path: Path) -> None:
        write(tmp_path, np.zeros((1, 48000)))
        session, heard = Watched(host), HeardBefore()
        describe(session, DescribeOptions("warmer", "4"), heard=heard)
        assert heard.known == {}

    def test_the_oldest_goes_when_room_is_short(self, host: Host) -> None:
        session, plenty = Watched(host), HeardBefore()
        say(session, plenty, tracks="2")
        (one,) = plenty._entries.values()
        heard = HeardBefore(limit_bytes=2 * one.listening.loudness.powers.steps.nbytes)
        for number in (1, 2, 4):
            say(session, heard, tracks=str(number))
        assert list(heard.known) == [guid(2), guid(4)]


class TestPrints:
    """What counts as the same sound."""

    def test_tracks_of_the_same_make_differ(self, host: Host) -> None:
        assert len(set(prints(host))) == 4
        assert all(prints(host))

    def test_our_own_eq_does_not_count(self, host: Host) -> None:
        before = prints(host)
        session = Watched(host)
        say(session, HeardBefore())
        assert prints(host) == [*before[:2], prints(host)[2], before[3]]
        jobs.amount(session, "4", 0.2)
        session.set_bypass("off", on=True, tracks=[guid(4)])
        assert prints(host)[3] == before[3]

    def test_our_own_eq_counts_for_tracks_that_hear_it(self, host: Host) -> None:
        before = prints(host)
        say(Watched(host), HeardBefore())
        assert prints(host)[2] != before[2]  # receives from the fourth
        say(Watched(host), HeardBefore(), tracks="2")
        assert prints(host)[0] != before[0]  # is its folder

    @pytest.mark.parametrize(
        "change",
        [
            lambda api, track: api.RPR_SetMediaTrackInfo_Value(track, "D_VOL", 0.3),
            lambda api, track: api.RPR_SetMediaTrackInfo_Value(track, "D_PAN", 0.3),
            lambda api, track: api.RPR_SetMediaTrackInfo_Value(track, "I_SELECTED", 0.0),
            lambda api, track: api.RPR_GetSetMediaTrackInfo_String(track, "P_EXT:a", "1", True),
        ],
    )
    def test_what_comes_after_or_is_only_looks_does_not_count(
        self, host: Host, change: Change
    ) -> None:
        before = prints(host)[3]
        change(host.api, pointer(host, 4))
        assert prints(host)[3] == before

    @pytest.mark.parametrize(
        "change",
        [
            lambda api, track: api.RPR_SetMediaTrackInfo_Value(track, "B_PHASE", 1.0),
            lambda api, track: api.RPR_SetMediaTrackInfo_Value(track, "I_FXEN", 0.0),
            lambda api, track: api.RPR_TrackFX_AddByName(track, "ReaEQ (Cockos)", False, -1),
        ],
    )
    def test_what_is_heard_counts(self, host: Host, change: Change) -> None:
        before = prints(host)
        change(host.api, pointer(host, 4))
        after = prints(host)
        assert after[2] != before[2]  # receives from the fourth
        assert after[3] != before[3]
        assert after[:2] == before[:2]

    def test_another_setting_of_the_users_own_eq_counts(self, host: Host) -> None:
        add_fx(host, 4)
        before = prints(host)[3]
        host.api.RPR_TrackFX_SetParamNormalized(pointer(host, 4), 0, 1, 0.9)
        assert prints(host)[3] != before

    def test_the_fader_of_a_child_counts_for_its_folder(self, host: Host) -> None:
        before = prints(host)
        host.api.RPR_SetMediaTrackInfo_Value(pointer(host, 2), "D_VOL", 0.3)
        after = prints(host)
        assert after[0] != before[0]
        assert after[1] == before[1]

    def test_an_item_moved_or_made_quieter_counts(self, host: Host, tmp_path: Path) -> None:
        before = prints(host)[3]
        for number, line in enumerate(("POSITION 0.25", CHANGED_ITEM, "MUTE 1")):
            folder = tmp_path / str(number)
            folder.mkdir()
            write(folder, pink_noise(1.0)[None])
            rest = (track(n, item()) for n in (1, 2, 3))
            other = studio(folder, *rest, track(4, item("a.wav", line), "VOLPAN 1 0 -1 -1 1"))
            assert prints(other)[3] != before

    def test_the_master_has_none(self, host: Host, tmp_path: Path) -> None:
        request = {"tracks": ["master"], "directory": str(tmp_path), "known": {"master": ""}}
        host.api.RPR_GetSetProjectInfo_String(0, "RENDER_FORMAT", FLOAT_WAV, True)
        reply = inside.call(host.api, "begin_job", request)
        assert reply["tracks"][0]["sound"] == ""
        assert reply["render"] is not None

    @pytest.mark.parametrize("text", ["", "<TRACK\n  NAME cut"])
    def test_a_chunk_that_is_cut_short_gives_none(
        self, host: Host, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api = host.api
        broken = {"RPR_GetTrackStateChunk": lambda *a: (True, a[0], text, a[2], a[3])}
        shown = type("Api", (), {"__getattr__": lambda _, n: broken.get(n) or getattr(api, n)})()
        assert sound.prints(shown, places(api)) == ["", "", "", ""]

    def test_a_thread_that_has_no_time_left_gives_none(
        self, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sound, "_BUDGET_S", 0.0)
        assert prints(host) == ["", "", "", ""]
