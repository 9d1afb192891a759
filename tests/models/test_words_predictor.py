"""The word predictor: kernels, fitting, the thesaurus, and that held-out words stay held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.training import words_data, words_predictor, words_space
from models.training.words_data import Drawings
from models.training.words_predictor import Settings, fit
from models.training.words_space import Space

WORDS = tuple(f"word{number}" for number in range(60))


def space(rng: np.random.Generator) -> Space:
    vectors = rng.standard_normal((len(WORDS), 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    related = csr_matrix(np.eye(len(WORDS)))
    return Space({w: i for i, w in enumerate(WORDS)}, vectors, related, WORDS, {})


def drawn(words: tuple[str, ...], curves: np.ndarray) -> Drawings:
    count = len(words)
    return Drawings(words, ("",) * count, ("7",) * count, np.full(count, 0.9), curves)


@pytest.mark.parametrize("shape", words_space.SHAPES)
def test_kernels_are_likenesses(shape: str) -> None:
    likeness = space(np.random.default_rng(1)).kernel(WORDS, WORDS, shape, 0.5)
    np.testing.assert_allclose(np.diag(likeness), 1.0, atol=1e-6)
    np.testing.assert_allclose(likeness, likeness.T, atol=1e-12)
    assert np.linalg.eigvalsh(likeness).min() > -1e-9


def test_unseen_words_are_predicted_from_what_they_mean() -> None:
    rng = np.random.default_rng(2)
    meaning = space(rng)
    curves = meaning.vectors[:, :2] @ rng.standard_normal((2, 40))
    seen, unseen = WORDS[:45], WORDS[45:]
    plain = Settings("linear", 0.0, 0.01, 0.01, 1.0)
    model = fit(meaning, drawn(seen, curves[:45]), plain)
    error = words_data.mean_absolute_error(model(unseen), curves[45:])
    assert error < 0.5 * words_data.mean_absolute_error(0.0 * curves[45:], curves[45:])


def test_a_noisy_word_pulls_less() -> None:
    rng = np.random.default_rng(3)
    meaning = space(rng)
    curves = meaning.vectors[:, :1] @ rng.standard_normal((1, 40))
    odd = np.concatenate([curves, -5.0 * curves[:1]])
    rows = drawn((*WORDS, WORDS[0]), odd)
    sure = Drawings(rows.words, rows.spanish, rows.audio, np.full(61, 0.9), odd)
    unsure = Drawings(rows.words, rows.spanish, rows.audio, np.array([0.9] * 60 + [0.0]), odd)
    errors = [
        np.abs(fit(meaning, data, Settings())(WORDS[:1]) - curves[:1]).mean()
        for data in (sure, unsure)
    ]
    assert errors[1] < errors[0]


def test_settings_are_chosen_on_held_out_words(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    curves = rng.standard_normal((len(WORDS), 40))
    monkeypatch.setattr(words_predictor, "split", _split_without_data)
    _, error = words_predictor.choose(space(rng), drawn(WORDS, curves))
    flat = words_data.mean_absolute_error(np.zeros_like(curves), curves)
    assert error > 0.97 * flat, "pure noise cannot be predicted for words that were held out"


def _split_without_data(data: Drawings, held: frozenset[str]) -> tuple[Drawings, Drawings]:
    return data.where(~data.of(held)), data.where(data.of(held))


THESAURUS = """\
UTF-8
warm|1
(adj)|hot|warmish (similar term)|heat (generic term)|cool (antonym)
cool|1
(adj)|chilly
"""


def test_the_thesaurus_knows_like_from_opposite(tmp_path: Path) -> None:
    path = tmp_path / "th.dat"
    path.write_text(THESAURUS)
    found = words_data.thesaurus(path)
    assert found["warm"] == (frozenset({"hot", "warmish"}), frozenset({"cool"}))


def test_opposites_are_unlike_in_the_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("warm", "cool", "chilly", "hot")
    vectors = np.random.default_rng(5).standard_normal((4, 3, 8))
    np.savez(tmp_path / words_space.VECTORS, words=np.array(words), vectors=vectors, listed=3)
    (tmp_path / words_space.THESAURUS).write_text(THESAURUS)
    (tmp_path / words_space.VOCABULARY).write_text("warm\n##ish\n")
    monkeypatch.setenv("REATONE_WORDS", str(tmp_path))
    loaded = words_space.load()
    assert loaded.listed == words[:3]
    related = (loaded.related @ loaded.related.T).toarray()
    assert related[0, 3] > 0.0 > related[0, 1]
    assert related[0, 2] < 0.0 < related[1, 2]


def test_missing_vectors_name_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REATONE_WORDS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="words_vectors"):
        words_space.load()
