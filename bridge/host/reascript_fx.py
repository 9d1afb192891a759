"""ReaScript functions: FX chains, their instances and named parameters.

Only ReaEQ can be added (a new instance has REAPER 7's default state). Other plug-ins answer with
what the project file says of them. Input and monitoring FX, and containers' contents, are not
reachable.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from bridge.host.calling import GUID_TYPE, null, reascript
from bridge.host.fx import FxView
from bridge.host.tracks import TrackView
from bridge.reaper import reaeq
from bridge.reaper.vst_block import VstBlockError

if TYPE_CHECKING:
    from bridge.host.calling import Guid, Track
    from bridge.host.host import Host

_REAEQ_NAME = re.compile(r"(vst:\s*)?reaeq(\s*\(cockos\))?(\.dll)?", re.IGNORECASE)
_BAND_PARM = re.compile(r"BAND(TYPE|ENABLED)(\d+)")
_QUERY, _ADD_IF_MISSING = 0, 1
_INSERT_BASE = -1000


def fx_at(track: TrackView, index: int) -> FxView | None:
    """Return the plug-in at an index of the chain, None when there is none."""
    chain = track.fx_chain.fx
    return chain[index] if 0 <= index < len(chain) else None


def state_of(track: TrackView, index: int) -> reaeq.ReaEqState | None:
    """Return the settings of a loaded, readable ReaEQ; None for anything else."""
    fx = fx_at(track, index)
    if fx is None or not fx.is_reaeq or fx.offline:
        return None
    try:
        return reaeq.decode(fx.state)
    except (VstBlockError, reaeq.ReaEqError):
        return None


def put_state(host: Host, track: TrackView, index: int, state: reaeq.ReaEqState) -> None:
    """Write a ReaEQ's settings."""
    fx = fx_at(track, index)
    if fx:
        with host.editing("Edit FX parameter"):
            fx.state = reaeq.encode(state)


def add_reaeq(host: Host, track: TrackView, at: int | None = None) -> int:
    """Add a new ReaEQ at the end or before the plug-in `at`; return its index."""
    chain = track.fx_chain
    with host.editing("Add FX: ReaEQ"):
        added = chain.append_reaeq(_fresh(), index=at)
    return next(i for i, fx in enumerate(chain.fx) if fx.block is added.block)


@cache
def _fresh() -> bytes:
    return reaeq.encode(reaeq.fresh_state())


@reascript("TrackFX_GetCount")
def _get_count(host: Host, track: Track) -> int:
    return len(track.fx_chain.fx)


@reascript("TrackFX_GetFXName", outs={2: 3})
def _get_fx_name(host: Host, track: Track, index: int, name: str, size: int) -> tuple[bool, str]:
    fx = fx_at(track, index)
    return fx is not None, fx.title if fx else ""


@reascript("TrackFX_GetFXGUID")
def _get_fx_guid(host: Host, track: Track, index: int) -> str:
    fx = fx_at(track, index)
    return host.pointers.give(GUID_TYPE, host.fx_guid(track, index, fx)) if fx else null(GUID_TYPE)


@reascript("guidToString", outs=(1,), void=True)
def _guid_to_string(host: Host, guid: Guid, text: str) -> str:
    return guid


@reascript("TrackFX_AddByName")
def _add_by_name(host: Host, track: Track, name: str, is_input: bool, mode: int) -> int:
    if is_input:
        return -1
    if mode in {_QUERY, _ADD_IF_MISSING}:
        chain = enumerate(track.fx_chain.fx)
        found = next((i for i, fx in chain if _is_called(fx, name)), -1)
        if found >= 0 or mode == _QUERY:
            return found
    if not _REAEQ_NAME.fullmatch(name.strip()):
        return -1
    return add_reaeq(host, track, _INSERT_BASE - mode if mode <= _INSERT_BASE else None)


@reascript("TrackFX_Delete")
def _delete(host: Host, track: Track, index: int) -> bool:
    fx = fx_at(track, index)
    if fx:
        with host.editing("Delete FX"):
            fx.chain.remove(fx)
    return fx is not None


@reascript("TrackFX_GetEnabled")
def _get_enabled(host: Host, track: Track, index: int) -> bool:
    fx = fx_at(track, index)
    return fx is not None and not fx.bypassed


@reascript("TrackFX_SetEnabled")
def _set_enabled(host: Host, track: Track, index: int, enabled: bool) -> None:
    fx = fx_at(track, index)
    if fx and fx.bypassed == enabled:
        with host.editing("Toggle FX bypass"):
            fx.bypassed = not enabled


@reascript("TrackFX_GetOffline")
def _get_offline(host: Host, track: Track, index: int) -> bool:
    fx = fx_at(track, index)
    return fx is not None and fx.offline


@reascript("TrackFX_SetOffline")
def _set_offline(host: Host, track: Track, index: int, offline: bool) -> None:
    fx = fx_at(track, index)
    if fx and fx.offline != offline:
        with host.editing("Toggle FX offline"):
            fx.offline = offline


@reascript("TrackFX_GetNamedConfigParm", outs={3: 4})
def _get_named_config_parm(
    host: Host, track: Track, index: int, name: str, value: str, size: int
) -> tuple[bool, str]:
    fx = fx_at(track, index)
    found = _named_parm(track, index, fx, name) if fx else None
    return found is not None, found or ""


@reascript("TrackFX_SetNamedConfigParm")
def _set_named_config_parm(host: Host, track: Track, index: int, name: str, value: str) -> bool:
    fx = fx_at(track, index)
    if fx is None:
        return False
    if name == "renamed_name":
        return _rename(host, fx, value)
    if name == "vst_chunk":
        return _set_chunk(host, fx, value)
    return _set_band(host, track, index, name, value)


def _named_parm(track: TrackView, index: int, fx: FxView, name: str) -> str | None:
    read = _NAMED.get(name)
    if read:
        return read(fx)
    if name == "vst_chunk":
        return _chunk(fx)
    match = _BAND_PARM.fullmatch(name)
    state = state_of(track, index) if match else None
    if match is None or state is None or int(match[2]) >= len(state.bands):
        return None
    band = state.bands[int(match[2])]
    return str(band.type if match[1] == "TYPE" else int(band.enabled != 0))


_NAMED: dict[str, Callable[[FxView], str]] = {
    "renamed_name": lambda fx: fx.instance,
    "fx_type": lambda fx: fx.kind,
    "fx_name": lambda fx: fx.name,
    "original_name": lambda fx: fx.name,
}


def _chunk(fx: FxView) -> str | None:
    if fx.offline:
        return None
    try:
        return base64.b64encode(fx.state).decode("ascii")
    except VstBlockError:
        return None


def _rename(host: Host, fx: FxView, name: str) -> bool:
    try:
        with host.editing("Rename FX instance"):
            fx.instance = name
    except ValueError:
        return False
    return True


def _set_chunk(host: Host, fx: FxView, text: str) -> bool:
    """Set a state. As measured, ReaEQ ignores one it cannot read and REAPER says nothing of it."""
    if fx.kind not in {"VST", "VST3"} or fx.offline:
        return False
    try:
        data = base64.b64decode(text, validate=True)
        if fx.is_reaeq:
            reaeq.check(data)
        with host.editing("Edit FX parameter"):
            fx.state = data
    except (binascii.Error, ValueError):
        pass
    return True


def _set_band(host: Host, track: TrackView, index: int, name: str, value: str) -> bool:
    """Set BANDTYPEn, or BANDENABLEDn, which works and answers false (as REAPER does)."""
    match = _BAND_PARM.fullmatch(name)
    state = state_of(track, index) if match else None
    if match is None or state is None or int(match[2]) >= len(state.bands):
        return False
    try:
        number = int(value)
    except ValueError:
        return False
    at = int(match[2])
    field = "type" if match[1] == "TYPE" else "enabled"
    put_state(host, track, index, state.with_band(at, _replaced(state.bands[at], field, number)))
    return field == "type"


def _replaced(band: reaeq.ReaEqBand, field: str, number: int) -> reaeq.ReaEqBand:
    return (
        replace(band, type=number) if field == "type" else replace(band, enabled=int(number != 0))
    )


def _is_called(fx: FxView, name: str) -> bool:
    wanted = name.strip().lower()
    if _REAEQ_NAME.fullmatch(wanted):
        return fx.is_reaeq
    return bool(wanted) and wanted in fx.name.lower()
