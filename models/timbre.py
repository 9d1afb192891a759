"""What a sound is like over time: numbers from a mel spectrogram, free of gain.

A long-term spectrum cannot tell a plucked string from a bowed one, or a hi-hat from a crash. This
adds the time structure: how levels rise, fall and fluctuate in each region, how much the spectrum
changes from frame to frame, how peaked it is in one frame and in the mean. Only the loud frames
count, so pauses do not matter.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.mel import MelFormat, mel_hz

Array = NDArray[np.float64]

FORMAT = MelFormat(sample_rate_hz=32000, fft_size=2048, hop=512, bands=96)
DEPTH_DB = 60.0
"""Depth below the strongest band of the mean that counts."""
_HEARD_DB, _ACTIVE_DB = 50.0, 35.0
"""How far below the loudest frame a frame may lie to be kept, and to count as sounding."""
_MIN_FRAMES, _MIN_ACTIVE = 8, 4
_CEPSTRA = 20
_SMOOTH_BANDS = 7
_REGIONS = 6
_MODULATION_FRAMES, _MODULATION_HOP = 256, 128
_MODULATION_BINS = (1, 2, 4, 7, 12, 20, 32, 52, 80, 128)
"""Edges of nine bands of modulation, 0.24 … 31 Hz."""
_LAGS = (1, 2, 4, 8, 16, 32, 64)
_TINY = 1e-20


def features(power: Array) -> Array:
    """Return the features (D,) of a mel power spectrogram (frames, 96) that is not silent."""
    power, active = _loud(power)
    mean = power[active].mean(axis=0)
    level_db = _db(mean, mean.max())
    frames_db = _db(power, mean.max())[active]
    return np.concatenate(
        [
            (level_db - level_db.mean()) / 10.0,
            _cepstra(frames_db),
            _spread(frames_db),
            _peaks(frames_db, level_db),
            _envelopes(power),
            _centre(power[active]),
            _persistence(frames_db),
        ]
    )


def _loud(power: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the frames that are not pauses, and which of them sound."""
    total = power.sum(axis=1)
    heard = total > total.max() * 10.0 ** (-_HEARD_DB / 10.0)
    kept = power[heard] if heard.sum() > _MIN_FRAMES else power
    total = kept.sum(axis=1)
    active = total > total.max() * 10.0 ** (-_ACTIVE_DB / 10.0)
    return kept, active if active.sum() > _MIN_ACTIVE else np.ones(len(kept), dtype=bool)


def _db(power: Array, reference: Array) -> Array:
    level_db = 10.0 * np.log10(power + _TINY) - 10.0 * np.log10(reference + _TINY)
    return np.asarray(np.maximum(level_db, -DEPTH_DB))


def _cepstra(frames_db: Array) -> Array:
    """Mean, spread and spread of the changes of the first cepstra (the mean without the level)."""
    from scipy.fft import dct  # noqa: PLC0415

    cepstra = dct(frames_db, norm="ortho", axis=1)[:, :_CEPSTRA] / 10.0
    changes = np.diff(cepstra, axis=0)
    change = changes.std(axis=0) if len(changes) else np.zeros(_CEPSTRA)
    return np.concatenate([cepstra[:, 1:].mean(axis=0), cepstra.std(axis=0), change])


def _spread(frames_db: Array) -> Array:
    """How far each third of an octave or so rises above and falls below its median."""
    groups = frames_db.reshape(len(frames_db), 24, 4).mean(axis=2)
    low, middle, high = np.percentile(groups, (10.0, 50.0, 90.0), axis=0)
    return np.concatenate([high - middle, middle - low, middle - middle.mean()]) / 10.0


def _peaks(frames_db: Array, level_db: Array) -> Array:
    """How peaked single frames, the long-term spectrum and the mean frame are, by region."""
    from scipy.ndimage import uniform_filter1d  # noqa: PLC0415

    rough = frames_db - uniform_filter1d(frames_db, _SMOOTH_BANDS, axis=1)
    rough_mean = np.abs(level_db - uniform_filter1d(level_db, _SMOOTH_BANDS))
    parts = (
        np.sqrt(_by_region((rough**2).mean(axis=0))),
        _by_region(rough_mean),
        np.sqrt(_by_region(rough.mean(axis=0) ** 2)),
    )
    return np.concatenate(parts) / 5.0


def _by_region(values: Array) -> Array:
    return np.asarray(values.reshape(16, 6).mean(axis=1))


def _envelopes(power: Array) -> Array:
    """How the level of six regions and of the whole rises, falls and fluctuates."""
    regions = power.reshape(len(power), _REGIONS, -1).sum(axis=2)
    bands = np.concatenate([regions, power.sum(axis=1)[:, None]], axis=1)
    level_db = np.maximum(10.0 * np.log10(bands / bands.max(axis=0) + _TINY), -DEPTH_DB)
    steps = np.diff(level_db, axis=0)
    steps = steps if len(steps) >= _MIN_ACTIVE else np.zeros((_MIN_ACTIVE, bands.shape[1]))
    fall, middle, rise, jump = np.percentile(steps, (15.0, 50.0, 95.0, 99.0), axis=0)
    return np.concatenate(
        [
            *(np.maximum(steps, 0.0).mean(axis=0) / 2.0, jump / 10.0, rise / 5.0, middle),
            *(fall / 2.0, level_db.mean(axis=0) / 15.0, level_db.std(axis=0) / 10.0),
            _modulation(level_db),
        ]
    )


def _modulation(level_db: Array) -> Array:
    """Depth of the fluctuations of levels (frames, 7) in nine bands of rate, (63,)."""
    from scipy.fft import rfft  # noqa: PLC0415

    count = _MODULATION_FRAMES
    missing = max(0, count - len(level_db))
    padded = np.pad(level_db, ((0, missing), (0, 0)), mode="edge")
    starts = range(0, len(padded) - count + 1, _MODULATION_HOP)
    pieces = np.stack([padded[start : start + count] for start in starts])
    pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * np.hanning(count)[None, :, None]
    depth = np.abs(rfft(pieces, axis=1)).mean(axis=0) / count
    bands = np.stack([depth[low:high].mean(axis=0) for low, high in pairwise(_MODULATION_BINS)])
    return np.asarray(np.log(bands + 0.02).ravel() / 2.0)


def _centre(power: Array) -> Array:
    """Mean, spread and movement of the centre of gravity on an octave scale, (3,)."""
    octave = np.log2(mel_hz(FORMAT.bands, 0.5 * FORMAT.sample_rate_hz)[1:-1] / 1000.0)
    centre = power @ octave / (power.sum(axis=1) + _TINY)
    movement = 3.0 * np.abs(np.diff(centre)).mean() if len(centre) > 1 else 0.0
    return np.array([centre.mean(), centre.std(), movement])


def _persistence(frames_db: Array) -> Array:
    """Correlation of the spectrum with itself 16 ms … 1 s later, (7,)."""
    shape = frames_db - frames_db.mean(axis=1, keepdims=True)
    shape /= np.linalg.norm(shape, axis=1, keepdims=True) + 1e-9
    pairs = ((shape[:-lag], shape[lag:]) for lag in _LAGS)
    return np.array([(a * b).sum(axis=1).mean() if len(a) else 0.0 for a, b in pairs])
