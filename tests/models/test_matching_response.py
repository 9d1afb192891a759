"""The fit's closed form against ReaEQ's exact response, its derivatives, and the thinned grid."""

from __future__ import annotations

import numpy as np
import pytest

from models.band_response import KIND_ORDER, BandResponse
from models.curve_grid import CurveGrid
from models.eq import Eq
from models.training.curves import linear_bins_hz, paper_set

KINDS = tuple(kind for kind in KIND_ORDER for _ in range(2))


def random_unknowns(rng: np.random.Generator, rows: int, sample_rate_hz: float) -> np.ndarray:
    shape = (rows, len(KINDS))
    return np.concatenate(
        [
            np.log(20.0) + rng.uniform(size=shape) * np.log(0.489 * sample_rate_hz / 20.0),
            rng.uniform(-15.0, 15.0, shape),
            np.log(rng.uniform(0.95, 4.0, shape)),
        ],
        axis=1,
    )


@pytest.mark.parametrize("sample_rate_hz", [8000.0, 48000.0, 192000.0])
def test_closed_form_equals_exact_response_up_to_nyquist(sample_rate_hz: float) -> None:
    freqs_hz = np.append(np.geomspace(200.0, 0.4999 * sample_rate_hz, 150), 0.5 * sample_rate_hz)
    bank = BandResponse(KINDS, freqs_hz, sample_rate_hz)
    for row in random_unknowns(np.random.default_rng(1), 40, sample_rate_hz):
        each = bank.each_response_db(row[None])[0]
        for band, response_db in zip(bank.bands(row), each, strict=True):
            exact_db = Eq((band,)).response_db(freqs_hz, sample_rate_hz)
            heard = exact_db > -60.0
            np.testing.assert_allclose(response_db[heard], exact_db[heard], rtol=0.0, atol=1e-9)
        np.testing.assert_allclose(bank.response_db(row[None])[0], each.sum(axis=0), atol=1e-9)


@pytest.mark.parametrize("sample_rate_hz", [8000.0, 48000.0])
def test_jacobian_equals_finite_differences(sample_rate_hz: float) -> None:
    freqs_hz = np.geomspace(20.0, 0.499 * sample_rate_hz, 60)
    weight = np.linspace(0.5, 1.5, 60)
    bank = BandResponse(KINDS, freqs_hz, sample_rate_hz)
    unknowns = random_unknowns(np.random.default_rng(2), 10, sample_rate_hz)
    response, jacobian = bank.weighted_jacobian(unknowns, weight)
    np.testing.assert_allclose(response, bank.response_db(unknowns), atol=1e-10)
    step = 1e-6
    for index in range(unknowns.shape[1]):
        move = np.zeros(unknowns.shape[1])
        move[index] = step
        change = bank.response_db(unknowns + move) - bank.response_db(unknowns - move)
        np.testing.assert_allclose(
            jacobian[:, index], weight * change / (2.0 * step), rtol=1e-6, atol=2e-6
        )


def test_kinds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="KIND_ORDER"):
        BandResponse(KINDS[::-1], np.array([100.0]), 48000.0)


def test_thinning_keeps_smooth_curves_and_total_weight() -> None:
    bins_hz = linear_bins_hz()
    grid = CurveGrid.thinned(bins_hz, np.ones(len(bins_hz)), 48000.0)
    assert len(grid.freqs_hz) < 180
    assert np.sum(grid.root_weight**2) == pytest.approx(1.0, abs=1e-12)
    for eq in paper_set(1, 10, seed=5):
        exact_db = eq.response_db(grid.freqs_hz, 48000.0)
        thinned_db = grid.operator @ eq.response_db(bins_hz, 48000.0)
        np.testing.assert_allclose(thinned_db, exact_db, rtol=0.0, atol=0.02)


def test_thinning_is_dense_up_to_nyquist() -> None:
    """Cells of 1/12 octave are 1.4 kHz wide at the top: fits went astray between them."""
    for rate_hz in (8000.0, 48000.0):
        bins_hz = linear_bins_hz(sample_rate_hz=rate_hz)
        grid = CurveGrid.thinned(bins_hz, np.ones(len(bins_hz)), rate_hz)
        assert np.diff(grid.freqs_hz).max() < 1.05 * rate_hz / 120.0


def test_thinning_averages_rough_curves() -> None:
    bins_hz = linear_bins_hz()
    noise = np.random.default_rng(6).normal(size=len(bins_hz))
    grid = CurveGrid.thinned(bins_hz, np.ones(len(bins_hz)), 48000.0)
    treble = grid.freqs_hz > 5000.0
    assert np.std((grid.operator @ noise)[treble]) < 0.35


def test_thinning_ignores_bins_without_weight_and_above_nyquist() -> None:
    freqs_hz = np.array([100.0, 200.0, 400.0, 5000.0])
    grid = CurveGrid.thinned(freqs_hz, np.array([1.0, 0.0, 3.0, 9.0]), 8000.0)
    np.testing.assert_allclose(grid.freqs_hz, [100.0, 400.0])
    np.testing.assert_allclose(grid.root_weight**2, [0.25, 0.75])
