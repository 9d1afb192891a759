"""Keep the summed response of an equaliser within the user's limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.eq import Array, Eq
from models.layout import Limits, band_freq_ceiling_hz

_POINTS_PER_OCTAVE = 24
_LINEAR_POINTS = 200
_LOWEST_HZ = 10.0
_HALVINGS = 30


def held_to_limits(eq: Eq, limits: Limits, sample_rate_hz: float) -> Eq:
    """Turn all boosts (all cuts) of `eq` down together until their sum keeps to `limits` as well.

    An excess that no gain causes, such as a high pass below its corner, is left alone.
    """
    freqs_hz = _dense_grid(eq, sample_rate_hz)
    low_db, high_db = limits.gain_db
    for sign, limit_db in ((1.0, high_db), (-1.0, -low_db)):

        def exceeds(
            amount: float, eq: Eq = eq, sign: float = sign, limit_db: float = limit_db
        ) -> bool:
            response_db = sign * _scaled(eq, sign, amount).response_db(freqs_hz, sample_rate_hz)
            return float(np.max(response_db, initial=0.0)) > limit_db

        if not exceeds(1.0) or exceeds(0.0):
            continue
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if exceeds(middle) else (middle, high)
        eq = _scaled(eq, sign, low)
    return eq


def _dense_grid(eq: Eq, sample_rate_hz: float) -> Array:
    """Return frequencies dense on both axes (bands crowd near Nyquist), and band centres."""
    top_hz = band_freq_ceiling_hz(sample_rate_hz)
    points = int(np.log2(top_hz / _LOWEST_HZ) * _POINTS_PER_OCTAVE) + 1
    linear = np.linspace(0.0, 0.5 * sample_rate_hz, _LINEAR_POINTS)
    centres = [min(band.freq_hz, top_hz) for band in eq.bands]
    return np.concatenate([np.geomspace(_LOWEST_HZ, top_hz, points), linear, centres])


def _scaled(eq: Eq, sign: float, amount: float) -> Eq:
    """Scale the gains of one sign."""
    return Eq(
        tuple(
            replace(band, gain_db=band.gain_db * amount) if band.gain_db * sign > 0.0 else band
            for band in eq.bands
        )
    )
