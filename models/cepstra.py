"""Mel-frequency cepstral coefficients and what can be read from their means.

As librosa's `feature.mfcc` computes them (22.05 kHz, 2048-point Hann windows, 128 mel bands, dB no
deeper than 80 below the strongest, orthonormal DCT): the published features of GTZAN are these.
Their mean is a linear image of the mean log-mel spectrum, so it gives back its smoothed shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.mel import MelFormat, mel_hz, mel_power

Array = NDArray[np.float64]

FORMAT = MelFormat(sample_rate_hz=22050, fft_size=2048, hop=512, bands=128)
COUNT = 20
BAND_EDGES_HZ = (20.0, 250.0, 500.0, 2000.0, 6000.0, 20000.0)
"""DuBray & Mohammadi's five bands."""
_EDGES_HZ = mel_hz(FORMAT.bands, 0.5 * FORMAT.sample_rate_hz)
MEL_HZ = _EDGES_HZ[1:-1]
"""Centres of the mel bands (128,)."""
_WIDTH_HZ = 0.5 * (_EDGES_HZ[2:] - _EDGES_HZ[:-2])
_FLOOR, _RANGE_DB = 1e-10, 80.0


class Cepstra(NamedTuple):
    """Mean and variance over time of the first 20 coefficients, each (20,)."""

    mean: Array
    variance: Array


def measure(parts: Sequence[NDArray[np.float32]]) -> Cepstra | None:
    """Measure mono parts at 22.05 kHz together; None when they are shorter than one window."""
    powers = [mel_power(part, FORMAT).astype(np.float64) for part in parts]
    if not sum(map(len, powers)):
        return None
    level_db = 10.0 * np.log10(np.maximum(np.concatenate(powers), _FLOOR))
    level_db = np.maximum(level_db, level_db.max() - _RANGE_DB)
    coefficients = level_db @ _cosines().T
    return Cepstra(coefficients.mean(axis=0), coefficients.var(axis=0))


def envelope_db(mean: ArrayLike) -> Array:
    """Return the smoothed spectrum (..., 128) at `MEL_HZ`, in dB per hertz, of means (..., 20)."""
    return np.asarray(np.asarray(mean, dtype=np.float64) @ _cosines())


def band_levels_db(mean: ArrayLike) -> Array:
    """Return the levels (..., 5) of `BAND_EDGES_HZ` that means (..., 20) stand for, in dB.

    The mean of dB lies below the dB of the mean power, the more so the livelier the music; and
    there is nothing above 11 kHz.
    """
    power = 10.0 ** (envelope_db(mean) / 10.0) * _WIDTH_HZ
    which = np.searchsorted(BAND_EDGES_HZ, MEL_HZ, side="right") - 1
    member = which[:, None] == np.arange(len(BAND_EDGES_HZ) - 1)
    return np.asarray(10.0 * np.log10(power @ member))


def _cosines() -> Array:
    """Return the first rows (20, 128) of the orthonormal DCT-II matrix."""
    bands = FORMAT.bands
    k, n = np.arange(COUNT)[:, None], np.arange(bands)
    matrix = np.sqrt(2.0 / bands) * np.cos(np.pi * k * (2 * n + 1) / (2 * bands))
    matrix[0] = np.sqrt(1.0 / bands)
    return np.asarray(matrix)
