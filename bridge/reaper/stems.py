"""Rendering inside REAPER what an EQ will act on, leaving no trace.

Stems of the given tracks: 32-bit float WAV over the whole project, before the fader, with
ReaTone's own instances bypassed and everything else as it is. Render settings, selection and
bypass are put back before the request returns, on every path. REAPER may be set to render in the
background; then the files grow after the request, and `stems` tells when they are complete.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.reaper import own
from bridge.reaper.rpr import CURRENT, Place, PutBack, Refused, places

if TYPE_CHECKING:
    from typing import BinaryIO

    from bridge.reaper.rpr import Json

_RENDER_NOW = 42230
"""REAPER's action: render with the most recent settings, close the dialog."""
_STEMS_PRE_FADER = 2.0 + 8192.0
_MASTER_MIX = 0.0
_FLOAT_WAV = "ZXZhdyAAAA=="


def render(
    rpr: Any, tracks: list[Place], directory: str, *, longest_s: float | None = None
) -> Json:
    """Render the tracks' stems, or the master mix, into `directory`; return what `stems` says.

    longest_s: where to stop, if not at the project's end. The master mix is after the master's
    fader: REAPER has none before it.
    """
    _check_directory(directory)
    whole = tracks[0].number == 0
    if whole and len(tracks) > 1:
        raise Refused("render_failed", "The master is rendered alone.", "Name it alone.")
    length_s = float(rpr.RPR_GetProjectLength(CURRENT))
    if length_s <= 0.0:
        raise Refused(
            "render_failed", "The project is empty: there is nothing to listen to.", "Add audio."
        )
    if longest_s is not None:
        length_s = min(length_s, longest_s)
    token = f"reatone-{os.urandom(6).hex()}"
    with PutBack() as put_back:
        # Flags 0 keep the changes below, which cancel out, from becoming steps of the undo history.
        rpr.RPR_Undo_BeginBlock2(CURRENT)
        put_back.add(rpr.RPR_Undo_EndBlock2, CURRENT, "ReaTone: listen", 0)
        rpr.RPR_PreventUIRefresh(1)
        put_back.add(rpr.RPR_PreventUIRefresh, -1)
        _apply_numbers(rpr, _MASTER_MIX if whole else _STEMS_PRE_FADER, length_s, put_back)
        _apply_texts(rpr, directory, f"{token}-{0 if whole else '$tracknumber'}", put_back)
        if not whole:
            _select_only(rpr, tracks, put_back)
        _bypass_own(rpr, tracks, put_back)
        rpr.RPR_Main_OnCommandEx(_RENDER_NOW, 0, CURRENT)
    return stems(directory, token, [track.number for track in tracks])


def stems(directory: str, token: str, numbers: list[int]) -> Json:
    """Describe the stems: directory, token, numbers, files {number as text: path}, bytes, ready."""
    files = _match(directory, token, numbers)
    ready = len(files) == len(numbers) and all(_is_complete(path) for path in files.values())
    return {
        "directory": directory,
        "token": token,
        "numbers": numbers,
        "files": {str(number): str(path) for number, path in files.items()},
        "bytes": sum(path.stat().st_size for path in files.values()),
        "ready": ready,
    }


def _check_directory(directory: str) -> None:
    folder = Path(directory)
    usable = folder.is_absolute() and folder.is_dir() and os.access(directory, os.W_OK)
    if not usable or re.search(r'[;$"]', directory):  # REAPER gives these a meaning
        raise Refused(
            "render_failed",
            f"ReaTone cannot render into the folder {directory!r}.",
            "Set TMPDIR to a writable folder without ';', '$' or quotes in its name.",
        )


def _apply_numbers(rpr: Any, settings: float, length_s: float, put_back: PutBack) -> None:
    wanted = {
        "RENDER_SETTINGS": settings,
        "RENDER_BOUNDSFLAG": 0.0,
        "RENDER_STARTPOS": 0.0,
        "RENDER_ENDPOS": length_s,
        "RENDER_CHANNELS": 2.0,
        "RENDER_SRATE": 0.0,
        "RENDER_TAILFLAG": 0.0,
        "RENDER_ADDTOPROJ": 0.0,
        "RENDER_DITHER": 0.0,
        "RENDER_NORMALIZE": 0.0,
    }
    for key, value in wanted.items():
        old = float(rpr.RPR_GetSetProjectInfo(CURRENT, key, 0.0, False))
        put_back.add(rpr.RPR_GetSetProjectInfo, CURRENT, key, old, True)
        rpr.RPR_GetSetProjectInfo(CURRENT, key, value, True)
        if abs(rpr.RPR_GetSetProjectInfo(CURRENT, key, 0.0, False) - value) > 1e-6:
            raise Refused(
                "render_failed",
                f"REAPER did not take the render setting {key} = {value:g}.",
                "Update REAPER: this version cannot render tracks before their fader.",
            )


def _apply_texts(rpr: Any, directory: str, pattern: str, put_back: PutBack) -> None:
    wanted = {
        "RENDER_FILE": directory,
        "RENDER_PATTERN": pattern,
        "RENDER_FORMAT": _FLOAT_WAV,
        "RENDER_FORMAT2": "",
    }
    for key, value in wanted.items():
        old = str(rpr.RPR_GetSetProjectInfo_String(CURRENT, key, "", False)[3])
        put_back.add(rpr.RPR_GetSetProjectInfo_String, CURRENT, key, old, True)
        rpr.RPR_GetSetProjectInfo_String(CURRENT, key, value, True)


def _select_only(rpr: Any, tracks: list[Place], put_back: PutBack) -> None:
    """Select exactly the given tracks; a selected master track would be rendered too."""
    wanted = {track.number for track in tracks}
    selection = [(place.pointer, place.number in wanted) for place in places(rpr)]
    for track, select in [(rpr.RPR_GetMasterTrack(CURRENT), False), *selection]:
        old = float(rpr.RPR_GetMediaTrackInfo_Value(track, "I_SELECTED"))
        if bool(old) != select:
            put_back.add(rpr.RPR_SetMediaTrackInfo_Value, track, "I_SELECTED", old)
            rpr.RPR_SetMediaTrackInfo_Value(track, "I_SELECTED", float(select))


def _bypass_own(rpr: Any, tracks: list[Place], put_back: PutBack) -> None:
    for track in tracks:
        memory, _ = own.read_memory(rpr, track.pointer)
        try:
            ours, _ = own.find(rpr, track.pointer, memory)
        except Refused:  # offline: not heard, and the track's description says so
            continue
        if ours and ours.enabled:
            put_back.add(rpr.RPR_TrackFX_SetEnabled, track.pointer, ours.fx, True)
            rpr.RPR_TrackFX_SetEnabled(track.pointer, ours.fx, False)


def _match(directory: str, token: str, numbers: list[int]) -> dict[int, Path]:
    """Match rendered files to track numbers; REAPER may pad the number with zeros."""
    files: dict[int, Path] = {}
    for path in sorted(Path(directory).iterdir()):
        if not path.name.startswith(token) or path.suffix.lower() != ".wav":
            continue
        number = re.match(r"-(\d+)$", path.stem[len(token) :])
        track = int(number.group(1)) if number else -1
        if track not in numbers or track in files:
            raise Refused(
                "render_failed",
                f"REAPER rendered a file that fits no track: {path.name}.",
                "Please report this with your REAPER version.",
            )
        files[track] = path
    return files


def _is_complete(path: Path) -> bool:
    """Tell whether the file is as long as its header says; a growing one has no lengths yet."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64", b"BW64"):
            return False
        promised, data_bytes, data_at = _lengths(file, struct.unpack("<I", head[4:8])[0])
    return 0 < data_bytes <= size - data_at and abs(size - promised) <= 1


def _lengths(file: BinaryIO, riff_bytes: int) -> tuple[int, int, int]:
    """Return the promised file size, and length and position of the audio (0 without)."""
    large_data = None
    while True:
        chunk = file.read(8)
        if len(chunk) < 8:
            return riff_bytes + 8, 0, 0
        name, length = struct.unpack("<4sI", chunk)
        start = file.tell()
        if name == b"ds64":
            riff_bytes, large_data = struct.unpack("<QQ", file.read(16))
        if name == b"data":
            return riff_bytes + 8, length if large_data is None else large_data, start
        file.seek(start + length + length % 2)
