"""What is exchanged with REAPER, in typed values.

A track is named by its GUID ("master": the master); states are ReaEQ's own bytes; "own" is
ReaTone's ReaEQ instance on a track.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.errors import BridgeError
from bridge.memory import Memory
from bridge.reaper import reaeq
from models.eq import Eq


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """The project in front; path is empty while it was never saved."""

    path: str
    name: str
    tracks: int


@dataclass(frozen=True, slots=True)
class Hello:
    """Who answers: versions, and the project in front."""

    api: int
    reaper: str
    python: str
    project: ProjectInfo


@dataclass(frozen=True, slots=True)
class OwnEq:
    """ReaTone's instance on a track. fx: its place in the chain, 0-based, as it was seen."""

    fx_guid: str
    fx: int
    enabled: bool
    state: bytes
    edited_by_hand: bool

    @property
    def eq(self) -> Eq:
        """The state as an `Eq`; raises ReaEqError for a state of no sense."""
        return reaeq.to_eq(reaeq.decode(self.state))


@dataclass(frozen=True, slots=True)
class Track:
    """A track as it was seen.

    number: 1-based. depth: in folders, 0 outermost. audio: the rendered stem, None without one.
    sound: a fingerprint of what is heard of it, where it was asked for and can be told.
    """

    guid: str
    name: str
    number: int
    selected: bool = False
    depth: int = 0
    folder: bool = False
    muted: bool = False
    channels: int = 2
    own: OwnEq | None = None
    memory: Memory | None = None
    warnings: tuple[str, ...] = ()
    audio: Path | None = None
    sound: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """The tracks to work on, with their audio."""

    project: ProjectInfo
    tracks: tuple[Track, ...]
    change_count: int


@dataclass(frozen=True, slots=True)
class Write:
    """An EQ for a track. It is refused if the track's own EQ is no longer what `track` shows.

    moved: what differs there from our last write was moved by ReaTone itself, not by the user.
    """

    track: Track
    eq: Eq
    memory: Memory
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a change to one track.

    ok: it holds, as read back. changed: something is different from before. created: a new
    instance was added. state: of our instance now, before: ahead of the change (None: there was or
    is no instance). error: why not, when not ok.
    """

    guid: str
    ok: bool
    changed: bool
    created: bool
    fx_guid: str | None
    state: bytes | None
    before: bytes | None
    edited_by_hand: bool
    warnings: tuple[str, ...]
    error: BridgeError | None

    @property
    def eq(self) -> Eq | None:
        """The EQ that was read back."""
        return None if self.state is None else reaeq.to_eq(reaeq.decode(self.state))
