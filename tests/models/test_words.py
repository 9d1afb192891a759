"""Words: algebra of phrases, files of words, and every kind of text people may type."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import descriptors
from models.eq import BandKind
from models.spectrum import GRID_HZ
from models.words import lexicon
from models.words.dictionary import Dictionary
from models.words.fit import said_of
from models.words.meaning import understand
from models.words.reading import MOST_TOKENS

WORDS = (
    "mud",
    "bass",
    "treble",
    "air",
    "presence",
    "boom",
    "telephone",
    "barro",
    "velvety",
    "melancholic",
)


def curve(text: str) -> np.ndarray:
    return descriptors.explain(text).curve_db


@pytest.mark.parametrize("word", WORDS)
def test_less_is_the_mirror_of_more(word: str) -> None:
    np.testing.assert_allclose(curve(f"less {word}"), -curve(f"more {word}"), atol=1e-6)


def test_every_form_of_every_term_is_understood_and_mirrored() -> None:
    """Regression: a small word of the grammar hid "knock" and "cutting"."""
    for form in descriptors.dictionary().terms:
        more, less = (descriptors.explain(f"{sign} {form}") for sign in ("more", "less"))
        assert more.parts, form
        np.testing.assert_allclose(more.curve_db, -less.curve_db, atol=1e-6, err_msg=form)


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("slightly brighter", "a bit brighter"),
        ("a bit brighter", "brighter"),
        ("brighter", "much brighter"),
        ("much brighter", "twice as bright"),
        ("20 % less mud", "less mud"),
        ("un poco menos de graves", "menos graves"),
        ("not too bright", "too bright"),
    ],
)
def test_degrees_order_the_strength(weaker: str, stronger: str) -> None:
    assert 0.0 < np.abs(curve(weaker)).max() < np.abs(curve(stronger)).max()


def test_amounts_are_what_they_say() -> None:
    few = descriptors.explain("20 % brighter").parts[0]
    many = descriptors.explain("twice as bright").parts[0]
    assert few.strength == pytest.approx(0.2)
    assert many.strength == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("text", "freq_hz", "gain_db"),
    [
        ("+2 dB at 3 kHz", 3000.0, 2.0),
        ("-3.5dB @ 250hz", 250.0, -3.5),
        ("cut 300 Hz by 4 dB", 300.0, -4.0),
        ("boost 1,5 kHz by 2,5 dB", 1500.0, 2.5),
        ("minus 2 dB at 800", 800.0, -2.0),
    ],
)
def test_decibels_at_a_frequency_are_exact(text: str, freq_hz: float, gain_db: float) -> None:
    (band,) = descriptors.explain(text).bands
    assert (band.freq_hz, band.gain_db) == (freq_hz, gain_db)


@pytest.mark.parametrize(
    ("text", "kind", "gain_db"),
    [
        ("high shelf +3 dB at 8 kHz", BandKind.HIGH_SHELF, 3.0),
        ("low shelf -2 dB at 100 Hz", BandKind.LOW_SHELF, -2.0),
        ("take 2 dB off at 400 Hz", BandKind.BELL, -2.0),
        ("2 dB below 100 Hz", BandKind.LOW_SHELF, 2.0),
        ("roll off everything under 100 hertz", BandKind.HIGH_PASS, 0.0),
        ("lpf at 12k", BandKind.LOW_PASS, 0.0),
    ],
)
def test_filters_are_of_the_kind_that_was_said(text: str, kind: BandKind, gain_db: float) -> None:
    (band,) = descriptors.explain(text).bands
    assert (band.kind, band.gain_db) == (kind, gain_db)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("make the guitar sound like it's coming through an old radio", ["more radio"]),
        ("the vocals are buried", ["less veiled"]),
        ("get rid of that boxy sound", ["less boxy"]),
        ("the low mids are cluttered", ["less mud"]),
        ("demasiados graves, no tan oscuro", ["less bass", "less dark"]),
        ("la guitarra suena apagada", ["less dull"]),
        ("it lacks definition but keep the air", ["more definition", "keep air"]),
    ],
)
def test_whole_sentences_are_understood(text: str, said: list[str]) -> None:
    found = descriptors.explain(text)
    assert [part.as_text() for part in found.parts] == said
    assert not found.unknown


def test_one_gain_serves_two_frequencies() -> None:
    bands = descriptors.explain("+3 dB at 100 Hz and 5 kHz").bands
    assert [(band.freq_hz, band.gain_db) for band in bands] == [(100.0, 3.0), (5000.0, 3.0)]


def test_decibels_of_a_word_are_its_peak() -> None:
    found = descriptors.explain("3 dB less bass")
    assert np.abs(found.exact_db).max() == pytest.approx(3.0)
    assert not found.relative_db.any()


def test_each_instrument_gets_its_own_part() -> None:
    found = descriptors.explain("brighter vocals and warmer guitar, less hiss")
    vocals = said_of(found, frozenset({"vocals_female"})).parts
    guitar = said_of(found, frozenset({"guitar_acoustic"})).parts
    assert [part.name for part in vocals] == ["bright"]
    assert [part.name for part in guitar] == ["warm", "hiss"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("more bass", ["bass"]),
        ("make the bass brighter", ["bright"]),
        ("more bass on the vocal", ["bass"]),
        ("boost the bass and the treble", ["bass", "treble"]),
    ],
)
def test_bass_is_a_region_or_an_instrument(text: str, names: list[str]) -> None:
    assert [part.name for part in descriptors.explain(text).parts] == names


def test_joined_words_take_over_what_was_meant_for_both() -> None:
    def directions(text: str) -> list[int]:
        return [part.direction for part in descriptors.explain(text).parts]

    assert directions("less muddy and boomy") == [-1, -1]
    assert directions("less muddy and warm") == [-1, 1]
    assert directions("not harsh or thin") == [-1, -1]
    assert directions("less muddy but bright") == [-1, 1]


def test_opposites_are_pointed_out() -> None:
    assert "pull against each other" in descriptors.explain("brighter and darker").as_text()
    many = descriptors.explain(
        "bright, dark, brilliant, dull, more treble, less treble, more muffled"
    )
    told = [note for note in many.notes if "pull against" in note]
    assert 2 < len(set(told)) == len(told) < 6
    assert told[-1].startswith("Other words")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the snare has an annoying ring around 800 Hz, notch it out", ["-9.0 dB at 800 Hz"]),
        ("boomy around 120 Hz, cut 3 dB", ["-3.0 dB at 120 Hz"]),
        ("take 3 dB of low end out", ["bass: -3.0 dB"]),
        ("pull out 2 or 3 dB around 350 Hz", ["-2.5 dB at 350 Hz"]),
        ("minus four dB at 250 hertz", ["-4.0 dB at 250 Hz"]),
        ("shelf up 3 dB at 80 Hz", ["+3.0 dB below 80 Hz"]),
        ("it's muddy when he hits the low strings", ["less mud"]),
        ("the kick has no click", ["more click"]),
        ("it sounds cheap and harsh", ["less small", "less harsh"]),
        ("it sounds very dark, needs treble", ["less dark × 1.5", "more treble"]),
        ("clean up the mud in the low mids", ["less mud"]),
        ("push the vocal back", ["more distant"]),
    ],
)
def test_what_is_to_be_done_is_found_in_talk(text: str, said: list[str]) -> None:
    assert [part.as_text() for part in descriptors.explain(text).parts] == said


def test_what_is_well_is_kept() -> None:
    found = descriptors.explain("the lows are fine but the highs are too much")
    assert [(part.name, part.direction) for part in found.parts] == [("bass", 0), ("treble", -1)]


def test_but_not_is_a_limit_and_no_undoing() -> None:
    at_8k = int(np.argmin(np.abs(GRID_HZ - 8000.0)))
    assert curve("darker")[at_8k] < curve("darker, but not muffled")[at_8k] < 0.0


def test_what_no_equaliser_does_is_said() -> None:
    found = descriptors.explain("warmer, and add some reverb")
    assert [part.name for part in found.parts] == ["warm"]
    assert "'reverb' is no matter of an EQ." in found.notes
    assert not descriptors.explain("more compression").parts


def test_things_named_by_the_way_do_not_count_and_are_told() -> None:
    """Such words used to move the EQ: "the plosives are killing me" asked for more "killing"."""
    found = descriptors.explain("the plosives are killing me")
    assert [part.as_text() for part in found.parts] == ["less plosives"]
    assert any("killing" in note for note in found.notes)


def test_a_word_is_no_slip_for_another() -> None:
    """Regression: "left" was read as "heft", "hits" as "hiss"."""
    assert not descriptors.explain("left").parts
    assert not descriptors.explain("hits").parts


def test_slips_of_the_finger_are_read_and_said() -> None:
    found = descriptors.explain("less mudddy")
    assert [part.name for part in found.parts] == ["mud"]
    assert "'mudddy'" in found.as_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "asdfgh",
        "qqqq wwww",
        "🔥",
        "🔥" * 5000,
        "\x00\x07",
        "١٢٣",
        "%%% %",
        "+",
        "-",
        "dB",
    ],
)
def test_what_makes_no_sense_changes_nothing_and_says_so(text: str) -> None:
    found = descriptors.explain(text)
    assert not found.parts
    assert not found.curve_db.any()
    assert "Nothing was" in found.as_text()


def test_an_unknown_word_among_known_ones_is_named() -> None:
    found = descriptors.explain("warmer and xqzjk")
    assert [part.name for part in found.parts] == ["warm"]
    assert found.unknown == ("xqzjk",)


@pytest.mark.parametrize("text", ["brighter, ", "warm and ", "velvetty ", "\ufdfa ", "a's "])
def test_a_text_without_end_is_read_up_to_a_limit(text: str) -> None:
    found = descriptors.explain(text * 2000)
    assert "beginning was read" in found.as_text()
    assert len(found.parts) <= MOST_TOKENS
    assert np.abs(found.curve_db).max() <= 12.0


def test_what_is_read_of_a_long_text_is_its_beginning() -> None:
    found = descriptors.explain("less muddy, " + "and so on " * 1000 + "more bass")
    assert [part.as_text() for part in found.parts] == ["less mud"]
    longest = "less muddy" + " please" * (MOST_TOKENS - 2)
    assert "beginning was read" not in descriptors.explain(longest).as_text()
    assert "beginning was read" in descriptors.explain(longest + " please").as_text()


def test_a_word_may_be_said_again_however_much_was_said_between() -> None:
    """Regression: a word looked up anew, after thousands of others, could not be compared."""
    words = descriptors.dictionary()
    first = words.find(["melancholic"])
    words._typed.clear()
    again = words.find(["melancholic"])
    assert [first, again].index(again) == 1


def test_only_the_mention_that_is_asked_for_counts() -> None:
    """Regression: the sign before a word's first mention was taken for that before its second."""
    found = descriptors.explain("velvet, warm and more velvet")
    assert [part.as_text() for part in found.parts] == ["more warm", "more velvet"]


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_gets_an_answer(text: str) -> None:
    found = descriptors.explain(text)
    assert np.isfinite(found.curve_db).all()
    assert found.as_text()
    assert found.as_json()["text"] == text


@given(
    st.lists(
        st.sampled_from(
            re.split(
                r"\s",
                "more less not too and but , +2 3k at 80 dB bass warm muddy a bit keep the vocal "
                "enough below between % - cut high pass",
            )
        ),
        max_size=14,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_order_of_known_words_gets_an_answer(words: list[str]) -> None:
    found = descriptors.explain(" ".join(words))
    assert np.isfinite(found.curve_db).all()
    assert np.abs(found.relative_db).max() <= 12.0


def test_the_curve_is_given_at_any_frequencies() -> None:
    freqs_hz = np.array([0.0, 20.0, 100.0, 1000.0, 22050.0])
    assert descriptors.curve("more bass", freqs_hz).shape == freqs_hz.shape
    np.testing.assert_allclose(descriptors.curve("more bass", GRID_HZ), curve("more bass"))


OWN = """\
reatone: 1
kind: words
name: Mine
words:
  {word}: {{also: [glorky], bands: [{{kind: {kind}, freq_hz: 900, gain_db: {gain}}}]}}
"""


def own_words(folder: Path, word: str = "glork", kind: str = "bell", gain: str = "4") -> Path:
    path = folder / "mine.yaml"
    path.write_text(OWN.format(word=word, kind=kind, gain=gain))
    return path


def test_users_add_and_override_words(tmp_path: Path) -> None:
    shipped = lexicon.load_all([], [own_words(tmp_path)])
    found = understand("less glorky", Dictionary(shipped))
    assert [(part.name, part.kind) for part in found.parts] == [("glork", "user")]
    ours = Path(__file__).parents[2] / "presets" / "words" / "engineers.yaml"
    warm = lexicon.load_all([ours], [own_words(tmp_path, word="warm")])
    at_900 = int(np.argmin(np.abs(GRID_HZ - 900.0)))
    for form in ("warm", "warmer", "calido"):
        assert understand(form, Dictionary(warm)).curve_db.argmax() == at_900


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "high_pass"}, "needs a gain"),
        ({"kind": "bell, gain: 4"}, "no field 'gain'"),
        ({"kind": "bell, freq: 4"}, "no field 'freq'"),
        ({"kind": "wiggle"}, "wiggle"),
        ({"gain": "99"}, "at most 24 dB"),
        ({"gain": "loud"}, "loud"),
    ],
)
def test_a_wrong_file_of_words_is_named(tmp_path: Path, change: dict[str, str], said: str) -> None:
    path = own_words(tmp_path, **change)
    with pytest.raises(lexicon.WordsError, match=r"mine\.yaml.*glork") as caught:
        lexicon.load(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "[", "reatone: 2", "reatone: 1\nkind: eq", "- 1", "\xff"])
def test_a_file_that_is_none_of_words_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(lexicon.WordsError, match=r"odd\.yaml"):
        lexicon.load(path)


def test_every_engineers_word_is_cited_and_moves_something() -> None:
    path = Path(__file__).parents[2] / "presets" / "words" / "engineers.yaml"
    for term in set(lexicon.load(path).values()):
        assert term.source, term.name
        assert 2.0 <= np.abs(term.curve_db).max() <= 13.0, term.name
