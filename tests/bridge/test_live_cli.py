"""The live side of the command line: what people type, read, and get as exit codes."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bridge import reaper_places, service, serving
from bridge.cli import app
from bridge.errors import UsageError
from bridge.host.stand_in import StandIn
from bridge.osc.addresses import INCOMING, outgoing
from bridge.reaper import endpoint as way
from bridge.single import holder
from tests.bridge.small_project import write_project
from tests.conftest import ROOT
from tests.live.conftest import eventually


def reatone(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of this machine's user is looked at or written to; no log stays open."""
    monkeypatch.setenv(way.ENVIRONMENT, str(tmp_path / "run" / "reaper.json"))
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setattr(reaper_places, "running_reapers", tuple)
    log = logging.getLogger("reatone")
    level = log.level
    yield
    log.setLevel(level)
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


@pytest.fixture
def resource(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "REAPER"
    folder.mkdir(parents=True)
    (folder / "reaper.ini").write_text("[REAPER]\nreascript=1\n")
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestServe:
    @pytest.fixture
    def port(self) -> int:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    @pytest.fixture
    def served(self, port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "bridge.cli", "serve", "--osc-port", str(port)]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            yield process
            process.kill()

    def test_it_answers_reaper_and_ends_on_a_signal(
        self, served: subprocess.Popen[str], tmp_path: Path
    ) -> None:
        with StandIn(write_project(tmp_path / "song"), way.default_path()) as reaper:
            eventually(lambda: bool(reaper.call("GetExtState", "ReaTone", "daemon")), 60.0)
            event = json.dumps({"id": "key", "kind": "compare", "args": {}})
            reaper.call("SetExtState", "ReaTone", "events", event, False)
            eventually(
                lambda: "failed" in reaper.call("GetExtState", "ReaTone", "status:key"), 60.0
            )
            served.send_signal(signal.SIGTERM)
            _, said = served.communicate(timeout=60.0)
        assert served.returncode == 0
        assert "connected to REAPER" in said
        assert "compare: nothing_selected" in said, "one line for each job"
        (log,) = (tmp_path / "home").rglob("reatone.log")
        assert "connected to REAPER" in log.read_text()

    def test_there_is_only_one(self, served: subprocess.Popen[str], tmp_path: Path) -> None:
        eventually(lambda: holder(serving.lock_path()) == served.pid, 60.0)
        result = reatone("serve", "--osc-port", "0")
        assert result.exit_code == 1
        assert f"running already (process {served.pid})" in result.stderr
        (log,) = (tmp_path / "home").rglob("reatone.log")
        assert "running already" in log.read_text()
        assert f"ReaTone runs (process {served.pid})" in reatone("service", "status").stdout

    def test_a_port_that_is_taken_is_named(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            result = reatone("serve", "--osc-port", port)
        assert result.exit_code == 1
        assert str(port) in result.stderr
        assert "--osc-port" in result.stderr
        assert holder(serving.lock_path()) is None

    @pytest.mark.parametrize("text", ["tablet", "tablet:", ":9000", "tablet:x", "tablet:70000"])
    def test_a_place_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match="no place"):
            serving.place_of(text)
        assert reatone("serve", "--feedback", text).exit_code == 2

    def test_places(self) -> None:
        assert serving.place_of("192.168.1.20:9000") == ("192.168.1.20", 9000)

    def test_reapers_own_osc_device_is_found_in_its_settings(self, resource: Path) -> None:
        assert serving._port_in_reaper() == 0
        lines = 'csurf_cnt=2\ncsurf_0=OSC "a" 7 8000 "h" 1 2 3 ""\n'
        lines += 'csurf_1=OSC "b" 7 8001 "h" 1 2 3 "ReaTone"\n'
        (resource / "reaper.ini").write_text(f"[REAPER]\n{lines}")
        assert serving._port_in_reaper() == 8001


class TestInstall:
    def test_dry_and_for_real_and_back(self, resource: Path) -> None:
        before = contents(resource)
        dry = reatone("install", "--dry-run")
        assert (dry.exit_code, contents(resource)) == (0, before)
        assert "Would install" in dry.stdout
        assert "ReaTone_Equalise selected tracks.lua: new" in dry.stdout

        done = reatone("install", "--resource-path", resource)
        assert done.exit_code == 0
        for step in ("  1. ", "  2. ", "  3. "):
            assert step in done.stdout
        assert len(contents(resource)) > 50
        assert contents(resource)[resource / "reaper.ini"] == before[resource / "reaper.ini"]

        again = json.loads(reatone("install", "--json").stdout)
        assert {row["what"] for row in again["files"]} == {"same"}

        gone = reatone("install", "--uninstall")
        assert gone.exit_code == 0
        assert contents(resource) == before

    def test_a_running_reaper_is_to_be_restarted(
        self, resource: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = reaper_places.RunningReaper(1, Path("/opt/REAPER/reaper"))
        monkeypatch.setattr(reaper_places, "running_reapers", lambda: (running,))
        assert "REAPER is running: restart it" in reatone("install").stdout
        assert "restart it" not in reatone("install").stdout, "nothing was changed"

    def test_no_reaper_says_what_to_do(self, tmp_path: Path) -> None:
        result = reatone("install")
        assert result.exit_code == 2
        assert "--resource-path" in result.stderr
        assert reatone("install", "--resource-path", tmp_path).exit_code == 2


class TestDoctor:
    def test_says_what_is_to_be_done(self, resource: Path) -> None:
        result = reatone("doctor")
        assert result.exit_code == 3
        assert "Run `reatone install`" in result.stdout

    def test_json(self, resource: Path) -> None:
        data = json.loads(reatone("doctor", "--json").stdout)
        assert (data["ok"], data["reaper_answers"]) == (False, False)
        assert data["checks"][0]["check"] == "Resource folder"
        assert {row["state"] for row in data["checks"]} <= {"ok", "advice", "todo", "unknown"}


class TestOsc:
    def test_every_address_is_there(self) -> None:
        text = reatone("osc").stdout
        for address in (*INCOMING, *(row[0] for row in outgoing()), "/reatone/subscribe"):
            assert f"  {address} " in text

    def test_actions_are_named_by_what_reaper_makes_of_their_path(self) -> None:
        rows = json.loads(reatone("osc", "--json").stdout)["actions"]
        ids = {row["action"]: row["id"] for row in rows}
        # sha1("REATONE/REATONE_EQUALISE SELECTED TRACKS.LUA")
        assert ids["ReaTone_Equalise selected tracks"] == (
            "_RSec81c8cc0ae7261a1aaf7dbc2b1287b6873e7972"
        )
        assert all(row["address"] == f"/action/{row['id']}" for row in rows)


class TestService:
    def test_install_status_remove(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[str] = []

        def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
            told.append(" ".join(command))
            return subprocess.CompletedProcess(command, 0, "ActiveState=active\n", "")

        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(service, "_run", run)
        installed = reatone("service", "install")
        assert installed.exit_code == 0, installed.output
        unit = tmp_path / "home" / "systemd" / "user" / "reatone.service"
        assert f"Installed ({unit}), running." in installed.stdout
        assert sys.executable in unit.read_text()
        assert json.loads(reatone("service", "status", "--json").stdout)["installed"]
        assert "Removed" in reatone("service", "remove").stdout
        assert not unit.exists()
        assert "systemctl --user disable --now reatone" in told
        assert "There was no service." in reatone("service", "remove").stdout

    def test_what_the_system_says_is_passed_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
            return subprocess.CompletedProcess(command, 1, "", "Failed to connect to bus\n")

        monkeypatch.setattr(service, "_run", run)
        result = reatone("service", "install")
        assert result.exit_code == 1
        assert "Failed to connect to bus" in result.stderr
        assert "reatone serve" in result.stderr


def test_help_stays_light() -> None:
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from bridge.cli import app\n"
        "for words in ([], ['serve'], ['install'], ['doctor'], ['service'], ['demo']):\n"
        "    assert CliRunner().invoke(app, [*words, '--help']).exit_code == 0\n"
        "heavy = {'asyncio', 'psutil', 'platformdirs', 'pythonosc', 'lupa', 'bridge.daemon', 'rich'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
