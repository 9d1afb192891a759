"""Services: the units of all three systems, on any system."""

from __future__ import annotations

import errno
import plistlib
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge import files, service
from bridge.errors import BridgeError, CannotWrite, UsageError

COMMAND = ('/opt/My Tools/100%/$x "q"\\/python', "-m", "bridge.cli", "serve")
SYSTEMS = ("linux", "darwin", "win32")


class Machine:
    """Carries out nothing, and remembers what it was told. fails: the words that go wrong."""

    def __init__(self, fails: str = "", says: str = "") -> None:
        self.told: list[str] = []
        self.fails, self.says = fails, says

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.told.append(" ".join(command))
        failed = bool(self.fails) and self.fails in command
        return subprocess.CompletedProcess(command, int(failed), self.says, "it broke\n")


@pytest.fixture(params=SYSTEMS)
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> service.Manager:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    return service.manager(COMMAND, request.param, tmp_path, "PC\\Ann & Bob")


def test_systemd_takes_the_command_word_by_word() -> None:
    lines = service.systemd_unit(COMMAND).splitlines()
    start = next(line for line in lines if line.startswith("ExecStart="))
    assert start == (
        'ExecStart="/opt/My Tools/100%%/$$x \\"q\\"\\\\/python" "-m" "bridge.cli" "serve"'
    )
    assert "WantedBy=default.target" in lines
    assert "Restart=on-failure" in lines


def test_launchd_takes_the_command_word_by_word() -> None:
    agent = plistlib.loads(service.launchd_plist(COMMAND).encode())
    assert agent["ProgramArguments"] == list(COMMAND)
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_the_scheduled_task_is_well_formed_and_runs_for_ever() -> None:
    text = service.task_xml(("C:\\a b\\pythonw.exe", "-m", "x y"), "PC\\Ann & Bob")
    root = ET.fromstring(text.partition("?>")[2])
    names = {element.tag.rpartition("}")[2]: element.text for element in root.iter()}
    assert names["Command"] == "C:\\a b\\pythonw.exe"
    assert names["Arguments"] == '-m "x y"'
    assert names["UserId"] == "PC\\Ann & Bob"
    assert names["ExecutionTimeLimit"] == "PT0S"
    assert names["RunLevel"] == "LeastPrivilege"


def test_it_is_written_and_started(manager: service.Manager) -> None:
    machine = Machine()
    service.install(manager, machine)
    assert manager.file.read_bytes().decode(manager.encoding) == manager.text
    assert [word for word in machine.told if not word.startswith(manager.program)] == []
    assert service.status(manager, machine).installed


def test_what_the_system_refuses_leaves_nothing_behind(manager: service.Manager) -> None:
    machine = Machine(fails=manager.enter[-1][-1])
    with pytest.raises(BridgeError, match="it broke"):
        service.install(manager, machine)
    assert not manager.file.exists()


def test_a_full_disk_leaves_nothing_behind(
    manager: service.Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    machine = Machine()
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space"):
        service.install(manager, machine)
    assert machine.told == []
    assert not manager.file.exists()


def test_removing(manager: service.Manager) -> None:
    service.install(manager, Machine())
    machine = Machine()
    assert service.remove(manager, machine)
    assert not manager.file.exists()
    assert set(map(" ".join, manager.leave)) <= set(machine.told)
    gone = Machine(fails=manager.ask[1])
    assert not service.remove(manager, gone)
    assert gone.told == [" ".join(manager.ask)]


@pytest.mark.parametrize(
    ("system", "text", "running"),
    [
        ("linux", "ActiveState=active\n", True),
        ("linux", "ActiveState=activating\n", False),
        ("linux", "ActiveState=inactive\n", False),
        ("darwin", "\tstate = running\n", True),
        ("darwin", "\tstate = not running\n", False),
        ("win32", "Running\n", True),
        ("win32", "Ready\n", False),
    ],
)
def test_whether_it_runs(system: str, text: str, running: bool, tmp_path: Path) -> None:
    manager = service.manager(COMMAND, system, tmp_path, "u")
    assert service.status(manager, Machine(says=text)).running is running


def test_a_system_without_its_program_says_so(tmp_path: Path) -> None:
    manager = service.manager(COMMAND, "linux", tmp_path)
    missing = [("no-such-program-here", *words[1:]) for words in manager.enter]
    answer = service._run(missing[0])
    assert answer.returncode == 127
    assert "no-such-program-here" in answer.stderr


def test_other_systems_are_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="serve"):
        service.manager(COMMAND, "plan9", tmp_path)
