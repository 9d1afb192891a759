"""What made-up instruments play, and where: notes in time, chorus, echoes and rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RATE_HZ, SECONDS = 44100, 6.0
FRAMES = round(RATE_HZ * SECONDS)
_SCALES = ((0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 11), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9))
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 7, 12), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7), (0, 7))
_LOUD = (0.6, 0.8, 1.0)
_PROGRESSION = (0, -4, 3, -2, 5, -5, 2, -7)


class Note(NamedTuple):
    """When (s), how long (s), at which pitches (MIDI numbers), how loud (0 ... 1)."""

    start_s: float
    length_s: float
    pitches: tuple[float, ...]
    loud: float


def line(rng: np.random.Generator, root: float, beat_s: float) -> list[Note]:
    """A melody, arpeggio or bass line: one pitch at a time."""
    scale = _SCALES[rng.integers(len(_SCALES))]
    step = beat_s * rng.choice([0.25, 0.5, 0.5, 1.0])
    held = rng.uniform(0.5, 1.1)
    rests = rng.uniform(0.0, 0.3)
    pattern = rng.integers(0, len(scale), rng.integers(3, 9))
    notes = []
    for i, start in enumerate(np.arange(0.0, SECONDS - 0.1, step)):
        degree = pattern[i % len(pattern)]
        octave = 12.0 * rng.choice([0, 0, 0, 1])
        if rng.random() >= rests:
            pitch = root + scale[degree] + octave
            notes.append(Note(start, step * held, (pitch,), float(rng.choice(_LOUD))))
    return notes or [Note(0.0, SECONDS, (root,), 1.0)]


def chords(rng: np.random.Generator, root: float, beat_s: float) -> list[Note]:
    """Chords, held or repeated."""
    step = beat_s * rng.choice([0.5, 1.0, 2.0, 4.0])
    held = rng.uniform(0.4, 1.05)
    shape = _CHORDS[rng.integers(len(_CHORDS))]
    moves = rng.choice(_PROGRESSION, 4)
    notes = []
    for i, start in enumerate(np.arange(0.0, SECONDS - 0.1, step)):
        base = root + moves[int(start / (4.0 * beat_s)) % 4]
        pitches = tuple(base + tone for tone in shape)
        notes.append(Note(start, step * held, pitches, float(rng.choice(_LOUD)) if i else 1.0))
    return notes


def rhythm(rng: np.random.Generator, pitches: tuple[float, ...], beat_s: float) -> list[Note]:
    """A bar of sixteenths or eighths, again and again."""
    step = beat_s * rng.choice([0.25, 0.5])
    bar = rng.uniform(0.0, 1.0, 8) * (rng.random(8) < rng.uniform(0.4, 1.0))
    bar[0] = 1.0
    hits = enumerate(np.arange(0.0, SECONDS - 0.1, step))
    return [
        Note(start, step, (float(rng.choice(pitches)),), bar[i % 8])
        for i, start in hits
        if bar[i % 8] > 0.05
    ]


def played(
    notes: Sequence[Note], tone: Callable[[float, float, float], Array], spread_s: float = 0.0
) -> Array:
    """Return the notes, each pitch by tone(pitch, length_s, loud), strummed by spread_s."""
    sound = np.zeros(FRAMES)
    known: dict[tuple[float, float, float], Array] = {}
    for i, note in enumerate(notes):
        pitches = note.pitches if i % 2 else note.pitches[::-1]
        for k, pitch in enumerate(pitches):
            start = round((note.start_s + k * spread_s) * RATE_HZ)
            key = (pitch, note.length_s, note.loud)
            if key not in known:
                known[key] = note.loud * tone(*key)
            made = known[key][: max(0, FRAMES - start)]
            sound[start : start + len(made)] += made
    return sound


def hz_of(pitch: float) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def envelope(
    length_s: float, attack_s: float, decay_s: float, held: float, release_s: float
) -> Array:
    """Rise, fall to `held`, fade after length_s."""
    time_s = np.arange(round((length_s + 3.0 * release_s) * RATE_HZ)) / RATE_HZ
    level = held + (1.0 - held) * np.exp(-np.maximum(time_s - attack_s, 0.0) / decay_s)
    level *= np.minimum(time_s / attack_s, 1.0)
    return np.asarray(level * np.exp(-np.maximum(time_s - length_s, 0.0) / release_s))


def chorus(sound: Array, rng: np.random.Generator) -> Array:
    """At times with itself, delayed by some swaying milliseconds."""
    if rng.random() < 0.6:
        return sound
    place = np.arange(FRAMES) / RATE_HZ
    sway_s = 0.012 + 0.004 * np.sin(2.0 * np.pi * rng.uniform(0.3, 1.5) * place)
    return sound + 0.7 * np.interp(place - sway_s, place, sound)


def in_room(sound: Array, rng: np.random.Generator) -> Array:
    """At times with echoes, at times with reverberation."""
    from scipy.signal import fftconvolve  # noqa: PLC0415  (slow import)

    if rng.random() < 0.3:
        lag = round(rng.uniform(0.12, 0.5) * RATE_HZ)
        for n in (1, 2, 3):
            later = sound[: max(0, FRAMES - n * lag)] * rng.uniform(0.15, 0.5) ** n
            sound = sound + np.pad(later, (FRAMES - len(later), 0))
    if rng.random() < 0.6:
        time_s = np.arange(round(1.5 * RATE_HZ)) / RATE_HZ
        tail = rng.standard_normal(len(time_s)) * np.exp(-time_s * 6.9 / rng.uniform(0.3, 2.5))
        wet = fftconvolve(sound, tail)[:FRAMES]
        sound = sound + rng.uniform(0.05, 0.4) * wet * sound.std() / (wet.std() + 1e-12)
    return sound
