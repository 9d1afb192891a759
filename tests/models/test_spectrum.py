"""The long-term spectrum: physics, invariances, confidence and odd input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from models import band_meter
from models.audio import Clip, load, resample
from models.bands import EDGES_HZ
from models.eq import Band, BandKind, Eq
from models.spectrum import (
    ERB_WEIGHT,
    GRID_HZ,
    Spectrum,
    erb_smooth,
    listen,
    measure,
    measure_file,
)

MIDDLE = (GRID_HZ > 60.0) & (GRID_HZ < 12000.0)


def noise(seconds: float, rate: int = 48000, channels: int = 1, seed: int = 0) -> np.ndarray:
    frames = round(seconds * rate)
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, frames))


def pink(seconds: float, rate: int = 48000, seed: int = 0) -> np.ndarray:
    white = np.fft.rfft(noise(seconds, rate, seed=seed))
    freqs = np.fft.rfftfreq(round(seconds * rate), 1.0 / rate)
    return np.fft.irfft(white * np.sqrt(30.0 / np.maximum(freqs, 5.0)), round(seconds * rate))


def of(samples: np.ndarray, rate: int = 48000) -> Spectrum:
    spectrum = measure(Clip(samples.astype(np.float32), rate))
    assert np.isfinite(spectrum.level_db).all()
    assert np.isfinite(spectrum.confidence).all()
    assert spectrum.level_db.shape == spectrum.confidence.shape == GRID_HZ.shape == (121,)
    assert spectrum.confidence.min() >= 0.0
    assert spectrum.confidence.max() <= 1.0
    return spectrum


def test_the_grid() -> None:
    assert GRID_HZ[68] == 1000.0
    np.testing.assert_allclose(GRID_HZ[12:] / GRID_HZ[:-12], 2.0)
    assert ERB_WEIGHT.sum() == pytest.approx(1.0)


def test_pink_noise_is_flat() -> None:
    level = erb_smooth(of(pink(30.0)).level_db)
    assert np.abs(level[MIDDLE]).max() < 0.4
    assert np.abs(level[GRID_HZ < 60.0]).max() < 1.5


def test_white_noise_rises_by_three_db_per_octave() -> None:
    level = erb_smooth(of(noise(30.0)).level_db)[MIDDLE]
    slope = np.polyfit(np.log2(GRID_HZ[MIDDLE]), level, 1, w=GRID_HZ[MIDDLE] ** 0.5)[0]
    assert slope == pytest.approx(10.0 * np.log10(2.0), abs=0.05)


@pytest.mark.parametrize("freq_hz", [25.0, 41.2, 82.4, 236.0, 270.0, 790.0, 830.0, 3000.0, 15000.0])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_tone_is_in_its_band(freq_hz: float, rate: int) -> None:
    tone = 0.3 * np.sin(2 * np.pi * freq_hz * np.arange(5 * rate) / rate)
    level = of(tone, rate).level_db
    assert int(np.argmax(level)) == int(np.searchsorted(EDGES_HZ, freq_hz)) - 1
    far = np.abs(np.log2(GRID_HZ / freq_hz)) > 1.0
    assert level[far].max() < level.max() - 40.0


def test_an_eq_shows_as_its_response() -> None:
    eq = Eq(
        (
            Band(BandKind.LOW_SHELF, 120.0, 6.0, 1.5),
            Band(BandKind.BELL, 700.0, -8.0, 1.0),
            Band(BandKind.BELL, 4000.0, 5.0, 0.7),
            Band(BandKind.HIGH_SHELF, 9000.0, -6.0, 1.5),
        )
    )
    before = pink(20.0)[0:1]
    change = of(eq.apply(before, 48000)).level_db - of(before).level_db
    error = change - eq.response_db(GRID_HZ, 48000)
    error -= error[MIDDLE].mean()
    assert np.abs(error[MIDDLE]).max() < 0.15


@settings(max_examples=10, deadline=None)
@given(gain_db=st.floats(-30.0, 60.0))
def test_gain_does_not_matter(gain_db: float) -> None:
    one, other = of(noise(1.0)), of(noise(1.0) * 10.0 ** (gain_db / 20.0))
    np.testing.assert_allclose(one.level_db, other.level_db, atol=1e-3)
    np.testing.assert_allclose(one.confidence, other.confidence, atol=1e-3)


def test_channels_do_not_matter() -> None:
    mono = noise(2.0)
    for stereo in (np.repeat(mono, 2, axis=0), np.concatenate((mono, np.zeros_like(mono)))):
        np.testing.assert_allclose(of(stereo).level_db, of(mono).level_db, atol=1e-3)


@pytest.mark.parametrize("rate", [22050, 44100, 96000, 192000, 11025, 47999])
def test_the_sample_rate_does_not_matter(rate: int) -> None:
    clip = Clip(pink(6.0).astype(np.float32), 48000)
    shared = (GRID_HZ > 30.0) & (0.4 * min(rate, 48000) > GRID_HZ)
    one, other = measure(clip).level_db[shared], measure(resample(clip, rate)).level_db[shared]
    difference = one - other
    assert np.abs(difference - difference.mean()).max() < 0.1


@pytest.mark.parametrize("rate", [8000, 16000, 32000])
def test_nothing_is_claimed_above_nyquist(rate: int) -> None:
    spectrum = of(noise(3.0, rate), rate)
    above = EDGES_HZ[1:] > 0.5 * rate
    assert not spectrum.confidence[above].any()
    assert spectrum.confidence[~above & (GRID_HZ > 60.0)].min() > 0.8


@pytest.mark.parametrize("pause_s", [1.0, 3.37])
def test_pauses_do_not_count(pause_s: float) -> None:
    sound, pause = pink(6.0), np.zeros((1, round(pause_s * 48000)))
    alone, padded = of(sound), of(np.concatenate((pause, sound, pause, pause), axis=1))
    np.testing.assert_allclose(padded.level_db[MIDDLE], alone.level_db[MIDDLE], atol=0.25)
    np.testing.assert_allclose(padded.confidence[MIDDLE], alone.confidence[MIDDLE], atol=0.05)
    assert padded.active_s == pytest.approx(6.0, abs=0.85)


def test_hum_in_pauses_lowers_confidence_where_it_is_all_there_is() -> None:
    seconds = np.arange(48000 * 8) / 48000
    hum = 0.003 * np.sin(2 * np.pi * 50.0 * seconds)
    high = Eq((Band(BandKind.HIGH_PASS, 2000.0, bandwidth_oct=0.5),) * 4)
    voice = high.apply(noise(8.0), 48000)[0] * (seconds % 4.0 < 2.0)
    confidence = of((voice + hum)[None]).confidence
    assert confidence[np.argmin(np.abs(GRID_HZ - 50.0))] < 0.3
    assert confidence[np.argmin(np.abs(GRID_HZ - 5000.0))] > 0.9


def test_bands_emptied_by_a_codec_are_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(
        path, noise(4.0, channels=2).T, 48000, bitrate_mode="CONSTANT", compression_level=0.8
    )
    confidence = measure_file(path).confidence
    assert confidence[GRID_HZ > 18500.0].max() < 0.1
    assert confidence[(GRID_HZ > 100.0) & (GRID_HZ < 10000.0)].min() > 0.9


@pytest.mark.parametrize("frames", [0, 1, 2400, 4799])
def test_too_short_is_no_confidence(frames: int) -> None:
    spectrum = of(np.ones((1, frames)) * 0.1)
    assert not spectrum.confidence.any()
    assert not spectrum.level_db.any()


def test_a_tenth_of_a_second_is_measured_with_doubt() -> None:
    short, long = of(noise(0.1)), of(noise(10.0))
    assert 0.0 < short.confidence[GRID_HZ < 300.0].max() < 0.6
    assert (short.confidence <= long.confidence + 1e-9).all()
    assert short.active_s == pytest.approx(0.1)


@pytest.mark.parametrize("level", [0.0, 1e-6, 1e-30])
def test_silence_is_no_confidence(level: float) -> None:
    assert not of(level * noise(2.0, channels=2)).confidence.any()


@pytest.mark.parametrize(("rate", "channels"), [(48000, 64), (192000, 2), (8000, 1), (192000, 64)])
def test_any_shape_of_audio(rate: int, channels: int) -> None:
    spectrum = of(noise(0.5, rate, channels), rate)
    assert spectrum.active_s == pytest.approx(0.5)
    assert spectrum.confidence[68] > 0.5


def test_absurdly_loud_audio_stays_finite() -> None:
    assert of(noise(1.0) * 1e12).confidence[68] > 0.5


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 30000), max_size=12))
def test_how_a_stream_is_cut_does_not_matter(cuts: list[int]) -> None:
    samples = noise(1.3, 44100, 2).astype(np.float32)
    whole = band_meter.measure_powers([samples], 44100, 2)
    parts = band_meter.measure_powers(np.split(samples, np.cumsum(cuts), axis=1), 44100, 2)
    for name in ("steps", "long", "fine"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-3, atol=1e-9)


def test_power_is_counted_once() -> None:
    samples = noise(3.0, channels=2)
    powers = band_meter.measure_powers([samples.astype(np.float32)], 48000, 2)
    assert powers.steps.sum(axis=1).mean() == pytest.approx(
        (samples**2).sum(axis=0).mean(), rel=0.02
    )


def test_a_file_measures_like_its_clip(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(2.0, 44100, 2).T, 44100, subtype="FLOAT")
    heard, clip = listen(path), load(path)
    np.testing.assert_allclose(heard.spectrum.level_db, measure(clip).level_db, atol=1e-3)
    assert heard.peak == np.abs(clip.samples).max()
    assert (heard.channels, heard.sample_rate_hz, heard.duration_s) == (2, 44100, 2.0)
    assert heard.warnings == ()


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros(48000), "silent"),
        (noise(1.0)[0] * 1e-5, "too quiet"),
        (noise(0.05)[0], "50 ms"),
    ],
)
def test_what_cannot_be_analysed_is_said(tmp_path: Path, samples: np.ndarray, words: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 48000, subtype="FLOAT")
    (warning,) = listen(path).warnings
    assert words in warning


def test_long_audio_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = noise(25.0, 8000).astype(np.float32)
    plain = band_meter.measure_powers([samples], 8000, 1)
    monkeypatch.setattr(band_meter, "MAX_STEPS", 96)
    merged = band_meter.measure_powers([samples], 8000, 1)
    assert len(merged.steps) < 96 < len(plain.steps)
    assert merged.step_s * len(merged.steps) == pytest.approx(25.0, abs=2.0)
    np.testing.assert_allclose(merged.steps.mean(axis=0), plain.steps.mean(axis=0), rtol=0.1)


# Smoothing

curves = st.lists(st.floats(-30.0, 30.0), min_size=121, max_size=121).map(np.array)


@given(value=st.floats(-100.0, 100.0))
def test_smoothing_keeps_constants(value: float) -> None:
    np.testing.assert_allclose(erb_smooth(np.full(121, value)), value, atol=1e-9)
    weight = np.linspace(0.0, 1.0, 121)
    np.testing.assert_allclose(erb_smooth(np.full(121, value), weight=weight), value, atol=1e-6)


@given(one=curves, other=curves, factor=st.floats(-3.0, 3.0))
def test_smoothing_is_linear_and_stays_within_the_range(
    one: np.ndarray, other: np.ndarray, factor: float
) -> None:
    together = erb_smooth(np.stack((one, other, one + factor * other)))
    np.testing.assert_allclose(together[2], together[0] + factor * together[1], atol=1e-9)
    assert together[0].max() <= one.max() + 1e-9
    assert together[0].min() >= one.min() - 1e-9


def test_smoothing_is_the_papers_recursion() -> None:
    freqs = np.array([100.0, 150.0, 400.0])
    x = np.array([0.0, 6.0, -3.0])
    mu = 1.0 - np.exp(-np.array([50.0, 250.0]) / (0.108 * np.array([125.0, 275.0]) + 24.7))
    up = [0.0, mu[0] * 6.0]
    up.append(up[1] + mu[1] * (-3.0 - up[1]))
    down = up[2] + mu[1] * (up[1] - up[2])
    want = [down + mu[0] * (up[0] - down), down, up[2]]
    np.testing.assert_allclose(erb_smooth(x, freqs), want)


def test_smoothing_hardly_depends_on_the_grid() -> None:
    fine_hz = 20.0 * 2.0 ** (np.arange(0, 480) / 48.0)
    bump = lambda f: 6.0 * np.exp(-((np.log2(f / 1000.0) / 0.4) ** 2))  # noqa: E731
    fine = np.interp(GRID_HZ, fine_hz, erb_smooth(bump(fine_hz), fine_hz))
    np.testing.assert_allclose(erb_smooth(bump(GRID_HZ))[MIDDLE], fine[MIDDLE], atol=0.25)


def test_values_without_weight_do_not_spread() -> None:
    values, weight = np.zeros(121), np.ones(121)
    values[100:], weight[100:] = -80.0, 0.0
    assert np.abs(erb_smooth(values, weight=weight)[:100]).max() < 1e-3


def test_smoothing_refuses_a_falling_grid() -> None:
    with pytest.raises(ValueError, match="increasing"):
        erb_smooth(np.zeros(3), np.array([3.0, 2.0, 1.0]))
