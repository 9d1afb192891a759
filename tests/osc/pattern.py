"""REAPER's OSC pattern files, read by REAPER's own rules.

A line is a name and its patterns; "#" begins a comment line. The first letter of a pattern is the
kind of its argument; "@" stands for a number. Lines DEVICE_… and REAPER_… may hold a setting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

KINDS = "nfbtrsi"
SETTINGS = {
    "REAPER_TRACK_FOLLOWS": {"REAPER", "DEVICE"},
    "DEVICE_TRACK_FOLLOWS": {"DEVICE", "LAST_TOUCHED"},
    "DEVICE_TRACK_BANK_FOLLOWS": {"DEVICE", "MIXER"},
    "DEVICE_FX_FOLLOWS": {"DEVICE", "LAST_TOUCHED", "FOCUSED"},
    "DEVICE_EQ": {"INSERT", "EXISTING"},
}
_NUMBERS = re.compile(r"DEVICE_(TRACK|SEND|RECEIVE|FX|FX_PARAM|FX_INST_PARAM|MARKER|REGION)_COUNT")


@dataclass
class PatternFile:
    """patterns: (name, kind, address with "@"). settings: the others. bad: what is neither."""

    patterns: list[tuple[str, str, str]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def match(self, address: str) -> tuple[str, str, tuple[int, ...]] | None:
        """Return the name, kind and numbers that an address stands for."""
        for name, kind, pattern in self.patterns:
            expression = re.escape(pattern).replace("@", r"(\d+)")
            if found := re.fullmatch(expression, address):
                return name, kind, tuple(map(int, found.groups()))
        return None


def read(path: Path) -> PatternFile:
    """Read a pattern file."""
    file = PatternFile()
    for line in path.read_text("utf-8").splitlines():
        words = line.split()
        if len(words) < 2 or words[0].startswith("#"):
            if words and not words[0].startswith("#"):
                file.bad.append(line)
            continue
        name, *rest = words
        if len(rest) == 1 and _is_setting(name, rest[0]):
            file.settings[name] = rest[0]
            continue
        for pattern in rest:
            if pattern[0] in KINDS and pattern[1:2] == "/":
                file.patterns.append((name, pattern[0], pattern[1:]))
            else:
                file.bad.append(line)
    return file


def _is_setting(name: str, value: str) -> bool:
    if name in SETTINGS:
        return value in SETTINGS[name]
    if _NUMBERS.fullmatch(name):
        return value.isdecimal()
    return name == "DEVICE_ROTARY_CENTER" and value == "0"
