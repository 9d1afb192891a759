"""What ReaTone puts into REAPER's resource folder, and where that is kept in an installation."""

from __future__ import annotations

import sys
from pathlib import Path

from bridge.errors import NoSuchFile

FOLDER = "Scripts/ReaTone"
"""Where the scripts go, below the resource folder."""
COMMAND_FILE = f"{FOLDER}/python/command.txt"
"""How to start ReaTone, for the actions."""
_PATTERN_FILES = "*.ReaperOSC"
_LEFT_OUT = frozenset({"__pycache__", "python"})
_SUFFIXES = frozenset({".lua", ".py", ".png"})


def scripts_dir() -> Path:
    """Return the folder of the shipped scripts: in the package, or beside it in a working copy.

    Raises NoSuchFile when the installation lacks it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "share" / "reaper_scripts", package.parent / "reaper_scripts"):
        if (folder / "ReaTone").is_dir():
            return folder
    raise NoSuchFile("The scripts for REAPER are missing.", "Install ReaTone again.")


def start_words() -> tuple[str, ...]:
    """Return the command that starts ReaTone, in words."""
    python = Path(sys.executable)
    windowless = python.with_name("pythonw.exe")  # Windows: no console window
    if python.suffix == ".exe" and windowless.is_file():
        python = windowless
    # -P: what lies in the folder where it is started from is not imported.
    return str(python), "-P", "-m", "bridge.cli", "serve"


def start_command() -> str:
    """Return the command that starts ReaTone as REAPER's ExecProcess takes it."""
    program, *rest = start_words()
    return " ".join([f'"{program}"', *rest])


def files() -> dict[str, bytes]:
    """Return all files: path below the resource folder, with "/" → content."""
    from bridge.reaper import payload  # noqa: PLC0415  (not for a help page)

    source = scripts_dir()
    found = {
        f"{FOLDER}/{path.relative_to(source / 'ReaTone').as_posix()}": path.read_bytes()
        for path in sorted((source / "ReaTone").rglob("*"))
        if path.suffix in _SUFFIXES and not _LEFT_OUT & set(path.relative_to(source).parts)
    }
    for name, path in payload.files().items():
        found[f"{FOLDER}/{payload.FOLDER}/{name}"] = path.read_bytes()
    for path in sorted(source.rglob(_PATTERN_FILES)):
        found[f"OSC/{path.name}"] = path.read_bytes()
    found[COMMAND_FILE] = f"{start_command()}\n".encode()
    return found


def action_files() -> list[str]:
    """Return the names of the Lua actions, without ".lua"."""
    return sorted(path.stem for path in (scripts_dir() / "ReaTone").glob("ReaTone_*.lua"))
