"""Measuring an equaliser by an impulse."""

from __future__ import annotations

import numpy as np
import pytest

from models.eq import Band, BandKind, Eq
from models.impulse import impulse, worst_deviation

EQ = Eq((Band(BandKind.BELL, 1000.0, 6.0, 1.0), Band(BandKind.HIGH_PASS, 40.0, 0.0, 2.0)), -2.0)


@pytest.mark.parametrize("rate_hz", [44100, 96000])
def test_an_eq_is_as_its_response_says(rate_hz: int) -> None:
    plain = impulse(rate_hz)
    found = worst_deviation(plain[0], EQ.apply(plain, rate_hz)[0], EQ, rate_hz)
    assert found.error_db < 1e-3


def test_the_place_of_the_deviation_is_told() -> None:
    plain = impulse(48000)
    other = Eq((Band(BandKind.BELL, 1000.0, 9.0, 1.0), *EQ.bands[1:]), -2.0)
    found = worst_deviation(plain[0], other.apply(plain, 48000)[0], EQ, 48000)
    assert found.freq_hz == pytest.approx(1000.0, rel=0.02)
    assert found.measured_db - found.expected_db == pytest.approx(3.0, abs=0.01)


def test_silence_is_refused() -> None:
    with pytest.raises(ValueError, match="no impulse"):
        worst_deviation(np.zeros(480), np.zeros(480), EQ, 48000)
