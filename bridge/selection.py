"""Which tracks a request means: "selected", "all", numbers, ranges and names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from bridge.errors import NothingSelected, UsageError

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
