"""Electric guitars made by number: plucked strings, pickup, amplifier, loudspeaker.

The string is Karplus and Strong's (Computer Music Journal 7(2), 1983): a delay line that is fed
back through a low-pass, and plucked by noise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.training.made_phrases import (
    FRAMES,
    RATE_HZ,
    Array,
    chords,
    chorus,
    hz_of,
    in_room,
    line,
    played,
)


def electric_guitar(rng: np.random.Generator, distorted: bool) -> Array:
    beat_s = 60.0 / rng.uniform(75.0, 160.0)
    chordal = rng.random() < (0.7 if distorted else 0.55)
    root = float(rng.integers(40, 53 if chordal else 62))
    notes = (chords if chordal else line)(rng, root, beat_s)
    if chordal and not distorted and rng.random() < 0.7:  # whole chords over the strings
        notes = [
            n._replace(pitches=(*n.pitches, *(p + 12.0 for p in n.pitches[:2]))) for n in notes
        ]
    muted = rng.random() < 0.25
    sound = played(notes, _string(rng, muted), rng.uniform(0.004, 0.025))
    sound = sound / (np.abs(sound).max() + 1e-9)
    drive = rng.uniform(15.0, 120.0) if distorted else rng.choice([0.3, rng.uniform(0.5, 4.0)])
    sound = np.tanh(drive * sound + 0.1) - np.tanh(0.1)
    direct = not distorted and rng.random() < 0.3
    sound = sound if direct else _loudspeaker(sound, rng)
    if rng.random() < 0.2:
        sway = np.sin(2.0 * np.pi * rng.uniform(3.0, 7.0) * np.arange(FRAMES) / RATE_HZ)
        sound = sound * (1.0 + rng.uniform(0.2, 0.8) * sway)
    return in_room(chorus(sound, rng), rng)


def _string(rng: np.random.Generator, muted: bool) -> Callable[[float, float, float], Array]:
    """A plucked steel string over a magnetic pickup."""
    from scipy.signal import butter, lfilter  # noqa: PLC0415  (slow import)

    place, pickup = rng.uniform(0.08, 0.35), rng.uniform(0.06, 0.28)
    ring_s = rng.uniform(0.08, 0.25) if muted else rng.uniform(1.5, 5.0)
    bright, top_hz = rng.uniform(0.05, 0.45), rng.uniform(2000.0, 6500.0)
    b, a = butter(2, top_hz, fs=RATE_HZ)

    def tone(pitch: float, length_s: float, loud: float) -> Array:
        hz = hz_of(pitch)
        period = RATE_HZ / hz
        frames = round((length_s + 0.1) * RATE_HZ)
        pluck = 1e-7 * rng.standard_normal(frames)  # none so small that it slows arithmetic
        size = min(int(period), frames)
        pluck[:size] = rng.uniform(-1.0, 1.0, size)
        pluck = lfilter([1.0 - bright * (1.2 - loud)], [1.0, -bright * (1.2 - loud)], pluck)
        for share in (place, pickup):
            lag = max(1, round(share * period))
            pluck[lag:] -= 0.9 * pluck[:-lag].copy()
        kept = 10.0 ** (-3.0 / (ring_s * hz))
        whole = int(period - 0.5)
        part = period - 0.5 - whole  # the two-point mean delays by half a sample
        loop = np.zeros(whole + 3)
        loop[0] = 1.0
        loop[whole : whole + 3] -= kept * np.convolve([1.0 - part, part], [0.5, 0.5])
        sound = lfilter(b, a, lfilter([1.0], loop, pluck))
        end = np.minimum((frames - np.arange(frames)) / (0.05 * RATE_HZ), 1.0)
        return np.asarray(sound * end)

    return tone


def _loudspeaker(sound: Array, rng: np.random.Generator) -> Array:
    from scipy.signal import butter, sosfilt  # noqa: PLC0415  (slow import)

    low, high = rng.uniform(60.0, 150.0), rng.uniform(3500.0, 6500.0)
    sound = sosfilt(butter(2, low, "highpass", fs=RATE_HZ, output="sos"), sound)
    middle = sosfilt(butter(1, [1200.0, 3500.0], "bandpass", fs=RATE_HZ, output="sos"), sound)
    sound = sound + rng.uniform(-0.5, 1.5) * middle
    return np.asarray(sosfilt(butter(4, high, fs=RATE_HZ, output="sos"), sound))
