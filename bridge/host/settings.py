"""The project's render settings under the names of GetSetProjectInfo and …_String.

A changed value is kept beside the file's lines until the project is saved; one that is set back to
what the file says leaves no trace, so that a restored project is the same to the last byte. Values
without a line in the file are kept in memory only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.host.chunk import Line
from bridge.host.project import Project

_LINES: dict[str, tuple[str, int, float]] = {
    "RENDER_SETTINGS": ("RENDER_STEMS", 1, 0.0),
    "RENDER_BOUNDSFLAG": ("RENDER_RANGE", 1, 1.0),
    "RENDER_STARTPOS": ("RENDER_RANGE", 2, 0.0),
    "RENDER_ENDPOS": ("RENDER_RANGE", 3, 0.0),
    "RENDER_TAILFLAG": ("RENDER_RANGE", 4, 0.0),
    "RENDER_TAILMS": ("RENDER_RANGE", 5, 0.0),
    "RENDER_CHANNELS": ("RENDER_FMT", 2, 2.0),
    "RENDER_SRATE": ("RENDER_FMT", 3, 0.0),
    "RENDER_ADDTOPROJ": ("RENDER_ADDTOPROJ", 1, 0.0),
    "RENDER_DITHER": ("RENDER_DITHER", 1, 0.0),
    "PROJECT_SRATE": ("SAMPLERATE", 1, 44100.0),
    "PROJECT_SRATE_USE": ("SAMPLERATE", 2, 0.0),
}
"""Number → its line, token and REAPER's default."""
_MEMORY = {
    "RENDER_NORMALIZE": 0.0,
    "RENDER_NORMALIZE_TARGET": 1.0,
    "RENDER_BRICKWALL": 1.0,
    "RENDER_FADEIN": 0.0,
    "RENDER_FADEOUT": 0.0,
    "RENDER_FADEINSHAPE": 0.0,
    "RENDER_FADEOUTSHAPE": 0.0,
}
_TEXT_LINES = {"RENDER_FILE": "RENDER_FILE", "RENDER_PATTERN": "RENDER_PATTERN"}
_TEXT_BLOCKS = {"RENDER_FORMAT": "RENDER_CFG", "RENDER_FORMAT2": "RENDER_CFG2"}


@dataclass(slots=True)
class RenderSettings:
    """Reads and writes the settings of one project; REAPER's defaults where the file is silent."""

    numbers: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def number(self, project: Project, key: str) -> float | None:
        """Return a number, None for an unknown key."""
        if key in self.numbers:
            return self.numbers[key]
        return _stored_number(project, key)

    def set_number(self, project: Project, key: str, value: float) -> bool:
        """Change a number; False for an unknown key."""
        stored = _stored_number(project, key)
        if stored is None:
            return False
        self.numbers.pop(key, None)
        if value != stored:
            self.numbers[key] = float(value)
        return True

    def text(self, project: Project, key: str) -> str | None:
        """Return a text, None for an unknown key."""
        return self.texts[key] if key in self.texts else _stored_text(project, key)

    def set_text(self, project: Project, key: str, value: str) -> bool:
        """Change a text; False for an unknown key."""
        stored = _stored_text(project, key)
        if stored is None:
            return False
        self.texts.pop(key, None)
        if value != stored:
            self.texts[key] = value
        return True

    def write(self, project: Project) -> None:
        """Put changed values into the project's lines, where it has such lines."""
        for key, value in self.numbers.items():
            name, token, _ = _LINES.get(key, ("", 0, 0.0))
            line = project.root.line(name)
            if line and token < len(line.values):
                line.set_number(token, value)
        for key, text in self.texts.items():
            line = project.root.line(_TEXT_LINES.get(key, ""))
            node = project.root.node(_TEXT_BLOCKS.get(key, "-"))
            if line:
                line.set_string(1, text)
            elif node:
                node.children[:] = [node.new_line(text)] if text else []


def _stored_number(project: Project, key: str) -> float | None:
    if key in _MEMORY:
        return _MEMORY[key]
    if key not in _LINES:
        return None
    name, token, default = _LINES[key]
    line = project.root.line(name)
    return line.number(token, default) if line else default


def _stored_text(project: Project, key: str) -> str | None:
    if key in _TEXT_LINES:
        line = project.root.line(_TEXT_LINES[key])
        return line.value(1) if line else ""
    if key in _TEXT_BLOCKS:
        node = project.root.node(_TEXT_BLOCKS[key])
        return "".join(_base64(line) for line in node.lines()) if node else ""
    return None


def _base64(line: Line) -> str:
    return line.text.strip()
