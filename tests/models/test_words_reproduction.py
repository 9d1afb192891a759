"""What the paper's table is made again with: its network, PCM, and vectors from packages."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from models.training import words_embeddings, words_table3
from models.training.words_data import Drawings
from models.training.words_pcm import mean_pcm, pcm, word_means_of

PLACES = np.arange(40.0)
FIRST, SECOND = np.sin(PLACES / 6.0), 0.5 * np.cos(PLACES / 9.0) + 0.1


def test_pcm_is_that_of_the_package() -> None:
    """Values of similaritymeasures 0.4.4, which depend on the curve that comes first."""
    assert pcm(FIRST, SECOND) == pytest.approx(3.555852518472955)
    assert pcm(SECOND, FIRST) == pytest.approx(7.1121499899443394)


def test_pcm_of_a_curve_with_itself_is_none_and_of_a_flat_one_without_bound() -> None:
    assert pcm(FIRST, FIRST) == pytest.approx(0.0, abs=1e-9)
    assert pcm(0.0 * FIRST, SECOND) == float("inf")
    both = np.array([FIRST, SECOND])
    expected = (pcm(FIRST, SECOND) + pcm(SECOND, FIRST)) / 2
    assert mean_pcm(both, both[::-1]) == pytest.approx(expected)


def test_spacy_keys_are_read() -> None:
    """The key of "coffee" is in spaCy's own documentation."""
    assert words_embeddings._hashed(b"coffee") == 3197928453018144401
    packed = b"\x83\x05\x07" + b"\xcf" + struct.pack(">Q", 2**60) + b"\xcd\x01\x00" + b"\x01\xff"
    assert dict(words_embeddings._unpacked(packed)) == {5: 7, 2**60: 256, 1: -1}


def test_vectors_that_are_not_there_name_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REATONE_WORDS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="words_embeddings"):
        words_embeddings.load("glove-6b-100d")


WORDNET = {
    "adj": "  1 a licence line\nwarm a 2 1 & 2 2 0001 0002\nlight a 1 1 & 1 1 0003\n",
    "noun": "light n 3 1 @ 3 3 0004 0005 0006\nroom n 1 1 @ 1 1 0007\n",
    "verb": "warm v 1 1 @ 1 0 0008\n",
    "adv": "",
}


def test_words_are_listed_and_adjectives_told(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from models.training import words_vectors

    for part, text in WORDNET.items():
        (tmp_path / f"index.{part}").write_text(text)
    frequent = tmp_path / "frequent.json"
    frequent.write_text('{"room": [1], "light": [2], "of": [3], "warm": [4]}')
    assert words_vectors.describing(tmp_path) == {"warm"}
    assert words_vectors.listed_words(frequent, tmp_path) == ["room", "light", "warm"]
    assert words_vectors.listed_words(frequent, tmp_path, 2) == ["light", "warm"]


def test_the_papers_network_learns_and_stops_at_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    import torch

    from models.training import words_mlp

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((64, 4))
    curves = np.tile(np.sin(PLACES / 6.0), (64, 1))
    task = words_mlp.Task((inputs, curves), (inputs, curves), inputs)
    ((found, update),) = words_mlp.train([task], 100, seed=0)
    assert np.abs(found - curves).mean() < 0.9 * np.abs(curves).mean()
    assert update % words_mlp.WATCH_EVERY == 0
    monkeypatch.setattr(words_mlp, "PATIENCE", 0)
    hopeless = words_mlp.Task((inputs, curves), (inputs, -curves), inputs)
    ((_, early),) = words_mlp.train([hopeless], 100, seed=0)
    assert early < update


def test_rows_and_columns_of_the_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from models.training import train_words_mlp

    monkeypatch.setattr(words_table3, "RESULTS", tmp_path / "rows.json")
    assert words_table3.read() == {}
    rows = Drawings(("a", "a", "b"), ("",) * 3, ("7",) * 3, np.full(3, 0.9), np.eye(3, 40))
    means = word_means_of(rows)
    np.testing.assert_allclose(means[0], (np.eye(3, 40)[0] + np.eye(3, 40)[1]) / 2)
    np.testing.assert_allclose(means[2], np.eye(3, 40)[2])
    figures = train_words_mlp._figures([(rows.curves, 25), (rows.curves, 50)], [rows, rows])
    assert figures["r"] == 1.0
    text = words_table3.as_text({"glove-6b-100d": {"as published": figures}})
    assert ".798 (300d)" in text
    assert "0.000 ± 0.000" in text
