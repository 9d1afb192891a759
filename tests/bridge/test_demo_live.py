"""The demo's live half: a process stands in for REAPER, everything else is the real thing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from bridge import demo, demo_live
from bridge.cli import app
from bridge.demo_live import Show
from bridge.errors import NotConnected
from bridge.report import Outcome, Report, TrackReport
from tests.projects import pink_noise, write_song


@pytest.fixture
def song(tmp_path: Path) -> Path:
    tracks = {name: pink_noise(2.0, seed) for seed, name in enumerate(("Bass", "Keys", "Drums"))}
    return write_song(tmp_path / "song", tracks)


def play(song: Path, tmp_path: Path) -> Show:
    steps: list[tuple[str, float]] = []
    show = demo_live.run(song, tmp_path / "presets", lambda *step: steps.append(step))
    fractions = [fraction for _, fraction in steps]
    assert fractions == sorted(fractions)
    assert [child for child in psutil.Process().children() if "process" in child.cmdline()] == []
    return show


def test_actions_and_a_surface_at_work(song: Path, tmp_path: Path) -> None:
    pytest.importorskip("lupa")
    before = song.read_bytes()

    show = play(song, tmp_path)

    text = show.as_text()
    assert show.problem == ""
    assert (show.requests, show.undo_points) == (2, 1)
    assert 0.0 < show.render_s < show.seconds
    assert "Bass: equalised" in text
    assert "Drums: equalised" in text
    assert "Keys: equalised" not in text
    assert "written once, 0.30 read back" in text
    assert "Undone: ReaTone: amount 30% (2 tracks). 0.65 read back." in text
    assert "One undo step: ReaTone: warmer, less harsh, 65% (2 tracks)" in text
    assert "ReaTone: amount +10% (2 tracks)" in text
    assert "2 tracks now heard without ReaTone's EQ." in text
    assert "Bass: reverted" in text
    assert "Nothing of ReaTone's is left." in text
    assert song.read_bytes() == before
    assert show.as_json()["seconds_beyond_render"] == round(show.seconds - show.render_s, 3)


def test_without_lua_the_surface_alone_does_it(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_live, "has_lua", lambda: False)
    show = play(song, tmp_path)
    text = show.as_text()
    assert show.problem == ""
    assert "pip install lupa" in text
    assert "OSC button /reatone/auto" in text
    assert "0.30 read back" in text
    assert "Action" not in text


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("StandIn", OSError("no more processes")),
        ("StandIn", NotConnected("The process that stands in for REAPER has ended.")),
        ("Tablet", OSError("no sockets here")),
    ],
)
def test_what_does_not_work_is_told(
    what: str, error: Exception, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(demo_live, what, fail)
    show = play(song, tmp_path)
    assert str(error) in show.problem
    assert len(show.lines) == 2, "nothing but what was to come"


def test_a_job_that_fails_is_told(tmp_path: Path) -> None:
    silence = {name: 0.0 * pink_noise(0.5) for name in ("One", "Two", "Three")}
    show = play(write_song(tmp_path / "silent", silence), tmp_path)
    assert "The live part stopped" in show.problem
    assert "silent" in show.problem


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The offline half, which has tests of its own, done at once."""
    report = Report("auto", (TrackReport("Bass", Outcome.WRITTEN),), amount=0.65)
    monkeypatch.setattr(demo, "run", lambda *_: report)


@pytest.mark.usefixtures("offline")
class TestCommand:
    def run(self, live: Show, monkeypatch: pytest.MonkeyPatch, *options: str) -> Any:
        monkeypatch.setattr(demo, "run_live", lambda *_: live)
        return CliRunner().invoke(app, ["demo", *options])

    def test_json_has_both_halves(self, monkeypatch: pytest.MonkeyPatch) -> None:
        live = Show(["Live"], requests=3, undo_points=1, seconds=1.5, render_s=1.0)
        result = self.run(live, monkeypatch, "--json")
        data = json.loads(result.stdout)
        assert result.exit_code == 0
        assert [track["name"] for track in data["tracks"]] == ["Bass"]
        figures = {"requests": 3, "undo_points": 1, "seconds_beyond_render": 0.5}
        assert figures.items() <= data["live"].items()

    def test_the_offline_half_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.run(Show(problem="The live part stopped: no sockets here"), monkeypatch)
        assert result.exit_code == 0
        assert "Bass" in result.stdout
        assert "! The live part stopped: no sockets here" in result.stdout


def test_the_copy_for_the_live_half_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def look(project: Path, *_: object) -> Show:
        seen.append(project.read_bytes())
        return Show()

    monkeypatch.setattr(demo_live, "run", look)
    demo.run_live(tmp_path, lambda *_: None)
    assert seen[0].startswith(b"<REAPER_PROJECT")
    assert list(tmp_path.iterdir()) == []
