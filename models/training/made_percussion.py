"""Percussion made by number: the modes of bars, bells and skins, and shaken noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.training.made_phrases import (
    RATE_HZ,
    SECONDS,
    Array,
    hz_of,
    in_room,
    line,
    played,
    rhythm,
)

_MODES = {
    "marimba": ((1.0, 3.93, 9.3), 0.35, (48, 84)),
    "xylophone": ((1.0, 3.0, 6.1), 0.18, (60, 96)),
    "glockenspiel": ((1.0, 2.76, 5.40, 8.93), 1.2, (79, 103)),
    "vibraphone": ((1.0, 3.98, 10.1), 2.5, (53, 89)),
    "tubular bell": ((0.5, 1.0, 1.5, 2.0, 2.51, 3.03, 4.2), 2.5, (60, 77)),
    "hand bell": ((1.0, 2.0, 3.01, 4.1, 5.2), 1.5, (60, 96)),
    "kalimba": ((1.0, 5.9, 15.0), 0.6, (55, 84)),
    "steel drum": ((1.0, 2.0, 3.02, 4.1, 5.03), 0.5, (52, 84)),
    "cowbell": ((1.0, 1.48, 2.3, 3.7, 4.9), 0.12, (72, 84)),
    "wood block": ((1.0, 1.6, 2.7), 0.03, (78, 96)),
    "triangle": ((1.0, 1.7, 2.4, 3.1, 3.9, 4.7, 5.6), 1.5, (96, 106)),
    "conga": ((1.0, 1.59, 2.14, 2.30, 2.65, 2.92), 0.18, (50, 64)),
    "bongo": ((1.0, 1.59, 2.14, 2.30, 2.65, 2.92), 0.07, (62, 76)),
    "timpani": ((1.0, 1.5, 1.99, 2.44, 2.89), 0.9, (38, 55)),
    "tabla": ((1.0, 2.0, 3.0, 4.0, 5.0), 0.35, (46, 66)),
}
_SHAKEN = ("shaker", "tambourine", "clap", "cabasa", "guiro", "maracas")


def percussion(rng: np.random.Generator) -> Array:
    beat_s = 60.0 / rng.uniform(75.0, 160.0)
    kinds = (*_MODES, *_SHAKEN)
    kind = kinds[rng.integers(len(kinds))]
    if kind in _SHAKEN:
        return in_room(played(rhythm(rng, (60.0,), beat_s), _shaken(kind, rng)), rng)
    low, high = _MODES[kind][2]
    root = float(rng.integers(low, max(low + 1, high - 12)))
    tuned = _MODES[kind][1] > 0.15 and kind != "conga"
    pair = (root, root + rng.choice([3.0, 5.0, 7.0]))
    notes = line(rng, root, beat_s) if tuned else rhythm(rng, pair, beat_s)
    return in_room(played(notes, _struck(kind, rng)), rng)


def _struck(kind: str, rng: np.random.Generator) -> Callable[[float, float, float], Array]:
    """Modes that die away, the higher the faster, and the knock of the mallet."""
    ratios, ring_s, _ = _MODES[kind]
    ring_s = ring_s * rng.uniform(0.6, 1.6)
    tuning = np.asarray(ratios) * (1.0 + rng.normal(0.0, 0.01, len(ratios)))
    tilt, faster = rng.uniform(0.4, 1.6), rng.uniform(0.3, 1.0)
    gains = rng.uniform(0.4, 1.0, len(ratios)) * np.arange(1, len(ratios) + 1) ** -tilt
    skin = kind in {"conga", "bongo", "timpani", "tabla"}
    drop, knock, knock_s = (
        rng.uniform(0.0, 0.25) * skin,
        rng.uniform(0.02, 0.4),
        rng.uniform(0.002, 0.012),
    )

    def tone(pitch: float, length_s: float, loud: float) -> Array:
        time_s = np.arange(round(min(6.0 * ring_s + 0.1, SECONDS) * RATE_HZ)) / RATE_HZ
        turn = 2.0 * np.pi * hz_of(pitch) * (time_s + drop * 0.03 * (1.0 - np.exp(-time_s / 0.03)))
        sound = knock * loud * rng.standard_normal(len(time_s)) * np.exp(-time_s / knock_s)
        for ratio, gain in zip(tuning, gains, strict=True):
            if ratio * hz_of(pitch) < 0.45 * RATE_HZ:
                sound += gain * np.sin(ratio * turn) * np.exp(-time_s * ratio**faster / ring_s)
        return np.asarray(sound)

    return tone


def _shaken(kind: str, rng: np.random.Generator) -> Callable[[float, float, float], Array]:
    """Bursts of filtered noise, with jingles for a tambourine."""
    from scipy.signal import butter, sosfilt  # noqa: PLC0415  (slow import)

    low, high = {"clap": (700.0, 3500.0), "guiro": (1500.0, 6000.0)}.get(kind, (3000.0, 12000.0))
    edges = [low * rng.uniform(0.7, 1.4), high * rng.uniform(0.7, 1.3)]
    band = butter(2, edges, "bandpass", fs=RATE_HZ, output="sos")
    decay_s = rng.uniform(0.015, 0.09)
    attack_s = rng.uniform(0.005, 0.06) if kind in {"shaker", "cabasa", "maracas"} else 0.001
    jingles = rng.uniform(4500.0, 13000.0, 7)
    scrapes = {"guiro": rng.integers(6, 16), "clap": rng.integers(2, 5)}.get(kind, 1)
    gap_s = 0.011 if kind == "clap" else 0.018

    def tone(_pitch: float, _length_s: float, loud: float) -> Array:
        time_s = np.arange(round(0.45 * RATE_HZ)) / RATE_HZ
        level = np.zeros(len(time_s))
        for n in range(scrapes):
            since = time_s - n * gap_s
            rise = np.clip(since / attack_s, 0.0, 1.0)
            fade = decay_s if n == scrapes - 1 or kind == "guiro" else 0.005
            level = np.maximum(level, rise * np.exp(-np.maximum(since - attack_s, 0.0) / fade))
        sound = sosfilt(band, rng.standard_normal(len(time_s))) * level
        if kind == "tambourine":
            ring = np.exp(-time_s / (2.0 * decay_s + 0.03))
            sound = sound + 0.15 * loud * ring * sum(
                np.sin(2.0 * np.pi * f * time_s) for f in jingles
            )
        return np.asarray(sound)

    return tone
