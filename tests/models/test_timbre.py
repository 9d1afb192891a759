"""Time structure: what its numbers tell apart, and what they ignore."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import timbre
from models.mel import mel_power
from models.training import recogniser_data
from models.training.corpus import Recording

RATE_HZ = timbre.FORMAT.sample_rate_hz


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def measured(*parts: np.ndarray) -> np.ndarray:
    powers = [mel_power(part, timbre.FORMAT) for part in parts]
    return timbre.features(np.concatenate(powers).astype(np.float64))


def test_a_click_in_digital_silence_is_finite() -> None:
    """Frames of zeros were divided by their sum where too few others are loud."""
    click = np.zeros(RATE_HZ, np.float32)
    click[9000] = 1.0
    assert np.isfinite(measured(click)).all()


def test_gain_and_pauses_do_not_matter() -> None:
    sound = noise(2.0)
    plain = measured(sound)
    assert measured(sound * np.float32(0.01)) == pytest.approx(plain, abs=1e-3)
    assert measured(sound, np.zeros(RATE_HZ, np.float32)) == pytest.approx(plain, abs=0.05)


def test_beats_and_steady_sound_of_one_spectrum_differ_in_their_time_structure() -> None:
    steady = noise(4.0)
    beats = steady * np.exp(-12.0 * (np.arange(len(steady)) / RATE_HZ % 0.25)).astype(np.float32)
    first, second = measured(steady), measured(beats)
    bands = timbre.FORMAT.bands
    assert np.abs(first - second)[:bands].max() < 0.25, "their mean spectra are alike"
    assert np.abs(first - second)[bands:].max() > 1.0


def test_alterations_are_repeatable_and_alike_on_all_spectrograms() -> None:
    power = np.random.default_rng(1).gamma(1.0, 1.0, (200, 96))
    of = recogniser_data.Example((power,) * 3, np.zeros(68), np.zeros(58), 0, RECORDING)
    other = recogniser_data.Example((power[::-1],) * 3, np.zeros(68), np.zeros(58), 1, RECORDING)
    lengths = set()
    for seed in range(12):
        fine, coarse, _ = recogniser_data.altered(of, [other], seed)
        again, _, _ = recogniser_data.altered(of, [other], seed)
        assert np.isfinite(fine).all()
        assert (fine > 0.0).all()
        assert fine.shape == coarse.shape
        assert np.array_equal(fine, again)
        assert coarse.mean() == pytest.approx(power.mean())
        lengths.add(len(fine))
    assert len(lengths) > 1, "tempo changes"


RECORDING = Recording(
    path=Path("none"),
    label="kick",
    source="test",
    kind="performance",
    remark="",
    licence="",
    split="train",
    bandwidth_hz=20000.0,
)
