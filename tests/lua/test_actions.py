"""ReaTone's actions in REAPER, from the key to the message at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.host.calling import HostError
from bridge.host.host import Host
from bridge.session import Memory, Write, embedded
from models.eq import Band, BandKind, Eq
from tests.bridge.small_project import guid
from tests.lua.bench import NO, Bench, started

REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("equalise", "auto", {}),
    ("master", "master", {}),
    ("describe", "describe", {"text": "warmer"}),
    ("match", "match", {"path": "/music/reference mix.wav"}),
    ("up", "amount", {"by": 0.1}),
    ("down", "amount", {"by": -0.1}),
    ("set", "amount", {"set": 0.6}),
    ("revert", "revert", {}),
    ("save", "preset_save", {"name": "Vocal"}),
    ("load", "preset_load", {"name": "Vocal"}),
]


@pytest.mark.parametrize(("name", "kind", "args"), REQUESTS)
class TestEveryAction:
    def test_it_asks_for_its_job_once(
        self, bench: Bench, name: str, kind: str, args: dict[str, Any]
    ) -> None:
        action = started(bench, name)
        (event,) = bench.events
        assert (event["kind"], event["args"]) == (kind, args)
        bench.answer(0, "running", step="Rendering", fraction=0.25)
        bench.ticks(1.0)
        assert bench.user.window.lines == ["Rendering"]
        bench.finish(0, "Equalised 1 track.")
        assert bench.user.messages == ["Equalised 1 track."]
        assert (action.error, bench.user.errors) == (None, [])

    def test_it_leaves_nothing_behind(
        self, bench: Bench, name: str, kind: str, args: dict[str, Any]
    ) -> None:
        points = list(bench.host.history.done)
        started(bench, name)
        bench.finish()
        assert not bench.scripts.running
        assert not bench.left_behind
        assert not bench.user.window.is_open
        assert bench.user.tips[-1] == ""
        assert bench.host.history.done == points

    def test_a_quick_job_opens_no_window(
        self, bench: Bench, name: str, kind: str, args: dict[str, Any]
    ) -> None:
        """A window takes the keyboard: a second press of the same key would not reach REAPER."""
        started(bench, name)
        bench.finish(text="Done & dusted, 100 %")
        assert bench.user.window.opened == 0
        assert bench.user.messages == ["Done & dusted, 100 %"]

    def test_it_never_holds_reaper_up(
        self, bench: Bench, name: str, kind: str, args: dict[str, Any]
    ) -> None:
        action = started(bench, name)
        bench.answer(0, "running", step="Heard " + "a track " * 40, fraction=0.5)
        bench.ticks(1.0)
        bench.finish(text="long words " * 200)
        assert action.work < 500  # thousands of instructions: some milliseconds

    def test_a_failure_is_said_and_waits_for_the_user(
        self, bench: Bench, name: str, kind: str, args: dict[str, Any]
    ) -> None:
        started(bench, name)
        bench.finish(text="No track is selected. Select one.", ok=False)
        assert bench.user.boxes == ["No track is selected. Select one."]
        assert not bench.left_behind

    def test_without_reatone_it_says_so_at_once(
        self, bench: Bench, name: str, kind: str, args: dict[str, Any]
    ) -> None:
        bench.has_daemon = False
        bench.beat()
        bench.user.buttons.append(NO)
        points = list(bench.host.history.done)
        bench.run(name)
        assert [q.text for q in bench.user.questions] == [
            "ReaTone is not running.\n\nStart it now?"
        ]
        assert not bench.tick()
        assert not bench.events
        assert not bench.user.messages
        assert bench.host.history.done == points


@pytest.mark.parametrize("name", ["describe", "match", "set", "save", "load", "words"])
def test_a_cancelled_question_changes_nothing(bench: Bench, name: str) -> None:
    bench.user.inputs.append(None)
    bench.user.files.append(None)
    action = bench.run(name)
    bench.ticks(1.0)
    assert (action.error, bench.events, bench.user.messages) == (None, [], [])
    assert not bench.scripts.persisted
    assert not bench.host.history.done


class TestTwoAtOnce:
    def test_two_actions(self, bench: Bench) -> None:
        bench.takes = False
        bench.run("equalise")
        bench.run("revert")
        assert len(bench.get("events").splitlines()) == 2
        bench.takes = True
        bench.ticks(1.0)
        assert [event["kind"] for event in bench.events] == ["auto", "revert"]
        assert bench.events[0]["id"] != bench.events[1]["id"]
        bench.answer(0, "failed", text="No audio.")
        bench.finish(1, "Reverted.")
        assert sorted(bench.user.messages) == ["No audio.", "Reverted."]
        assert not bench.left_behind

    def test_the_same_action_again_tells_how_both_went(self, bench: Bench) -> None:
        """REAPER ends the first instance; what it waited for must not fail in silence."""
        first = started(bench, "equalise")
        second = started(bench, "equalise")
        assert bench.scripts.running == [second]
        assert first.error is None
        bench.answer(0, "failed", text="Track 1: no audio.")
        bench.finish(1)
        assert bench.user.messages == ["Track 1: no audio.\n\nEqualised 1 track."]
        assert not bench.left_behind


class TestCompare:
    @pytest.fixture
    def equalised(self, bench: Bench) -> Bench:
        """Track 1 has an EQ of ReaTone's and is selected."""
        session = embedded(bench.host)
        eq = Eq((Band(BandKind.BELL, 400.0, -4.0, 1.0),))
        (track,) = session.begin_job([guid(1)]).tracks
        session.write_eq("warmer", [Write(track, eq, Memory(1.0, eq))])
        path = bench.folder / "ReaTone_Compare with and without EQ.lua"
        bench.scripts.register(True, str(path))
        return bench

    @staticmethod
    def own_eq(host: Host) -> tuple[str, int]:
        track = host.api.RPR_GetTrack(0, 0)
        return track, host.api.RPR_TrackFX_GetCount(track) - 1

    def test_it_asks_for_the_opposite_and_lights_the_button(self, equalised: Bench) -> None:
        api = equalised.host.api
        track, fx = self.own_eq(equalised.host)
        button = equalised.scripts.command_of(
            equalised.folder / "ReaTone_Compare with and without EQ.lua"
        )
        for number, is_on in enumerate((False, True)):
            action = started(equalised, "compare")
            assert equalised.events[number]["args"] == {"on": is_on}
            api.RPR_TrackFX_SetEnabled(track, fx, is_on)
            equalised.finish(text="EQ bypassed.")
            assert action.error is None
            assert equalised.scripts.toggle(0, button) == (0 if is_on else 1)

    def test_the_users_eqs_do_not_count(self, bench: Bench) -> None:
        bench.run("compare")
        bench.ticks(1.0)
        assert bench.events == []
        assert bench.user.boxes == [
            "None of the selected tracks has a ReaTone EQ.\n\nEqualise them first."
        ]


def test_a_mistake_in_an_action_ends_with_a_message(host: Host, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise HostError("out of order")

    bench = Bench(host, tmp_path / "reaper", {"GetMousePosition": ((), fail)})
    started(bench, "equalise")
    bench.finish()
    (box,) = bench.user.boxes
    assert "mistake of its own" in box
    assert "out of order" in box
    assert not bench.scripts.running
