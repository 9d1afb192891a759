"""ReaEQ's response: golden measurements of the plug-in, physics and algebra."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.eq import Band, BandKind, Eq, EqFilter

CHUNK_KINDS = [
    BandKind.LOW_SHELF,
    BandKind.HIGH_SHELF,
    BandKind.BELL_ALT2,
    BandKind.LOW_PASS,
    BandKind.HIGH_PASS,
    BandKind.ALL_PASS,
    BandKind.NOTCH,
    BandKind.BAND_PASS,
    BandKind.BELL,
    BandKind.BELL_ALT,
    BandKind.PARALLEL_BAND_PASS,
]
FREQS_HZ = np.geomspace(20.0, 20000.0, 97)

kinds = st.sampled_from(list(BandKind))
bells_and_shelves = st.sampled_from([BandKind.BELL, BandKind.LOW_SHELF, BandKind.HIGH_SHELF])
bands = st.builds(
    Band,
    kind=bells_and_shelves,
    freq_hz=st.floats(20.0, 18000.0),
    gain_db=st.floats(-18.0, 18.0),
    bandwidth_oct=st.floats(0.1, 4.0),
)


def decibels(amplitude: float) -> float:
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else -math.inf


def eq_of_case(case: dict) -> Eq:
    chain = tuple(
        Band(CHUNK_KINDS[kind], freq_hz, decibels(amplitude), bandwidth_oct, bool(enabled))
        for kind, enabled, freq_hz, amplitude, bandwidth_oct in case["bands"]
    )
    return Eq(chain, decibels(case.get("global_gain", 1.0)))


def test_response_equals_the_plug_in(data_dir: Path) -> None:
    golden = json.loads((data_dir / "reaeq" / "reaeq_golden.json").read_text())
    freqs_hz = np.array(golden["freqs_hz"])
    checked = 0
    for case in golden["cases"]:
        below_nyquist = freqs_hz < 0.5 * case["fs"]
        measured_db = np.array(case["db"], dtype=float)[below_nyquist]
        audible = measured_db > -100.0
        response_db = eq_of_case(case).response_db(freqs_hz[below_nyquist], case["fs"])
        np.testing.assert_allclose(
            response_db[audible], measured_db[audible], atol=1e-3, err_msg=case["id"]
        )
        checked += int(audible.sum())
    assert checked > 5000


def test_coefficients_equal_reaper_7_65(data_dir: Path) -> None:
    rows = json.loads((data_dir / "reaper/measured/reaeq_reaper765_coefs.json").read_text())
    names = {"low_shelf": BandKind.LOW_SHELF, "high_shelf": BandKind.HIGH_SHELF}
    checked = 0
    for row in rows["biquads"]:
        kind = names.get(row["kind"]) or BandKind(
            {"band": "bell", "bell": "bell", "peak": "bell"}.get(row["kind"], row["kind"])
        )
        band = Band(kind, row["f0"], decibels(row["gain_lin"]), row["bw"])
        b, a = band.coefficients(row["fs"])
        np.testing.assert_allclose([*b, *a[1:]], row["coef"], atol=1e-9)
        checked += 1
    assert checked >= 10


@pytest.mark.parametrize("sample_rate_hz", [22050, 44100, 48000, 96000, 192000])
def test_a_bell_has_its_gain_at_its_centre(sample_rate_hz: int) -> None:
    for gain_db in (-12.0, -1.0, 6.0):
        eq = Eq((Band(BandKind.BELL, 1000.0, gain_db, 1.3),))
        assert eq.response_db([1000.0], sample_rate_hz)[0] == pytest.approx(gain_db, abs=1e-9)


@pytest.mark.parametrize("kind", [BandKind.LOW_SHELF, BandKind.HIGH_SHELF])
def test_a_shelf_has_half_its_gain_at_its_corner_and_all_of_it_beyond(kind: BandKind) -> None:
    eq = Eq((Band(kind, 1000.0, 8.0, 1.0),))
    far_hz, opposite_hz = (1.0, 23990.0) if kind is BandKind.LOW_SHELF else (23990.0, 1.0)
    assert eq.response_db([1000.0], 48000)[0] == pytest.approx(4.0, abs=1e-9)
    assert eq.response_db([far_hz], 48000)[0] == pytest.approx(8.0, abs=1e-3)
    assert eq.response_db([opposite_hz], 48000)[0] == pytest.approx(0.0, abs=1e-3)


def test_a_butterworth_high_pass_is_3_db_down_at_its_corner_and_falls_12_db_per_octave() -> None:
    eq = Eq((Band.from_q(BandKind.HIGH_PASS, 100.0, q=math.sqrt(0.5)),))
    at_corner, low, octave_below = eq.response_db([100.0, 10.0, 5.0], 48000)
    assert at_corner == pytest.approx(-10.0 * math.log10(2.0), abs=0.01)
    assert low - octave_below == pytest.approx(12.04, abs=0.02)


def test_special_cases_of_the_plug_in() -> None:
    """A shelf below -40 dB becomes a pass filter, a bell below -60 dB a notch."""
    low_shelf = Eq((Band(BandKind.LOW_SHELF, 500.0, -41.0, 1.5),))
    high_pass = Eq((Band(BandKind.HIGH_PASS, 500.0, 0.0, 1.5),))
    dead_bell = Eq((Band(BandKind.BELL, 500.0, -math.inf, 1.5),))
    notch = Eq((Band(BandKind.NOTCH, 500.0, 0.0, 1.5),))
    np.testing.assert_array_equal(
        low_shelf.response_db(FREQS_HZ, 48000), high_pass.response_db(FREQS_HZ, 48000)
    )
    np.testing.assert_array_equal(
        dead_bell.response_db(FREQS_HZ, 48000), notch.response_db(FREQS_HZ, 48000)
    )


def test_one_parallel_band_pass_replaces_the_dry_signal() -> None:
    eq = Eq((Band(BandKind.PARALLEL_BAND_PASS, 1000.0, 0.0, 1.0),))
    assert eq.response_db([1000.0], 48000)[0] == pytest.approx(0.0, abs=1e-9)
    assert eq.response_db([50.0], 48000)[0] < -20.0


@given(st.lists(bands, max_size=6))
def test_scaling_by_one_changes_nothing_and_by_zero_is_flat(chain: list[Band]) -> None:
    eq = Eq(tuple(chain), 1.5)
    assert eq.scaled(1.0) == eq
    np.testing.assert_allclose(eq.scaled(0.0).response_db(FREQS_HZ, 48000), 0.0, atol=1e-9)


@given(st.lists(bands, max_size=6))
def test_the_inverse_cancels_the_eq(chain: list[Band]) -> None:
    eq = Eq(tuple(chain), -2.0)
    both_db = eq.response_db(FREQS_HZ, 48000) + eq.scaled(-1.0).response_db(FREQS_HZ, 48000)
    np.testing.assert_allclose(both_db, 0.0, atol=1e-6)


@given(kinds, st.floats(20.0, 20000.0), st.floats(-40.0, 24.0), st.floats(-1.0, 2.0))
def test_scaling_keeps_every_band_valid(
    kind: BandKind, freq_hz: float, gain_db: float, amount: float
) -> None:
    band = Band(kind, freq_hz, gain_db, 1.0).scaled(amount)
    assert math.isfinite(band.freq_hz)
    assert np.all(np.isfinite(Eq((band,)).response_db(FREQS_HZ, 48000)))


@pytest.mark.parametrize("kind", [BandKind.HIGH_PASS, BandKind.LOW_PASS])
def test_a_pass_filter_fades_out_with_the_amount(kind: BandKind) -> None:
    eq = Eq((Band(kind, 1000.0, 0.0, 1.9),))
    strengths = [-eq.scaled(x).response_db(FREQS_HZ, 48000).mean() for x in (0.0, 0.3, 0.6, 1.0)]
    assert strengths[0] == pytest.approx(0.0, abs=1e-12)
    assert strengths == sorted(strengths)
    assert strengths[3] > 3.0


@given(
    st.sampled_from(sorted(set(BandKind) - {BandKind.LOW_SHELF, BandKind.HIGH_SHELF})),
    st.floats(0.2, 30.0),
)
def test_q_and_bandwidth_are_one_number_in_two_units(kind: BandKind, q: float) -> None:
    assert Band.from_q(kind, 1000.0, 6.0, q=q).q == pytest.approx(q, rel=1e-9)


@pytest.mark.parametrize("gain_db", [-9.0, 4.0])
def test_shelf_q_follows_its_slope(gain_db: float) -> None:
    gentle = Band.from_q(BandKind.LOW_SHELF, 200.0, gain_db, q=0.5)
    assert gentle.q == pytest.approx(0.5, rel=1e-9)
    assert Band.from_q(BandKind.LOW_SHELF, 200.0, gain_db, q=math.sqrt(0.5)).bandwidth_oct == (
        pytest.approx(1.0)
    )


@pytest.mark.parametrize("sample_rate_hz", [44100, 96000])
def test_filtered_audio_has_the_predicted_response(sample_rate_hz: int) -> None:
    eq = Eq(
        (
            Band(BandKind.HIGH_PASS, 60.0, 0.0, 1.9),
            Band(BandKind.BELL, 400.0, -6.0, 0.7),
            Band(BandKind.BELL, 5000.0, 4.0, 2.0, enabled=False),
            Band(BandKind.HIGH_SHELF, 8000.0, 5.0, 1.0),
        ),
        -1.25,
    )
    impulse = np.zeros((2, 1 << 16))
    impulse[:, 0] = 1.0
    out = eq.apply(impulse, sample_rate_hz)
    bins_hz = np.fft.rfftfreq(out.shape[1], 1.0 / sample_rate_hz)
    heard = (bins_hz > 20.0) & (bins_hz < 20000.0)
    measured_db = 20.0 * np.log10(np.abs(np.fft.rfft(out[1])))[heard]
    np.testing.assert_allclose(
        measured_db, eq.response_db(bins_hz[heard], sample_rate_hz), atol=0.01
    )


def test_block_by_block_equals_all_at_once() -> None:
    eq = Eq(
        (
            Band(BandKind.BELL, 300.0, 6.0, 1.0),
            Band(BandKind.PARALLEL_BAND_PASS, 900.0, 0.0, 1.0),
            Band(BandKind.PARALLEL_BAND_PASS, 3000.0, 0.0, 1.0),
        ),
        2.0,
    )
    noise = np.random.default_rng(1).standard_normal((3, 5000)).astype(np.float32)
    stream = EqFilter(eq, 48000, channels=3)
    blocks = [stream.process(noise[:, i : i + 777]) for i in range(0, 5000, 777)]
    np.testing.assert_allclose(
        np.concatenate(blocks, axis=1), eq.apply(noise, 48000), rtol=1e-12, atol=1e-12
    )


def test_an_empty_block_is_returned_empty() -> None:
    stream = EqFilter(Eq((Band(BandKind.BELL, 300.0, 6.0, 1.0),)), 48000, channels=2)
    assert stream.process(np.zeros((2, 0), np.float32)).shape == (2, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("freq_hz", math.nan),
        ("freq_hz", -1.0),
        ("freq_hz", math.inf),
        ("gain_db", math.nan),
        ("gain_db", math.inf),
        ("bandwidth_oct", -0.1),
        ("bandwidth_oct", math.nan),
        ("kind", "wah"),
    ],
)
def test_a_band_refuses_values_out_of_range(field: str, value: object) -> None:
    fields = {"kind": "bell", "freq_hz": 1000.0, "gain_db": 1.0, "bandwidth_oct": 1.0}
    with pytest.raises(ValueError, match=field if field != "kind" else "wah"):
        Band(**{**fields, field: value})
