"""What the recogniser is trained on: features of the reference recordings, as they are and altered.

Alterations act on mel power spectrograms, alike on all of the recogniser's: pitch and tempo,
reverberation, another recording at low level, equalisation, band limits, compression and noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models import hearing
from models.audio import Clip, load
from models.excerpts import Excerpts
from models.instruments import CLASSES, heard_db, shape
from models.mel import MelFormat
from models.spectrum import measure
from models.training import noises, synthesised
from models.training.corpus import Recording

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

NONE = len(CLASSES)
"""Number of the class "none of these"."""
_TINY = 1e-10
_MAKERS = {
    "karoryfer": ("growlybass", "pastabass", "emilyguitar", "shinyguitar", "wartuba", "gretsch"),
    "versilian": ("vsco2", "vcsl", "versilian", "keyboardia"),
    "sullivan": ("cp80", "wurlitzer", "pianet"),
    "fluid": ("fluidr3", "fluidr3b"),
}
"""Collections whose sources do not share the first part of their names."""


class Example(NamedTuple):
    """One recording: mel power spectrograms (frames, 96) in three formats, pitch and shape.

    pitch: (68,), of `models.pitch`. shape: (58,), of the long-term spectrum.
    """

    powers: tuple[Array, ...]
    pitch: Array
    shape: Array
    label: int
    recording: Recording


def example(recording: Recording) -> Example:
    """Decode, or make, and measure a recording."""
    clip = _clip(recording)
    mono = clip.samples.mean(axis=0)
    rms = max(float(np.sqrt(np.mean(np.square(mono, dtype=np.float64)))), _TINY)
    *powers, pitch = hearing.analyse(Excerpts((mono,), clip.sample_rate_hz, rms))
    label = CLASSES.index(recording.label) if recording.label in CLASSES else NONE
    spectrum = shape(heard_db(measure(clip))[None])[0]
    parts = tuple(np.maximum(part.astype(np.float64), _TINY) for (part,) in powers)
    return Example(parts, pitch, spectrum, label, recording)


def _clip(recording: Recording) -> Clip:
    if recording.label == noises.LABEL:
        return noises.clip(recording)
    if recording.remark == synthesised.REMARK:
        return synthesised.clip(recording)
    return load(recording.path)


def collection(source: str) -> str:
    """Return the maker or library that a source belongs to; "" for what is made by number.

    Recordings of one collection share rooms, microphones and processing.
    """
    if source == synthesised.REMARK:
        return ""
    name = source.removeprefix("x-").split("-")[0]
    return next((maker for maker, names in _MAKERS.items() if name in names), name)


def both_features(of: Example, others: Sequence[Example], seed: int) -> tuple[Array, Array]:
    """Return the recogniser's input (D,) of an example as it is, and altered at random.

    Of the altered one, the networks hear one patch; pitch and shape are as they were.
    """
    changed = altered(of, others, seed)
    return _features(of, of.powers, hearing.MAX_PATCHES), _features(of, changed, 1)


def _features(of: Example, powers: tuple[Array, ...], count: int) -> Array:
    fine, tagger, effects = ([power.astype(np.float32)] for power in powers)
    sound = hearing.Analysis(fine, tagger, effects, of.pitch)
    return np.concatenate([hearing.features(sound, count), of.shape])


def altered(of: Example, others: Sequence[Example], seed: int) -> tuple[Array, ...]:
    """Return an example's powers, altered at random as tracks in a project are; levels stay."""
    changed = (
        _alter(power, form, [other.powers[i] for other in others], seed)
        for i, (power, form) in enumerate(zip(of.powers, hearing.FORMATS, strict=True))
    )
    pairs = zip(of.powers, changed, strict=True)
    return tuple(power * (before.mean() / power.mean()) for before, power in pairs)


def _alter(power: Array, form: MelFormat, others: Sequence[Array], seed: int) -> Array:
    rng = np.random.default_rng(seed)
    hz = form.edges_hz[1:-1]
    octave = np.log2(hz / 1000.0)
    if rng.random() < 0.5:
        power = _pitched(power, hz, 2.0 ** (rng.uniform(-2.0, 2.0) / 12.0))
    if rng.random() < 0.5:
        power = _stretched(power, rng.uniform(0.8, 1.25))
    if rng.random() < 0.4:
        power = _reverberant(power, octave, form.hop / form.sample_rate_hz, rng)
    if rng.random() < 0.5:
        power = _with_bleed(power, others[int(rng.integers(len(others)))], rng)
    power = power * 10.0 ** (_random_eq_db(hz, octave, rng) / 10.0)
    if rng.random() < 0.4:
        power = _compressed(power, rng)
    if rng.random() < 0.5:
        power = _noisy(power, hz, octave, rng)
    return power


def _pitched(power: Array, hz: Array, factor: float) -> Array:
    place = np.interp(hz / factor, hz, np.arange(len(hz)))
    low = np.minimum(place.astype(int), len(hz) - 2)
    part = place - low
    return np.asarray(power[:, low] * (1.0 - part) + power[:, low + 1] * part)


def _stretched(power: Array, speed: float) -> Array:
    place = np.linspace(0.0, len(power) - 1.001, int(len(power) / speed))
    low = place.astype(int)
    part = (place - low)[:, None]
    return np.asarray(power[low] * (1.0 - part) + power[np.minimum(low + 1, len(power) - 1)] * part)


def _reverberant(power: Array, octave: Array, frame_s: float, rng: np.random.Generator) -> Array:
    """Add a tail that decays by 60 dB in 0.2 … 2.5 s, faster in the treble."""
    kept = 10.0 ** (-6.0 * frame_s / rng.uniform(0.2, 2.5))
    kept_by_band = kept ** (1.0 + 0.6 * np.maximum(octave - 1.0, 0.0))
    wet = 10.0 ** (rng.uniform(-25.0, -8.0) / 10.0)
    tail, tails = np.zeros(power.shape[1]), np.empty_like(power)
    for t, frame in enumerate(power):
        tail = tail * kept_by_band + frame
        tails[t] = tail
    return np.asarray(power + wet * tails)


def _with_bleed(power: Array, other: Array, rng: np.random.Generator) -> Array:
    """Add another recording 14 … 40 dB below."""
    same = other[: len(power)] if len(other) >= len(power) else np.resize(other, power.shape)
    share = 10.0 ** (rng.uniform(-40.0, -14.0) / 10.0)
    return np.asarray(power + same * (share * power.mean() / same.mean()))


def _random_eq_db(hz: Array, octave: Array, rng: np.random.Generator) -> Array:
    """A tilt of up to ±3 dB to either side, three bells, at times a low cut or a band limit."""
    change = rng.uniform(-6.0, 6.0) * octave / 8.5
    for _ in range(3):
        centre, width = rng.uniform(-4.5, 4.0), rng.uniform(0.4, 1.8)
        gain = np.clip(rng.normal(0.0, 3.5), -8.0, 8.0)
        change = change + gain * np.exp(-0.5 * ((octave - centre) / width) ** 2)
    if rng.random() < 0.2:
        below = np.maximum(np.log2(rng.uniform(40.0, 150.0) / hz), 0.0)
        change = change - np.minimum(18.0 * below, 50.0)
    if rng.random() < 0.35:
        beyond = np.maximum(np.log2(hz / rng.uniform(5000.0, 16000.0)), 0.0)
        change = change - np.minimum(120.0 * beyond, 70.0)
    return np.asarray(change)


def _compressed(power: Array, rng: np.random.Generator) -> Array:
    """Reduce the range of the levels, as a compressor does, by up to half."""
    total = power.sum(axis=1)
    heard = total > 1e-5 * total.max()
    gain = (np.maximum(total, 1e-20) / total[heard].mean()) ** -rng.uniform(0.0, 0.5)
    return np.asarray(power * np.minimum(np.where(heard, gain, 1.0), 30.0)[:, None])


def _noisy(power: Array, hz: Array, octave: Array, rng: np.random.Generator) -> Array:
    """Add steady noise, white to dark, 28 … 65 dB below."""
    colour = 10.0 ** (rng.uniform(-4.0, 0.5) * octave / 10.0) * np.gradient(hz)
    noise = rng.gamma(4.0, 0.25, power.shape) * colour
    level = 10.0 ** (rng.uniform(-65.0, -28.0) / 10.0)
    return np.asarray(power + noise * (level * power.mean() / noise.mean()))
