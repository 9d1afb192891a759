"""Typed views of tracks over the project's lines. Setters edit exactly the lines that they name."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.host.chunk import Line
from bridge.host.ext_state import ExtState
from bridge.host.fx import FxChain, is_active
from bridge.host.project import Node, Project

__all__ = ["ExtState", "MasterView", "Receive", "TrackView"]

_FOLDER_DEPTH = {1: 1, 2: -1}
"""Folder depth by ISBUS's first number, for old files that have no second one."""
_MASTER_EXT = "REATONE_MASTER"


@dataclass(frozen=True, slots=True)
class Receive:
    """A send that arrives at a track (AUXRECV). Volume is a linear factor, pan -1 … 1.

    mode: 0 post-fader, 1 pre-FX, 3 post-FX (pre-fader). source_channels: -1 = no audio.
    """

    source_track: int
    mode: int
    volume: float
    pan: float
    muted: bool
    mono: bool
    phase_inverted: bool
    source_channels: int
    target_channels: int


class _Settings:
    """Reads and writes numbers of the lines of one block."""

    __slots__ = ("node", "project")

    def __init__(self, node: Node, project: Project) -> None:
        self.node = node
        self.project = project

    def _get(self, keyword: str, token: int = 1, default: float = 0.0) -> float:
        line = self.node.line(keyword)
        return line.number(token, default) if line else default

    def _set(self, keyword: str, token: int, value: float, fresh: str) -> None:
        self._require_line(keyword, fresh).set_number(token, value)

    def _require_line(self, keyword: str, fresh: str) -> Line:
        line = self.node.line(keyword)
        if line is None:
            line = self.node.new_line(fresh)
            children = self.node.children
            first_block = next((i for i, c in enumerate(children) if isinstance(c, Node)), None)
            children.insert(len(children) if first_block is None else first_block, line)
        return line


class TrackView(_Settings):
    """A track. `node` is its <TRACK block."""

    __slots__ = ()
    is_master = False

    @property
    def guid(self) -> str:
        """The track's GUID with braces, "" when the file has none."""
        in_head = self.node.head.value(1) if self.node.head else ""
        line = None if in_head else self.node.line("TRACKID")
        return line.value(1) if line else in_head

    @property
    def name(self) -> str:
        """The track's name, "" when it has none."""
        line = self.node.line("NAME")
        return line.value(1) if line else ""

    @name.setter
    def name(self, name: str) -> None:
        self._require_line("NAME", 'NAME ""').set_string(1, name)

    @property
    def selected(self) -> bool:
        """Whether the track is selected."""
        return bool(self._get("SEL"))

    @selected.setter
    def selected(self, on: bool) -> None:
        self._set("SEL", 1, int(on), "SEL 0")

    @property
    def volume(self) -> float:
        """The fader as a linear factor."""
        return self._get("VOLPAN", 1, 1.0)

    @volume.setter
    def volume(self, factor: float) -> None:
        self._set("VOLPAN", 1, factor, "VOLPAN 1 0 -1 -1 1")

    @property
    def pan(self) -> float:
        """Pan, -1 (left) … 1 (right)."""
        return self._get("VOLPAN", 2)

    @pan.setter
    def pan(self, pan: float) -> None:
        self._set("VOLPAN", 2, pan, "VOLPAN 1 0 -1 -1 1")

    @property
    def muted(self) -> bool:
        """Whether the track is muted."""
        return bool(self._get("MUTESOLO", 1))

    @muted.setter
    def muted(self, on: bool) -> None:
        self._set("MUTESOLO", 1, int(on), "MUTESOLO 0 0 0")

    @property
    def solo(self) -> int:
        """REAPER's solo number: 0 off, 1 solo, 2 solo in place."""
        return int(self._get("MUTESOLO", 2))

    @solo.setter
    def solo(self, mode: int) -> None:
        self._set("MUTESOLO", 2, mode, "MUTESOLO 0 0 0")

    @property
    def phase_inverted(self) -> bool:
        """Whether the polarity is inverted."""
        return bool(self._get("IPHASE"))

    @phase_inverted.setter
    def phase_inverted(self, on: bool) -> None:
        self._set("IPHASE", 1, int(on), "IPHASE 0")

    @property
    def folder_depth(self) -> int:
        """The change of folder level after this track: 1 opens a folder, -n closes n of them."""
        line = self.node.line("ISBUS")
        if line is None:
            return 0
        return line.integer(2, _FOLDER_DEPTH.get(line.integer(1), 0))

    @property
    def channels(self) -> int:
        """The number of the track's channels."""
        return int(self._get("NCHAN", 1, 2))

    @property
    def fx_enabled(self) -> bool:
        """Whether the FX chain is switched on."""
        return bool(self._get("FX", 1, 1))

    @fx_enabled.setter
    def fx_enabled(self, on: bool) -> None:
        self._set("FX", 1, int(on), "FX 1")

    @property
    def main_send(self) -> bool:
        """Whether the track feeds its parent (folder or master)."""
        return bool(self._get("MAINSEND", 1, 1))

    @property
    def receives(self) -> list[Receive]:
        """The sends from other tracks that arrive here."""
        return [_receive(line) for line in self.node.lines("AUXRECV")]

    @property
    def items(self) -> list[Node]:
        """The <ITEM blocks."""
        return self.node.nodes("ITEM")

    @property
    def is_frozen(self) -> bool:
        """Whether the track is frozen."""
        return self.node.node("FREEZE") is not None

    @property
    def active_envelopes(self) -> tuple[str, ...]:
        """Names of the blocks of active track envelopes (VOLENV2, PANENV …)."""
        envelopes = (node for node in self.node.nodes() if _is_envelope(node.name))
        return tuple(node.name for node in envelopes if is_active(node))

    @property
    def fx_chain(self) -> FxChain:
        """The track's FX chain (its block may not exist yet)."""
        return FxChain(self.node, self.project, "FXCHAIN")

    @property
    def ext(self) -> ExtState:
        """The track's own stored values (P_EXT)."""
        return ExtState(self.node, ("EXT",))


class MasterView(TrackView):
    """The master track. `node` is the <REAPER_PROJECT block, whose MASTER… lines it reads."""

    __slots__ = ()
    is_master = True

    @property
    def guid(self) -> str:
        """The file stores no GUID for the master."""
        return ""

    @property
    def name(self) -> str:
        """REAPER's name for it."""
        return "MASTER"

    @name.setter
    def name(self, name: str) -> None:
        raise ValueError("the master track cannot be renamed")

    @property
    def selected(self) -> bool:
        """Whether the master is selected."""
        return bool(self._get("MASTER_SEL"))

    @selected.setter
    def selected(self, on: bool) -> None:
        self._set("MASTER_SEL", 1, int(on), "MASTER_SEL 0")

    @property
    def volume(self) -> float:
        """The fader as a linear factor."""
        return self._get("MASTER_VOLUME", 1, 1.0)

    @volume.setter
    def volume(self, factor: float) -> None:
        self._set("MASTER_VOLUME", 1, factor, "MASTER_VOLUME 1 0 -1 -1 1")

    @property
    def pan(self) -> float:
        """Pan, -1 (left) … 1 (right)."""
        return self._get("MASTER_VOLUME", 2)

    @pan.setter
    def pan(self, pan: float) -> None:
        self._set("MASTER_VOLUME", 2, pan, "MASTER_VOLUME 1 0 -1 -1 1")

    @property
    def muted(self) -> bool:
        """Whether the master is muted (bit 0 of MASTERMUTESOLO)."""
        return bool(int(self._get("MASTERMUTESOLO")) & 1)

    @muted.setter
    def muted(self, on: bool) -> None:
        bits = int(self._get("MASTERMUTESOLO")) & ~1
        self._set("MASTERMUTESOLO", 1, bits | int(on), "MASTERMUTESOLO 0")

    @property
    def solo(self) -> int:
        """Whether the master is soloed (bit 1 of MASTERMUTESOLO)."""
        return int(self._get("MASTERMUTESOLO")) >> 1 & 1

    @solo.setter
    def solo(self, mode: int) -> None:
        bits = int(self._get("MASTERMUTESOLO")) & ~2
        self._set("MASTERMUTESOLO", 1, bits | 2 * bool(mode), "MASTERMUTESOLO 0")

    @property
    def channels(self) -> int:
        """The number of the master's channels."""
        return int(self._get("MASTER_NCH", 1, 2))

    @property
    def fx_enabled(self) -> bool:
        """Whether the master's FX chain is switched on."""
        return bool(self._get("MASTER_FX", 1, 1))

    @fx_enabled.setter
    def fx_enabled(self, on: bool) -> None:
        self._set("MASTER_FX", 1, int(on), "MASTER_FX 1")

    @property
    def active_envelopes(self) -> tuple[str, ...]:
        """Names of the blocks of active master envelopes (the play rate's is not the master's)."""
        envelopes = (node for node in self.node.nodes() if _is_envelope(node.name))
        return tuple(
            node.name
            for node in envelopes
            if node.name.startswith("MASTER") and "SPEED" not in node.name and is_active(node)
        )

    @property
    def fx_chain(self) -> FxChain:
        """The master's FX chain (its block may not exist yet)."""
        return FxChain(self.node, self.project, "MASTERFXLIST")

    @property
    def ext(self) -> ExtState:
        """The master's stored values, kept in a section of the project's extension state."""
        return ExtState(self.node, ("EXTSTATE", _MASTER_EXT))


def _is_envelope(name: str) -> bool:
    return name.rstrip("23456789").endswith("ENV")


def _receive(line: Line) -> Receive:
    return Receive(
        source_track=line.integer(1, -1),
        mode=line.integer(2),
        volume=line.number(3, 1.0),
        pan=line.number(4),
        muted=bool(line.integer(5)),
        mono=bool(line.integer(6)),
        phase_inverted=bool(line.integer(7)),
        source_channels=line.integer(8),
        target_channels=line.integer(9),
    )
