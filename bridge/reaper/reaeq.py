"""ReaEQ as ReaTone sees it: the state codec, numberings, parameter maps, and `Eq` both ways."""

from __future__ import annotations

import math
from dataclasses import replace

from bridge.reaper.reaeq_maps import (
    BAND_KIND,
    BAND_PARAMS,
    BAND_TYPE,
    EQ_PARAM,
    TYPE_NAMES,
    BandType,
    EqParamType,
    ParamKind,
    float32,
    normalised_from_raw,
    raw_from_normalised,
    raw_from_stored,
    stored_from_raw,
    stored_text,
)
from bridge.reaper.reaeq_state import (
    LOG_FREQ,
    RECORD_SIZE,
    ReaEqBand,
    ReaEqError,
    ReaEqState,
    check,
    decode,
    encode,
    fresh_state,
)
from models.eq import MAX_AMPLITUDE, Band, Eq

__all__ = [
    "BAND_KIND",
    "BAND_PARAMS",
    "BAND_TYPE",
    "EQ_PARAM",
    "TYPE_NAMES",
    "BandType",
    "EqParamType",
    "ParamKind",
    "ReaEqBand",
    "ReaEqError",
    "ReaEqState",
    "check",
    "decode",
    "encode",
    "float32",
    "fresh_state",
    "from_eq",
    "normalised_from_raw",
    "raw_from_normalised",
    "raw_from_stored",
    "stored_from_raw",
    "stored_text",
    "to_eq",
]


def to_eq(state: ReaEqState) -> Eq:
    """Return the EQ that a state sounds like; bands of unknown type (neutral) are left out.

    Raises ReaEqError for values that are no numbers.
    """
    bands = (_to_band(band) for band in state.bands if band.type in BAND_KIND)
    return Eq(tuple(bands), _decibels(state.global_gain, "global gain", math.inf))


def from_eq(eq: Eq, base: ReaEqState | None = None) -> ReaEqState:
    """Return the state for an EQ, with the display state, flags and channels of `base`.

    A band equal to that of `base` at its place keeps its stored numbers to the last bit, so that
    `from_eq(to_eq(s), s) == s` for states of present versions.
    """
    base = base or ReaEqState(())
    size = max(base.record_size, RECORD_SIZE)
    bands = tuple(
        _from_band(band, base.bands[i] if i < len(base.bands) else None, size)
        for i, band in enumerate(eq.bands)
    )
    state = replace(base, bands=bands, record_size=size)
    if eq.output_gain_db == _decibels(base.global_gain, "global gain", math.inf):
        return state
    return state.with_output(global_gain=10.0 ** (eq.output_gain_db / 20.0))


def _to_band(band: ReaEqBand) -> Band:
    values = (band.freq_hz, band.amplitude, band.bandwidth_oct)
    if any(math.isnan(value) for value in values):
        raise ReaEqError("a ReaEQ band with a value that is not a number")
    return Band(
        BAND_KIND[band.type],
        freq_hz=min(max(band.freq_hz, 0.0), 1e9),
        gain_db=_decibels(band.amplitude, "gain", MAX_AMPLITUDE),
        bandwidth_oct=min(max(band.bandwidth_oct, 0.0), 1e9),
        enabled=band.enabled != 0,
    )


def _from_band(band: Band, base: ReaEqBand | None, size: int) -> ReaEqBand:
    if base is not None and base.type in BAND_KIND and _same_band(base, band):
        return replace(base, extra=base.extra.ljust(size - RECORD_SIZE, b"\0"))
    return ReaEqBand(
        type=int(BAND_TYPE[band.kind]),
        enabled=int(band.enabled),
        freq_hz=band.freq_hz,
        amplitude=band.amplitude,
        bandwidth_oct=band.bandwidth_oct,
        flag=base.flag if base else LOG_FREQ,
        extra=(base.extra if base else b"").ljust(size - RECORD_SIZE, b"\0"),
    )


def _same_band(stored: ReaEqBand, band: Band) -> bool:
    try:
        return _to_band(stored) == band
    except ReaEqError:
        return False


def _decibels(amplitude: float, what: str, limit: float) -> float:
    """Return an amplitude in dB; to ReaEQ 0 and below are silence. Raises ReaEqError."""
    if math.isnan(amplitude) or (amplitude == math.inf and limit == math.inf):
        raise ReaEqError(f"a ReaEQ state whose {what} is not a number")
    amplitude = min(amplitude, limit) if math.isinf(amplitude) else amplitude
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else -math.inf
