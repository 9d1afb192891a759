"""What pitch says of an instrument: register, steadiness, vibrato, harmonics; free of gain.

Mel bands are too wide for single harmonics: what they give cannot tell a voice's register from its
colour, one string from a chord, or a clarinet's missing even harmonics. The pitch of a frame is
that of YIN (de Cheveigné & Kawahara, "YIN, a fundamental frequency estimator for speech and music",
JASA 111, 2002, Eqs. 6 … 8), with the shortest period that is nearly the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

RATE_HZ = 16000
_HOP, _WINDOW, _LAGS, _YIN_FFT = 512, 1024, 640, 2048
"""A period is at most 640 samples: 25 Hz."""
_SPECTRUM, _PADDED = 2048, 4096
_BLOCK = 128
"""Frames that are worked on at a time, for the sake of memory."""
_HANN = np.hanning(_SPECTRUM).astype(np.float32)
_SHORTEST_LAG = 6
_TOLERANCE = 0.08
"""A shorter period is taken when its difference is this close to the least."""
_PITCHED, _PURE = 0.3, 0.1
"""Normalised differences below which a frame counts as pitched, and as purely so."""
_ACTIVE_DB = 35.0
_BASE_HZ = 55.0
_HALF_OCTAVES = np.linspace(-1.0, 6.0, 15)
"""Over 55 Hz; pitches are counted in the fourteen between."""
_HARMONICS = np.arange(1, 13)
_HIGHEST_HZ = 7500.0
_CHROMA_HZ = (110.0, 2000.0)
_STEP_CENTS = 60.0
"""Pitches of frames that differ by less belong to one note."""
_SHORT, _LONG = 3, 12
"""Frames from which a note counts, and from which its vibrato does."""
_VIBRATO_HZ, _VIBRATO_FFT = (4.0, 8.0), 128
_TINY = 1e-12


class Track(NamedTuple):
    """The sounding frames (N) of a part: place, level in dB, pitch in octaves over 55 Hz.

    difference: YIN's, 0 for a period that repeats exactly. power: their spectra (N, bins).
    """

    place: NDArray[np.intp]
    level_db: Array
    octave: Array
    difference: Array
    power: Samples

    def louder(self, least_db: float) -> Track:
        """Return the frames that are not below a level."""
        kept = self.level_db >= least_db
        return Track(
            self.place[kept],
            self.level_db[kept],
            self.octave[kept],
            self.difference[kept],
            self.power[kept],
        )


class Note(NamedTuple):
    """A run of frames at one pitch: cents over 55 Hz, and levels in dB."""

    cents: Array
    level_db: Array


def features(parts: Sequence[Samples]) -> Array:
    """Return the features (68,) of mono parts at 16 kHz that are not all silent."""
    every = [track(part) for part in parts]
    loudest_db = max(float(t.level_db.max()) for t in every)
    tracks = [t.louder(loudest_db - _ACTIVE_DB) for t in every]
    octave = np.concatenate([t.octave for t in tracks])
    difference = np.concatenate([t.difference for t in tracks])
    power = np.concatenate([t.power for t in tracks])
    pitched = difference < _PITCHED
    return np.concatenate(
        [
            _periodicity(difference),
            _register(octave[pitched], 1.0 - difference[pitched] / _PITCHED),
            _harmony(power[pitched], octave[pitched]),
            _chroma(power),
            _notes([note for t in tracks for note in notes(t)], len(octave)),
        ]
    )


def track(mono: Samples) -> Track:
    """Return the frames of a part at 16 kHz; a short one is repeated."""
    whole = np.resize(mono, _SPECTRUM) if len(mono) < _SPECTRUM else mono
    frames = sliding_window_view(whole, _SPECTRUM)[::_HOP]
    blocks = [_analysed(frames[at : at + _BLOCK]) for at in range(0, len(frames), _BLOCK)]
    level_db, lag, difference, power = (np.concatenate(part) for part in zip(*blocks, strict=True))
    octave = np.log2(RATE_HZ / lag / _BASE_HZ)
    return Track(np.arange(len(frames)), level_db, octave, difference, power)


def _analysed(frames: Samples) -> tuple[Array, Array, Array, Samples]:
    """Return level in dB, period in samples, its difference and the power spectrum of frames."""
    from scipy.fft import rfft  # noqa: PLC0415  (slow import)

    spectra = rfft(frames * _HANN, _PADDED, axis=1)
    return (
        _db(np.einsum("nt,nt->n", frames, frames)),
        *_periods(frames[:, : _WINDOW + _LAGS]),
        spectra.real**2 + spectra.imag**2,
    )


def _db(power: NDArray[np.floating]) -> Array:
    return np.asarray(10.0 * np.log10(power.astype(np.float64) + _TINY))


def _periods(frames: Samples) -> tuple[Array, Array]:
    """Return the period in samples, and the normalised difference there, of each frame."""
    from scipy.fft import irfft, rfft  # noqa: PLC0415

    exact = frames.astype(np.float64)
    start = rfft(exact[:, :_WINDOW], _YIN_FFT, axis=1)
    alike = irfft(start.conj() * rfft(exact, _YIN_FFT, axis=1), _YIN_FFT, axis=1)[:, :_LAGS]
    heaped = np.cumsum(np.pad(exact**2, ((0, 0), (1, 0))), axis=1)
    energy = heaped[:, _WINDOW : _WINDOW + _LAGS] - heaped[:, :_LAGS]
    raw = np.maximum(energy[:, :1] + energy - 2.0 * alike, 0.0)
    curve = np.ones_like(raw)
    mean = np.cumsum(raw[:, 1:], axis=1) / np.arange(1, _LAGS)
    curve[:, 1:] = raw[:, 1:] / (mean + _TINY)
    return _first_dip(curve)


def _first_dip(curve: Array) -> tuple[Array, Array]:
    """Return where the first nearly deepest dip of each row is, by a parabola, and its depth."""
    inner = curve[:, _SHORTEST_LAG:-1]
    dip = (inner <= curve[:, _SHORTEST_LAG - 1 : -2]) & (inner < curve[:, _SHORTEST_LAG + 1 :])
    least = np.where(dip, inner, 2.0).min(axis=1, keepdims=True)
    lag = _SHORTEST_LAG + np.argmax(dip & (inner <= least + _TOLERANCE), axis=1)
    row = np.arange(len(curve))
    before, here, after = (curve[row, lag + step] for step in (-1, 0, 1))
    bend = np.maximum(before - 2.0 * here + after, _TINY)
    shift = np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    return lag + shift, np.minimum(here, 1.0)


def _periodicity(difference: Array) -> Array:
    """How periodic frames are, (6,)."""
    spread = np.percentile(difference, (10.0, 30.0, 50.0, 70.0, 90.0))
    return np.append(spread, (difference < _PURE).mean())


def _register(octave: Array, sure: Array) -> Array:
    """How often each half octave is played, middle and breadth of the pitches, (17,)."""
    if not len(octave):
        return np.zeros(len(_HALF_OCTAVES) + 2)
    counts = np.histogram(octave, _HALF_OCTAVES, weights=sure)[0] / (sure.sum() + _TINY)
    low, middle, high = np.percentile(octave, (10.0, 50.0, 90.0))
    return np.concatenate([np.sqrt(counts), [middle / 2.0, high - middle, middle - low]])


def _harmony(power: Samples, octave: Array) -> Array:
    """How far harmonics stand out, even ones fall back, and the first ones differ, (25,)."""
    if not len(octave):
        return np.zeros(25)
    hz = _BASE_HZ * 2.0 ** octave[:, None]
    at, between = _levels_db(power, hz * _HARMONICS), _levels_db(power, hz * (_HARMONICS + 0.5))
    seen = hz * (_HARMONICS + 0.5) < _HIGHEST_HZ
    fall = at[:, 1:8] - 0.5 * (at[:, :7] + at[:, 2:9])
    steps = at[:, 1:5] - at[:, :4]
    clear = (at - between)[:, :4].mean(axis=1, keepdims=True)
    return np.concatenate(
        [
            _moments(at - between, seen)[0] / 20.0,
            _moments(fall, seen[:, 2:9])[0] / 10.0,
            _moments(steps, seen[:, 1:5])[0] / 10.0,
            _moments(steps[:, :1], seen[:, 1:2])[1] / 10.0,
            _moments(clear, seen[:, 3:4])[1] / 10.0,
        ]
    )


def _moments(values: Array, known: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column's known values; 0 where there are none."""
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    return mean, np.sqrt(np.where(known, (values - mean) ** 2, 0.0).sum(axis=0) / count)


def _levels_db(power: Samples, hz: Array) -> Array:
    """Return the levels (N, H) at frequencies (N, H), the strongest of three bins."""
    bins = np.rint(hz * (_PADDED / RATE_HZ)).astype(int)
    row = np.arange(len(bins))[:, None]
    near = [power[row, np.clip(bins + step, 0, power.shape[1] - 1)] for step in (-1, 0, 1)]
    return _db(np.max(near, axis=0))


def _chroma(power: Samples) -> Array:
    """How many pitch classes sound at once and in all, and how fast they change, (6,)."""
    hz = np.arange(power.shape[1]) * (RATE_HZ / _PADDED)
    used = (hz > _CHROMA_HZ[0]) & (hz < _CHROMA_HZ[1])
    note = np.rint(12.0 * np.log2(hz[used] / _BASE_HZ)).astype(int) % 12
    member = (note[:, None] == np.arange(12)).astype(np.float64)
    chroma = np.sqrt(power[:, used] @ (member / member.sum(axis=0)))
    chroma /= chroma.sum(axis=1, keepdims=True) + _TINY
    change = np.abs(np.diff(chroma, axis=0)).sum(axis=1) if len(chroma) > 1 else np.zeros(1)
    return np.concatenate(
        [
            np.percentile(_entropy(chroma), (10.0, 50.0, 90.0)),
            [float(_entropy(chroma.mean(axis=0))), change.mean(), np.percentile(change, 90.0)],
        ]
    )


def _entropy(shares: Array) -> Array:
    return np.asarray(-(shares * np.log(shares + _TINY)).sum(axis=-1))


def notes(t: Track) -> list[Note]:
    """Return the runs of pitched frames without a pause or a step between them."""
    cents = 1200.0 * t.octave
    pitched = t.difference < _PITCHED
    joined = (np.diff(t.place) == 1) & (np.abs(np.diff(cents)) < _STEP_CENTS)
    cuts = np.flatnonzero(~(joined & pitched[1:] & pitched[:-1])) + 1
    runs = zip(np.split(cents, cuts), np.split(t.level_db, cuts), strict=True)
    return [Note(pitch, level_db) for pitch, level_db in runs if len(pitch) >= _SHORT]


def _notes(found: Sequence[Note], frames: int) -> Array:
    """How long notes are, how they fade, drift and shake, (14,)."""
    if not found:
        return np.zeros(14)
    length = np.array([len(note.cents) for note in found], dtype=np.float64)
    fade = np.array([_slope(note.level_db) for note in found])
    drift = np.array([_slope(note.cents) for note in found])
    shake = np.array([np.diff(note.cents).std() for note in found])
    share = length / length.sum()
    vibrato = [_vibrato(note.cents) for note in found if len(note.cents) >= _LONG]
    regular, depth_cents = np.mean(vibrato, axis=0) if vibrato else (0.0, 0.0)
    return np.array(
        [
            length.sum() / frames,
            np.log(share @ length) / 2.0,
            np.log(np.percentile(length, 90.0)) / 2.0,
            10.0 * len(found) / frames,
            *np.percentile(fade, (10.0, 50.0, 90.0)),
            share @ fade,
            np.log1p(share @ np.abs(drift)),
            *np.log1p(np.percentile(shake, (20.0, 50.0, 80.0))) / 2.0,
            regular,
            np.log1p(depth_cents) / 2.0,
        ]
    )


def _slope(values: Array) -> float:
    """Return the slope per frame of the straight line through values."""
    time = _centred_time(len(values))
    return float(time @ values / (time @ time))


def _centred_time(count: int) -> Array:
    return np.asarray(np.arange(count) - 0.5 * (count - 1), dtype=np.float64)


def _vibrato(cents: Array) -> tuple[float, float]:
    """Return the share of a note's shaking that is at 4 … 8 Hz, and its depth there in cents."""
    left = cents - cents.mean() - _slope(cents) * _centred_time(len(cents))
    power = np.abs(np.fft.rfft(left * np.hanning(len(left)), _VIBRATO_FFT)) ** 2
    hz = np.arange(len(power)) * (RATE_HZ / _HOP / _VIBRATO_FFT)
    inside = (hz >= _VIBRATO_HZ[0]) & (hz <= _VIBRATO_HZ[1])
    share = float(power[inside].sum() / (power.sum() + _TINY))
    return share, float(np.sqrt(share) * left.std())
