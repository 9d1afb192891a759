"""Small helpers over REAPER's ReaScript functions, shared by what runs inside REAPER.

`rpr` is the namespace of RPR_* functions: the module `reaper_python`, or the embedded host's api.
Like all of ReaTone's code inside REAPER: standard library only, Python 3.8 and later.
"""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]

CURRENT = 0
"""The project in front, as ReaScript names it."""
MASTER = "master"
"""Stands for the master track where tracks are named by their GUIDs."""
_BUFFER_BYTES = 1 << 20
_GUID = re.compile(r"^\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}$")


class Refused(Exception):  # noqa: N818  (the name says what happened)
    """A request that cannot be met: code, what happened to what, what to do now."""

    def __init__(self, code: str, message: str, remedy: str = "", **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.details = details

    def to_json(self) -> Json:
        """Return the form in which errors cross the wire."""
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "details": self.details,
        }


class PutBack:
    """Steps that restore what was changed, run last first; a step that fails is tried once more."""

    def __init__(self) -> None:
        self._steps: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def add(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Note a step; for a setter before the change it undoes, for a counter after it."""
        self._steps.append((function, arguments))

    def run(self) -> list[str]:
        """Run all steps; return what failed."""
        failures = []
        while self._steps:
            function, arguments = self._steps.pop()
            try:
                function(*arguments)
            except Exception:
                try:
                    function(*arguments)
                except Exception as error:
                    failures.append(describe(error))
        return failures

    def __enter__(self) -> PutBack:
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        failures = self.run()
        if failures:
            raise Refused(
                "outcome_uncertain",
                f"REAPER did not let ReaTone put everything back: {'; '.join(failures)}.",
                "Check the render settings and the selected tracks, or undo.",
            ) from error


class Place(NamedTuple):
    """A track of the project, valid within one request; the master has the number 0."""

    pointer: str
    number: int
    depth: int


def places(rpr: Any) -> list[Place]:
    """Return the project's tracks in order, with their depth in folders."""
    found, depth = [], 0
    for index in range(int(rpr.RPR_CountTracks(CURRENT))):
        pointer = rpr.RPR_GetTrack(CURRENT, index)
        found.append(Place(pointer, index + 1, depth))
        depth = max(0, depth + int(rpr.RPR_GetMediaTrackInfo_Value(pointer, "I_FOLDERDEPTH")))
    return found


def by_guid(rpr: Any) -> dict[str, list[Place]]:
    """Return the tracks by GUID, and the master; there are files in which two share one."""
    found = {MASTER: [Place(rpr.RPR_GetMasterTrack(CURRENT), 0, 0)]}
    for place in places(rpr):
        found.setdefault(track_text(rpr, place.pointer, "GUID"), []).append(place)
    return found


def resolve(rpr: Any, guids: list[str] | None) -> list[Place]:
    """Return the named tracks in the order of their names, or the selected ones."""
    if guids is None:
        everything = places(rpr)
        chosen = [p for p in everything if rpr.RPR_GetMediaTrackInfo_Value(p.pointer, "I_SELECTED")]
    else:
        known = by_guid(rpr)
        missing = [guid for guid in guids if guid not in known]
        if missing:
            raise stale(missing[0])
        chosen = [place for guid in dict.fromkeys(guids) for place in known[guid]]
    if not chosen:
        raise Refused(
            "nothing_selected",
            "No track is selected in REAPER." if guids is None else "No track was named.",
            "Select the tracks to equalise and try again.",
        )
    return chosen


def stale(guid: str) -> Refused:
    """Return the error for a track that is gone."""
    return Refused(
        "stale_track",
        f"The track {guid} is not in the project in front.",
        "It was deleted, or another project tab is in front: select the tracks and run again.",
        guid=guid,
    )


def track_text(rpr: Any, track: str, key: str) -> str:
    """Read one of a track's texts (GUID, P_NAME, P_EXT:...)."""
    return str(rpr.RPR_GetSetMediaTrackInfo_String(track, key, "", False)[3])


def fx_text(rpr: Any, track: str, fx: int, name: str) -> str:
    """Read a named parameter of an FX; empty when it has none of this name."""
    reply = rpr.RPR_TrackFX_GetNamedConfigParm(track, fx, name, "", _BUFFER_BYTES)
    return str(reply[4]) if reply[0] else ""


def fx_guid(rpr: Any, track: str, fx: int) -> str:
    """Read the FX's GUID; ReaScript itself gives a pointer to it."""
    text = str(rpr.RPR_guidToString(rpr.RPR_TrackFX_GetFXGUID(track, fx), "")[1])
    if not _GUID.match(text):
        raise Refused("session", f"REAPER gave no identity for FX {fx + 1} of a track.")
    return text


def fx_guids(rpr: Any, track: str) -> list[str]:
    """Read the GUIDs of a track's FX, in order."""
    return [fx_guid(rpr, track, fx) for fx in range(int(rpr.RPR_TrackFX_GetCount(track)))]


def describe(error: BaseException) -> str:
    """Return an error in a few words."""
    return f"{type(error).__name__}: {error}"


def explain(error: BaseException, what: str, code: str, remedy: str) -> Json:
    """Return an error's JSON form; one without a form of its own becomes `what`: its words."""
    if hasattr(error, "to_json"):  # Refused, or an error of the embedded host
        return dict(error.to_json())
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return Refused(code, f"{what}: {describe(error)}.", remedy, traceback=trace).to_json()
