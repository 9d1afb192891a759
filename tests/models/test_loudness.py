"""Loudness: the standard's own signals, a second implementation, and predictions for an EQ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.audio import Clip, load
from models.band_meter import measure_powers
from models.eq import Band, BandKind, Eq
from models.k_weighting import k_power_gain, k_weighting
from models.loudness import (
    LoudnessMeter,
    LoudnessProfile,
    exact_change_lu,
    integrated_lufs,
    profile,
)

STRONG = Eq(
    (
        Band(BandKind.LOW_SHELF, 150.0, -12.0, 1.5),
        Band(BandKind.BELL, 400.0, 9.0, 0.8),
        Band(BandKind.BELL, 1800.0, -10.0, 1.0),
        Band(BandKind.HIGH_SHELF, 5000.0, 12.0, 1.5),
    )
)
WARM = Eq(
    (
        Band(BandKind.HIGH_PASS, 60.0, bandwidth_oct=1.9),
        Band(BandKind.LOW_SHELF, 200.0, 12.0, 1.5),
        Band(BandKind.BELL, 90.0, -6.0, 0.7),
        Band(BandKind.HIGH_SHELF, 3000.0, -12.0, 1.5),
    )
)
REAL = [
    "demo/song_a/drums.mp3",
    "demo/song_a/bassguitar.mp3",
    "demo/song_a/leadguitar.mp3",
    "demo/song_b/vox_lead.ogg",
    "demo/song_b/end_drums.ogg",
]


def sine(freq_hz: float, dbfs: float, seconds: float, rate: int = 48000, channels: int = 2) -> Clip:
    phase = 2 * np.pi * freq_hz / rate * np.arange(round(seconds * rate))
    tone = 10.0 ** (dbfs / 20.0) * np.sin(phase)
    return Clip(np.repeat(tone[None].astype(np.float32), channels, axis=0), rate)


def noise(seconds: float, rate: int = 48000, channels: int = 2, seed: int = 0) -> Clip:
    samples = 0.1 * np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))
    return Clip(samples.astype(np.float32), rate)


def test_the_weighting_is_the_standards_table() -> None:
    shelf, high_pass = k_weighting(48000)
    table1 = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241]
    table2 = [-1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(shelf[[0, 1, 2, 4]], table1, atol=1e-9)
    assert shelf[5] == pytest.approx(0.73248077421585, abs=1e-9)
    np.testing.assert_allclose(high_pass[4:], table2, atol=1e-9)
    np.testing.assert_allclose(high_pass[:3] / high_pass[0], [1.0, -2.0, 1.0])


@pytest.mark.parametrize("rate", [32000, 44100, 96000, 192000])
def test_the_weighting_is_the_same_at_any_rate(rate: int) -> None:
    freqs = np.geomspace(20.0, 5000.0, 50)
    ratio = k_power_gain(freqs, rate) / k_power_gain(freqs, 48000)
    assert np.abs(10.0 * np.log10(ratio)).max() < 0.15


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_stereo_sine_at_minus_23_dbfs_is_minus_23_lufs(rate: int) -> None:
    clip = sine(997.0, -23.0, 20.0, rate)
    assert integrated_lufs(clip) == pytest.approx(-23.0, abs=0.05)
    assert profile(clip).integrated_lufs == pytest.approx(-23.0, abs=0.05)


def test_mono_full_scale_sine_is_minus_3_lufs() -> None:
    assert integrated_lufs(sine(997.0, 0.0, 5.0, channels=1)) == pytest.approx(-3.01, abs=0.02)


def test_gates_of_ebu_tech_3341_cases_3_and_4() -> None:
    def joined(*parts: tuple[float, float]) -> Clip:
        clips = [sine(1000.0, level, seconds).samples for level, seconds in parts]
        return Clip(np.concatenate(clips, axis=1), 48000)

    case3 = joined((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0))
    case4 = joined((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0))
    for clip in (case3, case4):
        assert integrated_lufs(clip) == pytest.approx(-23.0, abs=0.1)
        assert profile(clip).integrated_lufs == pytest.approx(-23.0, abs=0.1)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 99),
    rate=st.sampled_from([22050, 44100, 48000]),
    tenths=st.integers(5, 40),  # it counts an unfinished last block, the standard does not
    gain_db=st.floats(-40.0, 10.0),
)
def test_agrees_with_pyloudnorm(seed: int, rate: int, tenths: int, gain_db: float) -> None:
    clip = noise(tenths / 10.0, rate, seed=seed)
    swell = np.linspace(0.01, 1.0, clip.frames) ** 2 * 10.0 ** (gain_db / 20.0)
    clip = Clip((clip.samples * swell).astype(np.float32), rate)
    other = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(clip.samples.T)
    assert integrated_lufs(clip) == pytest.approx(other, abs=0.1)


def test_silence_has_no_loudness_and_no_change() -> None:
    for clip in (Clip(np.zeros((2, 48000), dtype=np.float32), 48000), Clip(np.zeros((1, 0)), 8000)):
        assert integrated_lufs(clip) == -np.inf
        assert profile(clip).integrated_lufs == -np.inf
        assert profile(clip).change_lu(STRONG, 48000) == 0.0


@settings(max_examples=10, deadline=None)
@given(block=st.integers(1, 30000))
def test_metering_does_not_depend_on_the_blocks(block: int) -> None:
    clip = noise(1.1, 8000)
    meter = LoudnessMeter(8000, 2)
    for part in clip.blocks(block):
        meter.process(part)
    assert meter.integrated_lufs == pytest.approx(integrated_lufs(clip), abs=1e-9)


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.5])
def test_short_audio(seconds: float) -> None:
    clip = sine(997.0, -20.0, seconds)
    assert integrated_lufs(clip) == pytest.approx(-20.0, abs=0.4)
    assert profile(clip).change_lu(Eq(output_gain_db=-6.0), 48000) == pytest.approx(-6.0, abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(gain_db=st.floats(-30.0, 30.0))
def test_plain_gain_changes_by_itself(gain_db: float) -> None:
    measured = _profile_of_noise()
    assert measured.change_lu(Eq(output_gain_db=gain_db), 48000) == pytest.approx(gain_db, abs=1e-6)


def test_an_eq_that_mutes_gives_a_finite_change() -> None:
    change = _profile_of_noise().change_lu(Eq(output_gain_db=-np.inf), 48000)
    assert -301.0 < change < -200.0


@pytest.mark.parametrize("eq", [STRONG, WARM], ids=["bright", "warm"])
@pytest.mark.parametrize("rate", [16000, 44100, 192000])
def test_predicted_change_on_noise(eq: Eq, rate: int) -> None:
    clip = noise(4.0, rate, channels=1)
    assert _error(clip, eq) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("freq_hz", [41.2, 97.0, 440.0, 2500.0])
def test_predicted_change_on_a_tone_in_the_flank_of_a_narrow_bell(freq_hz: float) -> None:
    eq = Eq((Band(BandKind.BELL, freq_hz * 1.08, 12.0, 0.5),))
    assert _error(sine(freq_hz, -20.0, 6.0), eq) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("eq", [STRONG, WARM], ids=["bright", "warm"])
@pytest.mark.parametrize("name", REAL)
def test_predicted_change_on_real_tracks(data_dir: Path, name: str, eq: Eq) -> None:
    clip = load(data_dir / name)
    clip = Clip(clip.samples[:, : 30 * clip.sample_rate_hz], clip.sample_rate_hz)
    assert profile(clip).integrated_lufs == pytest.approx(integrated_lufs(clip), abs=0.1)
    assert _error(clip, eq) == pytest.approx(0.0, abs=0.1)
    assert _error(clip, eq.scaled(0.5)) == pytest.approx(0.0, abs=0.05)


def test_exact_change_is_that_of_the_filtered_clip() -> None:
    clip = noise(1.2, 44100)
    after = Clip(STRONG.apply(clip.samples, 44100).astype(np.float32), 44100)
    want = integrated_lufs(after) - integrated_lufs(clip)
    assert exact_change_lu(clip.blocks(999), 44100, 2, STRONG) == pytest.approx(want, abs=1e-4)
    assert exact_change_lu([np.zeros((1, 9000), np.float32)], 8000, 1, STRONG) == 0.0


def _error(clip: Clip, eq: Eq) -> float:
    rate = clip.sample_rate_hz
    after = Clip(eq.apply(clip.samples, rate).astype(np.float32), rate)
    exact = integrated_lufs(after) - integrated_lufs(clip)
    return profile(clip).change_lu(eq, rate) - exact


def _profile_of_noise() -> LoudnessProfile:
    clip = noise(1.0)
    return LoudnessProfile(measure_powers([clip.samples], 48000, 2))
