"""REAPER, its user or the daemon getting in the way of a job, at any point of it."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge import errors
from bridge.host.stand_in import StandIn
from bridge.reaper import endpoint as way
from bridge.reaper.link import Link
from bridge.session import ReaperSession
from tests.bridge.small_project import guid, write_project
from tests.live.conftest import FAULTY, eventually
from tests.live.raw import Raw
from tests.live.test_link import EQ, undo_label, write


def run_job(link: Link, folder: Path) -> None:
    """Run a whole job: two tracks."""
    session = ReaperSession(link.call)
    receipts = write(session, session.begin_job(directory=folder))
    assert [receipt.ok for receipt in receipts] == [True, True]


def calls_of_a_job(reaper: StandIn, folder: Path) -> int:
    """Run a job and return how many ReaScript calls it made."""
    reaper.tell("count")
    with Link(reaper.endpoint) as link:
        run_job(link, folder)
    return int(reaper.tell("count"))


def kill_and_restart(project: Path, endpoint: Path, folder: Path, at: int) -> str:
    """Kill REAPER at a call of a job, start it again, run the job; return the first job's error."""
    before = project.read_bytes()
    with Link(endpoint) as link:
        with StandIn(project, endpoint, module=FAULTY) as reaper:
            reaper.tell("fault", kind="kill", at=at)
            with pytest.raises((errors.NotConnected, errors.OutcomeUncertain)) as raised:
                run_job(link, folder)
            reaper.wait()
        assert project.read_bytes() == before
        with StandIn(project, endpoint, module=FAULTY) as reaper:
            run_job(link, folder)
            assert undo_label(reaper) == "ReaTone: test"
            assert reaper.tell("console") == []
    return raised.value.code


class TestReaperEnds:
    def test_at_the_first_and_the_last_call_of_a_job(self, reaper: StandIn, tmp_path: Path) -> None:
        """What the error says depends on what may have happened. (The benchmark tries any call.)"""
        project = write_project(tmp_path / "again")
        calls = calls_of_a_job(reaper, tmp_path)
        endpoint = tmp_path / "again.json"
        assert kill_and_restart(project, endpoint, tmp_path, 1) == "not_connected"
        assert kill_and_restart(project, endpoint, tmp_path, calls) == "outcome_uncertain"


class TestTheUser:
    """What the user does in REAPER while ReaTone listens."""

    def refused(self, reaper: StandIn, link: Link, meanwhile: Callable[[], object]) -> None:
        session = ReaperSession(link.call)
        job = session.begin_job()
        meanwhile()
        receipts = write(session, job, "late")
        assert [type(receipt.error) for receipt in receipts] == [errors.StaleTrack] * 2
        assert not any(receipt.changed for receipt in receipts)
        assert undo_label(reaper) != "ReaTone: late"
        write(session, session.begin_job(), "next")
        assert undo_label(reaper) == "ReaTone: next"

    def test_closes_the_project(self, reaper: StandIn, tmp_path: Path) -> None:
        other = write_project(tmp_path / "other")
        text = other.read_text().replace("-0000-4000-", "-1111-4000-")
        other.write_text(text)
        with Link(reaper.endpoint) as link:
            self.refused(reaper, link, lambda: reaper.tell("open", project=str(other)))

    def test_undoes_what_was_there(self, reaper: StandIn) -> None:
        with Link(reaper.endpoint) as link:
            session = ReaperSession(link.call)
            write(session, session.begin_job())
            self.refused(reaper, link, lambda: reaper.call("Undo_DoUndo2", 0))

    def test_deletes_a_track(self, reaper: StandIn) -> None:
        with Link(reaper.endpoint) as link:
            session = ReaperSession(link.call)
            job = session.begin_job()
            reaper.call("DeleteTrack", reaper.call("GetTrack", 0, 0))
            gone, written = write(session, job)
            assert type(gone.error) is errors.StaleTrack
            assert written.ok
            assert [track.guid for track in session.list_tracks() if track.own] == [guid(2)]


class TestTheDisk:
    def test_is_full(self, reaper: StandIn, tmp_path: Path) -> None:
        before = reaper.tell("settings")
        with Link(reaper.endpoint) as link:
            reaper.tell("fault", kind="disk_full", function="Main_OnCommandEx")
            with pytest.raises(errors.CannotWrite, match="Make room"):
                ReaperSession(link.call).begin_job(directory=tmp_path)
            assert reaper.tell("settings") == before
            run_job(link, tmp_path)

    def test_the_render_folder_goes_away(self, reaper: StandIn, tmp_path: Path) -> None:
        before = reaper.tell("settings")
        folder = tmp_path / "gone"
        folder.mkdir()
        with Link(reaper.endpoint) as link:
            shutil.rmtree(folder)
            with pytest.raises(errors.RenderFailed, match="cannot render into"):
                ReaperSession(link.call).begin_job(directory=folder)
            assert reaper.tell("settings") == before


class TestTheDaemon:
    def test_is_cut_off_at_random_points(self, reaper: StandIn, tmp_path: Path) -> None:
        """Each track has the whole EQ or none, REAPER's settings are as they were."""
        before = reaper.tell("settings")
        with Link(reaper.endpoint) as link:
            session = ReaperSession(link.call)
            frames = [frame_of("begin_job", {"directory": str(tmp_path)}), write_frame(session)]
            rng = random.Random(4)
            for round_ in range(20):
                frame = frames[round_ % 2]
                with Raw.known(reaper.endpoint) as raw:
                    raw.send(frame[: rng.choice((len(frame), rng.randrange(1, len(frame))))])
                    if rng.random() < 0.5:
                        link.call("hello", {})  # so long that it is taken up
                own = [track.own for track in session.list_tracks()[:2]]
                assert own[0] is own[1] is None or all(o and o.eq.bands == EQ.bands for o in own)
                assert reaper.tell("settings") == before
                while undo_label(reaper):
                    reaper.call("Undo_DoUndo2", 0)
            run_job(link, tmp_path)


class TestTime:
    def test_eight_hours_leave_nothing_behind(self, reaper: StandIn) -> None:
        """On a clock that goes on four seconds a tick; the benchmark runs all 864,000 ticks."""
        stopped = threading.Event()
        with Link(reaper.endpoint) as link, ThreadPoolExecutor(1) as pool:

            def wait_all_the_time() -> None:
                while not stopped.is_set():
                    link.wait_events(20.0)

            waiting = pool.submit(wait_all_the_time)
            eventually(lambda: reaper.call("GetExtState", "ReaTone", "daemon") != "")
            aged = reaper.tell("age", hours=8.0, tick_s=4.0)
            stopped.set()
            waiting.result(60.0)
        assert aged["ticks"] == 7200
        assert aged["grown_kib"] < 1000
        assert len(list(Path(f"/proc/{reaper.pid}/fd").iterdir())) < 12


def frame_of(name: str, request: way.Json) -> bytes:
    """Return a request as it goes over the wire."""
    message = {"function": name, "input": {"args": [request]}}
    return way.pack(message, way.REQUEST_LIMIT)


def write_frame(session: ReaperSession) -> bytes:
    """Return the frame with which a session writes to the selected tracks."""
    frames = []

    def note(name: str, request: way.Json) -> way.Json:
        frames.append(frame_of(name, request))
        return {"receipts": []}

    write(ReaperSession(note), session.begin_job())
    return frames[0]
