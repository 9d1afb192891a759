"""Extensions of REAPER that actions use when they are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.host.calling import HostError
from bridge.host.host import Host
from tests.lua.bench import Bench, started


class TestExtensions:
    @staticmethod
    def imgui(frames: list[str], is_open: list[bool]) -> dict[str, Any]:
        def begin(*_: object) -> tuple[bool, bool]:
            return True, is_open[-1]

        return {
            "ImGui_CreateContext": (("str",), lambda _title: 1),
            "ImGui_Cond_Appearing": ((), lambda: 8),
            "ImGui_WindowFlags_NoFocusOnAppearing": ((), lambda: 4096),
            "ImGui_SetNextWindowSize": (("int", "float", "float", "int"), lambda *_: None),
            "ImGui_Begin": (("int", "str", "bool", "int"), begin),
            "ImGui_ProgressBar": (("int", "float", "float", "float"), lambda *_: None),
            "ImGui_TextWrapped": (("int", "str"), lambda _context, text: frames.append(text)),
            "ImGui_End": (("int",), lambda _context: None),
        }

    def test_reaimgui_draws_when_it_is_there(self, host: Host, tmp_path: Path) -> None:
        frames: list[str] = []
        bench = Bench(host, tmp_path / "reaper", self.imgui(frames, [True]))
        started(bench, "equalise")
        bench.answer(0, "running", step="Rendering", fraction=0.5)
        bench.ticks(1.0)
        bench.finish()
        assert (frames[0], frames[-1]) == ("Rendering", "Equalised 1 track.")
        assert bench.user.window.opened == 0

    def test_a_closed_reaimgui_window(self, host: Host, tmp_path: Path) -> None:
        frames: list[str] = []
        bench = Bench(host, tmp_path / "reaper", self.imgui(frames, [False]))
        started(bench, "equalise")
        bench.ticks(1.0)
        bench.finish()
        assert frames == ["Waiting"]
        assert bench.user.messages == ["Equalised 1 track."]

    @pytest.mark.parametrize("broken", ["ImGui_CreateContext", "ImGui_Begin", "ImGui_ProgressBar"])
    def test_another_version_of_it_is_no_hindrance(
        self, host: Host, tmp_path: Path, broken: str
    ) -> None:
        def fail(*_: object) -> None:
            raise HostError("wrong version")

        functions = self.imgui([], [True])
        functions[broken] = (("any",), fail)
        bench = Bench(host, tmp_path / "reaper", functions)
        started(bench, "equalise")
        bench.ticks(1.0)
        assert bench.user.window.lines == ["Waiting"]
        bench.finish()
        assert bench.user.messages == ["Equalised 1 track."]

    def test_a_screen_reader_hears_the_message(self, host: Host, tmp_path: Path) -> None:
        spoken: list[str] = []
        functions = {"osara_outputMessage": (("str",), spoken.append)}
        bench = Bench(host, tmp_path / "reaper", functions)
        started(bench, "equalise")
        bench.finish()
        assert spoken == ["Equalised 1 track."]
