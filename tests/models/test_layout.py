"""Layouts and limits: what they accept, and how limits narrow a layout."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.band_response import warp
from models.eq import BandKind
from models.layout import Layout, Limits, Slot
from models.training.curves import paper_set


def test_paper_layout_contains_every_equaliser_of_the_paper() -> None:
    slots = Layout.nercessian2020().slots
    for number in (1, 2):
        for eq in paper_set(number, 50, seed=3):
            for slot, band in zip(slots, eq.bands, strict=True):
                assert slot.kinds == {band.kind}
                assert slot.freq_hz[0] <= band.freq_hz <= slot.freq_hz[1]
                assert slot.gain_db[0] <= band.gain_db <= slot.gain_db[1]
                assert slot.bandwidth_oct[0] <= band.bandwidth_oct <= slot.bandwidth_oct[1]


def test_paper_bells_have_the_papers_q_at_every_frequency() -> None:
    for eq in paper_set(2, 50, seed=4):
        for band in eq.bands[1:-1]:
            stretch = float(warp(np.array(band.freq_hz), 48000.0))
            q = 0.5 / math.sinh(0.5 * math.log(2.0) * band.bandwidth_oct * stretch)
            assert 0.1 - 1e-9 <= q <= 3.0 + 1e-9


def test_product_shelves_do_not_overshoot() -> None:
    for layout in (Layout.shelves_and_bells(3), Layout.reaeq_default()):
        shelves = [slot for slot in layout.slots if BandKind.BELL not in slot.kinds]
        assert len(shelves) == 2
        assert all(slot.bandwidth_oct[0] >= 1.0 for slot in shelves)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"freq_hz": (200.0, 100.0)}, "freq_hz"),
        ({"freq_hz": (5.0, 100.0)}, "freq_hz"),
        ({"gain_db": (-60.0, 0.0)}, "gain_db"),
        ({"gain_db": (math.nan, 0.0)}, "gain_db"),
        ({"bandwidth_oct": (0.0, 1.0)}, "bandwidth_oct"),
        ({"kinds": frozenset()}, "kinds"),
        ({"kinds": frozenset({BandKind.NOTCH})}, "kinds"),
        ({"kinds": frozenset({BandKind.LOW_SHELF}), "bandwidth_oct": (0.1, 0.8)}, "shelf"),
    ],
)
def test_impossible_slot_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Slot(**{"kinds": frozenset({BandKind.BELL}), **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"max_boost_db": -1.0},
        {"max_cut_db": math.inf},
        {"min_freq_hz": 500.0, "max_freq_hz": 100.0},
        {"max_bands": -1},
        {"min_boost_bandwidth_oct": 5.0},
    ],
)
def test_impossible_limits_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields)).split("_")[0]):
        Limits(**fields)  # type: ignore[arg-type]


def test_limits_narrow_slots_and_drop_those_without_room() -> None:
    bell = frozenset({BandKind.BELL})
    layout = Layout((Slot(bell, (15.0, 20.0)), Slot(bell, (20.0, 20000.0), (-20.0, 20.0))))
    (slot,) = Limits(cuts_only=True, max_cut_db=4.0).narrowed(layout).slots
    assert slot.freq_hz == (30.0, 16000.0)
    assert slot.gain_db == (-4.0, 0.0)
    assert slot.bandwidth_oct[0] == Limits().min_cut_bandwidth_oct
