"""What the user's limits mean: no result steps over them, by a band or by the sum."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.eq import Band, BandKind, Eq
from models.layout import Layout, Limits, Slot
from models.matching import match
from models.response_limits import held_to_limits

GRID_HZ = 1000.0 * 2.0 ** (np.arange(-68, 53) / 12.0)
RATE = 48000.0
FIVE = Layout.shelves_and_bells(3)


def knots_curve(knots_db: list[float]) -> np.ndarray:
    places = np.linspace(0.0, len(GRID_HZ) - 1.0, len(knots_db))
    return np.interp(np.arange(len(GRID_HZ)), places, knots_db)


def assert_within(eq: Eq, limits: Limits, rate_hz: float) -> None:
    assert len(eq.bands) <= limits.max_bands
    low_db, high_db = limits.gain_db
    for band in eq.bands:
        assert low_db <= band.gain_db <= high_db
        assert low_db <= 20.0 * math.log10(band.amplitude) <= high_db
        assert limits.min_freq_hz <= band.freq_hz <= limits.max_freq_hz
        assert band.freq_hz < 0.49 * rate_hz
        if band.kind is BandKind.BELL:
            boost = band.gain_db > 0.0
            least = limits.min_boost_bandwidth_oct if boost else limits.min_cut_bandwidth_oct
            assert least <= band.bandwidth_oct <= limits.max_bandwidth_oct
        else:
            assert band.bandwidth_oct >= 1.0
    response_db = eq.response_db(np.geomspace(10.0, 0.4999 * rate_hz, 3000), rate_hz)
    assert np.max(response_db, initial=0.0) <= high_db + 1e-6
    assert np.min(response_db, initial=0.0) >= low_db - 1e-6


LIMITS = st.builds(
    Limits,
    max_boost_db=st.floats(0.0, 18.0),
    max_cut_db=st.floats(0.0, 18.0),
    min_freq_hz=st.sampled_from([20.0, 30.0, 150.0, 1000.0]),
    max_freq_hz=st.sampled_from([1000.0, 3000.0, 16000.0, 20000.0]),
    max_bands=st.integers(0, 5),
    cuts_only=st.booleans(),
    min_boost_bandwidth_oct=st.floats(0.2, 2.0),
    min_cut_bandwidth_oct=st.floats(0.1, 1.0),
)
KNOTS = st.lists(st.floats(-40.0, 40.0), min_size=2, max_size=9)


@settings(max_examples=25, deadline=None)
@given(KNOTS, LIMITS, st.sampled_from([8000.0, 44100.0, 192000.0]), st.booleans())
def test_limits_are_always_kept(
    knots_db: list[float], limits: Limits, rate_hz: float, with_layout: bool
) -> None:
    layout = FIVE if with_layout else None
    eq = match(GRID_HZ, knots_curve(knots_db), limits=limits, sample_rate_hz=rate_hz, layout=layout)
    if layout is not None:
        widest = max(limits.min_boost_bandwidth_oct, limits.min_cut_bandwidth_oct)
        limits = replace(limits, min_cut_bandwidth_oct=min(limits.min_cut_bandwidth_oct, widest))
    assert_within(eq, limits, rate_hz)
    assert eq.output_gain_db == 0.0


@pytest.mark.parametrize("layout", [None, Layout((Slot(frozenset({BandKind.BELL})),))])
def test_a_gain_read_back_from_reaeq_keeps_its_limit(layout: Layout | None) -> None:
    """ReaEQ keeps gains as linear factors: -6 dB came back as -6.000000000000001 dB."""
    bell = Eq((Band(BandKind.BELL, 900.0, -9.0, 1.5),)).response_db(GRID_HZ, RATE)
    eq = match(GRID_HZ, bell, limits=Limits(max_cut_db=6.0, max_bands=1), layout=layout)
    assert min(20.0 * math.log10(band.amplitude) for band in eq.bands) >= -6.0
    assert min(band.gain_db for band in eq.bands) == pytest.approx(-6.0, abs=0.1)


def test_turning_cuts_down_does_not_let_boosts_through() -> None:
    """Boosts were held first; the cuts that masked them were turned down after."""
    limits = Limits(max_boost_db=3.0, max_cut_db=7.7)
    low = Band(BandKind.BELL, 90.0, 4.5, 1.5)
    eq = Eq(
        (
            low,
            replace(low, gain_db=-5.0, bandwidth_oct=0.7),
            Band(BandKind.LOW_SHELF, 400.0, -7.0, 1.0),
            Band(BandKind.BELL, 300.0, -6.0, 1.0),
        )
    )
    held = held_to_limits(eq, limits, RATE)
    assert_within(held, limits, RATE)


def test_passes_are_chosen_only_when_allowed() -> None:
    truth = Eq((Band(BandKind.HIGH_PASS, 120.0, 0.0, 1.4), Band(BandKind.BELL, 2000.0, 4.0, 1.0)))
    curve = truth.response_db(GRID_HZ, RATE)
    kinds = [band.kind for band in match(GRID_HZ, curve, limits=Limits(passes=True)).bands]
    assert kinds == [BandKind.HIGH_PASS, BandKind.BELL]
    eq = match(GRID_HZ, curve)
    assert all(band.kind.has_gain for band in eq.bands)
    assert_within(eq, Limits(), RATE)
