"""ReaScript functions: FX parameters and the EQ functions, for ReaEQ.

A ReaEQ has its own parameters (3 per band and the global gain), then REAPER's Bypass, Wet and
Delta; wet is always 1 and delta 0 here. Other plug-ins have no readable parameters. Gains have two
scales: see `bridge.reaper.reaeq_maps`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.host.calling import reascript
from bridge.host.reascript_fx import add_reaeq, fx_at, put_state, state_of
from bridge.reaper.reaeq import (
    EqParamType,
    ParamKind,
    ReaEqState,
    normalised_from_raw,
    raw_from_normalised,
    stored_from_raw,
    stored_text,
)

if TYPE_CHECKING:
    from bridge.host.calling import Track
    from bridge.host.host import Host

_OWN = ("Bypass", "Wet", "Delta")
_OWN_VALUES = (0.0, 1.0, 0.0)
_FREQ, _GAIN, _BANDWIDTH = 0, 1, 2
_KINDS = {_FREQ: ParamKind.FREQ, _GAIN: ParamKind.GAIN, _BANDWIDTH: ParamKind.BANDWIDTH}


@reascript("TrackFX_GetEQ")
def _get_eq(host: Host, track: Track, instantiate: bool) -> int:
    found = next((i for i, fx in enumerate(track.fx_chain.fx) if fx.is_reaeq), -1)
    return add_reaeq(host, track) if found < 0 and instantiate else found


@reascript("TrackFX_GetEQParam", outs=(3, 4, 5, 6))
def _get_eq_param(
    host: Host,
    track: Track,
    index: int,
    param: int,
    band_type: int,
    band: int,
    param_type: int,
    value: float,
) -> tuple[bool, int, int, int, float]:
    state = state_of(track, index)
    if state is None or not 0 <= param < state.param_count:
        return False, 0, 0, 0, 0.0
    kind, at = state.param(param)
    norm = normalised_from_raw(kind, state.param_raw(param))
    if at < 0:
        return True, int(EqParamType.MASTER_GAIN), 0, _GAIN, norm
    address = state.eq_address(at)
    if address is None:
        return False, 0, 0, 0, 0.0
    return True, int(address[0]), address[1], param % 3, norm


@reascript("TrackFX_SetEQParam")
def _set_eq_param(
    host: Host,
    track: Track,
    index: int,
    band_type: int,
    band: int,
    param_type: int,
    value: float,
    is_normalised: bool,
) -> bool:
    state = state_of(track, index)
    param = _eq_param(state, band_type, band, param_type) if state else None
    if state is None or param is None:
        return False
    kind, _ = state.param(param)
    if is_normalised:
        new = state.with_param_raw(param, raw_from_normalised(kind, value))
    else:
        new = state.with_param_stored(param, max(value, 0.0))
    put_state(host, track, index, new)
    return True


@reascript("TrackFX_GetEQBandEnabled")
def _get_eq_band_enabled(host: Host, track: Track, index: int, band_type: int, band: int) -> bool:
    state = state_of(track, index)
    at = state.find_band(band_type, band) if state else None
    return state is not None and at is not None and state.bands[at].enabled != 0


@reascript("TrackFX_SetEQBandEnabled")
def _set_eq_band_enabled(
    host: Host, track: Track, index: int, band_type: int, band: int, enable: bool
) -> bool:
    state = state_of(track, index)
    at = state.find_band(band_type, band) if state else None
    if state is None or at is None:
        return False
    changed = replace(state.bands[at], enabled=int(enable))
    put_state(host, track, index, state.with_band(at, changed))
    return True


@reascript("TrackFX_GetNumParams")
def _get_num_params(host: Host, track: Track, index: int) -> int:
    state = state_of(track, index)
    return state.param_count + len(_OWN) if state else 0


@reascript("TrackFX_GetParamName", outs={3: 4})
def _get_param_name(
    host: Host, track: Track, index: int, param: int, name: str, size: int
) -> tuple[bool, str]:
    state = state_of(track, index)
    own = _own_index(state, param)
    if own is not None:
        return True, _OWN[own]
    if state is None or not 0 <= param < state.param_count:
        return False, ""
    return True, state.param_name(param)


@reascript("TrackFX_GetParam", outs=(3, 4))
def _get_param(
    host: Host, track: Track, index: int, param: int, low: float, high: float
) -> tuple[float, float, float]:
    value, bottom, top, _ = _range(track, index, param)
    return value, bottom, top


@reascript("TrackFX_GetParamEx", outs=(3, 4, 5))
def _get_param_ex(
    host: Host, track: Track, index: int, param: int, low: float, high: float, middle: float
) -> tuple[float, float, float, float]:
    return _range(track, index, param)


@reascript("TrackFX_GetParamNormalized")
def _get_param_normalized(host: Host, track: Track, index: int, param: int) -> float:
    value, *_ = _range(track, index, param)
    state = state_of(track, index)
    if state is None or not 0 <= param < state.param_count:
        return value
    return normalised_from_raw(state.param(param)[0], value)


@reascript("TrackFX_SetParam")
def _set_param(host: Host, track: Track, index: int, param: int, value: float) -> bool:
    return _put_raw(host, track, index, param, value)


@reascript("TrackFX_SetParamNormalized")
def _set_param_normalized(host: Host, track: Track, index: int, param: int, value: float) -> bool:
    state = state_of(track, index)
    if state is not None and 0 <= param < state.param_count:
        value = raw_from_normalised(state.param(param)[0], min(max(value, 0.0), 1.0))
    return _put_raw(host, track, index, param, value)


@reascript("TrackFX_EndParamEdit")
def _end_param_edit(host: Host, track: Track, index: int, param: int) -> bool:
    return state_of(track, index) is not None


@reascript("TrackFX_FormatParamValueNormalized", outs={4: 5})
def _format_param_value_normalized(
    host: Host, track: Track, index: int, param: int, value: float, text: str, size: int
) -> tuple[bool, str]:
    state = state_of(track, index)
    if state is None or not 0 <= param < state.param_count:
        return False, ""
    kind, band = state.param(param)
    raw = raw_from_normalised(kind, value)
    log_freq = band < 0 or state.bands[band].log_freq
    return True, stored_text(kind, stored_from_raw(kind, raw, log_freq=log_freq))


@reascript("TrackFX_GetFormattedParamValue", outs={3: 4})
def _get_formatted_param_value(
    host: Host, track: Track, index: int, param: int, text: str, size: int
) -> tuple[bool, str]:
    state = state_of(track, index)
    if state is None or not 0 <= param < state.param_count:
        return False, ""
    return True, state.param_text(param)


def _eq_param(state: ReaEqState, band_type: int, band: int, param_type: int) -> int | None:
    if band_type == EqParamType.MASTER_GAIN:
        return state.param_count - 1
    at = state.find_band(band_type, band)
    return None if at is None or param_type not in _KINDS else 3 * at + param_type


def _own_index(state: ReaEqState | None, param: int) -> int | None:
    """Return which of REAPER's own parameters a number means."""
    if state is None or not 0 <= param - state.param_count < len(_OWN):
        return None
    return param - state.param_count


def _range(track: Track, index: int, param: int) -> tuple[float, float, float, float]:
    """Return raw value, minimum, maximum and middle of a parameter; zeros when there is none."""
    state = state_of(track, index)
    own = _own_index(state, param)
    if own is not None:
        fx = fx_at(track, index)
        bypassed = own == 0 and fx is not None and fx.bypassed
        return (1.0 if bypassed else _OWN_VALUES[own]), 0.0, 1.0, 0.5
    if state is None or not 0 <= param < state.param_count:
        return 0.0, 0.0, 0.0, 0.0
    kind, _ = state.param(param)
    top = raw_from_normalised(kind, 1.0)
    return state.param_raw(param), 0.0, top, raw_from_normalised(kind, 0.5)


def _put_raw(host: Host, track: Track, index: int, param: int, value: float) -> bool:
    state = state_of(track, index)
    if _own_index(state, param) == 0:
        fx = fx_at(track, index)
        if fx:
            with host.editing("Toggle FX bypass"):
                fx.bypassed = value >= 0.5
        return True
    if state is None or not 0 <= param < state.param_count:
        return False
    put_state(host, track, index, state.with_param_raw(param, value))
    return True
