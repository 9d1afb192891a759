"""Where REAPER keeps its things: the resource folder on each system, portable ones included."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import UsageError

INI = "reaper.ini"
_PROGRAMS = frozenset({"reaper", "reaper.exe"})
_CONFIG_OPTION = "-cfgfile"
_HOW_TO_FIND = (
    "Name it with --resource-path; REAPER shows it: "
    "Options > Show REAPER resource path in explorer/finder."
)


@dataclass(frozen=True, slots=True)
class RunningReaper:
    """A REAPER that runs: its process, program and arguments."""

    pid: int
    program: Path
    arguments: tuple[str, ...] = ()


def running_reapers() -> tuple[RunningReaper, ...]:
    """Return the REAPERs of this user that run now."""
    import psutil  # type: ignore[import-untyped]  # noqa: PLC0415  (slow to import)

    found = []
    for process in psutil.process_iter(["name"]):
        if str(process.info["name"]).lower() not in _PROGRAMS:
            continue
        try:
            program, arguments = Path(process.exe()), tuple(process.cmdline()[1:])
        except psutil.Error:  # it has just ended, or is another user's
            continue
        found.append(RunningReaper(process.pid, program, arguments))
    return tuple(found)


def usual_resource(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Return where an installed REAPER keeps its resources, whether it is there or not."""
    known = os.environ if environ is None else environ
    if platform == "win32":
        home = Path(known.get("USERPROFILE") or Path.home())
        return Path(known.get("APPDATA") or home / "AppData" / "Roaming") / "REAPER"
    home = Path(known.get("HOME") or Path.home())
    if platform == "darwin":
        return home / "Library" / "Application Support" / "REAPER"
    return Path(known.get("XDG_CONFIG_HOME") or home / ".config") / "REAPER"


def resource_of(reaper: RunningReaper, usual: Path) -> Path:
    """Return the resource folder that a running REAPER uses."""
    words = [word.lower() for word in reaper.arguments]
    if _CONFIG_OPTION in words[:-1]:
        config = Path(reaper.arguments[words.index(_CONFIG_OPTION) + 1])
        if config.is_absolute():
            return config.parent
    beside = reaper.program.parent
    app = next((folder for folder in reaper.program.parents if folder.suffix == ".app"), None)
    beside = app.parent if app else beside
    return beside if (beside / INI).is_file() else usual


def find_resource(
    named: Path | None = None,
    reapers: Iterable[RunningReaper] | None = None,
    usual: Path | None = None,
) -> Path:
    """Return the resource folder: the one named, else a running REAPER's, else the usual one.

    Raises UsageError when there is none, when several come into question, or when the one named
    is no resource folder of a REAPER that has been started once.
    """
    usual = usual or usual_resource()
    if named is not None:
        return _checked(named.expanduser().absolute())
    running = running_reapers() if reapers is None else reapers
    used = list(dict.fromkeys(resource_of(reaper, usual) for reaper in running))
    if len(used) > 1:
        raise UsageError(
            f"REAPER runs more than once, from {' and '.join(map(str, used))}.",
            "Choose one with --resource-path.",
            {"found": [str(path) for path in used]},
        )
    if used:
        return _checked(used[0])
    if not (usual / INI).is_file():
        raise UsageError(
            f"REAPER's resource folder was not found (looked at {usual}).",
            "Install REAPER and start it once. If yours is portable, start it first, or name its "
            "folder with --resource-path.",
        )
    return usual


def _checked(folder: Path) -> Path:
    if (folder / INI).is_file():
        return folder
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", _HOW_TO_FIND)
    if any((folder / name).exists() for name in ("reaper.exe", "reaper", "REAPER.app")):
        raise UsageError(
            f"{folder} holds REAPER's program, but no {INI}.",
            f"If it is portable, start it once. If not: {_HOW_TO_FIND}",
        )
    raise UsageError(f"{folder} is not REAPER's resource folder: it has no {INI}.", _HOW_TO_FIND)
