"""ReaTone in the background from log-in on: systemd, launchd, Windows' Task Scheduler.

The texts of the units are pure functions. Installing writes one file of the user's own and tells
the system about it; if the system does not take it, the file goes again.
"""

from __future__ import annotations

import getpass
import os
import plistlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from bridge.errors import BridgeError, CannotWrite, UsageError
from bridge.files import write_atomic

NAME = "reatone"
LABEL = "org.reatone.reatone"
TASK = "ReaTone"
_DESCRIPTION = "ReaTone: equaliser for REAPER"
_TASK_STATE = f"(Get-ScheduledTask -TaskName {TASK} -ErrorAction Stop).State"
"""Unlike schtasks' own words, the state's name is the same in every language."""
_SECONDS = 30.0

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True, slots=True)
class Status:
    """Whether the service is installed and runs. file: its unit, where there is one."""

    installed: bool
    running: bool
    file: Path

    def as_text(self) -> str:
        """Return one line for people."""
        if not self.installed:
            return "Not installed: `reatone service install` starts ReaTone at log-in."
        return f"Installed ({self.file}), {'running' if self.running else 'not running'}."

    def as_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"installed": self.installed, "running": self.running, "file": str(self.file)}


@dataclass(frozen=True, slots=True)
class Manager:
    """A system's way with services. enter, leave, ask: its commands; `on` lists those to install.

    encoding: of the unit's file.
    """

    program: str
    file: Path
    text: str
    enter: tuple[tuple[str, ...], ...]
    leave: tuple[tuple[str, ...], ...]
    ask: tuple[str, ...]
    is_running: Callable[[str], bool]
    after: tuple[tuple[str, ...], ...] = ()
    encoding: str = "utf-8"


def systemd_unit(command: Sequence[str]) -> str:
    """Return the text of a systemd user unit that runs `command`."""
    return (
        "[Unit]\n"
        f"Description={_DESCRIPTION}\n"
        "\n"
        "[Service]\n"
        f"ExecStart={' '.join(map(_systemd_quoted, command))}\n"
        "Restart=on-failure\n"
        "RestartSec=10\n"
        "RestartPreventExitStatus=2\n"
        "\n"
        "[Install]\n"
        "WantedBy=default.target\n"
    )


def launchd_plist(command: Sequence[str]) -> str:
    """Return the text of a launchd agent that runs `command`, again only after a crash."""
    agent = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "ProcessType": "Interactive",
    }
    return plistlib.dumps(agent, sort_keys=False).decode("utf-8")


def task_xml(command: Sequence[str], user: str) -> str:
    """Return the text of a scheduled task that runs `command` whenever `user` logs on."""
    arguments = subprocess.list2cmdline(command[1:])
    return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>{_DESCRIPTION}</Description></RegistrationInfo>
  <Triggers><LogonTrigger><UserId>{escape(user)}</UserId></LogonTrigger></Triggers>
  <Principals><Principal id="Author"><UserId>{escape(user)}</UserId>\
<LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>3</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author"><Exec><Command>{escape(command[0])}</Command>\
<Arguments>{escape(arguments)}</Arguments></Exec></Actions>
</Task>
"""


def manager(
    command: Sequence[str],
    platform: str = sys.platform,
    home: Path | None = None,
    user: str | None = None,
) -> Manager:
    """Return this system's way to run `command` as a service. Raises UsageError elsewhere."""
    home = home or Path.home()
    if platform.startswith("linux"):
        return _systemd(command, home)
    if platform == "darwin":
        return _launchd(command, home)
    if platform == "win32":
        return _task_scheduler(command, home, user or getpass.getuser())
    raise UsageError(
        f"ReaTone knows no services on {platform}.", "Start `reatone serve` in your own way."
    )


def install(service: Manager, run: Run | None = None) -> None:
    """Install the service and start it. Raises BridgeError with nothing left behind."""
    run = run or _run
    try:
        service.file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(service.file, service.text.encode(service.encoding))
    except OSError as error:
        raise CannotWrite(f"{service.file} cannot be written: {error}.", "Free it.") from error
    done: list[str] = []
    for command in service.enter:
        answer = run(command)
        if answer.returncode:
            for leaving in service.leave if done else ():
                run(leaving)
            service.file.unlink(missing_ok=True)
            raise BridgeError(
                f"The service could not be installed: `{' '.join(command)}` says: {_said(answer)}.",
                "Nothing was left behind. `reatone serve` runs ReaTone without a service.",
            )
        done.append(command[0])


def remove(service: Manager, run: Run | None = None) -> bool:
    """Stop the service and remove it; return whether there was one."""
    run = run or _run
    if not status(service, run).installed:
        return False
    for command in service.leave:
        run(command)
    service.file.unlink(missing_ok=True)
    for command in service.after:
        run(command)
    return True


def status(service: Manager, run: Run | None = None) -> Status:
    """Look whether the service is there and runs."""
    answer = (run or _run)(service.ask)
    running = service.is_running(answer.stdout) if not answer.returncode else False
    known = service.program == "schtasks" and not answer.returncode
    return Status(known or service.file.is_file(), running, service.file)


def _said(answer: subprocess.CompletedProcess[str]) -> str:
    """Return in one line what a program has to say for itself."""
    text = " ".join((answer.stderr or answer.stdout).split())
    return text.rstrip(".") or f"exit code {answer.returncode}"


def _systemd(command: Sequence[str], home: Path) -> Manager:
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    control = ("systemctl", "--user")
    return Manager(
        "systemctl",
        config / "systemd" / "user" / f"{NAME}.service",
        systemd_unit(command),
        enter=((*control, "daemon-reload"), (*control, "enable", "--now", NAME)),
        leave=((*control, "disable", "--now", NAME),),
        ask=(*control, "show", "--property=ActiveState", NAME),
        is_running=lambda text: "ActiveState=active" in text.split(),
        after=((*control, "daemon-reload"),),
    )


def _launchd(command: Sequence[str], home: Path) -> Manager:
    file = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"
    return Manager(
        "launchctl",
        file,
        launchd_plist(command),
        enter=(("launchctl", "bootstrap", domain, str(file)),),
        leave=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
        ask=("launchctl", "print", f"{domain}/{LABEL}"),
        is_running=lambda text: "state = running" in text,
    )


def _task_scheduler(command: Sequence[str], home: Path, user: str) -> Manager:
    local = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    file = local / "reatone" / "task.xml"
    return Manager(
        "schtasks",
        file,
        task_xml(command, user),
        enter=(
            ("schtasks", "/Create", "/TN", TASK, "/XML", str(file), "/F"),
            ("schtasks", "/Run", "/TN", TASK),
        ),
        leave=(("schtasks", "/End", "/TN", TASK), ("schtasks", "/Delete", "/TN", TASK, "/F")),
        ask=("powershell", "-NoProfile", "-Command", _TASK_STATE),
        is_running=lambda text: "Running" in text,
        encoding="utf-16",
    )


def _systemd_quoted(word: str) -> str:
    """Quote a word for ExecStart: no specifier, variable or space in it has a meaning."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"'


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
