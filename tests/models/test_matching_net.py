"""The matching networks: NumPy says what torch says, training runs, shipped weights load."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from models.eq import Band, Eq
from models.matching_net import POINT_BINS, POINTS_HZ, Guesses, MatchingNet
from models.resources import weights_path
from models.training import convex_baseline
from models.training.curves import linear_bins_hz, paper_set

RATE_HZ = 48000.0
NETWORKS = ("paper-mlp", "parameter-loss", "cnn", "product")


def _torch():
    return pytest.importorskip("torch", reason="torch is absent: install the extra `train`")


def _curves(count):
    eqs = paper_set(1, count, 11)
    return np.array([eq.response_db(POINTS_HZ, RATE_HZ) for eq in eqs])


@pytest.mark.parametrize("name", NETWORKS)
def test_numpy_equals_torch(name, tmp_path):
    torch = _torch()
    from models.training.matching_nets import MatchingModule
    from models.training.train_matching import recipes

    torch.manual_seed(4)
    recipe = recipes()[name]
    module = MatchingModule(recipe.shape, recipe.heads)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    module.save(tmp_path / "net.safetensors")
    net = MatchingNet.load(tmp_path / "net.safetensors")
    curves = _curves(6)
    for head, plan in recipe.heads.items():
        with torch.no_grad():
            shares = module.shares(head, torch.as_tensor(curves, dtype=torch.float32))
            freq_hz, gain_db, width = (t.numpy() for t in module.controls(head, shares))
        guesses = net.guess(head, curves)
        assert guesses.kinds == plan.kinds
        assert np.abs(np.log(guesses.freq_hz) - np.log(freq_hz)).max() < 1e-5
        assert np.abs(guesses.gain_db - gain_db).max() < 1e-5
        assert np.abs(np.log(guesses.width) - np.log(width)).max() < 1e-5


def test_a_guess_by_the_papers_law_means_the_same_filters_in_reaeqs_units():
    torch = _torch()
    from models.training.biquads import Biquads, Law
    from models.training.matching_data import PAPER_KINDS, paper_controls

    controls = paper_controls(np.random.default_rng(6), 2, 50)
    guesses = Guesses(PAPER_KINDS, *(c[:, None] for c in controls), law="paper")
    biquads = Biquads(PAPER_KINDS, torch.as_tensor(POINTS_HZ), RATE_HZ, Law.PAPER)
    expected = biquads.response_db(*map(torch.as_tensor, controls)).numpy()
    for row, wanted in zip(guesses.unknowns()[:, 0], expected, strict=True):
        freq, gain, width = row.reshape(3, -1)
        eq = Eq(tuple(map(Band, PAPER_KINDS, np.exp(freq), gain, np.exp(width))))
        assert np.abs(eq.response_db(POINTS_HZ, RATE_HZ) - wanted).max() < 1e-4


@pytest.mark.parametrize("name", NETWORKS)
def test_a_quick_training_run_leaves_a_working_network(name, tmp_path):
    _torch()
    from models.training.train_matching import recipes, train

    path = tmp_path / "net.safetensors"
    recipe = recipes()[name]
    train(recipe, 1, path, quick=True)
    net = MatchingNet.load(path)
    for head, plan in recipe.heads.items():
        guesses = net.guess(head, _curves(3))
        assert guesses.freq_hz.shape == (3, plan.guesses, len(plan.kinds))
        assert np.isfinite(guesses.width).all()


def test_training_is_repeatable(tmp_path):
    _torch()
    from models.training.train_matching import recipes, train

    nets = []
    for run in "ab":
        train(recipes()["paper-mlp"], 5, tmp_path / run, quick=True)
        nets.append(MatchingNet.load(tmp_path / run))
    for name, array in nets[0].arrays.items():
        np.testing.assert_array_equal(array, nets[1].arrays[name])


def test_training_curves_have_the_distribution_of_the_papers_set():
    _torch()
    from models.training.matching_data import paper_controls

    rng = np.random.default_rng(8)
    for number in (1, 2):
        freqs, gains, widths = paper_controls(rng, number, 4000)
        bands = [eq.bands for eq in paper_set(number, 1500, 9)]
        wanted_freqs = np.array([[band.freq_hz for band in row] for row in bands])
        wanted_freqs[:, 1:-1].sort(axis=1)
        wanted_gains = np.array([[band.gain_db for band in row] for row in bands])
        slopes = np.array([[row[i].bandwidth_oct ** -2.0 for i in (0, -1)] for row in bands])
        for q in (0.1, 0.5, 0.9):
            error = np.quantile(freqs, q, axis=0) - np.quantile(wanted_freqs, q, axis=0)
            assert np.abs(error).max() < 900.0
            gap = np.quantile(gains, q) - np.quantile(wanted_gains, q)
            assert abs(gap) < 0.3
            assert np.abs(np.quantile(widths[:, [0, -1]], q) - np.quantile(slopes, q)) < 0.03


def test_point_weights_make_the_mean_over_linear_bins():
    _torch()
    from models.training.matching_data import linear_weight

    eqs = paper_set(1, 40, 12)
    full = np.array([eq.response_db(linear_bins_hz(), RATE_HZ) for eq in eqs])
    mean_square = (full**2).mean(axis=1)
    thinned = (full[:, POINT_BINS] ** 2) @ linear_weight()
    assert np.abs(thinned - mean_square).max() < 0.003 * mean_square.max()


def test_convex_baseline_follows_curves_and_leaves_a_flat_one_flat():
    freqs = linear_bins_hz()
    flat = convex_baseline.fit(freqs, np.zeros_like(freqs), RATE_HZ)
    assert np.abs(flat.response_db(freqs, RATE_HZ)).max() < 1e-9
    errors = []
    for eq in paper_set(1, 30, 13):
        curve = eq.response_db(freqs, RATE_HZ)
        fitted = convex_baseline.fit(freqs, curve, RATE_HZ)
        assert all(abs(band.gain_db) <= 10.0 for band in fitted.bands)
        errors.append(np.mean((fitted.response_db(freqs, RATE_HZ) - curve) ** 2))
    assert np.median(errors) < 0.05  # a flat guess: about 8


def test_an_unknown_head_and_an_absent_file_are_refused(tmp_path):
    net = MatchingNet.load(weights_path("matching_paper_mlp"))
    with pytest.raises(KeyError, match="nonsense"):
        net.guess("nonsense", np.zeros((1, len(POINTS_HZ))))
    with pytest.raises(FileNotFoundError):
        MatchingNet.load(tmp_path / "absent.safetensors")


def test_inference_never_imports_torch():
    code = (
        "import sys, numpy as np; from models.matching_net import POINTS_HZ, shipped;"
        "net = shipped('matching_paper_mlp');"
        "net.guess('paper', np.zeros((1, len(POINTS_HZ)))); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
