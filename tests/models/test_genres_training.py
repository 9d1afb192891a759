"""What the genre classifier and targets are made from, and how they are judged."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import cepstra, genres, target_files
from models.genre_targets import FOLDER
from models.resources import presets_dir
from models.spectrum import GRID_HZ
from models.training import (
    build_genre_targets,
    discriminant,
    fit_genres,
    genre_data,
    genre_parts,
)
from models.training.corpus import Recording
from models.training.genre_matchering import pairs
from models.training.scores import probabilities


@given(st.integers(2, 6), st.integers(0, 1000))
def test_folds_are_runs_of_neighbours_of_nearly_equal_size(parts: int, seed: int) -> None:
    labels = np.repeat(np.arange(3), 17)
    part = genre_data.blocks(labels, parts, np.random.default_rng(seed))
    for label in range(3):
        own = part[labels == label]
        sizes = np.bincount(own, minlength=parts)
        assert sizes.max() - sizes.min() <= 1
        assert np.count_nonzero(np.diff(own)) <= parts  # one run each; one may wrap round


def test_the_split_keeps_its_parts_apart(data_dir: Path) -> None:
    parts = {name: genre_data.load(data_dir, name) for name in ("train", "valid", "test")}
    assert [len(part) for part in parts.values()] == [443, 197, 290]
    names = [name for part in parts.values() for name in part.names]
    assert len(set(names)) == 930
    assert all(len(tags) >= 28 for name in ("train", "test") for tags in parts[name].patches)
    assert not any(len(tags) for tags in parts["valid"].patches)


def test_band_levels_are_those_published(data_dir: Path) -> None:
    table = np.load(data_dir / "audio" / "gtzan_features" / "gtzan_features.npz")
    ours = cepstra.band_levels_db(table["mfcc_mean"])
    assert np.abs(np.median(ours - table["band5_db"], axis=0)).max() < 0.25
    assert np.abs(ours - table["band5_db"]).max() < 1.0


def invented(per_class: int, seed: int) -> genre_parts.Material:
    """Return tracks of ten genres that tags and cepstra both tell, the cepstra less well."""
    rng = np.random.default_rng(seed)

    def draw(labels: np.ndarray) -> np.ndarray:
        tags = 0.02 + 0.5 * np.eye(10)[labels] + 0.02 * rng.random((len(labels), 10))
        rest = 0.05 * rng.random((len(labels), 40))
        cepstra = np.eye(10, 39)[labels] * 2.0 + rng.standard_normal((len(labels), 39))
        return np.concatenate([tags, rest, cepstra], axis=1)

    labels = np.repeat(np.arange(10), per_class)
    runs = 100 * labels + np.tile(np.arange(per_class) // 3, 10)
    return genre_parts.Material(draw(labels), labels, runs, draw(labels)[:, 50:], labels, runs + 50)


def test_a_classifier_separates_what_is_separate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genre_parts, "PAIRS", 256)
    some, fresh = invented(15, 5), invented(3, 6)
    classifier = fit_genres.fit_classifier(some, 1)
    scores = classifier.scores(fresh.x)
    assert (scores.argmax(axis=1) == fresh.labels).all()
    sizes = probabilities(scores).max(axis=1)
    assert sizes.min() > 0.5


def test_the_sum_of_the_parts_is_one_classifier() -> None:
    parts, fresh = genre_parts.fit(invented(6, 7)), invented(2, 8)
    shares = np.array([3.0, 0.2, 0.1])
    together = parts.classifier(shares).scores(fresh.x)
    one_by_one = parts.scores(fresh.x)
    np.testing.assert_allclose(np.tensordot(shares, one_by_one, 1), together, atol=1e-10)
    assert np.ptp(one_by_one, axis=(1, 2)).min() > 0.1  # every part says something


def test_tracks_without_tags_teach_the_part_that_needs_none() -> None:
    some = invented(6, 9)
    less = some._replace(
        more_x=some.more_x[:0], more_labels=some.labels[:0], more_runs=some.runs[:0]
    )
    with_more, without = genre_parts.fit(some), genre_parts.fit(less)
    np.testing.assert_array_equal(with_more.tags, without.tags)
    assert np.abs(with_more.cepstra - without.cepstra).max() > 0.01


def test_less_may_be_learnt_from_when_held_out() -> None:
    some = invented(12, 11)
    kept = genre_parts.thinned(some, 0.5, np.random.default_rng(1))
    for runs, every in ((kept.runs, some.runs), (kept.more_runs, some.more_runs)):
        assert (np.bincount(np.unique(runs) // 100) == 2).all()  # of four, in each genre
        assert all((runs == run).sum() == (every == run).sum() for run in runs)
    few = genre_parts.thinned(some, 0.01, np.random.default_rng(1))
    assert (np.bincount(np.unique(few.runs) // 100) == 1).all()
    whole = genre_parts.thinned(some, 1.0, np.random.default_rng(1))
    np.testing.assert_array_equal(whole.x, some.x)
    np.testing.assert_array_equal(whole.more_x, some.more_x)


def test_a_long_run_counts_as_much_as_a_short_one() -> None:
    """Three songs of one artist and thirty of another: the class lies between the two artists."""
    rng = np.random.default_rng(10)
    sizes, places = (3, 30, 16, 17), (-4.0, 0.0, 3.0, 5.0)
    x = np.concatenate(
        [p + 0.1 * rng.standard_normal((n, 1)) for n, p in zip(sizes, places, strict=True)]
    )
    runs = np.repeat(np.arange(4), sizes)
    weights = discriminant.fit(x, (runs > 1).astype(np.intp), runs)
    slope, bias = weights[:, 1] - weights[:, 0]
    assert -bias / slope == pytest.approx((-2.0 + 4.0) / 2.0, abs=0.1)


def test_a_feature_that_never_changes_says_nothing() -> None:
    x = np.random.default_rng(4).normal(0.0, 1.0, (80, 3)) + np.repeat([[0.0], [2.0]], 40, axis=0)
    x[:, 1] = 7.0
    labels = np.repeat([0, 1], 40)
    weights = discriminant.fit(x, labels, np.arange(80))
    assert weights[1] == pytest.approx(np.zeros(2), abs=1e-9)
    without = discriminant.fit(x[:, [0, 2]], labels, np.arange(80))
    decided = [given @ w[:-1] + w[-1] for given, w in ((x, weights), (x[:, [0, 2]], without))]
    np.testing.assert_array_equal(*(scores.argmax(axis=1) for scores in decided))


def test_a_discriminant_is_fishers_where_every_row_is_a_run_of_its_own() -> None:
    rng = np.random.default_rng(11)
    labels = np.repeat([0, 1], 400)
    spread = np.array([[1.0, 0.9], [0.0, 0.5]])
    x = rng.standard_normal((800, 2)) @ spread + labels[:, None] * [1.0, 0.0]
    weights = discriminant.fit(x, labels, np.arange(800))
    slope = weights[:-1, 1] - weights[:-1, 0]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    means = np.array([z[labels == c].mean(axis=0) for c in (0, 1)])
    inside = np.cov((z - means[labels]).T)
    mixed = (1.0 - discriminant.SHRINK) * inside
    mixed += discriminant.SHRINK * np.trace(inside) / 2.0 * np.eye(2)
    expected = np.linalg.solve(mixed, means[1] - means[0]) / x.std(axis=0)
    np.testing.assert_allclose(slope, expected, rtol=0.01)


def test_runs_are_of_one_genre_and_near_numbers(data_dir: Path) -> None:
    tracks = genre_data.load(data_dir, "valid")
    runs = tracks.runs()
    for run in np.unique(runs):
        own = [tracks.names[i] for i in np.flatnonzero(runs == run)]
        numbers = [int(name[-5:]) for name in own]
        assert len({name[:-6] for name in own}) == 1
        assert max(numbers) - min(numbers) < genre_data.NEIGHBOURS


def test_the_papers_network_learns_what_no_line_divides() -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(-1.0, 1.0, (600, 6))
    labels = (x[:, 0] * x[:, 1] > 0.0).astype(np.intp)
    net = fit_genres.fit_paper_net(x, labels, 1, 1e-4)
    assert net.hidden.shape == (7, 12)
    assert (net.scores(x).argmax(axis=1) == labels).mean() > 0.95


def test_cepstra_of_noise_give_its_spectrum_back() -> None:
    noise = 0.1 * np.random.default_rng(7).standard_normal(20 * 22050).astype(np.float32)
    measured = cepstra.measure([noise])
    assert measured is not None
    level = build_genre_targets.cepstral_db(measured.mean[None])[0]
    inside = (GRID_HZ > 150.0) & (GRID_HZ < 8000.0)
    slope = np.polyfit(np.log2(GRID_HZ[inside]), level[inside], 1)[0]
    # White noise rises by 3 dB per octave; the mean of dB lies up to 2.5 dB lower in narrow bands.
    assert 3.0 < slope < 3.0 + 2.5 / np.log2(8000.0 / 150.0)


def test_the_top_octave_is_joined_on_without_a_step() -> None:
    flat, top = np.zeros(len(GRID_HZ)), -6.0 * np.log2(GRID_HZ / 7500.0)
    correction = build_genre_targets.Correction(flat, flat, top, flat, 1, 1)
    mean = np.zeros((1, 20))
    level = build_genre_targets.corrected(mean, correction)[0]
    below = build_genre_targets.cepstral_db(mean)[0]
    np.testing.assert_allclose(level[GRID_HZ < 7000.0], below[GRID_HZ < 7000.0])
    assert np.abs(np.diff(level)).max() < 1.5
    assert level[-1] == pytest.approx(level[100] + top[-1] - top[100], abs=3.0)


def test_every_point_of_a_target_says_where_it_comes_from() -> None:
    import yaml

    for genre in genres.GENRES:
        path = presets_dir() / FOLDER / f"{genre}.yaml"
        source = yaml.safe_load(path.read_text(encoding="utf-8"))["source"]
        ends = [(point["from_hz"], point["to_hz"]) for point in source["points"]]
        assert ends[0][0] <= 20
        assert ends[-1][1] >= 20000
        assert all(one[1] == other[0] for one, other in itertools.pairwise(ends))
        np.testing.assert_allclose(
            target_files.load(path).confidence, build_genre_targets.confidence(), atol=2e-3
        )


def test_pairs_are_of_one_genre_and_two_sources() -> None:
    def clip(label: str, source: str, number: int) -> Recording:
        path = Path(f"{label}/{source}_{number}.opus")
        return Recording(path, label, source, "performance", "", "CC0", "train", 2e4)

    clips = [clip(g, s, n) for g in ("rock", "pop") for s in "abcd" for n in range(3)]
    found = pairs([*clips, clip("jazz", "alone", 0)])
    assert len(found) == 16
    assert len(set(found)) == 16
    for one, other in found:
        assert one.label == other.label
        assert one.source != other.source
