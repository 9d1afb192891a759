"""Matching as a whole: what it reaches, and what it never does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.band_choice import cancelling_pairs
from models.eq import Band, BandKind, Eq
from models.evaluation_kinds import FAMILIES, LIMITS
from models.layout import Layout, Limits, Slot
from models.matching import match, match_many
from models.training.curves import linear_bins_hz, paper_set, random_eqs, unreachable_curves

GRID_HZ = 1000.0 * 2.0 ** (np.arange(-68, 53) / 12.0)
BINS_HZ = linear_bins_hz()
RATE = 48000.0
FIVE = Layout.shelves_and_bells(3)
CURVES_DB = unreachable_curves(GRID_HZ, 6, seed=8)


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def knots_curve(knots_db: list[float]) -> np.ndarray:
    places = np.linspace(0.0, len(GRID_HZ) - 1.0, len(knots_db))
    return np.interp(np.arange(len(GRID_HZ)), places, knots_db)


# --- recovery -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "most_db"), [(1, 0.003), (2, 0.25)])
def test_paper_curves_are_found_again(number: int, most_db: float) -> None:
    for truth in paper_set(number, 6, seed=12):
        desired = truth.response_db(BINS_HZ, RATE)
        found = match(BINS_HZ, desired, layout=Layout.nercessian2020())
        assert np.mean(np.abs(found.response_db(BINS_HZ, RATE) - desired)) < most_db


def test_a_few_clear_bands_come_back_as_themselves() -> None:
    truth = (
        Band(BandKind.LOW_SHELF, 120.0, -4.0, 1.2),
        Band(BandKind.BELL, 400.0, 5.0, 1.0),
        Band(BandKind.BELL, 3000.0, -6.0, 0.7),
        Band(BandKind.HIGH_SHELF, 9000.0, 3.0, 1.0),
    )
    desired = Eq(truth).response_db(GRID_HZ, RATE)
    for found in (
        match(GRID_HZ, desired, layout=Layout.shelves_and_bells(2)),
        match(GRID_HZ, desired, tolerance_db=0.01),
    ):
        for band, true in zip(found.bands, truth, strict=True):
            assert band.kind is true.kind
            assert band.freq_hz == pytest.approx(true.freq_hz, rel=0.02)
            assert band.gain_db == pytest.approx(true.gain_db, abs=0.1)


@pytest.mark.parametrize("kinds", FAMILIES[:-1], ids="+".join)
def test_kinds_are_found_again(kinds: tuple[BandKind, ...]) -> None:
    found = 0
    for truth in random_eqs(kinds, 3, seed=21):
        eq = match(GRID_HZ, truth.response_db(GRID_HZ, RATE), limits=LIMITS)
        found += sorted(band.kind for band in eq.bands) == sorted(kinds)
    assert found >= 2


def test_passes_are_fitted() -> None:
    truth = Eq(
        (Band(BandKind.HIGH_PASS, 90.0, 0.0, 1.9), Band(BandKind.LOW_PASS, 9000.0, 0.0, 1.7))
    )
    slots = tuple(Slot(frozenset({band.kind}), (20.0, 20000.0)) for band in truth.bands)
    found = match(GRID_HZ, truth.response_db(GRID_HZ, RATE), layout=Layout(slots))
    assert [band.kind for band in found.bands] == [band.kind for band in truth.bands]
    for band, true in zip(found.bands, truth.bands, strict=True):
        assert band.freq_hz == pytest.approx(true.freq_hz, rel=1e-3)


def test_a_slot_picks_its_kind_by_the_curve() -> None:
    either = Slot(frozenset({BandKind.BELL, BandKind.HIGH_SHELF}), bandwidth_oct=(0.5, 2.0))
    shelf = Eq((Band(BandKind.HIGH_SHELF, 4000.0, 5.0, 1.2),)).response_db(GRID_HZ, RATE)
    bell = Eq((Band(BandKind.BELL, 1000.0, 5.0, 1.2),)).response_db(GRID_HZ, RATE)
    kinds = [match(GRID_HZ, c, layout=Layout((either,))).bands[0].kind for c in (shelf, bell)]
    assert kinds == [BandKind.HIGH_SHELF, BandKind.BELL]


def test_fixed_parameters_stay() -> None:
    slot = Slot(frozenset({BandKind.BELL}), (1000.0, 1000.0), (-12.0, 12.0), (1.5, 1.5))
    band = match(GRID_HZ, CURVES_DB[0], layout=Layout((slot,))).bands[0]
    assert band.freq_hz == pytest.approx(1000.0, rel=1e-12)
    assert band.bandwidth_oct == pytest.approx(1.5, rel=1e-12)


# --- symmetry, determinism ------------------------------------------------------------------------


def test_match_many_equals_match_and_is_deterministic() -> None:
    for layout in (None, FIVE):
        together = match_many(GRID_HZ, CURVES_DB, layout=layout)
        assert together == tuple(match(GRID_HZ, c, layout=layout) for c in CURVES_DB)
        assert together == match_many(GRID_HZ, CURVES_DB, layout=layout)


def test_weights_may_differ_per_curve() -> None:
    weights = np.random.default_rng(3).uniform(size=CURVES_DB.shape)
    together = match_many(GRID_HZ, CURVES_DB, weight=weights)
    pairs = zip(CURVES_DB, weights, strict=True)
    assert together == tuple(match(GRID_HZ, c, weight=w) for c, w in pairs)


def test_mirrored_curve_gives_mirrored_bells() -> None:
    layout = Layout((Slot(frozenset({BandKind.BELL}), gain_db=(-18.0, 18.0)),) * 4)
    for curve in CURVES_DB[:3]:
        up, down = match(GRID_HZ, curve, layout=layout), match(GRID_HZ, -curve, layout=layout)
        np.testing.assert_allclose(
            up.response_db(GRID_HZ, RATE), -down.response_db(GRID_HZ, RATE), atol=0.02
        )


def test_scaling_all_weights_changes_nothing() -> None:
    weight = np.random.default_rng(4).uniform(0.1, 1.0, len(GRID_HZ))
    for layout in (None, FIVE):
        one = match(GRID_HZ, CURVES_DB[1], layout=layout, weight=weight)
        four = match(GRID_HZ, CURVES_DB[1], layout=layout, weight=4.0 * weight)
        np.testing.assert_allclose(
            one.response_db(GRID_HZ, RATE), four.response_db(GRID_HZ, RATE), atol=1e-6
        )


def test_weight_draws_the_fit_to_where_it_lies() -> None:
    curve = CURVES_DB[2]
    low = GRID_HZ < 500.0
    layout = Layout.shelves_and_bells(1)
    bass = match(GRID_HZ, curve, layout=layout, weight=np.where(low, 1.0, 0.01))
    treble = match(GRID_HZ, curve, layout=layout, weight=np.where(low, 0.01, 1.0))
    bass_error, treble_error = (eq.response_db(GRID_HZ, RATE) - curve for eq in (bass, treble))
    assert rms(bass_error[low]) < 0.8 * rms(treble_error[low])
    assert rms(treble_error[~low]) < 0.8 * rms(bass_error[~low])


def test_bins_of_weight_0_are_ignored() -> None:
    weight = (GRID_HZ > 100.0).astype(float)
    spoilt = np.where(weight > 0.0, CURVES_DB[3], 40.0)
    assert match(GRID_HZ, spoilt, weight=weight) == match(GRID_HZ, CURVES_DB[3], weight=weight)


# --- how many bands -------------------------------------------------------------------------------


@pytest.mark.parametrize("level_db", [0.0, 0.2])
def test_flat_curve_needs_no_band(level_db: float) -> None:
    assert match(GRID_HZ, np.full(len(GRID_HZ), level_db)) == Eq()


def test_nothing_audible_or_no_band_allowed_gives_no_band() -> None:
    assert match(GRID_HZ, CURVES_DB[0], weight=np.zeros(len(GRID_HZ))) == Eq()
    assert match(GRID_HZ, CURVES_DB[0], limits=Limits(max_bands=0)) == Eq()
    assert match(GRID_HZ, CURVES_DB[0], limits=Limits(max_bands=0), layout=FIVE) == Eq()
    assert match(GRID_HZ, CURVES_DB[0], limits=Limits(max_boost_db=0.0, max_cut_db=0.0)) == Eq()


def test_one_bell_is_one_band() -> None:
    for band in (
        Band(BandKind.BELL, 700.0, 5.0, 1.0),
        Band(BandKind.BELL, 2500.0, -8.0, 0.5),
        Band(BandKind.LOW_SHELF, 200.0, 4.0, 1.0),
        Band(BandKind.HIGH_SHELF, 5000.0, -5.0, 1.0),
    ):
        desired = Eq((band,)).response_db(GRID_HZ, RATE)
        (found,) = match(GRID_HZ, desired).bands
        assert found.kind is band.kind
        assert found.gain_db == pytest.approx(band.gain_db, abs=0.15)


def test_looser_tolerance_never_takes_more_bands() -> None:
    for curve in CURVES_DB:
        counts = [
            len(match(GRID_HZ, curve, tolerance_db=tolerance).bands)
            for tolerance in (0.1, 0.3, 0.6, 1.0, 2.0, 20.0)
        ]
        assert counts == sorted(counts, reverse=True)
        assert counts[0] > counts[-2]
        assert counts[-1] == 0


def test_more_bands_are_allowed_more_accuracy() -> None:
    wide = Limits(max_boost_db=15.0, max_cut_db=15.0, min_freq_hz=20.0)
    for curve in CURVES_DB[:3]:
        errors = [
            rms(
                match(GRID_HZ, curve, limits=replace(wide, max_bands=bands)).response_db(
                    GRID_HZ, RATE
                )
                - curve
            )
            for bands in (1, 3, 6)
        ]
        assert errors[0] > errors[1] > errors[2]
        assert errors[2] < 0.35 * rms(curve)


# --- no bands against each other -------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-12.0, 12.0), min_size=3, max_size=14))
def test_no_bands_that_cancel_each_other(knots_db: list[float]) -> None:
    limits = Limits(max_boost_db=12.0, max_bands=6)
    eq = match(GRID_HZ, knots_curve(knots_db), limits=limits)
    assert cancelling_pairs(eq, GRID_HZ, RATE) == []


def test_cancelling_pairs_are_recognised() -> None:
    wide = Band(BandKind.BELL, 1000.0, 9.0, 2.0)
    against = Band(BandKind.BELL, 1100.0, -9.0, 1.8)
    apart = Band(BandKind.BELL, 6000.0, -9.0, 1.0)
    assert cancelling_pairs(Eq((wide, against)), GRID_HZ, RATE) == [(against, wide)]
    assert cancelling_pairs(Eq((wide, apart)), GRID_HZ, RATE) == []
    assert cancelling_pairs(Eq((wide, replace(against, gain_db=9.0))), GRID_HZ, RATE) == []


@pytest.mark.parametrize("rate_hz", [8000.0, 22050.0, 192000.0])
def test_any_sample_rate(rate_hz: float) -> None:
    bins_hz = np.linspace(0.0, 0.5 * rate_hz, 513)
    truth = Eq((Band(BandKind.BELL, 0.3 * rate_hz, 5.0, 1.0),))
    desired = truth.response_db(bins_hz, rate_hz)
    limits = Limits(max_freq_hz=0.49 * rate_hz)
    found = match(bins_hz, desired, sample_rate_hz=rate_hz, limits=limits)
    assert rms(found.response_db(bins_hz, rate_hz) - desired) < 0.25
    assert all(band.freq_hz < 0.49 * rate_hz for band in found.bands)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"freqs_hz": GRID_HZ[::-1]}, "freqs_hz must rise"),
        ({"freqs_hz": np.append(GRID_HZ[:-1], np.nan)}, "freqs_hz must be finite"),
        ({"freqs_hz": GRID_HZ - 100.0}, "freqs_hz must rise"),
        ({"freqs_hz": np.empty(0), "desired_db": np.empty(0)}, "freqs_hz must be a list"),
        ({"desired_db": CURVES_DB[0][:-1]}, "desired_db must hold one value per frequency"),
        ({"desired_db": np.where(GRID_HZ > 99.0, np.inf, 0.0)}, "desired_db must be finite"),
        ({"desired_db": 3.0}, "desired_db must hold one value per frequency"),
        ({"desired_db": ["loud"] * len(GRID_HZ)}, "desired_db must be numbers"),
        ({"weight": np.ones(3)}, "weight must hold one value per frequency"),
        ({"weight": -np.ones(len(GRID_HZ))}, "weight must be 0 or above"),
        ({"weight": np.full(len(GRID_HZ), np.nan)}, "weight must be finite"),
        ({"sample_rate_hz": 0.0}, "sample_rate_hz"),
        ({"tolerance_db": -1.0}, "tolerance_db"),
    ],
)
def test_bad_input_gives_one_clear_error(change: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"freqs_hz": GRID_HZ, "desired_db": CURVES_DB[0], **change}
    with pytest.raises(ValueError, match=message):
        match(**arguments)  # type: ignore[arg-type]


def test_an_unusable_sample_rate_for_the_limits_gives_no_band() -> None:
    assert (
        match(GRID_HZ, CURVES_DB[0], limits=Limits(min_freq_hz=5000.0), sample_rate_hz=8000.0)
        == Eq()
    )
