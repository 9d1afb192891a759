"""Trying REAPER on scratch tracks: do ReaEQ and renders behave as ReaTone takes them to?

Runs in REAPER's Python: standard library only, Python 3.8 and later. What is found is only
reported here; `bridge.calibration` and `bridge.doctor_render` judge it. The scratch tracks are gone
again before the reply, whatever happens, and what happened is one undo step.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from bridge.reaper import own, stems
from bridge.reaper.rpr import CURRENT, PutBack, Refused, places, track_text

if TYPE_CHECKING:
    from bridge.reaper.rpr import Json

LABEL = "ReaTone: tried ReaEQ (nothing changed)"
RENDER_LABEL = "ReaTone: tried a render (nothing changed)"
POINTS = 21
"""Values of each parameter that are looked at, from 0 to 1."""
_ALL = -1
_TEXT_BYTES = 64
_RECORDING = 4
_TRIAL_S = 1.0
_UNDER_TEST = ("empty", "plain", "shaped")
_PARAMS_OF_A_BAND = 3
_OUTPUT = "Global Gain"


def try_reaeq(rpr: Any, _request: Json) -> Json:
    """Report how ReaEQ behaves.

    Reply: present (whether REAPER has it; nothing else without), names (of its parameters), texts
    {"freq", "gain", "bandwidth", and "output" if there is one: what it shows for each of POINTS
    normalised values}, gain_range [minimum, maximum, middle] on the raw scale, state (as it came,
    base64), takes_state and takes_more_bands (whether written states are read back).
    """
    with PutBack() as put_back:
        _begin(rpr, LABEL, put_back)
        track = _scratch_track(rpr, put_back)
        fx = int(rpr.RPR_TrackFX_AddByName(track, own.PLUGIN, False, -1))
        return {"present": False} if fx < 0 else _look(rpr, track, fx)


def try_render(rpr: Any, request: Json) -> Json:
    """Render a second of three tracks: one holds nothing, one an audio file, one both it and an EQ.

    request: directory (absolute, exists, writable), audio (path of the file), state (of ReaEQ,
    base64). Reply: as `stems.stems` says it right after the render, and tracks {"empty", "plain",
    "shaped": number}.
    """
    with PutBack() as put_back:
        _begin(rpr, RENDER_LABEL, put_back)
        tracks = {name: _scratch_track(rpr, put_back) for name in _UNDER_TEST}
        for name in ("plain", "shaped"):
            _add_audio(rpr, tracks[name], request["audio"])
        fx = int(rpr.RPR_TrackFX_AddByName(tracks["shaped"], own.PLUGIN, False, -1))
        fresh = own.read_state(rpr, tracks["shaped"], fx)
        wanted = own.splice(fresh, base64.b64decode(request["state"]))
        own.put_state(rpr, tracks["shaped"], fx, wanted)
        found = [place for place in places(rpr) if place.pointer in tracks.values()]
        render = stems.render(rpr, found, request["directory"], longest_s=_TRIAL_S)
    numbers = {place.pointer: place.number for place in found}
    return {**render, "tracks": {name: numbers[track] for name, track in tracks.items()}}


def _add_audio(rpr: Any, track: str, path: str) -> None:
    """Put an audio file on a track, as an item from the start."""
    item = rpr.RPR_AddMediaItemToTrack(track)
    take = rpr.RPR_AddTakeToMediaItem(item)
    rpr.RPR_SetMediaItemTake_Source(take, rpr.RPR_PCM_Source_CreateFromFile(path))
    rpr.RPR_SetMediaItemInfo_Value(item, "D_POSITION", 0.0)
    rpr.RPR_SetMediaItemInfo_Value(item, "D_LENGTH", _TRIAL_S)


def _begin(rpr: Any, label: str, put_back: PutBack) -> None:
    """Open an undo step that ends with `put_back`."""
    if int(rpr.RPR_GetPlayState()) & _RECORDING:
        raise Refused("busy", "REAPER is recording.", "Try again when it has ended.")
    rpr.RPR_PreventUIRefresh(1)
    put_back.add(rpr.RPR_PreventUIRefresh, -1)
    rpr.RPR_Undo_BeginBlock2(CURRENT)
    put_back.add(rpr.RPR_Undo_EndBlock2, CURRENT, label, _ALL)


def _scratch_track(rpr: Any, put_back: PutBack) -> str:
    """Add a track that goes again with `put_back`."""
    count = int(rpr.RPR_CountTracks(CURRENT))
    rpr.RPR_InsertTrackAtIndex(count, False)
    if int(rpr.RPR_CountTracks(CURRENT)) != count + 1:
        raise Refused("session", "REAPER did not add a track to try things on.", "Try again.")
    track = str(rpr.RPR_GetTrack(CURRENT, count))
    put_back.add(_remove_track, rpr, track_text(rpr, track, "GUID"))
    return track


def _remove_track(rpr: Any, guid: str) -> None:
    for index in range(int(rpr.RPR_CountTracks(CURRENT)) - 1, -1, -1):
        track = rpr.RPR_GetTrack(CURRENT, index)
        if track_text(rpr, track, "GUID") == guid:
            rpr.RPR_DeleteTrack(track)
            return


def _look(rpr: Any, track: str, fx: int) -> Json:
    count = int(rpr.RPR_TrackFX_GetNumParams(track, fx))
    names = [
        str(rpr.RPR_TrackFX_GetParamName(track, fx, param, "", _TEXT_BYTES)[4])
        for param in range(count)
    ]
    params = dict(zip(("freq", "gain", "bandwidth"), range(_PARAMS_OF_A_BAND)))  # noqa: B905
    if _OUTPUT in names:
        params["output"] = names.index(_OUTPUT)
    texts = {key: _sweep(rpr, track, fx, param) for key, param in params.items()}
    gain_range = rpr.RPR_TrackFX_GetParamEx(track, fx, params["gain"], 0.0, 0.0, 0.0)[4:7]
    state = own.read_state(rpr, track, fx)
    return {
        "present": True,
        "names": names,
        "texts": texts,
        "gain_range": [float(value) for value in gain_range],
        "state": own.encode(state),
        "takes_state": _takes(rpr, track, fx, state),
        "takes_more_bands": _takes(rpr, track, fx, _with_another_band(state)),
    }


def _sweep(rpr: Any, track: str, fx: int, param: int) -> list[str]:
    form = rpr.RPR_TrackFX_FormatParamValueNormalized
    values = [step / (POINTS - 1) for step in range(POINTS)]
    return [str(form(track, fx, param, value, "", _TEXT_BYTES)[5]) for value in values]


def _takes(rpr: Any, track: str, fx: int, state: bytes) -> bool:
    try:
        own.put_state(rpr, track, fx, state)
    except Refused:
        return False
    return True


def _with_another_band(state: bytes) -> bytes:
    """Return the state with its first band twice; as it is when it is none of ReaEQ's."""
    size, count = (int.from_bytes(state[at : at + 4], "little") for at in (0, 4))
    if not 0 < size < len(state) or not count:
        return state
    return state[:4] + (count + 1).to_bytes(4, "little") + state[8 : 8 + size] + state[8:]
