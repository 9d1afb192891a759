"""Faults while an action's job is under way: nothing half done, no setting changed, clear words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.reaper.link import Deadlines, Link
from bridge.session import ReaperSession
from bridge.single import holder
from tests.bridge.running import running
from tests.live.conftest import eventually
from tests.live.whole import (
    PATIENCE_S,
    DaemonProcess,
    Whole,
    is_whole,
    reaper_with_actions,
)
from tests.projects import pink_noise, write_song

POINTS = 2
"""How many random points are tried here; the benchmark tries twenty."""
READ = "GetProjectStateChangeCount"
"""What is called last when a job has read and rendered the tracks."""


def write_noise(folder: Path) -> Path:
    """Write a project with two tracks."""
    return write_song(folder, {"Bass": pink_noise(1.0), "Gtr": pink_noise(1.0, 1)})


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    """A REAPER with actions, without a daemon."""
    with reaper_with_actions(write_noise(tmp_path / "song"), tmp_path) as whole:
        yield whole


@pytest.fixture(scope="module")
def steadily_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A REAPER with actions and a daemon, both living through many tests."""
    folder = tmp_path_factory.mktemp("served")
    with reaper_with_actions(write_noise(folder / "song"), folder) as whole:
        whole.start_daemon(folder / "user")
        yield whole


@pytest.fixture
def served(steadily_served: Whole) -> Whole:
    """The same with the project as it was at first."""
    project = steadily_served.scripts.parents[1] / "song" / "song.rpp"
    steadily_served.reaper.tell("open", project=str(project))
    return steadily_served


def calls_of_an_action(whole: Whole) -> int:
    """Run a job and return at how many calls something may go wrong."""
    whole.reaper.tell("count")
    assert "equalised" in whole.do("equalise")
    return int(whole.reaper.tell("count"))


def all_or_nothing(whole: Whole) -> bool:
    """Tell whether all tracks have their whole EQ, or none has any."""
    tracks = whole.tracks()
    return all(map(is_whole, tracks)) and len({track.own is None for track in tracks}) == 1


def kill_the_daemon(whole: Whole, project: Path, daemon: DaemonProcess, at: int) -> DaemonProcess:
    """Kill the daemon at a call of a job; another one has to do the next job. Returns that one."""
    whole.reaper.tell("open", project=str(project))
    before = whole.reaper.tell("settings")
    whole.reaper.tell("fault", kind="kill", pid=daemon.pid, at=at)
    whole.press("equalise")
    eventually(lambda: not daemon.running or bool(whole.said()), PATIENCE_S)
    whole.reaper.tell("fault", kind="kill", at=0)
    daemon.kill()
    assert whole.reaper.tell("settings") == before
    assert all_or_nothing(whole)
    eventually(lambda: whole.state("daemon") == "", PATIENCE_S)
    successor = whole.start_daemon(daemon.folder)
    text = whole.message()
    assert any(word in text for word in ("started again", "ReaTone stopped", "equalised")), text
    assert "equalised" in whole.do("equalise")
    assert all(track.own and is_whole(track) for track in whole.tracks())
    return successor


def kill_reaper(project: Path, folder: Path, at: int) -> None:
    """Kill REAPER at a call of a job, after it has done a whole one; a daemon runs meanwhile."""
    before = project.read_bytes()
    with reaper_with_actions(project, folder) as whole:
        whole.wait_for_daemon()
        assert "equalised" in whole.do("equalise")
        assert all(track.own and is_whole(track) for track in whole.tracks())
        whole.reaper.tell("fault", kind="kill", at=at)
        whole.press("up")
        whole.reaper.wait()
    assert project.read_bytes() == before


class TestTheDaemon:
    def test_is_killed_at_random_points_of_a_job(self, whole: Whole, tmp_path: Path) -> None:
        daemon = whole.start_daemon(tmp_path / "user")
        calls = calls_of_an_action(whole)
        rng = random.Random(5)
        for at in (1, *(rng.randint(2, calls) for _ in range(POINTS - 1))):
            daemon = kill_the_daemon(whole, tmp_path / "song" / "song.rpp", daemon, at)
        assert daemon.stop() == 0
        assert "stopped" in daemon.log.read_text()

    def test_is_killed_and_stays_away(self, whole: Whole, tmp_path: Path) -> None:
        daemon = whole.start_daemon(tmp_path / "user")
        whole.reaper.tell("fault", kind="kill", pid=daemon.pid, function=READ)
        whole.press("equalise")
        assert "ReaTone stopped while it had this request" in whole.message()
        assert [track.own for track in whole.tracks()] == [None, None]

    def test_is_never_there_twice(self, served: Whole, tmp_path: Path) -> None:
        first = holder(served.reaper.endpoint.with_name("daemon.lock"))
        second = DaemonProcess(served.reaper.endpoint, tmp_path / "second")
        assert second.wait() != 0
        assert f"running already (process {first})" in second.log.read_text()
        assert "equalised" in served.do("equalise")


class TestReaper:
    def test_is_killed_at_random_points_of_a_job(self, whole: Whole, tmp_path: Path) -> None:
        """One daemon lives through all of it and works for each new REAPER."""
        project = tmp_path / "song" / "song.rpp"
        daemon = whole.start_daemon(tmp_path / "user")
        whole.do("equalise")
        whole.reaper.tell("count")
        whole.do("up")
        calls = int(whole.reaper.tell("count"))
        whole.reaper.quit()
        rng = random.Random(6)
        for _ in range(POINTS):
            kill_reaper(project, tmp_path, rng.randint(1, calls - 2))
        assert daemon.running
        log = daemon.log.read_text()
        assert log.count(" auto: done") == 1 + POINTS
        assert log.count(" amount: done") == 1  # none of those cut off was taken for done
        assert "Traceback" not in log

    def test_renders_for_longer_than_any_deadline(self, whole: Whole, tmp_path: Path) -> None:
        """A minute of rendering, made shorter together with all deadlines."""
        short = Deadlines(connect=5.0, answer=1.0, render=60.0, recover=5.0)
        with (
            Link(whole.reaper.endpoint, short) as link,
            running(lambda: ReaperSession(link.call), tmp_path / "presets", wire=link),
        ):
            whole.wait_for_daemon()
            whole.reaper.tell("fault", kind="sleep", function="Main_OnCommandEx", seconds=2.5)
            whole.reaper.tell("requests")
            text = whole.do("equalise")
        assert "begin_job" in whole.reaper.tell("requests")
        assert "equalised" in text, text
        assert all(track.own and is_whole(track) for track in whole.tracks())


class TestTheUser:
    """What the user does in REAPER between the reading and the writing of a job."""

    def test_deletes_a_track(self, served: Whole) -> None:
        served.reaper.tell("fault", kind="delete_track", function=READ)
        text = served.do("equalise")
        assert "Bass: " in text
        assert "not in the project" in text
        (left,) = served.tracks()
        assert left.own
        assert is_whole(left)

    def test_undoes_what_was_there(self, served: Whole) -> None:
        served.do("equalise")
        served.do("up")
        served.reaper.tell("fault", kind="undo", function=READ)
        text = served.do("equalise")
        assert "changed" in text
        assert served.reaper.tell("undo_points") == ["ReaTone: auto EQ, 65% (2 tracks)"]
        assert all(track.own and is_whole(track) for track in served.tracks())

    def test_closes_the_project(self, served: Whole, tmp_path: Path) -> None:
        other = write_noise(tmp_path / "other")
        other.write_text(other.read_text().replace("-0000-4000-", "-1111-4000-"))
        served.reaper.tell("fault", kind="open", function=READ, project=str(other))
        assert "not in the project" in served.do("equalise")
        assert served.reaper.tell("undo_points") == []
        assert [track.own for track in served.tracks()] == [None, None]


class TestTheDisk:
    def test_is_full(self, served: Whole) -> None:
        before = served.reaper.tell("settings")
        served.reaper.tell("fault", kind="disk_full", function="Main_OnCommandEx")
        text = served.do("equalise")
        assert "No space left on device" in text
        assert "Make room" in text
        assert served.reaper.tell("settings") == before
        assert "equalised" in served.do("equalise")
