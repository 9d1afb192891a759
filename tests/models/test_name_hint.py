"""A track's name as a hint."""

from __future__ import annotations

import pytest

from models.instruments import CLASSES, Guess
from models.name_hint import ODDS, classes_of, with_name


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("Lead Vocal", {"vocals_female", "vocals_male"}),
        ("Female Vox 2", {"vocals_female"}),
        ("GTR2 clean", {"guitar_electric_clean"}),
        ("Guitars", {"guitar_acoustic", "guitar_electric_clean", "guitar_electric_distorted"}),
        ("Acoustic Guitar", {"guitar_acoustic"}),
        ("Bass Guitar", {"bass_guitar"}),
        ("Bass drum", {"kick"}),
        ("Bass", {"bass_guitar", "double_bass"}),
        ("OH_L", {"drums_kit", "cymbals"}),
        ("Strings", {"strings"}),
        ("Track 12", set()),
        ("", set()),
        ("Ambassador", set()),
    ],
)
def test_words_point_at_classes(name: str, classes: set[str]) -> None:
    assert classes_of(name) == classes
    assert classes <= set(CLASSES)


def test_a_hint_raises_the_odds_and_no_more() -> None:
    guesses = (Guess("snare", 0.5), Guess("vocals_male", 0.3), Guess("synth", 0.2))

    hinted = with_name(guesses, "Lead Vocal")

    odds = {guess.label: guess.confidence for guess in hinted}
    assert hinted[0].label == "vocals_male"
    assert sum(odds.values()) == pytest.approx(1.0)
    assert odds["vocals_male"] / odds["snare"] == pytest.approx(ODDS * 0.3 / 0.5)
    assert odds["synth"] / odds["snare"] == pytest.approx(0.2 / 0.5)


def test_what_is_certain_by_ear_stays() -> None:
    guesses = (Guess("kick", 0.95), Guess("vocals_male", 0.05))
    assert with_name(guesses, "Vocal")[0].label == "kick"


def test_a_name_that_says_nothing_changes_nothing() -> None:
    guesses = (Guess("kick", 0.6), Guess("snare", 0.4))
    assert with_name(guesses, "Audio 7") == guesses
