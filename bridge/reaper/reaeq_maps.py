"""ReaEQ's numberings and the maps between parameter values and stored values.

Measured on the plug-in (REAPER 5.7 to 7.40). A parameter value travels as a float32; the stored
value is the double computed from it. Two scales exist: the *raw* one (TrackFX_GetParam, SetParam)
and the *normalised* one (TrackFX_Get/SetParamNormalized, EQ functions, OSC), which bends gains so
that 0.5 is 0 dB. Which call uses which is known from REAPER scripts, not from a measurement.
"""

from __future__ import annotations

import ctypes
import math
from enum import IntEnum, StrEnum

from models.eq import BandKind


class BandType(IntEnum):
    """Type numbers of the state chunk and of the named parameter BANDTYPEn (one numbering)."""

    LOW_SHELF = 0
    HIGH_SHELF = 1
    BAND_ALT2 = 2
    LOW_PASS = 3
    HIGH_PASS = 4
    ALL_PASS = 5
    NOTCH = 6
    BAND_PASS = 7
    BAND = 8
    BAND_ALT = 9
    PARALLEL_BAND_PASS = 10


class EqParamType(IntEnum):
    """Band types of TrackFX_GetEQParam and TrackFX_SetEQParam: another numbering."""

    MASTER_GAIN = -1
    HIGH_PASS = 0
    LOW_SHELF = 1
    BAND = 2
    NOTCH = 3
    HIGH_SHELF = 4
    LOW_PASS = 5
    BAND_PASS = 6
    PARALLEL_BAND_PASS = 7


BAND_TYPE: dict[BandKind, BandType] = {
    BandKind.LOW_SHELF: BandType.LOW_SHELF,
    BandKind.HIGH_SHELF: BandType.HIGH_SHELF,
    BandKind.BELL_ALT2: BandType.BAND_ALT2,
    BandKind.LOW_PASS: BandType.LOW_PASS,
    BandKind.HIGH_PASS: BandType.HIGH_PASS,
    BandKind.ALL_PASS: BandType.ALL_PASS,
    BandKind.NOTCH: BandType.NOTCH,
    BandKind.BAND_PASS: BandType.BAND_PASS,
    BandKind.BELL: BandType.BAND,
    BandKind.BELL_ALT: BandType.BAND_ALT,
    BandKind.PARALLEL_BAND_PASS: BandType.PARALLEL_BAND_PASS,
}
BAND_KIND: dict[int, BandKind] = {int(number): kind for kind, number in BAND_TYPE.items()}
"""Kinds by type number; other numbers are neutral filters to ReaEQ."""

EQ_PARAM: dict[int, EqParamType] = {
    BandType.LOW_SHELF: EqParamType.LOW_SHELF,
    BandType.HIGH_SHELF: EqParamType.HIGH_SHELF,
    BandType.BAND_ALT2: EqParamType.BAND,
    BandType.LOW_PASS: EqParamType.LOW_PASS,
    BandType.HIGH_PASS: EqParamType.HIGH_PASS,
    BandType.NOTCH: EqParamType.NOTCH,
    BandType.BAND_PASS: EqParamType.BAND_PASS,
    BandType.BAND: EqParamType.BAND,
    BandType.BAND_ALT: EqParamType.BAND,
    BandType.PARALLEL_BAND_PASS: EqParamType.PARALLEL_BAND_PASS,
}
"""The EQ functions' type by the state's type number; an all pass has none."""

TYPE_NAMES = {
    BandType.LOW_SHELF: "Low Shelf",
    BandType.HIGH_SHELF: "High Shelf",
    BandType.BAND_ALT2: "Band (alt 2)",
    BandType.LOW_PASS: "Low Pass",
    BandType.HIGH_PASS: "High Pass",
    BandType.ALL_PASS: "All Pass",
    BandType.NOTCH: "Notch",
    BandType.BAND_PASS: "Band Pass",
    BandType.BAND: "Band",
    BandType.BAND_ALT: "Band (alt)",
    BandType.PARALLEL_BAND_PASS: "Parallel Band Pass",
}


class ParamKind(StrEnum):
    """What a parameter of ReaEQ sets; the value is the first part of its name."""

    FREQ = "Freq"
    GAIN = "Gain"
    BANDWIDTH = "BW"
    OUTPUT = "Global Gain"


BAND_PARAMS = (ParamKind.FREQ, ParamKind.GAIN, ParamKind.BANDWIDTH)
"""A band's parameters in their order."""

_RANGES = {ParamKind.GAIN: (1.0, 0.25), ParamKind.OUTPUT: (4.0, 1.0)}
_FLAT_RANGE = (1.0, 0.5)
_MIN_HZ, _SPAN_HZ, _MAX_HZ, _WARP = 20.0, 23980.0, 24000.0, 400.0
_OCTAVES, _AMPLITUDE = 4.0, 4.0


def float32(value: float) -> float:
    """Round to the nearest float32, the precision in which REAPER hands parameters to plug-ins."""
    return float(ctypes.c_float(value).value)


def stored_from_raw(kind: ParamKind, raw: float, *, log_freq: bool = True) -> float:
    """Return what ReaEQ stores for a raw parameter value: Hz, linear amplitude or octaves.

    Frequency and bandwidth are clamped to 0 … 1 first, gains are not. `log_freq`: bit 0 of the
    band's flag.
    """
    x = float32(raw)
    match kind:
        case ParamKind.GAIN:
            return _AMPLITUDE * x
        case ParamKind.OUTPUT:
            return x
        case ParamKind.BANDWIDTH:
            return _OCTAVES * min(max(x, 0.0), 1.0)
    x = min(max(x, 0.0), 1.0)
    if log_freq:
        return _MIN_HZ + _SPAN_HZ * (float((_WARP + 1.0) ** x) - 1.0) / _WARP
    return max(_MIN_HZ, _MAX_HZ * x)


def raw_from_stored(kind: ParamKind, stored: float, *, log_freq: bool = True) -> float:
    """Return the raw parameter value that ReaEQ reports; it may lie outside 0 … 1."""
    match kind:
        case ParamKind.GAIN:
            return float32(stored / _AMPLITUDE)
        case ParamKind.OUTPUT:
            return float32(stored)
        case ParamKind.BANDWIDTH:
            return float32(stored / _OCTAVES)
    if not log_freq:
        return float32(stored / _MAX_HZ)
    warped = 1.0 + _WARP * (stored - _MIN_HZ) / _SPAN_HZ
    return float32(math.log(warped) / math.log(_WARP + 1.0)) if warped > 0.0 else -math.inf


def raw_from_normalised(kind: ParamKind, normalised: float) -> float:
    """Map the scale on which 0.5 is the parameter's middle (0 dB for gains) to the raw one.

    Two straight lines through minimum, middle and maximum as ReaEQ reports them: gain 0, 0.25, 1;
    output gain 0, 1, 4 (that one by inference). Frequency and bandwidth: the same on both scales.
    """
    top, middle = _RANGES.get(kind, _FLAT_RANGE)
    if normalised <= 0.5:
        return 2.0 * normalised * middle
    return middle + 2.0 * (normalised - 0.5) * (top - middle)


def normalised_from_raw(kind: ParamKind, raw: float) -> float:
    """Map a raw parameter value to the scale of `raw_from_normalised`."""
    top, middle = _RANGES.get(kind, _FLAT_RANGE)
    if raw <= middle:
        return 0.5 * raw / middle
    return 0.5 + 0.5 * (raw - middle) / (top - middle)


def stored_text(kind: ParamKind, stored: float) -> str:
    """Write a stored value as REAPER shows it, without a unit: "1160.5", "-inf", "2.00"."""
    if kind is ParamKind.FREQ:
        return f"{stored:.1f}"
    if kind is ParamKind.BANDWIDTH:
        return f"{stored:.2f}"
    return f"{20.0 * math.log10(stored):.1f}" if stored > 0.0 else "-inf"
