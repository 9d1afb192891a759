"""ReaTone's own ReaEQ instance on a track, its state, and what the track remembers of it.

Our instance is the FX whose GUID stands in the track's P_EXT:reatone, nothing else. A ReaEQ merely
titled "ReaTone EQ" (a copied track brings one, with a new GUID) belongs to the user: it is
reported, never touched, and heard as a part of the chain.

The memory (P_EXT:reatone, base64 of compact JSON): `fx` the GUID of our instance, `digest` of the
EQ that we wrote, `before` the state to which a revert returns, `data` whatever the caller wants
back. `before` is the state that the user made last: null before the first run (there was no
instance), kept while ReaTone runs again over its own work, and the edited state when the user
changed our EQ by hand.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from bridge.reaper.rpr import Refused, fx_guid, fx_guids, fx_text, track_text

if TYPE_CHECKING:
    from bridge.reaper.rpr import Json, PutBack

TITLE = "ReaTone EQ"
PLUGIN = "ReaEQ (Cockos)"
MEMORY_KEY = "P_EXT:reatone"
MEMORY_LIMIT = 4000
"""Longest memory text in characters; older REAPER versions cut texts at 4 kB."""
_INSERT_BASE = -1000
"""TrackFX_AddByName puts a new FX before the one at `_INSERT_BASE - mode`."""
_NAME_BYTES = 512
_LIMITER = re.compile(r"limit(?!ed)|maximi[sz]|clipper|\bpro-l\b", re.IGNORECASE)
_METER = re.compile(r"meter|analy[sz]|loudness|dither|scope|\bspan\b", re.IGNORECASE)
_FRESH_TAIL = struct.pack("<iidiiii", 1, 1, 1.0, 0, 0, 0, 2)


class Own(NamedTuple):
    """ReaTone's instance on a track, valid within one request."""

    fx: int
    guid: str
    enabled: bool
    state: bytes
    edited: bool


def find(rpr: Any, track: str, memory: Json) -> tuple[Own | None, list[str]]:
    """Find our instance by its GUID, with warnings; raise Refused while it is offline."""
    if not memory["fx"]:
        return None, []
    guids = fx_guids(rpr, track)
    if memory["fx"] not in guids:
        if any(fx_text(rpr, track, fx, "renamed_name") == TITLE for fx in range(len(guids))):
            return None, [
                f"A {TITLE!r} on the track was not made by ReaTone here (a copied track?): "
                "it is left alone and heard as a part of the chain."
            ]
        return None, []
    fx = guids.index(memory["fx"])
    if rpr.RPR_TrackFX_GetOffline(track, fx):
        raise Refused(
            "write_failed",
            f"The track's {TITLE} is offline, so it can be neither read nor written.",
            "Set it online in the FX window and run again.",
        )
    state = read_state(rpr, track, fx)
    if not rpr.RPR_TrackFX_GetEQParam(track, fx, 0, 0, 0, 0, 0.0)[0] or not _is_reaeq(state):
        return None, [f"What was the track's {TITLE} is no ReaEQ any more: it is left alone."]
    enabled = bool(rpr.RPR_TrackFX_GetEnabled(track, fx))
    return Own(fx, guids[fx], enabled, state, digest(state) != memory["digest"]), []


def add(rpr: Any, track: str, put_back: PutBack, at: int | None = None) -> tuple[Own, list[str]]:
    """Add an instance of ours before the FX `at`, or at the end of the chain.

    At the end, too, in a REAPER that cannot add elsewhere.
    """
    others = fx_guids(rpr, track)
    put_back.add(_remove_new, rpr, track, others)
    mode = -1 if at is None else _INSERT_BASE - at
    fx = int(rpr.RPR_TrackFX_AddByName(track, PLUGIN, False, mode))
    if fx not in (at, len(others)):
        raise Refused(
            "write_failed",
            f"REAPER could not add {PLUGIN} to the track.",
            "Check that ReaEQ is installed and shown in the FX browser.",
        )
    warnings = []
    rpr.RPR_TrackFX_SetNamedConfigParm(track, fx, "renamed_name", TITLE)
    if fx_text(rpr, track, fx, "renamed_name") != TITLE:
        warnings.append("This REAPER cannot rename FX: the new ReaEQ has no title.")
    state = read_state(rpr, track, fx)
    return Own(fx, fx_guid(rpr, track, fx), True, state, False), warnings


def remove(rpr: Any, track: str, own: Own, put_back: PutBack) -> None:
    """Take our instance out of the chain; this cannot be taken back but by undo."""
    count = int(rpr.RPR_TrackFX_GetCount(track))
    put_back.add(_expect, rpr, track, own)
    rpr.RPR_TrackFX_Delete(track, own.fx)
    if int(rpr.RPR_TrackFX_GetCount(track)) != count - 1:
        raise Refused("write_failed", f"REAPER did not remove the {TITLE}.", "Remove it by hand.")


def closing_limiter(rpr: Any, track: str) -> tuple[int, str] | None:
    """Return place and name of the limiter that ends the chain, meters behind it aside."""
    found = None
    for fx in reversed(range(int(rpr.RPR_TrackFX_GetCount(track)))):
        name = str(rpr.RPR_TrackFX_GetFXName(track, fx, "", _NAME_BYTES)[3])
        if _LIMITER.search(name):
            found = fx, name
        elif not (_METER.search(name) or name == TITLE):
            break
    return found


def _expect(rpr: Any, track: str, own: Own) -> None:
    if own.guid not in fx_guids(rpr, track):
        raise Refused("write_failed", f"the {TITLE} is removed already")


def _remove_new(rpr: Any, track: str, others: list[str]) -> None:
    for fx, guid in reversed(list(enumerate(fx_guids(rpr, track)))):
        if guid not in others:
            rpr.RPR_TrackFX_Delete(track, fx)


# --- memory -------------------------------------------------------------------------------------


def read_memory(rpr: Any, track: str) -> tuple[Json, list[str]]:
    """Return the track's memory (empty without one), with its text as `note`, and warnings."""
    text = track_text(rpr, track, MEMORY_KEY)
    empty: Json = {"fx": "", "digest": "", "before": None, "data": None}
    if not text:
        return {**empty, "note": text}, []
    try:
        found = json.loads(base64.b64decode(text, validate=True).decode("utf-8"))
        base64.b64decode(found["before"] or "", validate=True)
        return {**{key: found[key] for key in empty}, "note": text}, []
    except (ValueError, KeyError, TypeError):
        warning = "ReaTone's note on the track cannot be read and is ignored."
        return {**empty, "note": text}, [warning]


def pack_memory(fx: str, digest_text: str, before: bytes | None, data: Any) -> str:
    """Return the text of a memory; raise Refused when it is too long for a track."""
    memory = {"fx": fx, "digest": digest_text, "before": before and encode(before), "data": data}
    text = json.dumps(memory, separators=(",", ":"), sort_keys=True)
    packed = encode(text.encode("utf-8"))
    if len(packed) >= MEMORY_LIMIT:
        raise Refused(
            "write_failed",
            "The EQ and its history are too large to be remembered on the track.",
            "Use fewer bands.",
            characters=len(packed),
        )
    return packed


def put_memory(rpr: Any, track: str, text: str) -> None:
    """Write the memory's text and read it back."""
    rpr.RPR_GetSetMediaTrackInfo_String(track, MEMORY_KEY, text, True)
    if track_text(rpr, track, MEMORY_KEY) != text:
        raise Refused(
            "write_failed", "REAPER did not keep ReaTone's note on the track.", "Try again."
        )


# --- state --------------------------------------------------------------------------------------


def read_state(rpr: Any, track: str, fx: int) -> bytes:
    """Read an FX's state; empty when it gives none."""
    try:
        return base64.b64decode(fx_text(rpr, track, fx, "vst_chunk"))
    except ValueError:
        return b""


def put_state(rpr: Any, track: str, fx: int, state: bytes) -> None:
    """Write ReaEQ's state and read it back; the setter's own answer says nothing."""
    rpr.RPR_TrackFX_SetNamedConfigParm(track, fx, "vst_chunk", encode(state))
    got = read_state(rpr, track, fx)
    if not _is_reaeq(got) or audible(got) != audible(state):
        raise Refused(
            "write_failed",
            "ReaEQ did not take the settings: what was read back differs from what was written.",
            "The track is as it was before. Please report this with your REAPER version.",
            written=encode(state),
            read=encode(got),
        )


def splice(current: bytes, wanted: bytes) -> bytes:
    """Put the bands and the global gain of `wanted` into `current`; keep the rest of its tail."""
    bands, gain, _ = _split(wanted)
    tail = _split(current)[2]
    return bands + tail[:8] + gain + tail[16:]


def audible(state: bytes) -> bytes:
    """Return what makes the sound: opening the plug-in's window alone is no edit."""
    bands, gain, _ = _split(state)
    return bands + gain


def digest(state: bytes) -> str:
    """Return 16 hexadecimal digits that stand for the audible part of a state."""
    return hashlib.sha256(audible(state)).hexdigest()[:16]


def encode(data: bytes) -> str:
    """Return base64 text."""
    return base64.b64encode(data).decode("ascii")


def _is_reaeq(state: bytes) -> bool:
    if len(state) < 8:
        return False
    size, count = struct.unpack_from("<II", state)
    return bool(32 <= size <= 64 and len(state) >= 8 + size * count)


def _split(state: bytes) -> tuple[bytes, bytes, bytes]:
    """Split into bands with their header, the global gain, and the tail that holds the gain."""
    if not _is_reaeq(state):
        raise Refused("write_failed", "This is no state of ReaEQ.", "Please report this.")
    size, count = struct.unpack_from("<II", state)
    bands, tail = state[: 8 + size * count], state[8 + size * count :]
    if len(tail) < 16 or len(tail) == 24:  # ReaEQ takes the last word of 24 bytes as channel count
        tail = _FRESH_TAIL
    return bands, tail[8:16], tail
