"""Starting what is missing of ReaTone, and putting its actions into REAPER's list."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.host.host import Host
from tests.lua.bench import YES, Bench, started


class TestStarting:
    @pytest.fixture
    def idle(self, bench: Bench) -> Bench:
        """Nothing of ReaTone runs; the user agrees to start it."""
        bench.has_server = bench.has_daemon = False
        for key in ("heartbeat", "daemon"):
            bench.host.ext_state.pop(("ReaTone", key), None)
        bench.put("command", '"/opt/reatone" serve')
        bench.user.buttons.append(YES)
        return bench

    def test_both_are_started_and_the_job_goes_on(self, idle: Bench) -> None:
        started(idle, "equalise")
        assert idle.user.questions[0].text == "ReaTone is not running in REAPER.\n\nStart it now?"
        idle.ticks(10.0, lambda: idle.answer_all("Equalised."))
        assert idle.python == [idle.folder / "ReaTone_Start server.py"]
        assert idle.user.commands == ['"/opt/reatone" serve']
        assert idle.user.messages == ["Equalised."]

    def test_only_what_is_missing_is_started(self, bench: Bench) -> None:
        bench.has_daemon = False
        bench.beat()
        bench.put("command", "reatone serve")
        bench.run("start")
        bench.ticks(10.0)
        assert (bench.python, bench.user.commands) == ([], ["reatone serve"])
        assert bench.user.messages == ["ReaTone is running."]

    def test_what_runs_is_not_started_again(self, bench: Bench) -> None:
        bench.run("start")
        bench.ticks(10.0)
        assert (bench.python, bench.user.commands) == ([], [])
        assert bench.user.messages == ["ReaTone is running."]

    def test_a_process_that_waits_finds_the_new_server(self, idle: Bench) -> None:
        idle.has_daemon = True
        started(idle, "equalise")
        idle.ticks(5.0, lambda: idle.answer_all("Equalised."))
        assert idle.user.commands == []
        assert idle.user.messages == ["Equalised."]

    def test_without_the_installers_command(self, idle: Bench) -> None:
        idle.put("command", "")
        idle.run("equalise")
        idle.ticks(60.0)
        assert "reatone install" in idle.user.boxes[0]

    def test_without_the_server_script(self, idle: Bench) -> None:
        (idle.folder / "ReaTone_Start server.py").unlink()
        idle.run("equalise")
        idle.ticks(60.0)
        assert "server script is not there" in idle.user.boxes[0]

    def test_python_is_not_enabled_in_reaper(self, idle: Bench) -> None:
        idle.starts_server = False
        idle.run("equalise")
        assert idle.ticks(60.0) < 8.0
        assert "Enable Python" in idle.user.boxes[0]
        assert not idle.events

    def test_the_process_does_not_come_up(self, idle: Bench) -> None:
        idle.starts_daemon = False
        idle.run("equalise")
        assert idle.ticks(60.0) < 12.0
        assert "reatone doctor" in idle.user.boxes[0]
        assert not idle.events

    def test_a_pause_of_reaper_itself_is_no_silence(self, bench: Bench) -> None:
        """A key pressed during a render is carried out right behind it, before the server's tick."""
        bench.clock.now += 60.0
        bench.run("equalise")
        assert not bench.user.questions
        bench.ticks(0.2)
        assert [event["kind"] for event in bench.events] == ["auto"]


class TestMakingActions:
    def made(self, bench: Bench, words: str) -> Path:
        before = set(bench.folder.iterdir())
        bench.user.inputs.append(words)
        bench.run("words")
        bench.ticks(30.0)
        assert bench.user.errors == []
        (path,) = set(bench.folder.iterdir()) - before
        return path

    @pytest.mark.parametrize(
        "words",
        [
            "warmer, less boxy",
            'more "air" \\ less [[mud]]',
            '") os.execute("x") --',
            "wärmer 🎛️ 暖かい",
            "a/b\\c:d*e?f<g>h|i",
            "long " * 40,
            "🎛️" * 30,
            "...",
            "100 % %d \x01",
            "-- ]] comment",
        ],
    )
    def test_it_asks_for_these_words(self, bench: Bench, words: str) -> None:
        path = self.made(bench, words)
        assert bench.scripts.command_of(path) > 0
        assert bench.user.messages == [f"{path.stem} is in the action list."]
        action = bench.scripts.start(path)
        bench.tick()
        assert action.error is None
        assert bench.events[0]["args"] == {"text": " ".join(words.split())}

    def test_words_that_look_alike_in_a_file_name(self, bench: Bench) -> None:
        assert self.made(bench, "a/b").name == "ReaTone_Describe as a_b.lua"
        assert self.made(bench, "a:b").name == "ReaTone_Describe as a_b 2.lua"

    def test_the_same_words_again_make_no_second_action(self, bench: Bench) -> None:
        path = self.made(bench, "warmer")
        bench.user.inputs.append("warmer")
        bench.run("words")
        bench.ticks(30.0)
        assert len(list(bench.folder.glob("ReaTone_Describe as*"))) == 1
        assert bench.scripts.command_of(path) > 0

    def test_a_file_that_cannot_be_written(self, bench: Bench) -> None:
        (bench.folder / "ReaTone_Describe as warmer.lua").mkdir()
        bench.user.inputs.append("warmer")
        bench.run("words")
        bench.ticks(30.0)
        assert "cannot be written" in bench.user.boxes[0]


class TestRegistering:
    def test_all_actions_are_in_the_list(self, bench: Bench) -> None:
        bench.run("register")
        bench.ticks(30.0)
        paths = sorted(bench.folder.glob("ReaTone_*.lua"))
        assert bench.user.messages == [
            f"{len(paths)} ReaTone actions are in the action list: type ReaTone there."
        ]
        assert all(bench.scripts.command_of(path) > 0 for path in paths)

    def test_what_reaper_refuses_is_named(self, host: Host, tmp_path: Path) -> None:
        def refuse(_added: bool, _section: int, path: str, _commit: bool) -> int:
            return 0 if "Revert" in path else 7

        kinds = ("bool", "int", "str", "bool")
        bench = Bench(host, tmp_path / "reaper", {"AddRemoveReaScript": (kinds, refuse)})
        bench.run("register")
        bench.ticks(30.0)
        assert bench.user.boxes[0].endswith("list:\nReaTone_Revert selected tracks.lua")
