"""The shipped table: its size, its words, and what is done about words that are not in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models import descriptors
from models.resources import weights_path
from models.training import words_data
from models.training.words_table import Row, pack
from models.words import table
from models.words.pieces import cut, cut_text, plain
from models.words.table import Table


@pytest.fixture(scope="module")
def shipped() -> Table:
    found = table.shipped()
    assert found is not None, "the table of words is part of the product"
    return found


def test_the_table_is_small_and_has_many_words(shipped: Table) -> None:
    assert weights_path(table.FILE).stat().st_size <= 8_000_000
    assert len(shipped.index) >= 16_000
    assert len(shipped.known()) >= 700


def test_known_words_are_what_people_drew(shipped: Table) -> None:
    for brighter, darker in (("bright", "dark"), ("tinny", "heavy"), ("agudo", "oscuro")):
        low_first, high_first = (shipped.find(word) for word in (darker, brighter))
        assert low_first is not None
        assert high_first is not None
        assert high_first.unit_curve[20:34].mean() > 0.2 > low_first.unit_curve[20:34].mean()
        assert high_first.kind == "known"
        assert high_first.people > 1
        assert 0.3 < high_first.spread < 1.5


def test_words_of_like_meaning_have_like_curves(shipped: Table) -> None:
    def alike(first: str, second: str) -> float:
        a, b = (shipped.find(word) for word in (first, second))
        assert a is not None
        assert b is not None
        return float(np.corrcoef(a.unit_curve, b.unit_curve)[0, 1])

    assert alike("silvery", "shiny") > 0.5
    assert alike("somber", "gloomy") > 0.5
    assert alike("silvery", "gloomy") < 0.0


def test_a_word_that_is_not_there_is_guessed_from_its_parts(shipped: Table) -> None:
    found = shipped.guess("creamyish")
    assert found is not None
    assert found.kind == "guessed"
    assert found.unit_curve.shape == (40,)


@pytest.mark.parametrize("word", ["asdfgh", "xqzjk", "qwrtzp", "bbbbbbb", "z" * 50])
def test_gibberish_is_not_guessed(shipped: Table, word: str) -> None:
    assert shipped.guess(word) is None
    assert descriptors.explain(word).unknown == (word[:40],)


def test_the_source_of_each_word_is_told() -> None:
    said = descriptors.explain("velvety, melancholic, muddy").as_text()
    assert "drawn by 1 person" in said
    assert "predicted" in said
    assert "muddy 80-400" in said


def test_a_predicted_word_that_says_nothing_about_sound_is_not_understood() -> None:
    assert descriptors.explain("november").unknown == ("november",)


def test_centre_frequencies_are_those_of_the_data(data_dir: Path) -> None:
    listed = json.loads((data_dir / "descriptors" / "bands40.json").read_text())
    np.testing.assert_allclose(table.band_centres_hz(), listed["exact_hz"], rtol=1e-4)


def test_packing_keeps_curves_and_learns_pieces() -> None:
    rng = np.random.default_rng(0)
    shapes = rng.standard_normal((4, 40))
    words = ["bright", "brightish", "dark", "darkish", "warm"]
    rows = [
        Row(word, rng.standard_normal(4) @ shapes, 0.5, number, "known" if number else "predicted")
        for number, word in enumerate(words)
    ]
    packed = table.unpacked(pack(rows, ["bright", "dark", "warm", "##ish", "[UNK]", "'"]))
    for row in rows:
        entry = packed.find(row.word)
        assert entry is not None
        np.testing.assert_allclose(entry.unit_curve, row.curve, atol=0.06)
        assert (entry.people, entry.kind, entry.spread) == (row.people, row.kind, 0.5)
    assert packed.find("green") is None
    guessed = packed.guess("warmish")
    assert guessed is not None
    learned = packed.guessed_curve([packed.vocabulary["warm"]])
    np.testing.assert_allclose(learned, rows[-1].curve, atol=0.3)


def test_words_are_cut_at_the_longest_pieces() -> None:
    vocabulary = {"boom": 0, "##y": 1, "boo": 2, "##m": 3}
    assert cut("boomy", vocabulary) == [0, 1]
    assert cut("boox", vocabulary) == []
    assert cut_text("Boom, bóomy!", vocabulary, 9) == [0, 9, 0, 1, 9]
    assert plain("CÁLIDO") == "calido"


def test_no_test_word_is_in_a_folds_training_rows(data_dir: Path) -> None:
    data = words_data.drawings(data_dir / "descriptors")
    sizes = []
    for words in words_data.folds(data_dir / "descriptors"):
        training, test = words_data.split(data, words)
        assert not set(training.words) & words
        assert set(test.words) <= words
        assert test.english.all()
        sizes.append((int(training.english.sum()), len(test.words)))
    assert sizes == [(792, 38), (799, 40), (707, 59), (773, 52)]
