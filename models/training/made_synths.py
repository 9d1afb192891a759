"""Synthesisers made by number: additive voices through a filter, and phase modulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.training.made_phrases import (
    FRAMES,
    RATE_HZ,
    Array,
    chords,
    chorus,
    envelope,
    hz_of,
    in_room,
    line,
    played,
)


def synth(rng: np.random.Generator) -> Array:
    kind = rng.choice(["lead", "pluck", "pad", "bass", "stab", "arpeggio"])
    root = {"bass": rng.integers(28, 46), "pad": rng.integers(43, 62)}.get(
        kind, rng.integers(48, 74)
    )
    beat_s = 60.0 / rng.uniform(80.0, 150.0)
    chordal = kind in {"pad", "stab"} or (kind == "pluck" and rng.random() < 0.5)
    notes = (chords if chordal else line)(
        rng, float(root), 2.0 * beat_s if kind == "pad" else beat_s
    )
    attack_s = rng.uniform(0.1, 0.8) if kind == "pad" else rng.uniform(0.002, 0.02)
    short = kind in {"pluck", "arpeggio"}
    decay_s = rng.uniform(0.05, 0.35) if short else rng.uniform(0.2, 1.5)
    held = rng.uniform(0.0, 0.15) if short else rng.uniform(0.3, 1.0)
    release_s = rng.uniform(0.1, 0.6) if kind == "pad" else rng.uniform(0.02, 0.15)
    voice = _fm_voice(rng) if rng.random() < 0.25 else _filtered_voice(rng)

    def tone(pitch: float, length_s: float, loud: float) -> Array:
        level = envelope(length_s, attack_s, decay_s, held, release_s)
        return level * voice(hz_of(pitch), len(level), loud)

    sound = played(notes, tone)
    if rng.random() < 0.3:
        drive = rng.uniform(1.0, 5.0)
        sound = np.tanh(drive * sound / (3.0 * sound.std() + 1e-9))
    if rng.random() < 0.25:
        sound = sound * _pumped(beat_s, rng)
    return in_room(chorus(sound, rng), rng)


def _filtered_voice(rng: np.random.Generator) -> Callable[[float, int, float], Array]:
    """Detuned saws, squares or pulses through a resonant low-pass that an envelope closes."""
    wave = rng.choice(["saw", "saw", "square", "triangle", "pulse"])
    detunes = rng.normal(0.0, rng.uniform(1.0, 14.0), rng.integers(1, 4)) / 1200.0
    cutoff_hz, sweep = rng.uniform(250.0, 6000.0), rng.uniform(0.0, 4.0)
    fall_s, peak, order = rng.uniform(0.04, 0.8), rng.uniform(0.0, 4.0), rng.choice([2.0, 4.0])
    vibrato = rng.uniform(0.0, 0.004) * (rng.random() < 0.4)
    width = rng.uniform(0.1, 0.4)
    hiss = rng.uniform(0.0, 0.05) * (rng.random() < 0.3)

    def voice(hz: float, frames: int, loud: float) -> Array:
        time_s = np.arange(frames) / RATE_HZ
        corner_hz = cutoff_hz * 2.0 ** (sweep * loud * np.exp(-time_s / fall_s))
        bend = 1.0 + vibrato * np.sin(2.0 * np.pi * 5.5 * time_s)
        sound = hiss * rng.standard_normal(frames)
        for detune in detunes:
            turn = 2.0 * np.pi * np.cumsum(hz * 2.0**detune * bend) / RATE_HZ + 6.3 * rng.random()
            spin = np.exp(1j * turn)
            power = np.ones(frames, dtype=complex)
            for n in range(1, int(min(32.0, 16000.0 / hz)) + 1):
                power *= spin
                part = _partial(wave, n, width)
                if part:
                    ratio = (n * hz / corner_hz) ** order
                    gain = (1.0 + peak * np.exp(-(((n * hz / corner_hz) - 1.0) ** 2) / 0.08)) / (
                        1.0 + ratio
                    )
                    sound = sound + part * gain * power.imag
        return sound

    return voice


def _partial(wave: str, n: int, width: float) -> float:
    if wave == "saw":
        return 1.0 / n
    if wave == "pulse":
        return float(np.sin(np.pi * n * width) / n)
    odd = n % 2 == 1
    return (1.0 / n if wave == "square" else 1.0 / n**2) if odd else 0.0


def _fm_voice(rng: np.random.Generator) -> Callable[[float, int, float], Array]:
    """One oscillator turns another's phase, less and less."""
    ratio = rng.choice([0.5, 1.0, 1.0, 2.0, 3.0, 1.41, 3.5, 7.0])
    depth, fall_s, rest = rng.uniform(0.5, 6.0), rng.uniform(0.05, 1.0), rng.uniform(0.0, 1.0)

    def voice(hz: float, frames: int, loud: float) -> Array:
        time_s = np.arange(frames) / RATE_HZ
        index = depth * loud * (rest + (1.0 - rest) * np.exp(-time_s / fall_s))
        turn = 2.0 * np.pi * hz * time_s
        return np.asarray(np.sin(turn + index * np.sin(ratio * turn)))

    return voice


def _pumped(beat_s: float, rng: np.random.Generator) -> Array:
    """Ducked on each beat, as by a kick drum's side chain."""
    since_s = np.mod(np.arange(FRAMES) / RATE_HZ, beat_s)
    return np.asarray(1.0 - rng.uniform(0.4, 0.95) * np.exp(-since_s / rng.uniform(0.05, 0.15)))
