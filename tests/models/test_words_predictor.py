"""The word predictor: kernels, fitting, the thesaurus, and that held-out words stay held out."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.eq import Band, BandKind
from models.training import evaluate_words_again, words_choice, words_data, words_space, words_walks
from models.training.evaluate_words import LOOKED_AT
from models.training.words_choice import FORMS, GRID, SEVERAL, Form
from models.training.words_data import Drawings
from models.training.words_predictor import Regression, Settings, fit
from models.training.words_space import Shares, Space
from models.training.words_terms import SIZE, Terms
from models.words.lexicon import Term

WORDS = tuple(f"word{number}" for number in range(60))
NO_TERMS = Terms({})


def space(rng: np.random.Generator) -> Space:
    vectors = rng.standard_normal((len(WORDS), 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    second = vectors[:, ::-1]
    none = csr_matrix(np.eye(len(WORDS)))
    return Space({w: i for i, w in enumerate(WORDS)}, vectors, second, none, none, none, WORDS, {})


def drawn(words: tuple[str, ...], curves: np.ndarray) -> Drawings:
    count = len(words)
    return Drawings(words, ("",) * count, ("7",) * count, np.full(count, 0.9), curves)


@pytest.mark.parametrize("shares", [Shares(), Shares(0.0, 0.0, 0.0), Shares(1.0, 0.25, 0.4, 0.5)])
def test_kernels_are_likenesses(shares: Shares) -> None:
    likeness = space(np.random.default_rng(1)).kernel(WORDS, WORDS, shares)
    np.testing.assert_allclose(np.diag(likeness), 1.0, atol=1e-6)
    np.testing.assert_allclose(likeness, likeness.T, atol=1e-12)
    assert np.linalg.eigvalsh(likeness).min() > -1e-9


def test_several_regressions_are_their_mean() -> None:
    rng = np.random.default_rng(6)
    meaning, curves = space(rng), rng.standard_normal((60, 40))
    ones = (
        Regression(Shares(0.0, 0.5, 0.2), 0.6, 3.0),
        Regression(Shares(1.0, 0.25, 0.0), 1.0, 1.0),
    )
    both, *each = (
        fit(meaning, drawn(WORDS, curves), Settings(some), NO_TERMS)(WORDS)
        for some in (ones, ones[:1], ones[1:])
    )
    np.testing.assert_allclose(both, np.mean(each, axis=0), atol=1e-9)


def test_terms_count_by_their_share() -> None:
    boom = Term("boom", (Band(BandKind.BELL, 110.0, 5.0, 1.0),))
    terms = Terms({"boom": boom})
    curves = np.zeros((2, 40))
    found = terms.blended(["boomy", "green"], curves, 0.5)
    assert found[0].std() == pytest.approx(0.5 * SIZE)
    assert not found[1].any()
    assert not curves.any()


def test_unseen_words_are_predicted_from_what_they_mean() -> None:
    rng = np.random.default_rng(2)
    meaning = space(rng)
    curves = meaning.vectors[:, :2] @ rng.standard_normal((2, 40))
    seen, unseen = WORDS[:45], WORDS[45:]
    plain = Settings((Regression(Shares(0.0, 0.0, 0.0), 0.01, 0.01),), 1.0)
    model = fit(meaning, drawn(seen, curves[:45]), plain, NO_TERMS)
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
        np.abs(fit(meaning, data, Settings(), NO_TERMS)(WORDS[:1]) - curves[:1]).mean()
        for data in (sure, unsure)
    ]
    assert errors[1] < errors[0]


def test_forms_and_settings_are_chosen_on_held_out_words(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    curves = rng.standard_normal((len(WORDS), 40))
    monkeypatch.setattr(words_choice, "split", _split_without_data)
    found = words_choice.choices(space(rng), drawn(WORDS, curves), NO_TERMS)
    flat = words_data.mean_absolute_error(np.zeros_like(curves), curves)
    best = words_choice.best_of(found)
    assert best.error > 0.97 * flat, "pure noise cannot be predicted for words that were held out"
    assert best.likeness == max(choice.likeness for choice in found.values())
    assert all(form.has(one) for form in FORMS for one in found[form].settings.regressions)


def test_every_form_has_regressions_and_the_wider_ones_have_those_of_the_narrower() -> None:
    has = {form: {one for one in GRID if form.has(one)} for form in FORMS}
    assert all(has.values())
    alone, *wider = (has[form] for form in FORMS if form.several == SEVERAL and form.terms)
    assert not any(one.shares.thesaurus for one in alone)
    for narrow, wide in pairwise(wider):
        assert narrow < wide
    assert set(LOOKED_AT) <= set(FORMS)
    assert "walks" in str(Form(("walks",), 1, terms=True))


def test_test_words_dealt_anew_are_each_tested_once(data_dir: Path) -> None:
    data = words_data.drawings(data_dir / "descriptors")
    first, again, other = (evaluate_words_again.dealt(data, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert sum(len(words) for words in first) == len(frozenset().union(*first)) == 110


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


def test_walks_meet_with_the_sign_of_what_lies_between(tmp_path: Path) -> None:
    path = tmp_path / "th.dat"
    path.write_text(THESAURUS)
    ends = words_walks.ends(("warm", "hot", "chilly", "green"), words_data.thesaurus(path))
    likeness = (ends @ ends.T).toarray()
    np.testing.assert_allclose(np.diag(likeness), 1.0)
    assert likeness[0, 1] > 0.0 > likeness[1, 2], "hot and chilly meet at warm and its antonym"
    np.testing.assert_allclose(likeness[3], (0.0, 0.0, 0.0, 1.0))


def test_only_the_strongest_ends_of_walks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_walks, "KEPT", 2)
    like = frozenset(f"word{number}" for number in range(9))
    ends = words_walks.ends(("warm",), {"warm": (like, frozenset())})
    assert ends.nnz == 2


def test_opposites_are_unlike_in_the_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("warm", "cool", "chilly", "hot")
    vectors = np.random.default_rng(5).standard_normal((4, 3, 8))
    both = {"vectors": vectors, "second": vectors[:, :2], "adjectives": np.array(["warm"])}
    np.savez(tmp_path / words_space.VECTORS, words=np.array(words), listed=3, **both)
    (tmp_path / words_space.THESAURUS).write_text(THESAURUS)
    (tmp_path / words_space.VOCABULARY).write_text("warm\n##ish\n")
    monkeypatch.setenv("REATONE_WORDS", str(tmp_path))
    loaded = words_space.load()
    assert loaded.listed == words[:3]
    related = (loaded.related @ loaded.related.T).toarray()
    assert related[0, 3] > 0.0 > related[0, 1]
    assert related[0, 2] < 0.0 < related[1, 2]
    letters = (loaded.letters @ loaded.letters.T).toarray()
    np.testing.assert_allclose(np.diag(letters), 1.0)


def test_missing_vectors_name_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REATONE_WORDS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="words_vectors"):
        words_space.load()
