"""Every action of ReaTone's, from the key in REAPER to the EQ in the project, over the real wire.

Each in a process of its own: a stand-in REAPER at 30 ticks a second with the actions in Lua, and
`reatone serve`.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.selection import MASTER
from bridge.session import Track
from bridge.single import holder
from tests.bridge.running import alike
from tests.live.conftest import eventually
from tests.live.whole import (
    PATIENCE_S,
    SERVE,
    Whole,
    environment,
    is_whole,
    reaper_with_actions,
)
from tests.projects import pink_noise, write_song

MOST_REQUESTS = 3


@dataclass(frozen=True)
class Case:
    """An action, what was done before it, and what it has to bring."""

    name: str
    says: str
    undo: str
    answers: dict[str, Any] = field(default_factory=dict)
    before: tuple[str, ...] = ("equalise",)
    amount: float | None = 0.65


CASES = [
    Case("equalise", "equalised", "ReaTone: auto EQ, 65% (2 tracks)", before=()),
    Case("equalise", "equalised", "ReaTone: auto EQ, 65% (2 tracks)", before=("equalise", "up")),
    Case("match", "equalised", "ReaTone: match EQ, 65% (2 tracks)", {"files": ["REFERENCE"]}, ()),
    Case("describe", "warmer", "ReaTone: warmer, 65% (2 tracks)", {"inputs": ["warmer"]}, ()),
    Case("describe", "warmer", "ReaTone: warmer, 65% (2 tracks)", {"inputs": ["warmer"]}),
    Case("up", "amount changed", "ReaTone: amount +10% (2 tracks)", amount=0.75),
    Case("down", "amount changed", "ReaTone: amount -10% (2 tracks)", amount=0.55),
    Case("set", "amount changed", "ReaTone: amount 120% (2 tracks)", {"inputs": ["120"]}, amount=1.2),
    Case("compare", "without ReaTone's EQ", "ReaTone: without EQ (2 tracks)"),
    Case("compare", "with ReaTone's EQ", "ReaTone: with EQ (2 tracks)", before=("equalise", "compare")),
    Case("revert", "reverted", "ReaTone: revert (2 tracks)", amount=None),
    Case("load", "written", "ReaTone: preset kept Bass (2 tracks)", {"inputs": ["kept Bass"]}, (), 1.0),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Whole]:
    """Everything, running; a preset called "kept Bass" has been saved by its action."""
    noise = {"Bass": pink_noise(2.0), "Gtr": pink_noise(2.0, 1)}
    project = write_song(folder / "song", noise)
    with reaper_with_actions(project, folder) as whole:
        whole.start_daemon(folder / "user")
        whole.do("equalise")
        assert "Saved" in whole.do("save", inputs=["kept"])
        yield whole


@pytest.fixture
def whole(running: Whole, folder: Path) -> Whole:
    """The same with the project as it was at first."""
    running.reaper.tell("open", project=str(folder / "song" / "song.rpp"))
    running.reaper.tell("requests")
    return running


def states(tracks: list[Track]) -> list[object]:
    """Return what is on the tracks of ReaTone's."""
    return [(track.own and (track.own.enabled, track.own.state), track.memory) for track in tracks]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "_".join((*case.before, case.name)))
class TestEveryAction:
    def test_is_one_undo_step_verified_in_the_project(
        self, whole: Whole, folder: Path, case: Case
    ) -> None:
        for name in case.before:
            whole.do(name)
        before, points = states(whole.tracks()), whole.reaper.tell("undo_points")
        whole.reaper.tell("requests")
        reference = str(folder / "song" / "2.wav")
        answers = {**case.answers, **({"files": [reference]} if "files" in case.answers else {})}
        text = whole.do(case.name, **answers)
        requests = whole.reaper.tell("requests")
        after = whole.tracks()
        assert case.says in text
        assert len(requests) <= MOST_REQUESTS
        assert whole.reaper.tell("undo_points") == [*points, case.undo]
        assert all(is_whole(track) for track in after)
        amounts = [track.memory.amount if track.memory else None for track in after]
        assert amounts == pytest.approx([case.amount] * 2)
        whole.reaper.call("Undo_DoUndo2", 0)
        assert states(whole.tracks()) == before


class TestMaster:
    def test_gets_an_eq_in_one_undo_step(self, whole: Whole) -> None:
        text = whole.do("master")
        assert "Master: equalised" in text
        assert len(whole.reaper.tell("requests")) <= MOST_REQUESTS
        (point,) = whole.reaper.tell("undo_points")
        assert point.startswith("ReaTone: master EQ")
        (master,) = whole.session.begin_job([MASTER]).tracks
        assert master.own
        assert is_whole(master)
        assert [track.own for track in whole.tracks()] == [None, None]


class TestPresets:
    def test_come_back_as_they_were_saved(self, whole: Whole) -> None:
        whole.do("load", inputs=["kept Bass"])
        loaded = [track.own.eq for track in whole.tracks() if track.own]
        whole.reaper.tell("open", project=str(whole.scripts.parents[1] / "song" / "song.rpp"))
        whole.do("equalise")
        own = whole.tracks()[0].own
        assert own is not None
        assert [alike(eq, own.eq) for eq in loaded] == [True, True]

    def test_saving_changes_nothing_in_the_project(self, whole: Whole) -> None:
        whole.do("equalise")
        points = whole.reaper.tell("undo_points")
        whole.reaper.tell("requests")
        assert "Saved 'other Bass', 'other Gtr' in" in whole.do("save", inputs=["other"])
        assert whole.reaper.tell("requests") == ["list_tracks"]
        assert whole.reaper.tell("undo_points") == points


class TestWhatCannotBeDone:
    @pytest.mark.parametrize(
        ("name", "answers", "says"),
        [
            ("up", {}, "None of these tracks has a ReaTone EQ"),
            ("revert", {}, "None of these tracks has a ReaTone EQ"),
            ("compare", {}, "None of the selected tracks has a ReaTone EQ"),
            ("save", {"inputs": ["x"]}, "None of these tracks has a ReaTone EQ"),
            ("load", {"inputs": ["no such"]}, "There are: 'kept Bass', 'kept Gtr'"),
            ("describe", {"inputs": ["qwxyz"]}, "qwxyz"),
            ("match", {"files": ["/nowhere/mix.wav"]}, "/nowhere/mix.wav"),
        ],
    )
    def test_is_said_in_one_message(
        self, whole: Whole, name: str, answers: dict[str, Any], says: str
    ) -> None:
        assert says in whole.do(name, **answers)
        assert whole.reaper.tell("undo_points") == []
        assert [track.own for track in whole.tracks()] == [None, None]

    def test_with_no_track_selected(self, whole: Whole) -> None:
        for index in range(2):
            track = whole.reaper.call("GetTrack", 0, index)
            whole.reaper.call("SetTrackSelected", track, False)
        assert "No track is selected" in whole.do("equalise")


class TestWords:
    def test_an_action_made_of_words_asks_for_them(self, whole: Whole) -> None:
        made = whole.do("words", inputs=["warmer, less boxy"])
        assert made == "ReaTone_Describe as warmer, less boxy is in the action list."
        whole.do("describe", inputs=["warmer, less boxy"])
        by_hand = states(whole.tracks()), whole.reaper.tell("undo_points")
        whole.reaper.tell("open", project=str(whole.scripts.parents[1] / "song" / "song.rpp"))
        whole.trigger("ReaTone_Describe as warmer, less boxy.lua")
        whole.message()
        assert (states(whole.tracks()), whole.reaper.tell("undo_points")) == by_hand


class TestStarting:
    def test_starts_the_server_and_the_process(self, tmp_path: Path) -> None:
        """Nothing runs; the user presses a key, agrees, and the tracks are equalised."""
        project = write_song(tmp_path / "song", {"Bass": pink_noise(1.0)})
        with reaper_with_actions(project, tmp_path) as whole:
            lock = whole.reaper.endpoint.with_name("daemon.lock")
            user = environment(whole.reaper.endpoint, tmp_path / "user")
            homes = [f"{key}={value}" for key, value in user.items() if key.endswith("HOME")]
            command = shlex.join(("/usr/bin/env", *homes, sys.executable, *SERVE))
            whole.reaper.call("SetExtState", "ReaTone", "command", command, False)
            try:
                assert "equalised" in whole.do("equalise", buttons=[6])
                assert whole.do("start") == "ReaTone is running."
                assert is_whole(whole.tracks()[0])
            finally:
                pid = holder(lock)
                if pid:
                    os.kill(pid, signal.SIGTERM)
                eventually(lambda: holder(lock) is None, PATIENCE_S)
