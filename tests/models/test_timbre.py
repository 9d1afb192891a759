"""Time structure: what its numbers tell apart, and what they ignore."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import timbre
from models.training import recogniser_data
from models.training.corpus import Recording

RATE_HZ = timbre.FORMAT.sample_rate_hz


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def test_nothing_is_heard_in_silence_or_less_than_a_frame() -> None:
    assert timbre.measure([np.zeros(RATE_HZ, np.float32)]) is None
    assert timbre.measure([noise(0.05)]) is None
    assert timbre.measure([]) is None


def test_a_click_in_digital_silence_is_finite() -> None:
    """Frames of zeros were divided by their sum where too few others are loud."""
    click = np.zeros(RATE_HZ, np.float32)
    click[9000] = 1.0
    features = timbre.measure([click])
    assert features is not None
    assert np.isfinite(features).all()


def test_gain_and_pauses_do_not_matter() -> None:
    sound = noise(2.0)
    plain = timbre.measure([sound])
    assert plain is not None
    assert timbre.measure([sound * np.float32(0.01)]) == pytest.approx(plain, abs=1e-3)
    paused = timbre.measure([sound, np.zeros(RATE_HZ, np.float32)])
    assert paused == pytest.approx(plain, abs=0.05)


def test_beats_and_steady_sound_of_one_spectrum_differ_in_their_time_structure() -> None:
    steady = noise(4.0)
    beats = steady * np.exp(-12.0 * (np.arange(len(steady)) / RATE_HZ % 0.25)).astype(np.float32)
    first, second = timbre.measure([steady]), timbre.measure([beats])
    assert first is not None
    assert second is not None
    bands = timbre.FORMAT.bands
    assert np.abs(first - second)[:bands].max() < 0.25, "their mean spectra are alike"
    assert np.abs(first - second)[bands:].max() > 1.0


def test_alterations_are_repeatable_and_alike_on_both_spectrograms() -> None:
    power = np.random.default_rng(1).gamma(1.0, 1.0, (200, 96))
    of = recogniser_data.Example((power, power), np.zeros(58), 0, RECORDING)
    other = recogniser_data.Example((power[::-1], power[::-1]), np.zeros(58), 1, RECORDING)
    lengths = set()
    for seed in range(12):
        fine, coarse = recogniser_data.altered(of, [other], seed)
        again, _ = recogniser_data.altered(of, [other], seed)
        assert np.isfinite(fine).all()
        assert (fine > 0.0).all()
        assert fine.shape == coarse.shape
        assert np.array_equal(fine, again)
        assert coarse.mean() == pytest.approx(power.mean())
        lengths.add(len(fine))
    assert len(lengths) > 1, "tempo changes"


def test_the_loudest_patch_is_taken_and_a_short_sound_repeated() -> None:
    power = np.ones((1000, 96))
    power[610:690] = 50.0
    assert recogniser_data.loudest_patch(power).sum() == pytest.approx(96 * (107 + 80 * 50))
    assert recogniser_data.loudest_patch(power[:40]).shape == (187, 96)


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
