from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge import errors
from bridge.host.host import Host
from bridge.host.project import dumps
from bridge.memory import Memory
from bridge.reaper import inside, reaeq
from bridge.session import Job, ReaperSession, Session, Track, Write, embedded
from models.eq import Band, BandKind, Eq
from tests.bridge.small_project import USER_EQS, guid, noise, write_project

FULL = Eq(
    (
        Band(BandKind.HIGH_PASS, 61.3, 0.0, 1.9),
        Band(BandKind.BELL, 412.7, -5.2, 1.13),
        Band(BandKind.HIGH_SHELF, 7911.0, 3.1, 1.0, enabled=False),
    )
)
MEMORY = Memory(0.6, FULL, ((-1.0, 1.5), (0.0, 0.0), (1.0, -1.5)), "vocals", {"confidence": 0.9})


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.open(write_project(tmp_path / "song"))


@pytest.fixture
def session(host: Host) -> ReaperSession:
    return embedded(host)


def write(session: Session, *numbers: int, amount: float = 0.6) -> tuple[Any, ...]:
    tracks = session.begin_job([guid(n) for n in numbers]).tracks
    memory = replace(MEMORY, amount=amount)
    writes = [Write(track, memory.eq(amount), memory) for track in tracks]
    return session.write_eq("warmer", writes)


class TestEmbedded:
    def test_hello(self, session: ReaperSession, host: Host) -> None:
        hello = session.hello()
        assert (hello.project.name, hello.project.tracks) == ("song.rpp", 5)
        assert Path(hello.project.path) == host.path

    def test_a_job_brings_the_audio(self, session: ReaperSession, tmp_path: Path) -> None:
        job = session.begin_job([guid(4)], directory=tmp_path)
        (track,) = job.tracks
        assert track.audio is not None
        np.testing.assert_array_equal(soundfile.read(track.audio)[0], noise(4))
        assert (track.number, track.name, track.depth, track.own) == (4, "Vocal", 1, None)

    def test_without_a_folder_there_is_no_audio(self, session: ReaperSession) -> None:
        assert [track.audio for track in session.begin_job().tracks] == [None, None]

    def test_a_job_warns_of_what_the_host_cannot_render(
        self, session: ReaperSession, tmp_path: Path
    ) -> None:
        (tmp_path / "song" / "4.wav").unlink()
        (track,) = session.begin_job([guid(4)], directory=tmp_path).tracks
        assert any("4.wav" in warning for warning in track.warnings)

    def test_what_is_written_comes_back(self, session: ReaperSession) -> None:
        (receipt,) = write(session, 1)
        assert receipt.ok
        assert receipt.error is None
        assert receipt.eq == reaeq.to_eq(reaeq.from_eq(MEMORY.eq(0.6)))
        track = session.list_tracks()[0]
        assert track.own is not None
        assert track.own.eq == receipt.eq
        assert track.own.fx_guid == receipt.fx_guid
        assert not track.own.edited_by_hand
        assert track.memory == MEMORY

    def test_the_amount_changes_without_an_analysis(self, session: ReaperSession) -> None:
        write(session, 3, amount=1.0)
        track = session.list_tracks()[2]
        assert track.memory is not None
        memory = replace(track.memory, amount=0.25)
        (receipt,) = session.write_eq("amount", [Write(track, memory.eq(0.25), memory)])
        assert receipt.eq is not None
        gains_db = [band.gain_db for band in receipt.eq.bands if band.kind.has_gain]
        np.testing.assert_allclose(gains_db, [-1.3, 0.775])
        assert receipt.eq.output_gain_db == pytest.approx(-0.375)

    def test_survives_saving_and_opening(self, session: ReaperSession, host: Host) -> None:
        write(session, 1, 5)
        host.save()
        again = embedded(Host.open(host.path))
        before = dumps(host.project)
        receipts = write(again, 1, 5)
        assert [(r.ok, r.changed) for r in receipts] == [(True, False)] * 2
        assert dumps(Host.open(host.path).project) == before

    def test_an_old_view_of_a_track_is_refused(self, session: ReaperSession) -> None:
        seen = session.list_tracks()[0]
        write(session, 1)
        (receipt,) = session.write_eq("late", [Write(seen, FULL, MEMORY)])
        assert type(receipt.error) is errors.StaleTrack
        assert not receipt.changed

    def test_revert_bypass_undo(self, session: ReaperSession, host: Host) -> None:
        before = dumps(host.project)
        write(session, 1, 2)
        session.set_bypass("compare", True, [guid(1)])
        own = session.list_tracks()[0].own
        assert own is not None
        assert not own.enabled
        assert session.undo() == "ReaTone: compare"
        receipts = session.revert("revert", [guid(1), guid(2)])
        assert all(r.ok and r.state is None for r in receipts)
        assert dumps(host.project) == before
        assert session.undo() == "ReaTone: revert"
        assert session.undo() == "ReaTone: warmer"
        assert dumps(host.project) == before
        with pytest.raises(errors.NothingToUndo):
            session.undo()

    def test_users_reaeqs_stay_to_the_byte(self, session: ReaperSession, host: Host) -> None:
        def users() -> list[str]:
            fx = host.project.tracks[0].fx_chain.fx[:2]
            return [line.text for f in fx for line in f.block.all_lines()]

        before = users()
        write(session, 1)
        write(session, 1, amount=-0.5)
        assert users() == before
        assert len(host.project.tracks[0].fx_chain.fx) == len(USER_EQS) + 1

    def test_nothing_selected(self, tmp_path: Path) -> None:
        session = embedded(Host.open(write_project(tmp_path / "none", selected=())))
        with pytest.raises(errors.NothingSelected, match="Select the tracks"):
            session.begin_job()

    def test_an_error_of_the_host_keeps_its_words(
        self, session: ReaperSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host
    ) -> None:
        def full(_: object) -> None:
            raise errors.CannotWrite("The disk is full.", "Make room.")

        monkeypatch.setattr(Host, "render", full)
        before = dumps(host.project)
        with pytest.raises(errors.CannotWrite, match="Make room"):
            session.begin_job(directory=tmp_path)
        assert dumps(host.project) == before


class Slow:
    """A REAPER that renders in the background: with each poll there is a little more."""

    def __init__(self, folder: Path, steps: int, promised: int = 2) -> None:
        self.folder, self.steps, self.promised, self.waits = folder, steps, promised, 0.0
        soundfile.write(folder / "whole.wav", noise(1), 48000, subtype="FLOAT")
        self.whole = (folder / "whole.wav").read_bytes()

    def wait(self, seconds: float) -> None:
        self.waits += seconds
        self.steps -= 1
        if self.steps >= 0:
            part = self.whole if not self.steps else self.whole[: -self.steps * 100]
            for number in range(1, self.promised + 1):
                (self.folder / f"token-{number}.wav").write_bytes(part)

    def call(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        render = {"directory": str(self.folder), "token": "token", "numbers": [1, 2]}
        state = inside.call(None, "render_ready", render)
        if name == "begin_job" and "error" not in state:
            row = {"guid": "{}", "name": "", "selected": True, "depth": 0, "folder": False}
            row |= {"muted": False, "channels": 2, "own": None, "data": None, "warnings": []}
            return {
                "project": {"path": "", "name": "", "tracks": 2},
                "tracks": [{**row, "number": 1}, {**row, "number": 2}],
                "render": state,
                "change_count": 0,
            }
        assert name == "begin_job" or request == render
        return state


class TestBackgroundRender:
    def run(self, slow: Slow) -> Job:
        session = ReaperSession(slow.call, wait=slow.wait, patience_s=2.0)
        return session.begin_job(directory=slow.folder)

    def test_waits_until_the_files_are_complete(self, tmp_path: Path) -> None:
        job = self.run(Slow(tmp_path, steps=5))
        names = [track.audio and track.audio.name for track in job.tracks]
        assert names == ["token-1.wav", "token-2.wav"]

    def test_a_growing_file_is_waited_for_however_long_it_takes(self, tmp_path: Path) -> None:
        slow = Slow(tmp_path, steps=50)
        self.run(slow)
        assert slow.waits > 10.0

    def test_a_render_that_stands_still_fails(self, tmp_path: Path) -> None:
        with pytest.raises(errors.RenderFailed, match="1 of 2 tracks"):
            self.run(Slow(tmp_path, steps=3, promised=1))

    @pytest.mark.parametrize("name", ["token-3.wav", "token-1-001.wav", "token-01.wav"])
    def test_files_that_fit_no_track_are_refused(self, tmp_path: Path, name: str) -> None:
        slow = Slow(tmp_path, steps=1)
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(errors.RenderFailed, match="fits no track"):
            self.run(slow)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda data: b"",
            lambda data: data[:40],
            lambda data: data[:-1000],
            lambda data: data[:4] + bytes(4) + data[8:],
            lambda data: b"OggS" + data[4:],
        ],
        ids=["stub", "header", "short", "no length", "other"],
    )
    def test_an_incomplete_file_is_not_ready(
        self, tmp_path: Path, spoil: Callable[[bytes], bytes]
    ) -> None:
        slow = Slow(tmp_path, steps=1)
        (tmp_path / "token-1.wav").write_bytes(slow.whole)
        (tmp_path / "token-002.wav").write_bytes(spoil(slow.whole))
        render = {"directory": str(tmp_path), "token": "token", "numbers": [1, 2]}
        assert not inside.render_ready(None, render)["ready"]

    def test_large_files_are_understood(self, tmp_path: Path) -> None:
        path = tmp_path / "token-1.wav"
        soundfile.write(path, noise(1), 48000, subtype="FLOAT", format="RF64")
        render = {"directory": str(tmp_path), "token": "token", "numbers": [1]}
        assert inside.render_ready(None, render)["ready"]
        path.write_bytes(path.read_bytes()[:-8])
        assert not inside.render_ready(None, render)["ready"]


class TestTransport:
    def test_another_version_inside_reaper_is_noticed(self) -> None:
        project = {"path": "", "name": "", "tracks": 0}
        old = {"api": 0, "reaper": "6.80", "python": "3.8.1", "project": project}
        with pytest.raises(errors.SessionError, match="Restart REAPER"):
            ReaperSession(lambda _name, _request: old).hello()

    def test_errors_keep_their_class(self) -> None:
        gone = errors.OutcomeUncertain("No answer.", "Look first.").to_json()
        with pytest.raises(errors.OutcomeUncertain, match="Look first"):
            ReaperSession(lambda _name, _request: {"error": gone}).undo()


class TestMemory:
    def test_json_round_trip(self) -> None:
        assert Memory.from_json(json.loads(json.dumps(MEMORY.to_json()))) == MEMORY

    def test_keeps_what_another_version_wrote(self) -> None:
        data = {**MEMORY.to_json(), "colour": "blue"}
        memory = Memory.from_json(data)
        assert memory is not None
        assert memory.extra == {"confidence": 0.9, "colour": "blue"}
        assert memory.to_json() == data

    @pytest.mark.parametrize("data", [None, [], "x", {}, {"amount": "x", "full": []}, {"full": 3}])
    def test_what_is_no_memory_is_none(self, data: object) -> None:
        assert Memory.from_json(data) is None

    def test_silence_passes_through_json(self) -> None:
        memory = replace(MEMORY, full=Eq((Band(BandKind.BELL, 100.0, -np.inf),)))
        assert Memory.from_json(json.loads(json.dumps(memory.to_json(), allow_nan=False))) == memory

    def test_output_gain_is_interpolated_and_held(self) -> None:
        gains_db = [MEMORY.eq(amount).output_gain_db for amount in (-2.0, -1.0, 0.5, 1.0, 3.0)]
        np.testing.assert_allclose(gains_db, [1.5, 1.5, -0.75, -1.5, -1.5])
        assert replace(MEMORY, gain_table_db=()).eq(0.5).output_gain_db == 0.0

    def test_a_usual_memory_fits_on_a_track(self, session: ReaperSession) -> None:
        rng = np.random.default_rng(5)
        bands = tuple(
            Band(BandKind.BELL, *rng.uniform([30, -12, 0.1], [16000, 12, 4])) for _ in range(16)
        )
        table = tuple((round(a / 4 - 1, 2), float(rng.normal())) for a in range(13))
        memory = Memory(0.65, Eq(bands), table, "electric guitar (distorted)", {"words": "x" * 60})
        for amount in (0.65, 0.3):
            track = session.list_tracks()[0]
            (receipt,) = session.write_eq("many", [Write(track, memory.eq(amount), memory)])
            assert receipt.ok, receipt.error
            assert isinstance(track, Track)


@pytest.mark.data
def test_revert_restores_every_real_project_to_the_byte(data_dir: Path) -> None:
    """Projects of many REAPER versions: written on every track, then reverted."""
    written = 0
    for path in sorted((data_dir / "reaper" / "rpp").glob("*.[rR][pP][pP]")):
        host = Host.open(path)
        session, before = embedded(host), dumps(host.project)
        tracks = session.list_tracks()
        memory = replace(MEMORY, amount=1.0)
        receipts = session.write_eq("all", [Write(t, memory.eq(1.0), memory) for t in tracks])
        guids = [track.guid for track in tracks]
        twins = {number for number in guids if guids.count(number) > 1}
        assert all(r.created == (r.guid not in twins) for r in receipts), path
        assert not any(t.own and t.own.edited_by_hand for t in session.list_tracks()), path
        session.revert("revert", [track.guid for track in tracks])
        assert dumps(host.project) == before, path
        written += sum(receipt.ok for receipt in receipts)
    assert written > 20
