"""The tagger's port against the original package, and its input against librosa's definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import mel, musicnn
from models.audio import Clip, load, resample

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "musicnn_reference.npz"
"""Made by the PyPI package musicnn 0.1.0 (TensorFlow 2.15.1, librosa 0.11.0)."""


def made_signal() -> np.ndarray:
    """Return the made signal of the golden file: sweep, square wave and pulsed noise, 5 s."""
    rng, t = np.random.default_rng(7), np.arange(5 * 16000) / 16000
    sweep = 0.3 * np.sin(2 * np.pi * (80 * t + 180 * t**2))
    pulsed = 0.1 * rng.standard_normal(len(t)) * (np.sin(2 * np.pi * 2 * t) > 0)
    square = 0.1 * np.sign(np.sin(2 * np.pi * 220 * t))
    return (sweep + pulsed + square).astype(np.float32)


def mono_16k(path: Path) -> np.ndarray:
    clip = load(path)
    return resample(Clip(clip.samples.mean(axis=0), clip.sample_rate_hz), 16000).samples[0]


def test_tags_and_features_of_a_made_signal_are_the_original_ones() -> None:
    reference = np.load(GOLDEN)
    frames = musicnn.log_mel(made_signal(), centred=True)
    heard = musicnn.hear(musicnn.patches(frames))
    assert np.abs(frames[::16] - reference["synth.frames"]).max() < 2e-3
    assert np.abs(heard.tags - reference["synth.tags"]).max() < 1e-4
    assert np.abs(heard.features[0] - reference["synth.features"]).max() < 1e-3


def test_tags_of_real_recordings_are_the_original_ones(data_dir: Path) -> None:
    reference = np.load(GOLDEN)
    names = [name for name in reference.files if name.startswith("genre/")]
    assert len(names) >= 8
    for name in names[::3]:
        frames = musicnn.log_mel(mono_16k(data_dir / "audio" / name), centred=True)
        tags = musicnn.hear(musicnn.patches(frames)).tags
        assert tags.shape == reference[name].shape
        assert np.abs(tags - reference[name]).max() < 1e-3


def test_too_little_audio_gives_no_patch() -> None:
    frames = musicnn.log_mel(np.zeros(16000, np.float32))
    heard = musicnn.hear(musicnn.patches(frames))
    assert heard.tags.shape == (0, 50)
    assert heard.features.shape[0] == 0


def test_silence_is_finite_and_loudness_beyond_half_precision_too() -> None:
    loud = 1e4 * made_signal()[: 3 * 16000 + 400]
    heard = musicnn.hear(musicnn.patches(musicnn.log_mel(loud)))
    assert np.isfinite(heard.tags).all()
    assert ((heard.tags >= 0.0) & (heard.tags <= 1.0)).all()


def test_the_order_of_tags_is_complete() -> None:
    assert len(set(musicnn.TAGS)) == 50


@pytest.mark.parametrize("freq_hz", [200.0, 1000.0, 4000.0])
def test_a_sine_falls_into_the_band_around_its_frequency(freq_hz: float) -> None:
    t = np.arange(8000) / 16000.0
    power = mel.mel_power(np.sin(2 * np.pi * freq_hz * t).astype(np.float32), musicnn.FORMAT)
    strongest = int(power.mean(axis=0).argmax())
    edges = mel.mel_hz(96, 8000.0)
    assert edges[strongest] <= freq_hz <= edges[strongest + 2]


def test_mel_power_is_the_windowed_power_times_the_area_normalised_triangles() -> None:
    form = mel.MelFormat(22050, 2048, 512, 128)
    mono = np.random.default_rng(1).standard_normal(2048).astype(np.float32)
    window = np.hanning(2049)[:-1]
    power = np.abs(np.fft.rfft(mono * window)) ** 2
    bank = mel.filterbank(form)
    np.testing.assert_allclose(mel.mel_power(mono, form)[0], bank @ power, rtol=1e-4)
    areas = bank.sum(axis=1) * (11025.0 / 1024)
    assert np.abs(areas[40:] - 1.0).max() < 0.05  # each triangle has an area of 1


def test_frames_and_samples_agree() -> None:
    form = musicnn.FORMAT
    assert form.frames_in(form.samples_for(187)) == 187
    assert form.frames_in(form.samples_for(187) - 1) == 186
    assert form.frames_in(10) == 0
