"""Words on a track: its energy and its class count, decibels are taken literally."""

from __future__ import annotations

import numpy as np
import pytest

from models import descriptors, targets
from models.audio import Clip
from models.eq import Band, BandKind, Eq
from models.equalise import Decision, Skipped, Wish
from models.spectrum import GRID_HZ, Listening, Spectrum, listen_to
from models.words.fit import Present, decide, shaped
from tests.projects import RATE_HZ, pink_noise


@pytest.fixture(scope="module")
def heard() -> Listening:
    return listening(pink_noise(1.5).astype(np.float32)[None])


def listening(samples: np.ndarray) -> Listening:
    from models.audio import AudioInfo

    clip = Clip(samples, RATE_HZ)
    return listen_to([clip.samples], AudioInfo(RATE_HZ, 1, samples.shape[1]))


def full_spectrum(confidence: np.ndarray | float = 1.0) -> Spectrum:
    flat = np.zeros(GRID_HZ.size)
    return Spectrum(flat, flat + confidence, 10.0, 10.0)


def decided(heard: Listening, text: str, amount: float = 1.0, **options: object) -> Decision:
    result = decide(heard, descriptors.explain(text), amount, **options)  # type: ignore[arg-type]
    assert not isinstance(result, Skipped)
    return result[0]


def test_brighter_vocals_are_not_brighter_drums() -> None:
    words = descriptors.explain("brighter")
    vocals = shaped(words, full_spectrum(), targets.for_class("vocals_female")).relative_db
    drums = shaped(words, full_spectrum(), targets.for_class("drums_kit")).relative_db
    assert np.abs(vocals - drums).max() > 0.5
    assert (np.sign(vocals) == np.sign(drums)).all()


def test_nothing_is_asked_for_where_a_track_has_no_energy() -> None:
    low = (GRID_HZ < 1000.0).astype(float)
    move = shaped(descriptors.explain("brighter"), full_spectrum(low), targets.neutral())
    assert not move.relative_db[GRID_HZ >= 1000.0].any()


def test_decibels_do_not_depend_on_the_class() -> None:
    words = descriptors.explain("3 dB more bass")
    for label in ("kick", "vocals_male"):
        move = shaped(words, full_spectrum(0.0), targets.for_class(label))
        np.testing.assert_array_equal(move.exact_db, words.exact_db)


def test_less_is_the_mirror_of_more_on_a_track(heard: Listening) -> None:
    more = shaped(descriptors.explain("more air"), heard.spectrum, targets.neutral())
    less = shaped(descriptors.explain("less air"), heard.spectrum, targets.neutral())
    np.testing.assert_allclose(more.relative_db, -less.relative_db, atol=1e-6)


def test_the_bands_follow_the_words(heard: Listening) -> None:
    decision = decided(heard, "warmer, less harsh")
    wanted_db = decision.target.curve_db - decision.heard_db
    error_db = decision.response_db(decision.full) - wanted_db
    inside = (GRID_HZ > 60.0) & (GRID_HZ < 12000.0)
    assert np.std(error_db[inside]) < 0.35
    assert np.std(wanted_db[inside]) > 1.0


def test_a_small_wish_is_more_than_nothing(heard: Listening) -> None:
    """Regression: what was asked in small, on top of an EQ, was told as done and was not."""
    own = Eq((Band(BandKind.BELL, 400.0, -3.0, 0.7),))
    full = decided(heard, "slightly brighter", 0.2, present=Present(own)).full
    change_db = full.response_db(GRID_HZ, 48000.0) - own.response_db(GRID_HZ, 48000.0)
    assert change_db[GRID_HZ > 6000.0].mean() - change_db[GRID_HZ < 300.0].mean() > 0.1


def test_the_users_bands_stay_when_words_are_added(heard: Listening) -> None:
    own = Eq((Band(BandKind.BELL, 400.0, -3.0, 0.7), Band(BandKind.HIGH_PASS, 90.0)))
    for text in ("+2 dB at 3 kHz", "a bit more air"):
        full = decided(heard, text, present=Present(own)).full
        assert full.bands[:2] == own.bands


def test_the_named_class_counts(heard: Listening) -> None:
    decision = decided(heard, "brighter", wish=Wish(class_name="hihat"))
    assert (decision.label, decision.confidence) == ("hihat", None)


def test_silence_is_left_alone() -> None:
    silent = listening(np.zeros((1, RATE_HZ), dtype=np.float32))
    assert isinstance(decide(silent, descriptors.explain("brighter"), 1.0), Skipped)


@pytest.mark.parametrize("amount", [-1.0, 0.0, 0.01, 2.0])
def test_any_amount_gives_a_sound_eq(heard: Listening, amount: float) -> None:
    result = decide(heard, descriptors.explain("brighter, -2 dB at 300 Hz"), amount)
    assert not isinstance(result, Skipped)
    decision, written_at = result
    eq = decision.eq(written_at)
    at_300 = decision.response_db(eq)[np.argmin(np.abs(GRID_HZ - 300.0))] - eq.output_gain_db
    assert at_300 == pytest.approx(-2.0, abs=1.5)
    assert np.isfinite(decision.response_db(eq)).all()
