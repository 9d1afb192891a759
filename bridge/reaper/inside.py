"""Everything that ReaTone does inside REAPER, written once against REAPER's own ReaScript.

It runs in two places: in REAPER's Python (`rpr` is the module `reaper_python`) and in-process over
a project file (`rpr` is the embedded host's api). Standard library only, Python 3.8 and later;
requests and replies are plain JSON types, bytes travel as base64 text. `call` is the one way in,
FUNCTIONS the whole list of what it does. Tracks and FX are looked up by GUID within each request;
indices and pointers never outlive it.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from bridge.reaper import calibrate, own, sound, stems, writes
from bridge.reaper.rpr import CURRENT, MASTER, Place, Refused, explain, places, resolve, track_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.reaper.rpr import Json

API_VERSION = 1


def call(rpr: Any, name: str, request: Json) -> Json:
    """Run the function `name`; an error comes back as {"error": its JSON form}."""
    function = FUNCTIONS.get(name)
    if function is None:
        unknown = Refused("session", f"There is no request {name!r}.", f"Known: {list(FUNCTIONS)}.")
        return {"error": unknown.to_json()}
    try:
        return function(rpr, request)
    except Exception as error:
        remedy = "Everything is as it was before. Try again; if it stays, please report this text."
        failure = explain(error, f"REAPER failed in {name}", "session", remedy)
        return {"error": failure}


def hello(rpr: Any, _request: Json) -> Json:
    """Say who is here: api, reaper, python (versions) and the project in front."""
    return {
        "api": API_VERSION,
        "reaper": str(rpr.RPR_GetAppVersion()),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "project": _project(rpr),
    }


def list_tracks(rpr: Any, request: Json) -> Json:
    """Describe every track of the project.

    request: master (whether to describe the master too, after the others; default false).
    Reply: {"tracks": [{guid, name, number, selected, depth, folder, muted, channels, own, data,
    warnings}]} with own = null or {fx_guid, fx, enabled, state, edited_by_hand}, data = what
    write_eq was given.
    """
    chosen = places(rpr)
    if request.get("master"):
        chosen += resolve(rpr, [MASTER])
    return {"tracks": _look_at_all(rpr, chosen)}


def begin_job(rpr: Any, request: Json) -> Json:
    """Describe the tracks to work on and render what their EQ will act on.

    request: tracks (GUIDs, or null for the selected ones), audio (default true), directory
    (absolute, exists, writable; only for audio), known (optional: GUID → `sound` as it was heard;
    these tracks are rendered only if they sound different now). Reply: project, tracks (as
    list_tracks; with `sound`, "" where it cannot be told, if `known` was given), render (as
    render_ready, or null), change_count.
    """
    chosen = resolve(rpr, request.get("tracks"))
    tracks = _look_at_all(rpr, chosen)
    unheard = chosen if request.get("audio", True) else []
    if unheard:
        _warn_of_solo(rpr, tracks)
        unheard = _changed(rpr, chosen, tracks, request.get("known"))
    return {
        "project": _project(rpr),
        "tracks": tracks,
        "render": stems.render(rpr, unheard, request["directory"]) if unheard else None,
        "change_count": int(rpr.RPR_GetProjectStateChangeCount(CURRENT)),
    }


def render_ready(_rpr: Any, request: Json) -> Json:
    """Tell whether the stems of begin_job are complete; REAPER may render in the background.

    request: begin_job's `render` (directory, token, numbers). Reply: the same with files
    {track number as text: path}, bytes so far, ready.
    """
    numbers = [int(number) for number in request["numbers"]]
    return stems.stems(request["directory"], request["token"], numbers)


def write_eq(rpr: Any, request: Json) -> Json:
    """Write EQs into ReaTone's own instances in one undo step.

    request: label (for the undo history), writes [{guid, state, data, expected_state?, moved?}]:
    `state` is a ReaEQ state of which bands and global gain are used, `data` is kept in the track's
    memory, `expected_state` is what begin_job saw (null: no instance); if the track has something
    else now, the write is refused. `moved`: what differs from our last write is our own doing.
    Reply: {"receipts": [{guid, ok, changed, created, fx_guid, state, before, edited_by_hand,
    warnings, error}]}, one per write.
    """
    return writes.in_one_undo_step(rpr, request["label"], request["writes"], writes.write)


def revert(rpr: Any, request: Json) -> Json:
    """Go back to the state that the user made last, or to no instance if there was none.

    request: tracks (GUIDs, or null for the selected ones), label. Reply: receipts as write_eq.
    """
    return writes.in_one_undo_step(rpr, request["label"], _jobs(rpr, request), writes.revert)


def set_bypass(rpr: Any, request: Json) -> Json:
    """Switch ReaTone's instances off (on = true) or on (false).

    request: tracks (GUIDs, or null for the selected ones), on, label. Reply: receipts as write_eq.
    """
    jobs = [dict(job, on=bool(request["on"])) for job in _jobs(rpr, request)]
    return writes.in_one_undo_step(rpr, request["label"], jobs, writes.bypass)


def undo(rpr: Any, _request: Json) -> Json:
    """Undo the last step of REAPER's history if it is one of ReaTone's; reply {"undone": label}."""
    label = _last_undo(rpr)
    if not label.startswith("ReaTone"):
        raise Refused(
            "nothing_to_undo",
            f"The last step in REAPER's undo history is not ReaTone's ({label or 'it is empty'}).",
            "Undo it in REAPER first, or revert.",
        )
    if not rpr.RPR_Undo_DoUndo2(CURRENT):
        raise Refused("write_failed", f"REAPER did not undo {label!r}.", "Undo it in REAPER.")
    return {"undone": label}


FUNCTIONS: dict[str, Callable[[Any, Json], Json]] = {
    "hello": hello,
    "list_tracks": list_tracks,
    "begin_job": begin_job,
    "render_ready": render_ready,
    "write_eq": write_eq,
    "revert": revert,
    "set_bypass": set_bypass,
    "undo": undo,
    "try_reaeq": calibrate.try_reaeq,
    "try_render": calibrate.try_render,
}


def _project(rpr: Any) -> Json:
    path = str(rpr.RPR_EnumProjects(-1, "", 4096)[2])
    name = re.split(r"[\\/]", path)[-1]
    return {"path": path, "name": name, "tracks": int(rpr.RPR_CountTracks(CURRENT))}


def _look_at_all(rpr: Any, chosen: list[Place]) -> list[Json]:
    tracks = [_look(rpr, place) for place in chosen]
    guids = [track["guid"] for track in tracks]
    for track in tracks:
        if guids.count(track["guid"]) > 1:
            track["warnings"].append("Another track has the same identity: neither can be written.")
    return tracks


def _look(rpr: Any, place: Place) -> Json:
    """Describe a track and ReaTone's instance on it."""
    track = place.pointer

    def value(key: str) -> int:
        return int(rpr.RPR_GetMediaTrackInfo_Value(track, key))

    ours, data, warnings = _look_for_own(rpr, track)
    channels = value("I_NCHAN")
    if channels > 2:
        warnings.append(f"The track has {channels} channels: the first two are analysed.")
    if not value("I_FXEN"):
        warnings.append("The track's FX chain is bypassed: an EQ on it is not heard.")
    return {
        "guid": track_text(rpr, track, "GUID") if place.number else MASTER,
        "name": track_text(rpr, track, "P_NAME") if place.number else "Master",
        "number": place.number,
        "selected": bool(value("I_SELECTED")),
        "depth": place.depth,
        "folder": value("I_FOLDERDEPTH") == 1,
        "muted": bool(value("B_MUTE")),
        "channels": channels,
        "own": ours,
        "data": data,
        "warnings": warnings,
    }


def _look_for_own(rpr: Any, track: str) -> tuple[Json | None, Any, list[str]]:
    memory, warnings = own.read_memory(rpr, track)
    try:
        ours, more = own.find(rpr, track, memory)
    except Refused as unreadable:
        return None, None, [*warnings, unreadable.message]
    if ours is None:
        return None, None, warnings + more
    description = {
        "fx_guid": ours.guid,
        "fx": ours.fx,
        "enabled": ours.enabled,
        "state": own.encode(ours.state),
        "edited_by_hand": ours.edited,
    }
    return description, memory["data"], warnings + more


def _changed(rpr: Any, chosen: list[Place], tracks: list[Json], known: Json | None) -> list[Place]:
    """Return the tracks that sound different from what is known of them; note how they sound."""
    if known is None:
        return chosen
    for track, made in zip(tracks, sound.prints(rpr, chosen)):  # noqa: B905  (Python 3.8)
        track["sound"] = made
    pairs = zip(chosen, tracks)  # noqa: B905
    return [place for place, t in pairs if not t["sound"] or known.get(t["guid"]) != t["sound"]]


def _warn_of_solo(rpr: Any, tracks: list[Json]) -> None:
    soloed = {p.number for p in places(rpr) if rpr.RPR_GetMediaTrackInfo_Value(p.pointer, "I_SOLO")}
    for track in tracks:
        if soloed and track["number"] not in soloed:
            track["warnings"].append(
                "Other tracks are soloed: this one may be rendered as silence."
                if track["number"]
                else "Tracks are soloed: only these are heard in the master."
            )


def _jobs(rpr: Any, request: Json) -> list[Json]:
    guids = request.get("tracks")
    if guids is None:
        guids = [track_text(rpr, place.pointer, "GUID") for place in resolve(rpr, None)]
    return [{"guid": guid} for guid in guids]


def _last_undo(rpr: Any) -> str:
    try:
        return str(rpr.RPR_Undo_CanUndo2(CURRENT) or "")
    except AttributeError:  # REAPER's own wrapper fails on an empty history
        return ""
