"""Slips of the finger: what is corrected, what is left alone, and that it is always said."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import descriptors
from models.words.slips import MIN_TWO_SLIPS, MIN_TYPED, Slips

KNOWN = ("muddy", "boxy", "bright", "heft", "hiss", "sibilance", "definition", "dark")


@pytest.fixture(scope="module")
def slips() -> Slips:
    return Slips(KNOWN)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mudddy", "muddy"),
        ("mudy", "muddy"),
        ("mubdy", "muddy"),
        ("mduddy", "muddy"),
        ("umddy", "muddy"),
        ("nuddy", "muddy"),
        ("birght", "bright"),
        ("sibilense", "sibilance"),
        ("defintoin", "definition"),
    ],
)
def test_a_letter_missing_added_wrong_or_swapped_is_corrected(
    slips: Slips, typed: str, meant: str
) -> None:
    assert slips.meant(typed) == meant


@pytest.mark.parametrize("typed", ["mud", "his", "muddier", "brxxht", "zibilense", "", "darkness"])
def test_short_words_and_words_far_from_any_are_left_alone(slips: Slips, typed: str) -> None:
    assert slips.meant(typed) is None


def test_the_first_letter_counts_most_and_then_the_letters() -> None:
    assert Slips(["cold", "bold"]).meant("bolt") == "bold"
    assert Slips(["cold", "bold"]).meant("colt") == "cold"
    assert Slips(["trial", "trills"]).meant("trail") == "trial"
    assert Slips(["tight", "light"]).meant("right") == "light", "else the first in the alphabet"


@given(st.text(string.ascii_lowercase, max_size=14))
@settings(max_examples=300, deadline=None)
def test_what_is_corrected_is_as_few_slips_away_as_is_allowed(typed: str) -> None:
    meant = Slips(KNOWN).meant(typed)
    if meant is not None:
        assert len(typed) >= MIN_TYPED
        allowed = 2 if len(typed) >= MIN_TWO_SLIPS else 1
        assert _slips(typed, meant) <= allowed
    elif len(typed) >= MIN_TYPED:
        assert all(_slips(typed, other) > 1 for other in KNOWN)


def _slips(word: str, other: str) -> int:
    """Return the distance in slips: the plain recursion of Damerau 1964, as a second opinion."""
    rows = [list(range(len(other) + 1))]
    for place, letter in enumerate(word, start=1):
        row = [place]
        for at, wanted in enumerate(other, start=1):
            best = min(rows[-1][at] + 1, row[-1] + 1, rows[-1][at - 1] + (letter != wanted))
            if place > 1 and at > 1 and letter == other[at - 2] and wanted == word[place - 2]:
                best = min(best, rows[-2][at - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@pytest.mark.parametrize(
    ("text", "name", "note"),
    [
        ("less mudddy", "mud", "'mudddy' was read as 'muddy'."),
        ("more soothng", "soothing", "'soothng' was read as 'soothing'."),
        ("un poco mas brilante", "bright", "'brilante' was read as 'brillante'."),
        ("less sibilense", "sibilance", "'sibilense' was read as 'sibilance'."),
        ("brighter vocasl", "bright", "'vocasl' was read as 'vocals'."),
    ],
)
def test_a_correction_is_said(text: str, name: str, note: str) -> None:
    """Regression: slips for words of the table, and for instruments, were corrected silently."""
    found = descriptors.explain(text)
    assert [part.name for part in found.parts] == [name]
    assert note in found.notes


@pytest.mark.parametrize("word", ["left", "hits", "worm", "beat", "from", "ward", "dull"])
def test_a_word_of_the_language_is_never_corrected(word: str) -> None:
    """Whatever it asks for, it does as itself."""
    assert not any("was read as" in note for note in descriptors.explain(word).notes)
