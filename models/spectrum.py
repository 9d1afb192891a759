"""The long-term spectrum of audio on the fixed grid, and how far each band can be trusted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.audio import AudioInfo, Clip, Samples, info, stream
from models.band_meter import (
    LONG_RESOLUTION_HZ,
    LONG_STEPS,
    SPLIT,
    BandPowers,
    measure_powers,
)
from models.bands import EDGES_HZ, ERB_WEIGHT, GRID_HZ, Array, erb_hz, erb_smooth
from models.excerpts import Cutter
from models.hearing import EXCERPTS, Sound
from models.loudness import ABSOLUTE_GATE_LUFS, LoudnessProfile, gate

__all__ = [
    "ERB_WEIGHT",
    "GRID_HZ",
    "Listening",
    "Spectrum",
    "erb_smooth",
    "listen",
    "measure",
    "measure_file",
]

MIN_ACTIVE_S = 0.1
"""With less than this above the gates there is nothing to measure."""
ACTIVE_GATE_LU = -20.0
"""Relative gate: blocks further below the mean are pauses (as in EBU Tech 3342, loudness range)."""
FLOOR_DB = 100.0
"""Depth below the strongest band at which levels stop."""
_LONG_BANDS = int(np.searchsorted(GRID_HZ, 250.0))
"""Bands below this index are narrower than the 0.2-s windows resolve: the long ones give them."""
_FULL_DB, _EMPTY_DB = -50.0, -70.0
_QUIET_POWER, _MIN_QUIET_STEPS = 1e-3, 10
_CLEAR_DB, _CUTOFF_DB = 10.0, 24.0
_LEVELLING = (GRID_HZ >= 60.0) & (GRID_HZ <= 12000.0)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A long-term average spectrum on `GRID_HZ`.

    level_db: (121,) power in each 1/12-octave band: pink noise is flat, white noise rises by 3 dB
    per octave. The mean from 60 Hz to 12 kHz, weighted by `ERB_WEIGHT` and confidence, is 0 dB.
    Always finite, at most 100 dB below the strongest band; bands above Nyquist repeat the last
    measured. confidence: (121,) from 0 (nothing is known) to 1. active_s: seconds that are not
    pauses. sound: for the recogniser, where it was kept (`listen`).
    """

    level_db: Array
    confidence: Array
    active_s: float
    duration_s: float
    sound: Sound | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Listening:
    """Everything one pass over a piece of audio tells."""

    spectrum: Spectrum
    loudness: LoudnessProfile
    warnings: tuple[str, ...]
    duration_s: float
    active_s: float
    channels: int
    sample_rate_hz: int
    peak: float


def measure(clip: Clip) -> Spectrum:
    """Measure the spectrum of a clip, without its sound."""
    powers = measure_powers(clip.blocks(), clip.sample_rate_hz, clip.channels)
    return spectrum_of(LoudnessProfile(powers))


def measure_file(path: str | os.PathLike[str]) -> Spectrum:
    """Measure the spectrum of a file, without its sound, in blocks. Raises AudioError."""
    return replace(listen(path).spectrum, sound=None)


def listen(path: str | os.PathLike[str]) -> Listening:
    """Measure spectrum and loudness of a file in one pass, in blocks. Raises AudioError."""
    return listen_to(stream(path), info(path))


def listen_to(blocks: Iterable[Samples], what: AudioInfo) -> Listening:
    """Measure spectrum and loudness of blocks (channels, n) of the format `what`."""
    cutter = Cutter(what, EXCERPTS)
    powers = measure_powers(cutter.watch(blocks), what.sample_rate_hz, what.channels)
    loudness = LoudnessProfile(powers)
    spectrum = replace(spectrum_of(loudness), sound=Sound(cutter.excerpts()))
    return Listening(
        spectrum=spectrum,
        loudness=loudness,
        warnings=tuple(_warnings(spectrum, powers)),
        duration_s=powers.duration_s,
        active_s=spectrum.active_s,
        channels=powers.channels,
        sample_rate_hz=powers.sample_rate_hz,
        peak=powers.peak,
    )


def spectrum_of(loudness: LoudnessProfile) -> Spectrum:
    """Average band powers over the time that is not a pause."""
    powers = loudness.powers
    active = _active_steps(loudness)
    active_s = min(float(active.sum()) * powers.step_s, powers.duration_s)
    if active_s < MIN_ACTIVE_S:
        nothing = np.zeros(len(GRID_HZ))
        return Spectrum(nothing, nothing.copy(), active_s, powers.duration_s)
    power = _mean_power(powers, active)
    measured = EDGES_HZ[1:] <= 0.5 * powers.sample_rate_hz
    level_db = _relative_db(power, measured)
    confidence = (
        measured
        * _energy_confidence(level_db)
        * _below_cutoff(level_db)
        * _noise_confidence(loudness, active)
        * _averaging_confidence(active_s)
        * _resolution_confidence(powers.duration_s)
    )
    weight = ERB_WEIGHT * confidence * _LEVELLING
    if weight.sum() > 0.0:
        level_db -= weight @ level_db / weight.sum()
    return Spectrum(level_db, confidence, active_s, powers.duration_s)


def _active_steps(loudness: LoudnessProfile) -> NDArray[np.bool_]:
    """Return the steps (S,) of which at least one block passes the absolute and the -20-LU gate."""
    heard = gate(loudness.blocks(), ACTIVE_GATE_LU)
    active = np.zeros(len(loudness.powers.steps), dtype=bool)
    for shift in range(len(active) - len(heard) + 1):
        active[shift : shift + len(heard)] |= heard
    return active


def _mean_power(powers: BandPowers, active: NDArray[np.bool_]) -> Array:
    """Average the bands over the active steps, (121,); the lowest from the long windows."""
    power = _mean_of(powers, active)
    weight = np.zeros(LONG_STEPS * len(powers.long))
    weight[: len(active)] = active[: len(weight)]
    weight = weight.reshape(-1, LONG_STEPS).mean(axis=1)
    long = weight @ powers.long.astype(np.float64) / max(weight.sum(), 1e-9)
    if long.sum() > 0.0:  # the long windows reach into pauses: only the shape is theirs
        power[:_LONG_BANDS] = long[:_LONG_BANDS] * (power[:SPLIT].sum() / long.sum())
    return power


def _mean_of(powers: BandPowers, chosen: NDArray[np.bool_]) -> Array:
    """Average the bands (121,) over the chosen steps without copying them."""
    mean = chosen.astype(np.float32) @ powers.steps / np.float32(chosen.sum())
    return np.asarray(mean[1:-1], dtype=np.float64)


def _relative_db(power: Array, measured: NDArray[np.bool_]) -> Array:
    """Return levels below the strongest band, limited, the last measured one repeated."""
    power = power.copy()
    power[~measured] = power[measured][-1]
    peak = max(float(power.max()), np.finfo(np.float64).tiny)
    return np.asarray(10.0 * np.log10(np.maximum(power / peak, 10.0 ** (-FLOOR_DB / 10.0))))


def _energy_confidence(level_db: Array) -> Array:
    """Fall from 1 to 0 between 50 and 70 dB below the strongest band."""
    return np.asarray(np.clip((level_db - _EMPTY_DB) / (_FULL_DB - _EMPTY_DB), 0.0, 1.0))


def _below_cutoff(level_db: Array) -> NDArray[np.bool_]:
    """Return False for the bands above a codec's or converter's low pass.

    That is a fall by 24 dB within two bands above 4 kHz from which the level does not come back.
    """
    fall = level_db[:-2] - level_db[2:] >= _CUTOFF_DB
    rest = np.maximum.accumulate(level_db[:1:-1])[::-1]  # the highest level from two bands up
    cut = np.flatnonzero(fall & (rest <= level_db[:-2] - _CUTOFF_DB) & (GRID_HZ[:-2] > 4000.0))
    kept = np.ones(len(level_db), dtype=bool)
    if len(cut):
        kept[cut[0] + 1 :] = False
    return kept


def _averaging_confidence(active_s: float) -> Array:
    """Return n / (n + 10), n = time x ERB: a mean power of noise varies by 1 / sqrt(n)."""
    independent = active_s * erb_hz(GRID_HZ)
    return np.asarray(independent / (independent + 10.0))


def _resolution_confidence(duration_s: float) -> Array:
    """Return the width of a band over the frequency resolution, at most 1."""
    resolution_hz = max(LONG_RESOLUTION_HZ, 1.0 / duration_s)
    return np.asarray(np.minimum(np.diff(EDGES_HZ) / resolution_hz, 1.0))


def _noise_confidence(loudness: LoudnessProfile, active: NDArray[np.bool_]) -> Array:
    """Rise from 0 to 1 between 0 and 10 dB above the noise of the pauses, if there are any.

    The noise is the lower fifth of the steps that are 30 LU below the active ones, yet not silent.
    """
    steps, bands = loudness.steps(), loudness.powers.steps[:, 1:-1]
    quiet = (steps < _QUIET_POWER * steps[active].mean()) & (steps > 0.0)
    if quiet.sum() < _MIN_QUIET_STEPS:
        return np.ones(len(GRID_HZ))
    noise = np.percentile(bands[quiet], 20.0, axis=0)
    power, tiny = _mean_of(loudness.powers, active), np.finfo(np.float32).tiny
    clear_db = 10.0 * np.log10(np.maximum(power, tiny) / np.maximum(noise, tiny))
    return np.asarray(np.clip(clear_db / _CLEAR_DB, 0.0, 1.0))


def _warnings(spectrum: Spectrum, powers: BandPowers) -> Iterator[str]:
    if spectrum.active_s >= MIN_ACTIVE_S:
        return
    if powers.duration_s < MIN_ACTIVE_S:
        yield f"too short to analyse: {powers.duration_s * 1000:.0f} ms, at least 100 ms are needed"
    elif powers.peak == 0.0:
        yield "silent: there is nothing to analyse"
    else:
        yield f"too quiet to analyse: nothing is louder than {ABSOLUTE_GATE_LUFS:.0f} LUFS"
