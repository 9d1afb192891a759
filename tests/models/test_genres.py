"""Genre recognition: the mixture, its invariances, and the audio path against librosa."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import cepstra, excerpts, genres, mel
from models.audio import AudioInfo, Clip, load, resample

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "mfcc_reference.npz"
"""Means and variances of librosa 0.11's feature.mfcc (22.05 kHz, mono)."""
RATE = 32000


def music(seconds: float, seed: int = 1) -> Clip:
    """Return something with beats, chords and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    beat = np.exp(-((t % 0.5) / 0.05)) * rng.standard_normal(len(t))
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.0, 330.0, 55.0))
    return Clip((0.1 * beat + 0.05 * chord).astype(np.float32), RATE)


@pytest.fixture(scope="module")
def heard() -> tuple[genres.Guess, ...]:
    return genres.classify(music(6.0))


def test_a_mixture_of_all_genres_adds_up(heard: tuple[genres.Guess, ...]) -> None:
    assert {guess.label for guess in heard} == set(genres.GENRES)
    assert sum(guess.confidence for guess in heard) == pytest.approx(1.0)
    confidences = [guess.confidence for guess in heard]
    assert confidences == sorted(confidences, reverse=True)


def test_the_papers_classes_pool_the_mixture(heard: tuple[genres.Guess, ...]) -> None:
    six = genres.pooled(heard)
    assert {guess.label for guess in six} == set(genres.PAPER_CLASSES)
    rest = {g.label: g.confidence for g in heard}
    pooled = sum(rest[g] for g in ("rock", "pop", "blues", "reggae", "metal"))
    assert {g.label: g.confidence for g in six}[genres.POOLED] == pytest.approx(pooled)


def test_the_level_does_not_matter(heard: tuple[genres.Guess, ...]) -> None:
    clip = music(6.0)
    quiet = genres.classify(Clip(clip.samples * np.float32(0.05), RATE))
    expected = {guess.label: guess.confidence for guess in heard}
    for guess in quiet:
        assert guess.confidence == pytest.approx(expected[guess.label], abs=2e-3)


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.5, 3.2])
def test_short_and_silent_audio_gives_a_finite_mixture(seconds: float) -> None:
    guesses = genres.classify(music(seconds))
    assert sum(guess.confidence for guess in guesses) == pytest.approx(1.0)
    silent = genres.classify(Clip(np.zeros(round(seconds * RATE), np.float32), RATE))
    assert {guess.confidence for guess in silent} == {0.1}


def test_a_file_is_heard_as_a_clip_is(tmp_path: Path) -> None:
    import soundfile

    clip = music(4.0)
    path = tmp_path / "mix.wav"
    soundfile.write(path, clip.samples.T, RATE, subtype="FLOAT")
    assert genres.classify_file(path) == genres.classify(clip)


def test_the_papers_levels_are_those_of_the_sound_as_recorded() -> None:
    rng = np.random.default_rng(3)
    noise = Clip(0.05 * rng.standard_normal(6 * 22050).astype(np.float32), 22050)
    levels_db = _paper_levels(noise)
    louder_db = _paper_levels(Clip(noise.samples * np.float32(2.0), 22050))
    np.testing.assert_allclose(louder_db - levels_db, 20 * np.log10(2.0), atol=0.02)
    assert levels_db[5] == pytest.approx(20 * np.log10(0.05), abs=0.1)
    edges = np.minimum(cepstra.BAND_EDGES_HZ, 11025.0)
    np.testing.assert_allclose(
        np.diff(levels_db[:5]), np.diff(10 * np.log10(np.diff(edges))), atol=0.7
    )


def _paper_levels(clip: Clip) -> np.ndarray:
    cut = excerpts.cut(clip.blocks(), AudioInfo(clip.sample_rate_hz, 1, clip.frames))
    measured = cepstra.measure(cut.at(22050, genres.REFERENCE_RMS / cut.rms))
    assert measured is not None
    return genres.paper_levels_db(genres.Evidence(np.zeros(50), measured, cut.rms))


def test_the_papers_network_gives_its_six_classes() -> None:
    flat = cepstra.Cepstra(np.zeros(20), np.ones(20))
    guesses = genres.paper_guesses(genres.Evidence(np.zeros(50), flat, 0.1))
    assert {guess.label for guess in guesses} == set(genres.PAPER_CLASSES)
    assert sum(guess.confidence for guess in guesses) == pytest.approx(1.0)


def test_cepstra_of_real_recordings_are_librosas(data_dir: Path) -> None:
    reference = np.load(GOLDEN)
    for name in reference.files:
        clip = load(data_dir / "audio" / name)
        mono = resample(Clip(clip.samples.mean(axis=0), clip.sample_rate_hz), 22050).samples[0]
        measured = cepstra.measure([np.pad(mono, 1024)])  # centred, as librosa's frames are
        assert measured is not None
        mean, variance = reference[name][:20], reference[name][20:]
        assert np.abs(measured.mean - mean).max() < 0.05
        assert np.abs(measured.variance / variance - 1.0).max() < 0.01


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=20, deadline=None)
def test_the_envelope_undoes_the_cepstra(seed: int) -> None:
    mean = np.random.default_rng(seed).normal(0.0, 30.0, 20)
    envelope = cepstra.envelope_db(mean)
    bands = len(cepstra.MEL_HZ)
    matrix = np.cos(np.pi * np.arange(20)[:, None] * (2 * np.arange(bands) + 1) / (2 * bands))
    back = np.sqrt(2.0 / bands) * matrix @ envelope
    back[0] /= np.sqrt(2.0)
    np.testing.assert_allclose(back, mean, atol=1e-8)


def test_long_recordings_are_heard_in_places_spread_over_them() -> None:
    rate, seconds = 8000, 100
    ramp = np.repeat(np.arange(seconds, dtype=np.float32) + 1.0, rate) / 100.0
    cut = excerpts.cut([ramp[None, :333333], ramp[None, 333333:]], AudioInfo(rate, 1, len(ramp)))
    assert all(len(part) == round(excerpts.LENGTH_S * rate) for part in cut.parts)
    middles = [float(part[len(part) // 2]) for part in cut.parts]
    assert middles == sorted(middles)
    assert middles[-1] > 0.95
    assert len(cut.parts) >= excerpts.COUNT - 2  # the quietest are pauses


def test_pauses_and_channels() -> None:
    rate = 8000
    sound = np.zeros((3, 60 * rate), np.float32)
    sound[0, : 30 * rate], sound[2] = 0.5, 100.0  # the third channel is not heard
    cut = excerpts.cut([sound], AudioInfo(rate, 3, 60 * rate))
    assert len(cut.parts) == excerpts.COUNT // 2
    assert cut.rms == pytest.approx(0.25, rel=1e-3)


def test_a_mel_band_knows_its_edges() -> None:
    np.testing.assert_allclose(cepstra.MEL_HZ, mel.mel_hz(128, 11025.0)[1:-1])
    assert cepstra.MEL_HZ[0] == pytest.approx(25.79, abs=0.01)


def test_weights_are_fitted_again_to_the_same(data_dir: Path) -> None:
    from models.training import genre_data, genre_parts

    train, valid = (genre_data.load(data_dir, split) for split in ("train", "valid"))
    some = genre_parts.material(train, valid)
    shipped = genres.load_classifier().scores(some.x[:40])
    parts = genre_parts.fit(some).scores(some.x[:40])
    columns = parts.reshape(3, -1).T
    shares, *_ = np.linalg.lstsq(columns, shipped.ravel(), rcond=None)
    np.testing.assert_allclose(np.tensordot(shares, parts, 1), shipped, atol=5e-3)
    assert (shares > 0.0).all()


def test_tags_near_nothing_and_near_certainty_are_bounded() -> None:
    features = np.full((2, 60), 3.0)
    features[0, :50], features[1, :50] = 0.0, 1.0
    odds = genres.with_log_odds(features)
    np.testing.assert_allclose(odds[0, :50], -odds[1, :50])
    assert np.abs(odds[:, :50]).max() < 7.0
    np.testing.assert_array_equal(odds[:, 50:], 3.0)
    assert features[0, 0] == 0.0


def test_held_out_tracks_are_mostly_recognised(data_dir: Path) -> None:
    from models.training import genre_data

    test = genre_data.load(data_dir, "test")
    scores = genres.load_classifier().scores(test.features())
    assert (scores.argmax(axis=1) == test.labels).mean() > 0.82
