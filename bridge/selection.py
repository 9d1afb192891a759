"""Which tracks a request means: "selected", "all", numbers, ranges and names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from bridge.errors import NothingSelected, UsageError
from bridge.session import Session, Track

SELECTED = "selected"
MASTER = "master"
"""Names the master track, in place of a GUID and where tracks are chosen."""

_LONGEST = 9
"""No track has a number of more digits."""


class Selectable(Protocol):
    """What selecting needs to know of a track; `number` counts from 1."""

    @property
    def guid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def selected(self) -> bool: ...


def select(tracks: Sequence[Selectable], wanted: str) -> tuple[str, ...]:
    """Return the GUIDs of the tracks that `wanted` names, in project order.

    wanted: "selected", "all", or a comma-separated list of numbers ("3"), ranges ("2-5") and names
    (any case, with * and ? as wildcards). Raises NothingSelected when no track is selected, and
    UsageError when a part of the list names no track.
    """
    if wanted == "all":
        chosen = {track.guid for track in tracks}
    elif wanted == "selected":
        chosen = {track.guid for track in tracks if track.selected}
    else:
        chosen = set()
        for part in filter(None, (part.strip() for part in wanted.split(","))):
            chosen |= _named(tracks, part)
    if not chosen:
        raise NothingSelected(
            "No track is selected in this project." if tracks else "This project has no tracks.",
            "Select tracks in REAPER, or name them with --tracks (numbers, names, or all).",
        )
    return tuple(track.guid for track in tracks if track.guid in chosen)


def named(session: Session, tracks: str | None) -> tuple[str, ...] | None:
    """Return the GUIDs of the tracks named; None, for REAPER to choose the selected ones, of None.

    Raises NothingSelected and UsageError.
    """
    return None if tracks is None else select(session.list_tracks(), tracks)


def in_hand(session: Session) -> list[Track]:
    """Return the selected tracks, the master too if it is; of none, the master if it has our EQ."""
    everything = session.list_tracks(master=True)
    chosen = [track for track in everything if track.selected]
    return chosen or [track for track in everything if not track.number and track.own]


def selected(session: Session, tracks: str) -> list[Track]:
    if tracks == MASTER:
        return list(session.begin_job([MASTER]).tracks)
    if tracks == SELECTED and (taken := in_hand(session)):
        return taken
    listed = session.list_tracks()
    chosen = set(select(listed, tracks))
    return [track for track in listed if track.guid in chosen]


def own_tracks(session: Session, tracks: str) -> list[Track]:
    chosen = selected(session, tracks)
    ours = [track for track in chosen if track.own]
    if ours:
        return ours
    notes = dict.fromkeys(note for track in chosen for note in track.warnings)
    if notes:
        raise NothingSelected(
            f"None of these tracks has a ReaTone EQ that can be used. {' '.join(notes)}",
            "Mend that and try again.",
        )
    raise NothingSelected(
        "None of these tracks has a ReaTone EQ.", "Run `reatone auto` on them first."
    )


def _named(tracks: Sequence[Selectable], part: str) -> set[str]:
    by_name = {t.guid for t in tracks if fnmatchcase(t.name.casefold(), part.casefold())}
    numbers = _numbers(part)
    found = by_name or {t.guid for t in tracks if t.number in numbers}
    if not found:
        names = ", ".join(f"{t.number} {t.name!r}" for t in tracks[:20])
        raise UsageError(f"No track is called or numbered {part!r}.", f"Tracks are: {names}.")
    return found


def _numbers(part: str) -> range:
    first, dash, last = part.partition("-")
    ends = (first, last if dash else first)
    if all(end.strip().isdecimal() and len(end) <= _LONGEST for end in ends):
        return range(int(ends[0]), int(ends[1]) + 1)
    return range(0)
