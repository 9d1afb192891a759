"""Typed, read-only views of media items, takes and sources over the line tree.

Field meanings (REAPER 4 to 7 files agree):
* VOLPAN item_volume take_pan take_volume pan_law; further takes: TAKEVOLPAN take_pan take_volume
  pan_law. A negative take volume inverts the polarity.
* PLAYRATE rate preserve_pitch pitch_semitones mode …
* FADEIN/FADEOUT old_shape length auto_length shape flags curvature …; an auto fade (crossfade) of
  more than 0 s takes the place of the fade set by hand.
* TAKE [NULL] [SEL] starts each take after the first; without any SEL the first take plays.
"""

from __future__ import annotations

import ntpath
from dataclasses import dataclass
from pathlib import Path

from bridge.host.chunk import Line
from bridge.host.fades import Fade
from bridge.host.fx import is_active
from bridge.host.project import Node, is_absolute

AUDIO_SOURCES = frozenset({"WAVE", "FLAC", "MP3", "VORBIS", "OPUS", "AIFF", "WAVPACK", "VIDEO"})
"""Source types that hold a media file which may be readable as audio."""
TAKE_ENVELOPES = frozenset({"VOLENV", "PANENV", "MUTEENV", "PITCHENV"})


@dataclass(frozen=True, slots=True)
class SourceView:
    """Where a take's audio comes from.

    kind: REAPER's source type ("WAVE", "MIDI", …; of the inner source for a section).
    file: the path as the project has it ("" without one); path: the file it means here.
    start_s, length_s: the section of the file that is the source (length None: up to its end).
    """

    kind: str
    file: str
    path: Path | None
    start_s: float = 0.0
    length_s: float | None = None
    reversed: bool = False

    @property
    def is_audio(self) -> bool:
        """Whether this is a media file that may hold audio."""
        return self.kind in AUDIO_SOURCES and self.path is not None


class TakeView:
    """One take of an item: its own lines and blocks."""

    __slots__ = ("_folder", "_is_first", "_parts", "_selected")

    def __init__(
        self, parts: list[Line | Node], folder: Path, *, is_first: bool, selected: bool
    ) -> None:
        self._parts = parts
        self._folder = folder
        self._is_first = is_first
        self._selected = selected

    @property
    def selected(self) -> bool:
        """Whether the take is marked as the item's active take."""
        return self._selected

    @property
    def name(self) -> str:
        """The take's name."""
        line = self._line("NAME")
        return line.value(1) if line else ""

    @property
    def source_offset_s(self) -> float:
        """Where in the source the item starts, in seconds of the source."""
        return self._number("SOFFS", 1, 0.0)

    @property
    def play_rate(self) -> float:
        """Source seconds per project second."""
        return self._number("PLAYRATE", 1, 1.0)

    @property
    def preserves_pitch(self) -> bool:
        """Whether a play rate other than 1 leaves the pitch as it is."""
        return self._number("PLAYRATE", 2, 1.0) != 0.0

    @property
    def pitch_semitones(self) -> float:
        """Pitch shift in semitones."""
        return self._number("PLAYRATE", 3, 0.0)

    @property
    def volume(self) -> float:
        """Take volume, linear; negative inverts the polarity."""
        return self._number("VOLPAN", 3, 1.0) if self._is_first else self._take_volpan(2, 1.0)

    @property
    def pan(self) -> float:
        """Take pan, −1 (left) … 1 (right)."""
        return self._number("VOLPAN", 2, 0.0) if self._is_first else self._take_volpan(1, 0.0)

    @property
    def channel_mode(self) -> int:
        """0 as it is, 1 swapped, 2 mono mix, 3 left, 4 right, 5 … 66 one channel, 67 … one pair."""
        return int(self._number("CHANMODE", 1, 0.0))

    @property
    def source(self) -> SourceView:
        """The take's source; kind "EMPTY" without any."""
        node = next((p for p in self._nodes() if p.name == "SOURCE"), None)
        return _source(node, self._folder) if node else SourceView("EMPTY", "", None)

    @property
    def not_rendered(self) -> tuple[str, ...]:
        """What this take uses that the embedded host does not render, in words."""
        found = []
        if any(node.name in TAKE_ENVELOPES and is_active(node) for node in self._nodes()):
            found.append("take envelopes")
        if any(node.name == "TAKEFX" and has_plug_ins(node) for node in self._nodes()):
            found.append("take effects")
        if self._line("SM"):
            found.append("stretch markers")
        return tuple(found)

    def _nodes(self) -> list[Node]:
        return [part for part in self._parts if isinstance(part, Node)]

    def _line(self, name: str) -> Line | None:
        return next((p for p in self._parts if isinstance(p, Line) and p.name == name), None)

    def _number(self, name: str, index: int, default: float) -> float:
        line = self._line(name)
        return line.number(index, default) if line else default

    def _take_volpan(self, index: int, default: float) -> float:
        return self._number("TAKEVOLPAN", index, default)


class ItemView:
    """One <ITEM block. `folder` is the project's folder, which relative media paths start from."""

    __slots__ = ("_folder", "node")

    def __init__(self, node: Node, folder: Path) -> None:
        self.node = node
        self._folder = folder

    @property
    def position_s(self) -> float:
        """Start on the time line."""
        return self._number("POSITION", 1, 0.0)

    @property
    def length_s(self) -> float:
        """Length on the time line."""
        return max(self._number("LENGTH", 1, 0.0), 0.0)

    @property
    def volume(self) -> float:
        """Item volume, linear."""
        return self._number("VOLPAN", 1, 1.0)

    @property
    def is_muted(self) -> bool:
        """Whether the item is muted."""
        return self._number("MUTE", 1, 0.0) != 0.0

    @property
    def loops(self) -> bool:
        """Whether the source starts anew where it ends inside the item."""
        return self._number("LOOP", 1, 0.0) != 0.0

    @property
    def plays_all_takes(self) -> bool:
        """Whether all takes sound together."""
        return self._number("ALLTAKES", 1, 0.0) != 0.0

    @property
    def fade_in(self) -> Fade:
        """The fade at the start (an auto fade goes before one set by hand)."""
        return self._fade("FADEIN")

    @property
    def fade_out(self) -> Fade:
        """The fade at the end (an auto fade goes before one set by hand)."""
        return self._fade("FADEOUT")

    @property
    def takes(self) -> list[TakeView]:
        """All takes in order; an empty take has source kind "EMPTY"."""
        groups: list[tuple[bool, list[Line | Node]]] = [(False, [])]
        for part in self.node.children:
            if isinstance(part, Line) and part.name == "TAKE":
                groups.append(("SEL" in part.values[1:], []))
            else:
                groups[-1][1].append(part)
        return [
            TakeView(parts, self._folder, is_first=not index, selected=selected)
            for index, (selected, parts) in enumerate(groups)
        ]

    @property
    def active_take(self) -> TakeView:
        """The take that plays."""
        takes = self.takes
        return next((take for take in takes if take.selected), takes[0])

    @property
    def playing_takes(self) -> list[TakeView]:
        """The takes that sound: the active one, or all of them."""
        return self.takes if self.plays_all_takes else [self.active_take]

    def _number(self, name: str, index: int, default: float) -> float:
        line = self.node.line(name)
        return line.number(index, default) if line else default

    def _fade(self, name: str) -> Fade:
        line = self.node.line(name)
        if line is None:
            return Fade()
        automatic = line.number(3)
        shape = line.integer(4, line.integer(1))
        return Fade(automatic if automatic > 0.0 else line.number(2), shape, line.number(6))


def items_of(track: Node, folder: Path) -> list[ItemView]:
    """Return the items of a <TRACK block, in the order of the file."""
    return [ItemView(node, folder) for node in track.nodes("ITEM")]


def resolve_media(reference: str, folder: Path) -> Path:
    """Return the file that a media path of a project in `folder` means on this system."""
    if is_absolute(reference):
        return Path(reference)
    return folder / reference.replace("\\", "/")


def media_name(reference: str) -> str:
    """Return the file name of a media path of any system."""
    return ntpath.basename(reference)


def has_plug_ins(chain: Node) -> bool:
    """Whether an FX chain block holds any plug-in that is not bypassed."""
    bypassed = False
    for part in chain.children:
        if isinstance(part, Line):
            bypassed = part.integer(1) != 0 if part.name == "BYPASS" else bypassed
        elif not bypassed and part.name not in {"PARMENV", "EXT", "FXNOTES"}:
            return True
    return False


def _source(node: Node, folder: Path) -> SourceView:
    kind = node.head.value(1) if node.head else ""
    if kind == "SECTION":
        return _section(node, folder)
    line = node.line("FILE")
    file = line.value(1) if line else ""
    return SourceView(kind, file, resolve_media(file, folder) if file else None)


def _section(node: Node, folder: Path) -> SourceView:
    """A part of another source; MODE & 2 plays it backwards."""
    inner = node.node("SOURCE")
    if inner is None:
        return SourceView("EMPTY", "", None)
    source = _source(inner, folder)
    start, length, mode = (node.line(name) for name in ("STARTPOS", "LENGTH", "MODE"))
    return SourceView(
        source.kind,
        source.file,
        source.path,
        start.number(1) if start else 0.0,
        length.number(1) if length and length.number(1) > 0.0 else None,
        reversed=bool(mode and mode.integer(1) & 2),
    )
