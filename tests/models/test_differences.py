"""Real differences, networks tuned on them, and pairs of raw and mixed tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import targets
from models.eq import Band, BandKind, Eq
from models.matching_net import Guesses
from models.spectrum import GRID_HZ, Spectrum
from models.target import Target
from models.training import choose_strength, corpus, evaluate_differences, evaluate_eq_pairs
from models.training.differences import INSIDE, difference_db, differences_db

OCTAVE = np.log2(GRID_HZ / 1000.0)
ONES = np.ones_like(GRID_HZ)
FLAT = Target(0.0 * OCTAVE, ONES, ONES, "test", "flat")


def spectrum_of(level_db: np.ndarray, confidence: np.ndarray = ONES) -> Spectrum:
    return Spectrum(level_db, confidence, active_s=10.0, duration_s=10.0)


class TestDifference:
    def test_is_scaled_as_a_whole_to_12_db_and_has_no_level(self) -> None:
        gentle, steep = (difference_db(spectrum_of(-s * OCTAVE), FLAT) for s in (1.0, 8.0))
        assert np.abs(gentle).max() < 12.0
        assert np.abs(steep).max() == pytest.approx(12.0)
        assert steep[INSIDE].mean() == pytest.approx(0.0, abs=1e-9)
        # Scaled, not clipped: the shape stays.
        shape = np.corrcoef(gentle[INSIDE], steep[INSIDE])[0, 1]
        assert shape == pytest.approx(1.0, abs=1e-6)

    def test_silence_below_the_lowest_note_scales_nothing_down(self) -> None:
        low = GRID_HZ < 100.0
        bump = 4.0 * np.exp(-(OCTAVE**2))
        track = spectrum_of(np.where(low, -90.0, bump), np.where(low, 0.0, 1.0))
        found = difference_db(track, FLAT)
        assert np.ptp(found[~low]) > 3.0
        assert np.abs(found[low]).max() < 1.0


def test_an_eq_that_is_the_difference_has_no_error() -> None:
    eqs = [Eq(), Eq()]
    row = evaluate_differences.score("x", "flat", np.zeros((2, GRID_HZ.size)), eqs)
    assert row["mae_db"] == 0.0
    row = evaluate_differences.score("x", "flat", np.full((2, GRID_HZ.size), 2.0), eqs)
    assert row["mae_db"] == pytest.approx(2.0)


def test_of_several_guesses_the_nearest_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    gain_db = np.array([[[2.0], [-3.0]], [[2.0], [-3.0]]])
    ones = np.ones_like(gain_db)
    guesses = Guesses((BandKind.BELL,), 1000.0 * ones, gain_db, ones, "reaeq")

    class Guessing:
        def guess(self, head: str, curves_db: np.ndarray) -> Guesses:
            return guesses

    monkeypatch.setattr(evaluate_differences, "shipped", lambda name: Guessing())
    wanted = [Eq((Band(BandKind.BELL, 1000.0, gain, 1.0),)) for gain in (-2.5, 1.5)]
    curves_db = np.stack([eq.response_db(GRID_HZ, 48000.0) for eq in wanted])
    found = evaluate_differences.network_eqs("any", curves_db)
    assert [eq.bands[0].gain_db for eq in found] == [-3.0, 2.0]


class TestPairs:
    def pair(self, move_db: np.ndarray) -> evaluate_eq_pairs.Pair:
        raw = spectrum_of(-3.0 * OCTAVE)
        return evaluate_eq_pairs.Pair("x", "piano", "test", raw, spectrum_of(move_db), ())

    def test_the_engineers_own_move_gets_there_and_its_inverse_does_not(self) -> None:
        pair = self.pair(-1.0 * OCTAVE)
        there = evaluate_eq_pairs.row("x", [pair], [2.0 * OCTAVE])
        assert there["mean_fall"] == pytest.approx(1.0, abs=1e-6)
        assert (there["share_nearer"], there["signs_agree"]) == (1.0, 1.0)
        away = evaluate_eq_pairs.row("x", [pair], [-2.0 * OCTAVE])
        assert away["mean_fall"] == pytest.approx(-1.0, abs=0.01)
        assert (away["share_nearer"], away["signs_agree"]) == (0.0, 0.0)

    def test_doing_nothing_is_no_nearer_and_has_no_sign(self) -> None:
        row = evaluate_eq_pairs.row("x", [self.pair(0.0 * OCTAVE)], [np.zeros(GRID_HZ.size)])
        assert (row["mean_fall"], row["share_nearer"], row["signs_agree"]) == (0.0, 0.0, "")

    def test_following_the_mix_itself_comes_nearer(self) -> None:
        pair = self.pair(-1.0 * OCTAVE)
        eq_db = evaluate_eq_pairs.proposed_db(pair.raw, pair.mix, as_a_whole=True)
        assert pair.distance_db(eq_db) < 0.6 * pair.distance_db()

    def test_no_song_of_a_pair_was_trained_on(self, data_dir: Path) -> None:
        trained = {recording.source for recording in corpus.instruments(data_dir, "train")}
        files = (data_dir / "audio" / "eq_pairs").glob("*-raw_000.opus")
        songs = {f"mdb-{file.stem.split('-')[1]}" for file in files}
        assert len(songs) == 3
        assert not songs & trained


class TestStrength:
    def test_what_is_left_of_a_fault(self) -> None:
        track = spectrum_of(0.0 * OCTAVE)
        sure = Target(0.0 * OCTAVE, np.full_like(GRID_HZ, 0.1), ONES, "test", "sure")
        fault_db = np.sin(OCTAVE)
        one = choose_strength.HeldOut(track, sure)
        before = choose_strength.size_db(track, fault_db)
        assert choose_strength.left_over(one, fault_db, 5.0) == pytest.approx(
            (1.0 - choose_strength.AMOUNT) * before, rel=0.25
        )
        loose = choose_strength.HeldOut(
            track, Target(0.0 * OCTAVE, np.full_like(GRID_HZ, 50.0), ONES, "test", "loose")
        )
        assert choose_strength.left_over(loose, fault_db, 5.0) == pytest.approx(before, rel=0.05)

    def test_no_source_is_in_its_own_target(self, data_dir: Path) -> None:
        toms = [r for r in corpus.instruments(data_dir, "train") if r.label == "toms"][::8]
        spectra = corpus.measured(toms)
        found = choose_strength.held_out(toms, spectra)
        assert 0 < len(found) <= len(toms)
        for one in found:
            own = targets.distance_db(one.spectrum, one.target)
            assert own > 0.1  # a target that held it alone would be at 0

    def test_faults_are_smooth_and_of_1_db(self) -> None:
        curves = choose_strength.smooth_curves(400, np.random.default_rng(1))
        assert np.sqrt((curves**2).mean()) == pytest.approx(1.0, abs=0.1)
        assert np.abs(np.diff(curves, axis=1)).max() < 0.6


class TestTraining:
    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        pytest.importorskip("torch", reason="torch is absent: install the extra `train`")

    def test_goes_on_where_it_stopped_and_ends_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from models.training import train_differences as training

        monkeypatch.setattr(training, "_KEPT_EVERY", 4)
        stage = training.Stage(8, 8, 1e-3)
        whole = training.train(training.new_module("mlp", 3), training.SampledEqs(), stage, 5)
        state = tmp_path / "run.pt"

        class Stopped(training.SampledEqs):
            left = 6

            def draw(self, rng: np.random.Generator, count: int):
                if not self.left:
                    raise KeyboardInterrupt
                self.left -= 1
                return super().draw(rng, count)

        with pytest.raises(KeyboardInterrupt):
            training.train(training.new_module("mlp", 3), Stopped(), stage, 5, state)
        rest = training.train(
            training.new_module("mlp", 99), training.SampledEqs(), stage, 5, state
        )
        for name, value in whole.state_dict().items():
            assert (value == rest.state_dict()[name]).all(), name

    def test_own_differences_are_drawn_as_often_as_asked(self) -> None:
        from models.training import train_differences as training

        curves_db = np.zeros((3, 2, GRID_HZ.size))
        curves_db[:, 0] = 5.0  # to their own class; to the other one nothing
        mean_db = {
            own: float(
                training.RealDifferences(curves_db, own).draw(np.random.default_rng(6), 600).mean()
            )
            for own in (0.0, 1.0)
        }
        assert mean_db[1.0] == pytest.approx(4.75, abs=0.3)  # made 0.6 to 1.3 times as strong
        assert mean_db[0.0] == pytest.approx(2.4, abs=0.4)  # of two classes one is its own

    def test_tuning_on_a_curve_lowers_its_error(self) -> None:
        from models.matching_net import SAMPLE_RATE_HZ
        from models.training import train_differences as training
        from models.training.biquads import Biquads, Law

        curve = 5.0 * np.sin(OCTAVE)[None, None]
        module = training.new_module("cnn", 1)
        biquads = Biquads(training.KINDS, training._points(), SAMPLE_RATE_HZ, Law.REAEQ)
        data = training.RealDifferences(curve)
        drawn = data.draw(np.random.default_rng(2), 32)
        before = float(training.response_loss(biquads, module, drawn).detach())
        training.train(module, data, training.Stage(25, 16, 3e-3), 4)
        after = float(training.response_loss(biquads, module, drawn).detach())
        assert after < 0.8 * before


@pytest.mark.data
def test_tuned_networks_follow_real_differences_better(data_dir: Path) -> None:
    clips = corpus.spread_over(corpus.instruments(data_dir, "test"), 16)
    curves_db = differences_db(clips, corpus.measured(clips))
    error = {
        method: evaluate_differences.score(
            "x", method, curves_db, evaluate_differences.network_eqs(name, curves_db)
        )["mae_db"]
        for method, name in evaluate_differences.NETWORKS.items()
    }
    for kind in ("MLP", "CNN"):
        assert error[f"{kind}, tuned on real"] < 0.9 * error[f"{kind}, sampled only"]
