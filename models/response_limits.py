"""Keep an equaliser within the user's limits: every band, and the summed response."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.eq import Array, Band, BandKind, Eq
from models.layout import Limits, band_freq_ceiling_hz

_POINTS_PER_OCTAVE = 24
_LINEAR_POINTS = 200
_LOWEST_HZ = 10.0
_PASSES = 20
_STEPS = 12
_HEADROOM_DB = 1e-4
"""What is left free where a sum is turned down, for what lies between the points looked at."""
_ZOOM_POINTS = 33
_ZOOM_PEAKS = 4
_INSIDE = 1.0 - 1e-12
"""ReaEQ stores gains as linear factors: by this much inside, a gain read back keeps its limit."""


def held_to_limits(eq: Eq, limits: Limits, sample_rate_hz: float) -> Eq:
    """Hold each band of `eq` to `limits`, then turn all boosts (all cuts) down until the sum is.

    A band may lie outside by rounding alone. An excess of the sum that no gain causes, such as a
    high pass below its corner, is left alone.
    """
    eq = Eq(tuple(_held(band, limits) for band in eq.bands))
    low_db, high_db = limits.gain_db
    for _ in range(_PASSES):  # less cut may be more boost than is allowed, and the reverse
        before = eq
        for sign, limit_db in ((1.0, high_db), (-1.0, -low_db)):
            eq = _held_sum(eq, sign, limit_db * _INSIDE, sample_rate_hz)
        if eq == before:
            break
    return eq


def _held(band: Band, limits: Limits) -> Band:
    low_db, high_db = limits.gain_db
    gain_db = min(max(band.gain_db, low_db * _INSIDE), high_db * _INSIDE)
    freq_hz = min(max(band.freq_hz, limits.min_freq_hz), limits.max_freq_hz)
    if band.kind is not BandKind.BELL:
        return replace(band, freq_hz=freq_hz, gain_db=gain_db)
    narrowest = limits.min_boost_bandwidth_oct if gain_db > 0.0 else limits.min_cut_bandwidth_oct
    width_oct = min(max(band.bandwidth_oct, narrowest), limits.max_bandwidth_oct)
    return replace(band, freq_hz=freq_hz, gain_db=gain_db, bandwidth_oct=width_oct)


def _held_sum(eq: Eq, sign: float, limit_db: float, sample_rate_hz: float) -> Eq:
    """Scale the gains of one sign by the largest factor that keeps the sum to `limit_db`."""
    freqs_hz = _dense_grid(eq, sample_rate_hz)

    def excess_db(amount: float) -> float:
        return _peak_db(_scaled(eq, sign, amount), sign, freqs_hz, sample_rate_hz) - limit_db

    low, high, above = 0.0, 1.0, excess_db(1.0)
    if above <= 0.0:
        return eq
    below = excess_db(0.0)
    if below > -_HEADROOM_DB:
        return _scaled(eq, sign, 0.0) if below <= 0.0 else eq
    above, below = above + _HEADROOM_DB, below + _HEADROOM_DB
    # Nearly linear in the amount: false position, pulled towards the end that stays (Illinois).
    for _ in range(_STEPS):
        middle = low + (high - low) * below / (below - above)
        value = excess_db(middle) + _HEADROOM_DB
        if value > 0.0:
            high, above, below = middle, value, 0.5 * below
        else:
            low, below, above = middle, value, 0.5 * above
        if -_HEADROOM_DB <= value <= 0.0:
            break
    return _scaled(eq, sign, low)


def _peak_db(eq: Eq, sign: float, freqs_hz: Array, sample_rate_hz: float) -> float:
    """Return the highest value of the response times `sign`, or 0, looking between the bins."""
    response_db = sign * eq.response_db(freqs_hz, sample_rate_hz)
    inner = response_db[1:-1]
    tops = np.flatnonzero((inner >= response_db[:-2]) & (inner >= response_db[2:])) + 1
    tops = tops[np.argsort(response_db[tops])[-_ZOOM_PEAKS:]]
    near_hz = np.linspace(freqs_hz[tops - 1], freqs_hz[tops + 1], _ZOOM_POINTS).ravel()
    zoomed_db = sign * eq.response_db(near_hz, sample_rate_hz)
    return float(max(np.max(response_db, initial=0.0), np.max(zoomed_db, initial=0.0)))


def _dense_grid(eq: Eq, sample_rate_hz: float) -> Array:
    """Return frequencies dense on both axes (bands crowd near Nyquist), and band centres."""
    top_hz = band_freq_ceiling_hz(sample_rate_hz)
    points = int(np.log2(top_hz / _LOWEST_HZ) * _POINTS_PER_OCTAVE) + 1
    linear = np.linspace(0.0, 0.5 * sample_rate_hz, _LINEAR_POINTS)
    centres = [min(band.freq_hz, top_hz) for band in eq.bands]
    return np.unique(np.concatenate([np.geomspace(_LOWEST_HZ, top_hz, points), linear, centres]))


def _scaled(eq: Eq, sign: float, amount: float) -> Eq:
    """Scale the gains of one sign."""
    return Eq(
        tuple(
            replace(band, gain_db=band.gain_db * amount) if band.gain_db * sign > 0.0 else band
            for band in eq.bands
        )
    )
