"""Actions while they wait for ReaTone: its progress, its silence, its odd answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lua.bench import Bench, started


class TestWaiting:
    def test_a_reply_that_never_comes(self, bench: Bench) -> None:
        started(bench, "equalise")
        assert 9.5 < bench.ticks(60.0) < 11.0
        (box,) = bench.user.boxes
        assert "has not begun within 10 s" in box
        assert "one step in REAPER's undo history" in box

    def test_a_late_reply_is_cleared_away(self, bench: Bench) -> None:
        started(bench, "equalise")
        bench.ticks(60.0)
        bench.answer(0, "done", text="Too late.")
        started(bench, "revert")
        bench.finish(text="Reverted.")
        assert bench.user.messages[1:] == ["Reverted."]
        assert not bench.left_behind

    def test_a_request_that_nobody_takes_is_taken_back(self, bench: Bench) -> None:
        bench.takes = False
        other = '{"id": "other-1", "kind": "auto", "args": {}}\n'
        bench.put("events", other)
        bench.run("equalise")
        assert 9.5 < bench.ticks(60.0) < 11.0
        assert bench.get("events") == other
        assert bench.user.boxes == [
            "ReaTone's server in REAPER does not take requests. The request was taken back."
        ]

    def test_a_render_stops_everything(self, bench: Bench) -> None:
        """REAPER stands still for a minute: neither the action nor the server runs meanwhile."""
        started(bench, "equalise")
        bench.answer(0, "running", step="Rendering", fraction=0.0)
        bench.ticks(1.0)
        bench.clock.now += 60.0
        assert bench.scripts.step()
        assert bench.ticks(5.0) > 4.9
        bench.finish()
        assert bench.user.messages == ["Equalised 1 track."]

    @pytest.mark.parametrize("status", [None, "queued", "running"])
    def test_a_render_makes_only_the_server_mute(self, bench: Bench, status: str | None) -> None:
        """The render's own dialog keeps REAPER's timers, and with them this action, alive."""
        started(bench, "equalise")
        if status:
            bench.answer(0, status)
        bench.has_server = False
        bench.ticks(25.0)
        bench.has_server = True
        bench.tick()
        bench.finish()
        assert bench.user.messages == ["Equalised 1 track."]

    def test_a_render_in_the_background(self, bench: Bench) -> None:
        started(bench, "equalise")
        bench.answer(0, "running", step="Rendering", fraction=0.0)
        assert bench.ticks(300.0) > 299.0
        bench.finish()
        assert bench.user.messages == ["Equalised 1 track."]

    def test_progress_of_others_keeps_those_in_line_patient(self, bench: Bench) -> None:
        started(bench, "equalise")
        started(bench, "revert")
        bench.answer(1, "queued")
        for step in range(40):
            bench.answer(0, "running", step=f"Heard track {step}", fraction=step / 40)
            bench.ticks(1.0)
        bench.answer(0, "done", text="Equalised 40 tracks.")
        bench.finish(1, "Reverted.")
        assert sorted(bench.user.messages) == ["Equalised 40 tracks.", "Reverted."]

    def test_no_progress_while_it_runs(self, bench: Bench) -> None:
        started(bench, "equalise")
        bench.answer(0, "running", step="Writing", fraction=1.0)
        assert 119.0 < bench.ticks(200.0) < 122.0
        assert "no progress for 120 s" in bench.user.boxes[0]

    def test_reatone_dies_in_the_middle(self, bench: Bench) -> None:
        started(bench, "equalise")
        bench.answer(0, "running", step="Heard Vocal", fraction=0.5)
        bench.ticks(1.0)
        bench.has_daemon = False
        assert bench.ticks(60.0) < 6.0
        assert "ReaTone stopped while it had this request" in bench.user.boxes[0]

    def test_the_server_dies_in_the_middle(self, bench: Bench) -> None:
        started(bench, "equalise")
        bench.answer(0, "queued")
        bench.has_server = False
        assert bench.ticks(1000.0) < 602.0
        assert "server in REAPER has stopped" in bench.user.boxes[0]

    @pytest.mark.parametrize(
        "text",
        [
            "{", "[]", "7", '"done"', "null", "{}", '{"state": 1}', '{"state": "well"}',
            "\xff\x00", '{"state": "done"', '{"state": null, "text": "x"}',
        ],
    )  # fmt: skip
    def test_an_answer_that_makes_no_sense(self, bench: Bench, text: str) -> None:
        action = started(bench, "equalise")
        bench.put(f"status:{bench.events[0]['id']}", text)
        bench.ticks(10.0)
        assert bench.user.boxes[0].startswith("ReaTone's answer cannot be read (")
        assert action.error is None
        assert not bench.left_behind

    @pytest.mark.parametrize(
        "fields",
        [
            {"step": 7, "fraction": "half", "text": []},
            {"step": "", "fraction": -3},
            {"fraction": 1e300},
            {"step": None, "fraction": None},
        ],
    )
    def test_odd_fields_are_passed_over(self, bench: Bench, fields: dict[str, Any]) -> None:
        action = started(bench, "equalise")
        bench.answer(0, "running", **fields)
        bench.ticks(1.0)
        assert bench.user.window.lines == ["Working"]
        bench.answer(0, "done", **fields)
        bench.ticks(60.0)
        assert (action.error, bench.user.messages) == (None, ["Done."])

    def test_a_closed_window_stays_closed_while_the_work_goes_on(self, bench: Bench) -> None:
        started(bench, "equalise")
        bench.ticks(1.0)
        bench.user.keys.append(27)
        bench.ticks(2.0)
        assert (bench.user.window.is_open, bench.user.window.opened) == (False, 1)
        bench.finish()
        assert bench.user.messages == ["Equalised 1 track."]
