"""From what was heard to the EQ: target, limits, level, and what gets none."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models import audio, instruments, targets
from models.equalise import (
    AMOUNTS,
    Decision,
    Skipped,
    Wish,
    equalise,
    inaudible,
    measured_loudness,
)
from models.instruments import Guess
from models.layout import Limits
from models.loudness import LoudnessMeter
from models.spectrum import GRID_HZ, Listening, listen
from tests.projects import RATE_HZ, pink_noise


def heard(folder: Path, samples: np.ndarray) -> tuple[Path, Listening]:
    path = folder / "track.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    return path, listen(path)


def decide(listening: Listening, wish: Wish | None = None, name: str = "") -> Decision:
    decision = equalise(listening, wish, name=name)
    assert isinstance(decision, Decision)
    return decision


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Listening:
    return heard(tmp_path_factory.mktemp("noise"), pink_noise(4.0))[1]


def test_the_eq_brings_the_track_nearer_within_the_limits(noise: Listening) -> None:
    wish = Wish(class_name="bass_guitar", limits=Limits(max_boost_db=3.0, max_cut_db=5.0))
    decision = decide(noise, wish)

    response_db = decision.response_db(decision.full)

    assert decision.distance_db(decision.full) < 0.8 * decision.distance_db()
    assert response_db.max() <= 3.0
    assert response_db.min() >= -5.0
    assert len(decision.full.bands) <= wish.limits.max_bands


def test_a_class_or_a_reference_goes_before_what_is_recognised(noise: Listening) -> None:
    told = decide(noise, Wish(class_name="kick"))
    assert (told.label, told.confidence, told.target.name) == ("kick", None, "kick")

    reference = targets.from_spectra([noise.spectrum], name="reference", provenance="itself")
    matched = decide(noise, Wish(reference=reference))
    assert matched.target is reference
    assert np.abs(matched.response_db(matched.full)).max() < 0.1, "nothing to do against itself"


def test_a_doubtful_recognition_says_so_and_blends(
    noise: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    guesses = (Guess("snare", 0.4), Guess("toms", 0.35), Guess("kick", 0.25))
    monkeypatch.setattr(instruments, "classify_spectrum", lambda _spectrum: guesses)
    decision = decide(noise)
    assert (decision.label, decision.confidence) == ("snare", 0.4)
    assert "Not sure what this is" in decision.warnings[-1]
    assert decision.target.provenance.startswith("blend: ")


def test_the_name_is_reported_only_when_it_moved_the_guesses(noise: Listening) -> None:
    assert decide(noise, name="Bass Guitar").name_counted
    assert not decide(noise, name="Track 7").name_counted


@pytest.mark.parametrize("amount", [-1.0, 0.3, 1.0, 2.0])
def test_the_output_gain_undoes_the_loudness_change(noise: Listening, amount: float) -> None:
    decision = decide(noise, Wish(class_name="bass_guitar"))
    assert decision.loudness_change_lu(decision.eq(amount), amount) == pytest.approx(0.0, abs=1e-3)
    table = dict(zip(AMOUNTS, decision.gain_table_db, strict=True))
    assert table[0.0] == 0.0
    assert table[1.0] == pytest.approx(decision.eq(1.0).output_gain_db)


def test_the_loudness_may_be_left_to_change(noise: Listening) -> None:
    decision = decide(noise, Wish(class_name="bass_guitar", keep_loudness=False))
    assert decision.eq(1.0).output_gain_db == 0.0
    assert decision.gain_table_db == (0.0,) * len(AMOUNTS)


@pytest.mark.parametrize("quiet_db", [-6.0, -10.0, -14.0])
def test_measured_loudness_is_that_of_the_filtered_audio(tmp_path: Path, quiet_db: float) -> None:
    """The prediction is near, except where a block crosses a gate; the measurement is exact."""
    quiet = 10.0 ** (quiet_db / 20.0) * np.diff(pink_noise(0.8, seed=2), prepend=0.0)
    path, listening = heard(tmp_path, np.concatenate((pink_noise(1.6), quiet, pink_noise(1.0))))
    predicted = decide(listening, Wish(class_name="bass_guitar"))

    measured = measured_loudness(predicted, path, 1.0)

    assert 1e-4 < abs(rendered_change_lu(path, predicted)) < 0.3
    assert rendered_change_lu(path, measured) == pytest.approx(0.0, abs=1e-5)


def rendered_change_lu(path: Path, decision: Decision) -> float:
    clip = audio.load(path)
    dry, wet = (LoudnessMeter(RATE_HZ, 1) for _ in range(2))
    dry.process(clip.samples)
    wet.process(decision.eq(1.0).apply(clip.samples, RATE_HZ))
    return wet.integrated_lufs - dry.integrated_lufs


def test_nothing_is_measured_at_amount_0(noise: Listening) -> None:
    decision = decide(noise)
    assert measured_loudness(decision, "no such file", 0.0) is decision


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(RATE_HZ), "silent"),
        (1e-6 * pink_noise(1.0), "silent"),
        (pink_noise(0.05), "too short: 0.05 s of audio"),
    ],
)
def test_what_cannot_be_heard_gets_no_eq(tmp_path: Path, samples: np.ndarray, reason: str) -> None:
    listening = heard(tmp_path, samples)[1]
    skipped = equalise(listening)
    assert isinstance(skipped, Skipped)
    assert skipped.reason.startswith(reason)
    assert inaudible(listening) == skipped.reason


def test_a_low_sample_rate_gets_bands_below_its_nyquist_frequency(tmp_path: Path) -> None:
    path = tmp_path / "low.wav"
    soundfile.write(path, pink_noise(2.0), 8000, subtype="FLOAT")
    decision = decide(listen(path), Wish(class_name="vocals_female"))
    assert decision.full.bands
    assert all(band.freq_hz < 4000.0 for band in decision.full.bands)
    assert math.isfinite(decision.eq(1.0).output_gain_db)
    assert decision.response_db(decision.full).shape == GRID_HZ.shape
