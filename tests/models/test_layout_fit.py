"""The search for a layout's fit: guesses of networks, moves of bands, and the same answer twice."""

from __future__ import annotations

import numpy as np
import pytest

from models.band_moves import BandMoves
from models.band_response import BandResponse
from models.eq import Band, BandKind, Eq
from models.greedy import Dictionary
from models.layout import Layout, Slot
from models.layout_fit import LayoutFit
from models.matching import Effort, match
from models.network_start import NetworkStart
from models.training.curves import linear_bins_hz, paper_set, unreachable_curves

RATE = 48000.0
BINS_HZ = linear_bins_hz()
OCTAVES_HZ = 20.0 * 2.0 ** (np.arange(120) / 12.0)
BELL = Slot(frozenset({BandKind.BELL}), (20.0, 20000.0), (-20.0, 20.0), (0.2, 6.0))
WEIGHT = np.full(120, np.sqrt(1.0 / 120.0))


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


@pytest.mark.parametrize("order", [1, -1])
def test_a_network_guesses_bands_in_the_order_of_the_slots(order: int) -> None:
    layout = Layout(Layout.nercessian2020().slots[::order])
    start = NetworkStart.of(layout)
    assert start is not None
    response = LayoutFit(layout, BINS_HZ[1:], np.ones(2048) / np.sqrt(2048.0), RATE)
    errors = []
    for truth in paper_set(1, 10, seed=31):
        curve = truth.response_db(BINS_HZ[1:], RATE)
        eq = response._eq(start.kinds, start.unknowns(BINS_HZ[1:], curve)[0])
        assert [band.kind for band in eq.bands] == [next(iter(s.kinds)) for s in layout.slots]
        errors.append(rms(eq.response_db(BINS_HZ[1:], RATE) - curve) / rms(curve))
    assert np.median(errors) < 0.1


def test_layouts_that_no_network_knows_have_no_guess() -> None:
    either = Slot(frozenset({BandKind.BELL, BandKind.HIGH_SHELF}), bandwidth_oct=(1.0, 2.0))
    for layout in (Layout((BELL,) * 3), Layout((either,)), Layout(())):
        assert NetworkStart.of(layout) is None


def test_a_guess_that_is_refined_keeps_to_the_layout() -> None:
    layout = Layout.nercessian2020()
    for truth in paper_set(1, 5, seed=32):
        found = match(BINS_HZ, truth.response_db(BINS_HZ, RATE), layout=layout)
        pairs = zip(layout.slots, found.bands, strict=True)
        assert all(slot.held(band) == band for slot, band in pairs)


def test_more_effort_pays_on_average_and_thorough_effort_on_every_curve() -> None:
    layout = Layout((BELL,) * 4)
    errors_db = []
    for curve in unreachable_curves(OCTAVES_HZ, 6, seed=33):
        found = (match(OCTAVES_HZ, curve, layout=layout, effort=effort) for effort in Effort)
        errors_db.append([rms(eq.response_db(OCTAVES_HZ, RATE) - curve) for eq in found])
    quick, normal, thorough = np.transpose(errors_db)
    assert normal.mean() < quick.mean() - 0.001
    assert (thorough < 1.02 * np.minimum(quick, normal)).all()
    assert (normal - thorough).max() > 0.01


def test_bands_that_choose_their_kind_follow_more_than_a_fixed_layout() -> None:
    curves = unreachable_curves(OCTAVES_HZ, 6, seed=34)
    errors_db = [
        [
            rms(match(OCTAVES_HZ, curve, layout=layout).response_db(OCTAVES_HZ, RATE) - curve)
            for layout in (Layout.shelves_and_bells(3), Layout.shelves_or_bells(5))
        ]
        for curve in curves
    ]
    fixed, free = np.transpose(errors_db)
    assert free.mean() < 0.95 * fixed.mean()


def test_kinds_are_chosen_by_the_curve() -> None:
    """Two shelves at one end, which the fixed layout cannot make."""
    truth = Eq(
        (
            Band(BandKind.HIGH_SHELF, 2500.0, 5.0, 1.0),
            Band(BandKind.HIGH_SHELF, 9000.0, -8.0, 1.0),
            Band(BandKind.BELL, 200.0, -4.0, 1.2),
        )
    )
    curve = truth.response_db(OCTAVES_HZ, RATE)
    fixed, free = (
        rms(match(OCTAVES_HZ, curve, layout=layout).response_db(OCTAVES_HZ, RATE) - curve)
        for layout in (Layout.shelves_and_bells(1), Layout.shelves_or_bells(3))
    )
    assert free < 0.3 * fixed


def test_moves_find_a_cut_within_a_boost() -> None:
    """Two boosts beside each other are the nearest fit of a wide boost with a narrow cut in it."""
    truth = Eq((Band(BandKind.BELL, 600.0, 9.0, 3.0), Band(BandKind.BELL, 600.0, -8.0, 0.7)))
    layout = Layout((BELL,) * 2)
    curve = truth.response_db(OCTAVES_HZ, RATE)
    moves = BandMoves(layout, Dictionary.of(layout, OCTAVES_HZ, RATE, WEIGHT), OCTAVES_HZ, RATE)
    kinds = (BandKind.BELL,) * 2
    stuck = np.array([np.log([300.0, 1200.0]), [7.0, 7.0], np.log([1.2, 1.2])]).ravel()
    response = BandResponse(kinds, OCTAVES_HZ, RATE)
    each = response.each_response_db(stuck[None])[0] * WEIGHT
    found_kinds, rows = moves.starts(kinds, stuck, each, curve * WEIGHT, 6)
    assert set(found_kinds) == {kinds}
    pairs = rows.reshape(-1, 3, 2)
    within = (np.abs(pairs[:, 0] - np.log(600.0)) < 0.4).all(axis=1)
    assert (within & (pairs[:, 1].min(axis=1) < -3.0) & (pairs[:, 1].max(axis=1) > 3.0)).any()


def test_a_call_does_not_change_what_the_next_returns() -> None:
    layout = Layout.shelves_and_bells(2)
    curves = unreachable_curves(OCTAVES_HZ, 2, seed=34)
    before = match(OCTAVES_HZ, curves[0], layout=layout)
    match(OCTAVES_HZ, curves[1], layout=layout)
    match(OCTAVES_HZ, curves[0], layout=layout, weight=np.linspace(0.1, 1.0, 120))
    assert match(OCTAVES_HZ, curves[0], layout=layout) == before
