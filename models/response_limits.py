"""Keep the summed response of an equaliser within the user's limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.eq import Eq
from models.layout import Limits

_POINTS_PER_OCTAVE = 48
_TOP_RATIO = 0.4999
_LOWEST_HZ = 10.0
_HALVINGS = 30


def held_to_limits(eq: Eq, limits: Limits, sample_rate_hz: float) -> Eq:
    """Turn all boosts (all cuts) of `eq` down together until their sum keeps to `limits` as well.

    An excess that no gain causes, such as a high pass below its corner, is left alone.
    """
    low_db, high_db = limits.gain_db
    top_hz = _TOP_RATIO * sample_rate_hz
    points = int(np.log2(top_hz / _LOWEST_HZ) * _POINTS_PER_OCTAVE) + 1
    freqs_hz = np.geomspace(_LOWEST_HZ, top_hz, points)

    def excess_db(sign: float, limit_db: float, candidate: Eq) -> float:
        response = sign * candidate.response_db(freqs_hz, sample_rate_hz)
        return float(np.max(response, initial=0.0)) - limit_db

    for sign, limit_db in ((1.0, high_db), (-1.0, -low_db)):
        if (
            excess_db(sign, limit_db, eq) <= 0.0
            or excess_db(sign, limit_db, _scaled(eq, sign, 0.0)) > 0.0
        ):
            continue
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            if excess_db(sign, limit_db, _scaled(eq, sign, middle)) > 0.0:
                high = middle
            else:
                low = middle
        eq = _scaled(eq, sign, low)
    return eq


def _scaled(eq: Eq, sign: float, amount: float) -> Eq:
    """Scale the gains of one sign."""
    return Eq(
        tuple(
            replace(band, gain_db=band.gain_db * amount) if band.gain_db * sign > 0.0 else band
            for band in eq.bands
        )
    )
