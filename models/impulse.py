"""Measuring an equaliser by an impulse, with and without it: everything else cancels out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.eq import Eq

LENGTH_S, AT_S = 1.0, 0.1
"""The impulse comes late enough for fades at the start, and rings out before the end."""
LEVEL = 0.25
RANGE_HZ = (20.0, 18000.0)
_HIGHEST = 0.4
"""Of the sample rate: above, a resampler may leave too little to compare."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a measured response is farthest from the expected one."""

    freq_hz: float
    measured_db: float
    expected_db: float

    @property
    def error_db(self) -> float:
        """How far, without sign."""
        return abs(self.measured_db - self.expected_db)


def impulse(sample_rate_hz: int) -> NDArray[np.float32]:
    """Return one sample of LEVEL in a second of silence (1, n)."""
    samples = np.zeros((1, round(LENGTH_S * sample_rate_hz)), np.float32)
    samples[0, round(AT_S * sample_rate_hz)] = LEVEL
    return samples


def worst_deviation(
    plain: NDArray[np.floating], shaped: NDArray[np.floating], eq: Eq, sample_rate_hz: float
) -> Deviation:
    """Compare what an EQ made of an impulse, `shaped` (n,) against `plain` (n,), with its response.

    Raises ValueError when `plain` holds no impulse, or the lengths differ.
    """
    if plain.shape != shaped.shape or not np.any(plain):
        raise ValueError("no impulse with and without the equaliser")
    freqs_hz = np.fft.rfftfreq(len(plain), 1.0 / sample_rate_hz)
    low_hz, high_hz = RANGE_HZ
    heard = (freqs_hz >= low_hz) & (freqs_hz <= min(high_hz, _HIGHEST * sample_rate_hz))
    before, after = (np.abs(np.fft.rfft(each))[heard] for each in (plain, shaped))
    measured_db = 20.0 * np.log10(np.maximum(after, 1e-12) / np.maximum(before, 1e-12))
    expected_db = eq.response_db(freqs_hz[heard], sample_rate_hz)
    worst = int(np.argmax(np.abs(measured_db - expected_db)))
    return Deviation(
        float(freqs_hz[heard][worst]), float(measured_db[worst]), float(expected_db[worst])
    )
