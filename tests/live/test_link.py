from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge import errors
from bridge.host.stand_in import StandIn
from bridge.memory import Memory
from bridge.reaper import endpoint as way
from bridge.reaper import link as link_module
from bridge.reaper.link import Deadlines, Link
from bridge.session import Job, ReaperSession, Receipt, Write
from models.eq import Band, BandKind, Eq
from tests.bridge.small_project import guid, noise
from tests.live.conftest import FAULTY

EQ = Eq((Band(BandKind.BELL, 500.0, -3.0, 1.0),))
QUICK = Deadlines(connect=5.0, answer=0.5, recover=5.0)


def write(session: ReaperSession, job: Job, label: str = "test") -> tuple[Receipt, ...]:
    return session.write_eq(label, [Write(track, EQ, Memory(1.0, EQ)) for track in job.tracks])


def undo_label(reaper: StandIn) -> str:
    """Return the last undo step's label, "" without one."""
    try:
        return str(reaper.call("Undo_CanUndo2", 0))
    except ValueError:
        return ""


@pytest.fixture
def quick(reaper: StandIn) -> Iterator[Link]:
    """A link that is soon impatient."""
    with Link(reaper.endpoint, QUICK) as link:
        yield link


class TestJob:
    def test_a_job_is_two_requests_and_one_undo_step(
        self, reaper: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names: list[str] = []
        with Link(reaper.endpoint) as link:

            def call(name: str, request: dict[str, Any]) -> dict[str, Any]:
                names.append(name)
                return link.call(name, request)

            session = ReaperSession(call)
            job = session.begin_job(directory=tmp_path)
            for track in job.tracks:
                assert track.audio is not None
                audio = soundfile.read(track.audio)[0]
                assert audio.shape == noise(track.number).shape
                assert np.max(np.abs(audio)) > 0.1
            receipts = write(session, job)
        assert all(receipt.ok and receipt.eq == receipts[0].eq for receipt in receipts)
        assert names == ["begin_job", "write_eq"]
        assert undo_label(reaper) == "ReaTone: test"
        reaper.call("Undo_DoUndo2", 0)
        assert undo_label(reaper) == ""

    def test_names_of_every_script_arrive(self, session: ReaperSession) -> None:
        assert session.list_tracks()[4].name == "Drums \"loud\" 'n' low"

    def test_errors_keep_their_class(self, session: ReaperSession) -> None:
        with pytest.raises(errors.StaleTrack, match="not in the project"):
            session.begin_job([guid(99)])

    def test_from_many_threads(self, link: Link) -> None:
        link.connect()
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: link.call("hello", {})["api"], range(200)))
        assert replies == [1] * 200

    def test_status_and_requests_do_not_wait_for_events(self, link: Link) -> None:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(link.wait_events, 1.0)
            link.set_status("x", "running")
            assert link.call("hello", {})["api"] == 1
            assert waiting.result(20.0) == []

    def test_too_much_at_once_is_said_before_it_is_sent(self, link: Link) -> None:
        with pytest.raises(errors.SessionError, match="fewer tracks"):
            link.call("write_eq", {"label": "x" * way.REQUEST_LIMIT, "writes": []})
        assert link.call("hello", {})["api"] == 1

    def test_an_unheard_of_status_is_an_error(self, link: Link) -> None:
        with pytest.raises(errors.SessionError, match="one of the states"):
            link.set_status("x", "sleeping")


class TestImport:
    def test_asks_nobody(self) -> None:
        code = (
            "import socket, sys\n"
            "def refuse(*_): raise SystemExit('asked the network')\n"
            "socket.socket.connect = socket.create_connection = refuse\n"
            "import urllib.request; real = urllib.request.urlopen\n"
            "import bridge.reaper.link\n"
            "assert urllib.request.urlopen is real\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


class TestNobodyThere:
    def test_without_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(errors.NotConnected, match="Start ReaTone"):
            Link(tmp_path / "none.json").call("hello", {})

    def test_a_file_of_a_process_that_is_gone(self, tmp_path: Path) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        path = tmp_path / "reaper.json"
        way.write(path, way.Endpoint(way.HOST, 9, way.new_token(), gone.pid, 1))
        with pytest.raises(errors.NotConnected, match="no longer running"):
            Link(path).call("hello", {})

    def test_a_port_where_nobody_listens(self, tmp_path: Path) -> None:
        with socket.create_server((way.HOST, 0)) as free:
            port = free.getsockname()[1]
        path = tmp_path / "reaper.json"
        way.write(path, way.Endpoint(way.HOST, port, way.new_token(), os.getpid(), 1))
        with pytest.raises(errors.NotConnected, match="not running"):
            Link(path).call("hello", {})

    def test_a_file_that_is_not_to_be_trusted(self, reaper: StandIn) -> None:
        reaper.endpoint.chmod(0o644)
        with pytest.raises(errors.NotConnected, match="this user alone"):
            Link(reaper.endpoint).call("hello", {})

    def test_another_version_inside_reaper(self, reaper: StandIn) -> None:
        way.write(reaper.endpoint, way.read(reaper.endpoint)._replace(api=2))
        with pytest.raises(errors.SessionError, match="Restart REAPER"):
            Link(reaper.endpoint).call("hello", {})

    def test_a_closed_link_stays_closed(self, steady: StandIn) -> None:
        link = Link(steady.endpoint)
        link.connect()
        link.close()
        with pytest.raises(errors.NotConnected, match="closed"):
            link.call("hello", {})

    def test_closing_wakes_who_waits(self, steady: StandIn) -> None:
        link = Link(steady.endpoint)
        with ThreadPoolExecutor(1) as pool:
            link.wait_events(0.0)
            waiting = pool.submit(link.wait_events, 60.0)
            link.close()
            with pytest.raises(errors.NotConnected):
                waiting.result(20.0)


class TestRestart:
    def test_the_next_request_reaches_the_new_reaper(self, reaper: StandIn, project: Path) -> None:
        with Link(reaper.endpoint) as link:
            link.call("hello", {})
            link.wait_events(0.0)
            reaper.kill()
            with pytest.raises(errors.NotConnected):
                link.call("hello", {})
            with pytest.raises(errors.NotConnected):
                link.wait_events(1.0)
            with StandIn(project, reaper.endpoint) as second:
                assert link.call("hello", {})["api"] == 1
                event = '{"id": "e", "kind": "auto"}'
                second.call("SetExtState", "ReaTone", "events", event, False)
                assert [found["id"] for found in link.wait_events(5.0)] == ["e"]

    def test_a_change_during_which_reaper_ended_is_uncertain(
        self, reaper: StandIn, tmp_path: Path
    ) -> None:
        with Link(reaper.endpoint) as link:
            session = ReaperSession(link.call)
            job = session.begin_job()
            reaper.tell("fault", kind="kill", function="Undo_EndBlock2")
            with pytest.raises(errors.OutcomeUncertain, match="ended or stands still"):
                write(session, job)

    def test_what_the_new_reaper_shows_is_reported(
        self, reaper: StandIn, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Link(reaper.endpoint) as link:
            session = ReaperSession(link.call)
            job = session.begin_job()
            reaper.tell("fault", kind="kill", function="Undo_EndBlock2")
            with (
                restart_before_asking(monkeypatch, reaper, project),
                pytest.raises(errors.OutcomeUncertain, match="on 0 of 2 tracks") as raised,
            ):
                write(session, job)
            assert raised.value.details == {"held": [], "missing": [guid(1), guid(2)]}


class TestLateAnswers:
    def test_a_change_that_reaper_did_not_take_up_is_not_made_later(
        self, reaper: StandIn, quick: Link
    ) -> None:
        session = ReaperSession(quick.call)
        job = session.begin_job()
        reaper.tell("freeze", seconds=1.5)
        with pytest.raises(errors.WriteFailed, match="Nothing was changed"):
            write(session, job)
        assert [track.own for track in session.list_tracks()] == [None] * 5
        assert undo_label(reaper) == ""

    def test_a_change_whose_answer_came_too_late_is_known_to_be_made(
        self, reaper: StandIn, quick: Link
    ) -> None:
        session = ReaperSession(quick.call)
        job = session.begin_job()
        reaper.tell("fault", kind="sleep", function="Undo_EndBlock2", seconds=1.5)
        receipts = write(session, job)
        assert [receipt.ok for receipt in receipts] == [True, True]
        reaper.call("Undo_DoUndo2", 0)
        assert undo_label(reaper) == ""  # it was made once

    def test_a_change_of_which_nothing_is_known_is_uncertain(self, reaper: StandIn) -> None:
        impatient = Deadlines(connect=0.3, answer=0.3, recover=0.3)
        with Link(reaper.endpoint, impatient) as link:
            session = ReaperSession(link.call)
            job = session.begin_job()
            reaper.tell("freeze", seconds=2.0)
            with pytest.raises(errors.OutcomeUncertain, match="stands still"):
                write(session, job)
        with Link(reaper.endpoint) as link:
            assert all(track["own"] is None for track in link.call("list_tracks", {})["tracks"])

    def test_a_question_that_got_no_answer_does_not_disturb_the_next(
        self, reaper: StandIn, quick: Link
    ) -> None:
        quick.connect()
        reaper.tell("freeze", seconds=0.75)
        with pytest.raises(errors.NotConnected, match="in time"):
            quick.call("list_tracks", {})
        assert "tracks" not in quick.call("hello", {})

    def test_a_render_may_take_longer_than_any_answer(
        self, reaper: StandIn, quick: Link, tmp_path: Path
    ) -> None:
        reaper.tell("fault", kind="sleep", function="Main_OnCommandEx", seconds=2.0)
        job = ReaperSession(quick.call).begin_job(directory=tmp_path)
        assert all(track.audio for track in job.tracks)

    def test_events_wait_for_a_busy_reaper_on_the_same_connection(
        self, reaper: StandIn, quick: Link
    ) -> None:
        assert quick.wait_events(0.0) == []
        reaper.tell("freeze", seconds=3.0)
        event = '{"id": "e", "kind": "auto"}'
        got: list[Any] = []
        asked = 0
        reaper.call("SetExtState", "ReaTone", "events", event, False)
        while not got:
            got, asked = quick.wait_events(0.1), asked + 1
        assert [found["id"] for found in got] == ["e"]
        assert asked > 1


class restart_before_asking:  # noqa: N801  (reads as a statement)
    """Within it, a new REAPER is there by the time a lost change is asked after."""

    def __init__(self, patch: pytest.MonkeyPatch, reaper: StandIn, project: Path) -> None:
        self._second: StandIn | None = None
        find_out = link_module.Link._find_out

        def restarted(*arguments: Any) -> Any:
            reaper.kill()
            self._second = StandIn(project, reaper.endpoint, module=FAULTY)
            return find_out(*arguments)

        patch.setattr(link_module.Link, "_find_out", restarted)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self._second is not None:
            self._second.quit()
