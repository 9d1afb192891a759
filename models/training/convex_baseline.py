"""The baseline of Nercessian (DAFx 2020): frequencies and widths by rule, gains by least squares.

A band's response in dB is nearly its gain times its response at 1 dB (Abel and Berners 2004), so
with frequencies and widths fixed the gains solve a linear least-squares problem. The rule is our
own: bells sit on the extrema of the curve smoothed over critical bands, as wide as half their
height, then halve the widest gaps in hertz (the error is a mean over linear bins); shelves sit at
the ends' half heights.
"""

from __future__ import annotations

import numpy as np

from models.band_response import BandResponse, warp
from models.bands import erb_smooth
from models.eq import Array, BandKind, Eq

_BELLS = 10
_KINDS = (*[BandKind.BELL] * _BELLS, BandKind.LOW_SHELF, BandKind.HIGH_SHELF)
_GAIN_DB = (-10.0, 10.0)
_FREQ_HZ = (20.0, 20000.0)
_Q = (0.1, 3.0)
_GAP_WIDTH = 1.4  # width of a bell in a gap, in distances to its nearer neighbour
_SHELF_BANDWIDTH_OCT = 1.15  # RBJ slope S = 0.75
_PROBE_DB = 4.0
_RIDGE = 1e-3


def fit(freqs_hz: Array, curve_db: Array, sample_rate_hz: float) -> Eq:
    """Fit ten bells and two shelves to a curve (F,) in dB over linear bins from 0 Hz."""
    points = np.unique(np.geomspace(1, len(freqs_hz) - 1, 240).astype(int))
    heard = points[(freqs_hz[points] >= _FREQ_HZ[0]) & (freqs_hz[points] <= _FREQ_HZ[1])]
    octaves = np.log2(freqs_hz[heard])
    smooth = erb_smooth(curve_db[heard], freqs_hz[heard])
    centres, widths = _bells(octaves, smooth)
    low, high = _shelf_octaves(octaves, smooth)
    freq_hz = 2.0 ** np.array([*centres, low, high])
    bandwidth = np.array([*widths, _SHELF_BANDWIDTH_OCT, _SHELF_BANDWIDTH_OCT])
    bandwidth[:_BELLS] /= warp(freq_hz[:_BELLS], sample_rate_hz)
    response = BandResponse(_KINDS, freqs_hz, sample_rate_hz)
    gains = _gains(response, freq_hz, bandwidth, curve_db)
    return Eq(response.bands(np.concatenate([np.log(freq_hz), gains, np.log(bandwidth)])))


def _gains(response: BandResponse, freq_hz: Array, bandwidth: Array, curve_db: Array) -> Array:
    """Solve for the gains in dB that bring the bands' unit responses nearest to the curve."""
    probe = np.full(len(_KINDS), _PROBE_DB)
    unknowns = np.concatenate([np.log(freq_hz), probe, np.log(bandwidth)])
    unit = response.each_response_db(unknowns[None])[0] / _PROBE_DB
    normal = unit @ unit.T
    normal[np.diag_indices_from(normal)] += _RIDGE * len(curve_db)
    return np.asarray(np.clip(np.linalg.solve(normal, unit @ curve_db), *_GAIN_DB))


def _bells(octaves: Array, smooth: Array) -> tuple[Array, Array]:
    """Return the centres and widths in octaves of the ten bells."""
    slope = np.sign(np.diff(smooth))
    turns = np.flatnonzero(slope[1:] * slope[:-1] < 0.0) + 1
    edges = np.concatenate([[0], turns, [len(octaves) - 1]])
    heights = np.abs(np.diff(smooth[edges]))
    order = np.argsort(-np.minimum(heights[:-1], heights[1:]), kind="stable")[:_BELLS]
    chosen = sorted(turns[order])
    centres = [float(octaves[i]) for i in chosen]
    widths = [_half_width(octaves, smooth, edges, i) for i in chosen]
    while len(centres) < _BELLS:
        fence = np.concatenate([[octaves[0]], np.sort(centres), [octaves[-1]]])
        gap = int(np.argmax(np.diff(2.0**fence)))
        centre = float(np.log2(np.mean(2.0 ** fence[gap : gap + 2])))
        centres.append(centre)
        widths.append(float(fence[gap + 1] - centre) * _GAP_WIDTH)
    limits = 2.0 / np.log(2.0) * np.arcsinh(0.5 / np.array(_Q)[::-1])
    return np.array(centres), np.clip(widths, *limits)


def _half_width(octaves: Array, smooth: Array, edges: Array, turn: int) -> float:
    """Return the width in octaves at half the height over the neighbouring extrema."""
    place = int(np.searchsorted(edges, turn))
    before, after = edges[place - 1], edges[place + 1]
    left = smooth[before : turn + 1] - 0.5 * (smooth[before] + smooth[turn])
    right = smooth[turn : after + 1] - 0.5 * (smooth[turn] + smooth[after])
    start = before + int(np.argmin(np.abs(left)))
    end = turn + int(np.argmin(np.abs(right)))
    return float(octaves[end] - octaves[start])


def _shelf_octaves(octaves: Array, smooth: Array) -> tuple[float, float]:
    """Return where the curve has fallen half-way from each end to its first extremum."""
    slope = np.sign(np.diff(smooth))
    turns = np.flatnonzero(slope[1:] * slope[:-1] < 0.0) + 1
    first, last = (
        (turns[0], turns[-1]) if len(turns) else (len(octaves) // 3, 2 * len(octaves) // 3)
    )
    head, tail = smooth[: first + 1], smooth[last:]
    low = int(np.argmin(np.abs(head - 0.5 * (head[0] + head[-1]))))
    high = last + int(np.argmin(np.abs(tail - 0.5 * (tail[0] + tail[-1]))))
    return float(octaves[low]), float(octaves[high])
