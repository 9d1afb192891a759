"""REAPER's settings as far as ReaTone needs to know them; they are read, never written."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_RECEIVES = 1
_PYTHON_ON = 1
_MOST_SURFACES = 64


@dataclass(frozen=True, slots=True)
class OscDevice:
    """An OSC device in REAPER's preferences. pattern: its pattern file without suffix."""

    name: str
    receives: bool
    port: int
    pattern: str


@dataclass(frozen=True, slots=True)
class WebInterface:
    """A web interface in REAPER's preferences."""

    port: int
    has_password: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """What reaper.ini says. python_library: the file, or the folder, chosen for ReaScript."""

    python_enabled: bool = False
    python_library: Path | None = None
    osc_devices: tuple[OscDevice, ...] = ()
    web_interfaces: tuple[WebInterface, ...] = ()


def read(path: Path) -> Settings:
    """Read a reaper.ini. Raises OSError; what is not understood counts as not there."""
    return parse(path.read_bytes().decode("utf-8", "replace"))


def parse(text: str) -> Settings:
    """Return what the text of a reaper.ini says."""
    keys = _section(text, "reaper")
    surfaces = [
        _words(keys.get(f"csurf_{number}", ""))
        for number in range(min(_number(keys.get("csurf_cnt")), _MOST_SURFACES))
    ]
    osc = (_osc(words[1:]) for words in surfaces if words[:1] == ["OSC"])
    web = (_web(words[1:]) for words in surfaces if words[:1] == ["HTTP"])
    return Settings(
        bool(_number(keys.get("reascript")) & _PYTHON_ON),
        _library(keys),
        tuple(device for device in osc if device),
        tuple(interface for interface in web if interface),
    )


def has_key(text: str, section: str, key: str) -> bool:
    """Tell whether a section of an ini file has a key."""
    return key.lower() in _section(text, section)


def _section(text: str, name: str) -> dict[str, str]:
    """Return a section's keys in lower case; a key that comes twice counts the first time."""
    found: dict[str, str] = {}
    inside = False
    for line in text.lstrip("\ufeff").splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            inside = stripped[1:-1].lower() == name.lower()
        elif inside and "=" in stripped:
            key, _, value = stripped.partition("=")
            found.setdefault(key.strip().lower(), value.strip())
    return found


def _library(keys: Mapping[str, str]) -> Path | None:
    folder, file = keys.get("pythonlibpath64", ""), keys.get("pythonlibdll64", "")
    return Path(folder) / file if folder or file else None


def _osc(words: list[str]) -> OscDevice | None:
    """Take apart: name flags receive-port send-ip send-port max-packet wait pattern-file."""
    if len(words) < 8:
        return None
    port, pattern = _number(words[2]), words[7].removesuffix(".ReaperOSC")
    return OscDevice(words[0], bool(_number(words[1]) & _RECEIVES), port, pattern)


def _web(words: list[str]) -> WebInterface | None:
    """Take apart: disabled port user:password default-page …; None for one that is off."""
    if len(words) < 3 or _number(words[0]):
        return None
    return WebInterface(_number(words[1]), bool(words[2].strip(":")))


def _words(line: str) -> list[str]:
    """Split at spaces outside of quotation marks; a backslash is a letter like others."""
    lexer = shlex.shlex(line, posix=True)
    lexer.escape, lexer.commenters, lexer.whitespace_split = "", "", True
    try:
        return list(lexer)
    except ValueError:  # a quotation mark without its pair
        return []


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
