"""Noise of many kinds, made by number: what a recogniser must not take for an instrument.

Coloured noise (hiss, wind, traffic) and mains hum, steady or swelling, stand in for the recordings
of noise that the reference data lack.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.audio import Clip
from models.training.corpus import Recording

LABEL = "noise"
COUNT = 64
_RATE_HZ, _SECONDS = 44100, 5.0
_HUM_SHARE = 0.25


def recordings() -> list[Recording]:
    """Return COUNT noises as recordings, each a source of its own; `clip` makes their sound."""
    return [
        Recording(Path(str(number)), LABEL, f"{LABEL} {number}", LABEL, "", "CC0", "train", 22050.0)
        for number in range(COUNT)
    ]


def clip(recording: Recording) -> Clip:
    """Return the sound of one of `recordings`, the same each time."""
    rng = np.random.default_rng([20241122, int(recording.path.name)])
    frames = round(_RATE_HZ * _SECONDS)
    sound = coloured(frames, rng.uniform(-9.0, 3.0), rng)
    if rng.random() < _HUM_SHARE:
        hum = _hum(frames, rng)
        sound = hum / hum.std() + 10.0 ** rng.uniform(-2.0, -0.3) * sound
    if rng.random() < 0.5:
        sound = sound * _swell(frames, rng)
    return Clip((0.1 * sound / sound.std()).astype(np.float32)[None], _RATE_HZ)


def coloured(
    frames: int, slope_db: float, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return noise of standard deviation 1 whose density rises by slope_db per octave."""
    spectrum = np.fft.rfft(rng.standard_normal(frames))
    octaves = np.log2(np.maximum(np.arange(len(spectrum)), 1.0))
    noise = np.fft.irfft(spectrum * 10.0 ** (slope_db * octaves / 20.0), frames)
    return np.asarray(noise / noise.std())


def _hum(frames: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the harmonics of the mains, each fainter than the one below."""
    time_s = np.arange(frames) / _RATE_HZ
    mains_hz = rng.choice([50.0, 60.0])
    fall = rng.uniform(0.8, 2.0)
    parts = (
        n**-fall * np.sin(2.0 * np.pi * (mains_hz * n * time_s + rng.random()))
        for n in range(1, 20)
    )
    return np.asarray(sum(parts))


def _swell(frames: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a level that wanders slowly over up to 20 dB."""
    points = rng.uniform(-20.0, 0.0, 8)
    return np.asarray(10.0 ** (np.interp(np.linspace(0, 7, frames), range(8), points) / 20.0))
