from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bridge.host.process import start_script
from bridge.host.stand_in import StandIn
from bridge.reaper import endpoint as way
from bridge.reaper import inside, payload
from bridge.reaper.link import Link
from tests.live.conftest import PATIENCE_S, eventually
from tests.live.raw import Raw

ROOT = Path(__file__).resolve().parents[2]
TOY = Path(__file__).with_name("toy_reaper.py")


def ext_state(reaper: StandIn, key: str) -> str:
    return str(reaper.call("GetExtState", "ReaTone", key))


class TestEndpoint:
    def test_is_for_this_user_alone(self, reaper: StandIn) -> None:
        assert reaper.endpoint.stat().st_mode & 0o777 == 0o600
        assert reaper.endpoint.parent.stat().st_mode & 0o777 == 0o700
        assert way.read(reaper.endpoint).pid == reaper.pid

    def test_listens_on_the_loopback_only(self, reaper: StandIn) -> None:
        port = way.read(reaper.endpoint).port
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        places = {row[1] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}
        assert places == {f"0100007F:{port:04X}"}

    def test_goes_with_reaper(self, reaper: StandIn) -> None:
        reaper.quit()
        assert list(reaper.endpoint.parent.iterdir()) == []

    def test_comes_back_when_another_reaper_takes_it_along(self, reaper: StandIn) -> None:
        before = way.read(reaper.endpoint)
        reaper.endpoint.unlink()
        eventually(reaper.endpoint.exists)
        assert way.read(reaper.endpoint) == before

    def test_a_second_reaper_takes_over_and_gives_back(
        self, reaper: StandIn, project: Path
    ) -> None:
        first = way.read(reaper.endpoint)
        with StandIn(project, reaper.endpoint):
            assert way.read(reaper.endpoint) != first
        eventually(reaper.endpoint.exists)
        assert way.read(reaper.endpoint) == first

    def test_each_start_has_its_own_token(self, project: Path, tmp_path: Path) -> None:
        tokens = set()
        for _ in range(2):
            with StandIn(project, tmp_path / "run" / "reaper.json") as reaper:
                tokens.add(way.read(reaper.endpoint).token)
        assert len(tokens) == 2


class TestRequests:
    def test_every_function_is_found_and_nothing_else(self, steady: StandIn) -> None:
        with Raw.known(steady.endpoint) as raw:
            hello = raw.request("hello", {})
            assert hello is not None
            assert hello["value"]["project"]["name"] == "song.rpp"
            for name in ("call", "_look", "exec", "os.system", "__import__", "HOLD", "", "hello\0"):
                answer = raw.request(name, {})
                assert answer is not None
                assert "There is no request" in answer["value"]["error"]["message"]

    def test_errors_inside_come_back_with_their_words(self, steady: StandIn) -> None:
        with Raw.known(steady.endpoint) as raw:
            answer = raw.request("begin_job", {"tracks": ["{nobody}"]})
            assert answer is not None
            assert answer["value"]["error"]["code"] == "stale_track"
            answer = raw.request("write_eq", {})
            assert answer is not None
            assert "KeyError" in answer["value"]["error"]["message"]

    def test_a_burst_is_served_in_one_turn(self, steady: StandIn) -> None:
        with Raw.known(steady.endpoint) as raw:
            frame = way.pack({"function": "hello", "input": {"args": [{}]}}, 1000)
            raw.request("hello", {})
            steady.tell("busy")
            raw.send(5 * frame)
            assert all(raw.receive() for _ in range(5))
            assert len(steady.tell("busy")) <= 3

    def test_a_request_is_carried_out_once(self, steady: StandIn) -> None:
        with Raw.known(steady.endpoint) as raw:
            status = {"id": "e", "state": "running", "text": "first"}
            first = raw.request("set_status", status, id="one")
            again = raw.request("set_status", {**status, "text": "second"}, id="one")
            assert first == again
            assert json.loads(ext_state(steady, "status:e"))["text"] == "first"
            asked = raw.request("outcome", {"id": "one"})
            assert asked is not None
            assert asked["value"] == {"state": "done", "answer": first}

    def test_a_request_that_was_given_up_is_not_carried_out_later(self, steady: StandIn) -> None:
        with Raw.known(steady.endpoint) as raw:
            asked = raw.request("outcome", {"id": "late"})
            assert asked is not None
            assert asked["value"] == {"state": "never"}
            answer = raw.request("set_status", {"id": "late", "state": "done"}, id="late")
            assert answer is not None
            assert "given up" in answer["traceback"]
            assert ext_state(steady, "status:late") == ""

    def test_no_request_is_carried_out_when_its_sender_has_gone(self, steady: StandIn) -> None:
        frame = {"function": "set_status", "input": {"args": [{"id": "gone", "state": "done"}]}}
        with Raw.known(steady.endpoint) as raw:
            steady.tell("freeze", seconds=0.2)
            raw.send(way.pack(frame, 1000))
        with Raw.known(steady.endpoint) as raw:
            assert raw.request("hello", {}) is not None
        assert ext_state(steady, "status:gone") == ""

    def test_a_frozen_reaper_answers_afterwards(self, steady: StandIn) -> None:
        with Raw.known(steady.endpoint) as raw:
            steady.tell("freeze", seconds=1.2 * PATIENCE_S)  # longer than a stranger may take
            with Raw(way.read(steady.endpoint)) as newcomer:
                assert raw.request("hello", {}) is not None
                assert newcomer.shake_hands() is not None


class TestMailbox:
    def test_shows_signs_of_life(self, steady: StandIn) -> None:
        before = float(ext_state(steady, "heartbeat"))
        assert abs(time.time() - before) < 5.0
        eventually(lambda: float(ext_state(steady, "heartbeat")) > before)
        assert ext_state(steady, "daemon") == ""

    def test_knows_a_daemon_by_its_waiting(self, steady: StandIn) -> None:
        with Link(steady.endpoint) as link:
            assert link.wait_events(0.0) == []
            eventually(lambda: ext_state(steady, "daemon") != "")
        eventually(lambda: ext_state(steady, "daemon") == "")

    def test_brings_events_of_actions(self, steady: StandIn, link: Link) -> None:
        lines = [
            '{"id": "a.1", "kind": "auto", "args": {"amount": 0.5}}',
            '{"id": "b", "kind": "x"}',
        ]
        steady.call("SetExtState", "ReaTone", "events", "\n".join(lines) + "\n", False)
        events: list[Any] = []
        while len(events) < 2:
            events += link.wait_events(5.0)
        assert events == [
            {"id": "a.1", "kind": "auto", "args": {"amount": 0.5}},
            {"id": "b", "kind": "x", "args": {}},
        ]
        assert ext_state(steady, "events") == ""

    def test_passes_over_what_is_no_event(self, steady: StandIn, link: Link) -> None:
        bad = ["", "x", "[]", "3", "{}", '{"id": 1, "kind": "x"}', '{"id": "a b", "kind": "x"}']
        bad += ['{"id": "a", "kind": 1}', '{"id": "a", "kind": "x", "args": []}', "[" * 5000]
        lines = [*bad, '{"id": "good", "kind": "auto"}']
        steady.call("SetExtState", "ReaTone", "events", "\n".join(lines), False)
        assert [event["id"] for event in link.wait_events(5.0)] == ["good"]

    def test_what_a_daemon_left_undone_ends_when_another_one_comes(self, steady: StandIn) -> None:
        """An action would wait for two minutes for a daemon that was killed and started again."""
        lines = [f'{{"id": "{name}", "kind": "auto"}}\n' for name in ("left", "taken", "ended")]
        with Link(steady.endpoint) as first:
            first.wait_events(0.0)
            steady.call("SetExtState", "ReaTone", "events", "".join(lines), False)
            taken: list[Any] = []
            while len(taken) < 3:
                taken += first.wait_events(5.0)
            first.set_status("left", "running")
            first.set_status("ended", "done", text="Equalised.")
            first.wait_events(0.0)
        with Link(steady.endpoint) as second:
            second.wait_events(0.0)
        texts = [json.loads(ext_state(steady, f"status:{n}")) for n in ("left", "taken", "ended")]
        assert [status["state"] for status in texts] == ["failed", "failed", "done"]
        assert "started again" in texts[0]["text"]

    def test_a_status_reaches_the_action(self, steady: StandIn, link: Link) -> None:
        link.set_status("a.1", "running", step="Rendering", fraction=0.3)
        assert json.loads(ext_state(steady, "status:a.1")) == {
            "id": "a.1",
            "state": "running",
            "step": "Rendering",
            "fraction": 0.3,
        }

    @pytest.mark.parametrize(("identity", "state"), [("a b", "done"), ("", "done"), ("a", "dead")])
    def test_a_status_of_no_sense_is_refused(
        self, steady: StandIn, identity: str, state: str
    ) -> None:
        with Raw.known(steady.endpoint) as raw:
            answer = raw.request("set_status", {"id": identity, "state": state})
            assert answer is not None
            assert answer["value"]["error"]["message"].startswith("A status")


class TestStart:
    def test_a_second_start_leaves_the_first_server_alone(self, reaper: StandIn) -> None:
        before = way.read(reaper.endpoint)
        reaper.tell("run_script")
        assert way.read(reaper.endpoint) == before
        with Link(reaper.endpoint) as link:
            link.connect()

    def test_a_start_that_fails_says_so_in_the_console(self, project: Path, tmp_path: Path) -> None:
        tmp_path.chmod(0o777)
        with StandIn(project, tmp_path / "reaper.json") as reaper:
            (message,) = reaper.tell("console")
        assert "could not be started" in message
        assert "others may write" in message


def modules() -> list[Path]:
    return [ROOT / name for name in payload.MODULES] + [start_script()]


class TestInsideReaper:
    """What REAPER's own Python, of whatever version, gets to run."""

    @pytest.mark.parametrize("path", modules(), ids=lambda path: path.name)
    def test_is_python_3_8_and_standard_library(self, path: Path) -> None:
        tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 8))
        names = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        ours = {name for name in names if name.split(".")[0] == "bridge"}
        foreign = {name.split(".")[0] for name in names - ours} - set(sys.stdlib_module_names)
        assert foreign <= ({"reapy", "reaper_python"} if path.name == "server.py" else set())

    def test_what_is_copied_is_complete(self) -> None:
        loaded: set[str] = set()
        waiting = ["bridge.reaper.server"]
        while waiting:
            name = waiting.pop().replace(".", "/") + ".py"
            if name in loaded or not (ROOT / name).exists():
                continue
            loaded.add(name)
            for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bridge"):
                    waiting += [f"{node.module}.{alias.name}" for alias in node.names]
                    waiting.append(str(node.module))
        packages = {"bridge/__init__.py", "bridge/reaper/__init__.py"}
        assert loaded | packages == set(payload.MODULES)

    @pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
    def test_serves_from_reapers_own_python(self, version: str, tmp_path: Path) -> None:
        python = interpreter(version)
        payload.install(tmp_path / "ReaTone" / payload.FOLDER)
        script = tmp_path / "ReaTone" / start_script().name
        shutil.copy(start_script(), script)
        path = tmp_path / "run" / "reaper.json"
        command = [python, "-I", "-S", "-W", "error::DeprecationWarning:bridge", str(TOY)]
        environment = {**os.environ, way.ENVIRONMENT: str(path)}
        toy = subprocess.Popen(
            [*command, str(script)], stdin=subprocess.PIPE, env=environment, text=True
        )
        try:
            eventually(lambda: path.exists() or toy.poll() is not None)
            with Link(path) as link:
                hello = link.call("hello", {})
                assert hello["python"].startswith(version + ".")
                assert hello["api"] == inside.API_VERSION
                link.set_status("a", "done", text="π")
                assert link.call("list_tracks", {}) == {"tracks": []}
        finally:
            assert toy.stdin is not None
            toy.stdin.close()
            assert toy.wait(20.0) == 0
        assert not path.exists()


def interpreter(version: str) -> str:
    """Return a Python of this version, or skip."""
    if "{}.{}".format(*sys.version_info) == version:
        return sys.executable
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    known = str(found[-1]) if found else shutil.which(f"python{version}")
    if known is None:
        pytest.skip(f"Python {version} is not on this machine")
    return known
