"""ReaEQ's state and parameter maps, against measurements of the plug-in and real users' files."""

from __future__ import annotations

import csv
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.reaper.reaeq import (
    BAND_KIND,
    BAND_TYPE,
    BandType,
    EqParamType,
    ParamKind,
    ReaEqBand,
    ReaEqError,
    ReaEqState,
    decode,
    encode,
    float32,
    fresh_state,
    from_eq,
    normalised_from_raw,
    raw_from_normalised,
    raw_from_stored,
    stored_from_raw,
    stored_text,
    to_eq,
)
from bridge.reaper.vst_block import VstBlock
from models.eq import Band, BandKind, Eq

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
LUA_ROWS = 2
"""Rows of the collection whose text is a Lua script that merely contains a block's first line."""


def corpus_states(data_dir: Path) -> Iterator[bytes]:
    """Yield the state of every ReaEQ instance in the collection of users' files."""
    lua = 0
    for line in (data_dir / "reaper" / "reaeq_chunks.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["path"].endswith(".lua"):
            lua += 1
        elif "hex" in row:
            yield VstBlock.from_bytes(bytes.fromhex(row["hex"])).state
        else:
            yield VstBlock.from_lines(row["body"]).state
    assert lua == LUA_ROWS


@pytest.mark.data
def test_every_state_seen_in_the_wild_survives_to_the_last_bit(data_dir: Path) -> None:
    states = list(corpus_states(data_dir))
    assert len(states) > 600
    for state in states:
        decoded = decode(state)
        assert encode(decoded) == state
        assert decoded.bands
        assert decoded.global_gain == 1.0
        assert all(band.type in BAND_KIND for band in decoded.bands)
        if decoded.record_size == 33:
            assert from_eq(to_eq(decoded), decoded) == decoded


@pytest.mark.data
def test_presets_end_with_a_checksum_outside_the_state(data_dir: Path) -> None:
    checked = 0
    for line in (data_dir / "reaper" / "reaeq_chunks.jsonl").read_text().splitlines():
        row = json.loads(line)
        if "hex" in row:
            data = bytes.fromhex(row["hex"])
            block = VstBlock.from_bytes(data)
            assert block.to_bytes() == data
            assert block.trailer[-1] == sum(data[:-1]) % 256
            checked += 1
    assert checked > 400


def golden_params() -> dict[str, dict[str, list[dict[str, object]]]]:
    loaded: dict[str, dict[str, list[dict[str, object]]]] = json.loads(
        (GOLDEN / "reaeq_params.json").read_text()
    )
    return loaded


@pytest.mark.parametrize(("build", "version"), [("7.40", 7.4), ("7.28", 7.28), ("6.8x", 6.8)])
def test_a_fresh_instance_is_the_plug_ins_own(build: str, version: float) -> None:
    assert encode(fresh_state(version)).hex() == golden_params()[build]["default_chunk_hex"]


@pytest.mark.parametrize("build", ["7.40", "7.28", "6.8x"])
def test_parameters_of_a_fresh_instance(build: str) -> None:
    golden = golden_params()[build]
    state = decode(bytes.fromhex(str(golden["default_chunk_hex"])))
    assert state.param_count == len(golden["default_params"])
    for row in golden["default_params"]:
        index = int(str(row["i"]))
        assert state.param_name(index) == row["name"]
        assert state.param_text(index) == row["text"]
        assert state.param_raw(index) == pytest.approx(row["value"], rel=2e-9)


def test_names_follow_type_and_place() -> None:
    for row in golden_params()["7.40"]["after_loading"]:
        types = row["types"]
        assert isinstance(types, list)
        state = ReaEqState(tuple(ReaEqBand(number, 1, 100.0, 1.0, 2.0) for number in types))
        assert state.param_count == row["nparam"]
        assert [state.param_name(i) for i in range(state.param_count)] == row["names"]


def test_an_unknown_type_has_no_name_and_no_sound() -> None:
    state = ReaEqState((ReaEqBand(99, 1, 100.0, 4.0, 2.0), ReaEqBand(8, 1, 100.0, 1.0, 2.0)))
    assert state.param_name(0) == "Freq- 1"
    assert [band.kind for band in to_eq(state).bands] == [BandKind.BELL]
    assert encode(decode(encode(state))) == encode(state)
    with pytest.raises(IndexError, match="no parameter 7"):
        state.param_name(7)


COLUMNS = [
    (ParamKind.FREQ, True, "freq_log_hz", "freq_log_text"),
    (ParamKind.FREQ, False, "freq_lin_hz", "freq_lin_text"),
    (ParamKind.GAIN, True, "gain_lin", "gain_text"),
    (ParamKind.BANDWIDTH, True, "bw_oct", "bw_text"),
    (ParamKind.OUTPUT, True, "global_gain_lin", "global_gain_text"),
]


@pytest.mark.parametrize(("kind", "log_freq", "value", "text"), COLUMNS)
def test_parameter_maps_as_measured(kind: ParamKind, log_freq: bool, value: str, text: str) -> None:
    with (GOLDEN / "reaeq_mapping.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 201
    for row in rows:
        x = float32(float(row["x"]))
        stored = stored_from_raw(kind, x, log_freq=log_freq)
        assert stored == pytest.approx(float(row[value]), rel=1e-15, abs=1e-300)
        assert stored_text(kind, stored) == row[text]
        if stored > 20.0 or kind is not ParamKind.FREQ:  # below, the linear map is cut off
            assert raw_from_stored(kind, stored, log_freq=log_freq) == pytest.approx(x, abs=1e-7)


@pytest.mark.parametrize(
    ("x", "hz"),
    [
        (0.4408, 801.939815738064),
        (0.6548, 2996.23420702753),
        (0.8176, 8016.06112472286),
        (0.1160, 80.2083416854768),
        (0.2316, 200.30776233974),
    ],
)
def test_frequencies_that_reaper_stored(x: float, hz: float) -> None:
    """A parameter travels as float32: without that rounding the sixth digit would be wrong."""
    assert stored_from_raw(ParamKind.FREQ, x) == pytest.approx(hz, rel=5e-15)


@pytest.mark.parametrize(
    ("decibels", "normalised", "raw"),
    [
        (-24.0, 0.03155, 0.01577),
        (-12.0, 0.12559, 0.06280),
        (-6.0, 0.25059, 0.12530),
        (-3.0, 0.35397, 0.17699),
        (0.0, 0.5, 0.25),
        (3.0, 0.56876, 0.35313),
        (6.0, 0.66588, 0.49882),
        (9.0, 0.80306, 0.70460),
        (12.0, 0.99685, 0.99527),
    ],
)
def test_the_two_gain_scales(decibels: float, normalised: float, raw: float) -> None:
    stored = 10.0 ** (decibels / 20.0)
    assert raw_from_stored(ParamKind.GAIN, stored) == pytest.approx(raw, abs=6e-6)
    assert raw_from_normalised(ParamKind.GAIN, normalised) == pytest.approx(raw, abs=2e-5)
    assert normalised_from_raw(ParamKind.GAIN, raw) == pytest.approx(normalised, abs=2e-5)


@given(kind=st.sampled_from(ParamKind), x=st.floats(0.0, 1.0))
def test_the_scales_are_inverse(kind: ParamKind, x: float) -> None:
    assert normalised_from_raw(kind, raw_from_normalised(kind, x)) == pytest.approx(x, abs=1e-12)
    assert raw_from_normalised(kind, 0.5) == {ParamKind.GAIN: 0.25, ParamKind.OUTPUT: 1.0}.get(
        kind, 0.5
    )


@pytest.mark.parametrize(
    ("kind", "raw", "stored"),
    [
        (ParamKind.FREQ, 2.0, 24000.0),
        (ParamKind.FREQ, -1.0, 20.0),
        (ParamKind.BANDWIDTH, 2.0, 4.0),
        (ParamKind.GAIN, 2.0, 8.0),
        (ParamKind.OUTPUT, 3.0, 3.0),
    ],
)
def test_beyond_the_scale_only_gains_go_on(kind: ParamKind, raw: float, stored: float) -> None:
    assert stored_from_raw(kind, raw) == pytest.approx(stored, rel=1e-15)


@pytest.mark.parametrize(
    ("kind", "stored", "raw"),
    [
        (ParamKind.GAIN, 100.0, 25.0),
        (ParamKind.FREQ, 30000.0, 1.037),
        (ParamKind.FREQ, 5.0, -0.048),
    ],
)
def test_stored_values_outside_the_scale_read_outside_it(
    kind: ParamKind, stored: float, raw: float
) -> None:
    assert raw_from_stored(kind, stored) == pytest.approx(raw, abs=5e-4)


def test_a_frequency_far_below_the_scale_is_no_error() -> None:
    assert raw_from_stored(ParamKind.FREQ, -50.0) == -math.inf


def test_setting_parameters_touches_one_value() -> None:
    state = fresh_state()
    louder = state.with_param_raw(4, 0.5)
    assert louder.bands[1].amplitude == 2.0
    assert encode(louder.with_param_raw(4, 0.25)) == encode(state)
    assert state.with_param_raw(15, 0.5).global_gain == 0.5
    assert state.with_param_raw(6, 0.5).param_text(6) == "1160.5"
    assert state.with_param_raw(8, 0.25).bands[2].bandwidth_oct == 1.0


def test_a_linear_frequency_parameter_is_read_by_its_flag() -> None:
    linear = ReaEqState((ReaEqBand(8, 1, 12000.0, 1.0, 2.0, flag=0),))
    assert linear.param_raw(0) == 0.5
    assert linear.with_param_raw(0, 0.25).bands[0].freq_hz == 6000.0


def test_the_two_numberings_of_band_types() -> None:
    state = ReaEqState(
        tuple(ReaEqBand(int(number), 1, 100.0, 1.0, 1.0) for number in [8, 0, 5, 2, 4, 9, 1])
    )
    addresses = [state.eq_address(i) for i in range(7)]
    assert addresses == [
        (EqParamType.BAND, 0),
        (EqParamType.LOW_SHELF, 0),
        None,
        (EqParamType.BAND, 1),
        (EqParamType.HIGH_PASS, 0),
        (EqParamType.BAND, 2),
        (EqParamType.HIGH_SHELF, 0),
    ]
    for band, address in enumerate(addresses):
        assert address is None or state.find_band(*address) == band
    assert state.find_band(EqParamType.NOTCH, 0) is None
    assert state.find_band(EqParamType.BAND, 3) is None
    assert [int(t) for t in EqParamType] == [-1, 0, 1, 2, 3, 4, 5, 6, 7]


def test_every_kind_has_one_number() -> None:
    assert set(BAND_TYPE) == set(BandKind)
    assert sorted(BAND_TYPE.values()) == list(range(11))
    assert BAND_TYPE[BandKind.BELL] is BandType.BAND


bands = st.builds(
    ReaEqBand,
    type=st.integers(-1, 12),
    enabled=st.integers(-2, 2),
    freq_hz=st.floats(allow_nan=False),
    amplitude=st.floats(allow_nan=False),
    bandwidth_oct=st.floats(allow_nan=False),
    flag=st.integers(0, 255),
)
states = st.builds(ReaEqState, st.lists(bands, max_size=6).map(tuple), tail=st.binary(max_size=32))


@given(states)
def test_states_come_back(state: ReaEqState) -> None:
    assert decode(encode(state)) == state
    assert 1 <= state.channels <= 128


@given(st.integers(30, 66), st.integers(0, 4), st.binary(max_size=400))
def test_arbitrary_bytes_decode_to_themselves_or_are_refused(
    size: int, count: int, rest: bytes
) -> None:
    data = struct.pack("<II", size, count) + rest
    try:
        state = decode(data)
    except ReaEqError:
        tail = len(rest) - size * count
        assert not 32 <= size <= 64 or not 0 <= tail <= 32
    else:
        assert encode(state) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "too short"),
        (b"\x21\0\0\0", "too short"),
        (struct.pack("<II", 12, 0), "records of 12 bytes"),
        (struct.pack("<II", 33, 2**31) + bytes(99), "do not fit"),
        (struct.pack("<II", 33, 0) + bytes(40), "tail of 40 bytes"),
    ],
)
def test_what_is_not_understood_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ReaEqError, match=message):
        decode(data)


@given(states)
def test_to_eq_gives_an_eq_or_refuses(state: ReaEqState) -> None:
    try:
        eq = to_eq(state)
    except ReaEqError:
        assert not math.isfinite(state.global_gain)
    else:
        assert len(eq.bands) == sum(band.type in BAND_KIND for band in state.bands)


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ReaEqError, match="not a number"):
        to_eq(ReaEqState((ReaEqBand(8, 1, math.nan, 1.0, 1.0),)))
    with pytest.raises(ReaEqError, match="global gain"):
        to_eq(ReaEqState(()).with_output(global_gain=math.nan))


kinds = st.sampled_from(BandKind)
eq_bands = st.builds(
    Band,
    kind=kinds,
    freq_hz=st.floats(20.0, 20000.0),
    gain_db=st.floats(-60.0, 24.0),
    bandwidth_oct=st.floats(0.01, 4.0),
    enabled=st.booleans(),
)
eqs = st.builds(Eq, st.lists(eq_bands, max_size=6).map(tuple), st.floats(-24.0, 12.0))


@given(eqs)
def test_an_eq_comes_back_from_its_state(eq: Eq) -> None:
    back = to_eq(decode(encode(from_eq(eq))))
    assert back.output_gain_db == pytest.approx(eq.output_gain_db, abs=1e-12)
    for band, was in zip(back.bands, eq.bands, strict=True):
        assert (band.kind, band.freq_hz, band.enabled) == (was.kind, was.freq_hz, was.enabled)
        assert band.bandwidth_oct == was.bandwidth_oct
        assert band.gain_db == pytest.approx(was.gain_db, abs=1e-12)


@given(st.lists(bands.filter(lambda b: b.type in BAND_KIND), max_size=5), st.binary(max_size=8))
def test_an_unchanged_eq_changes_no_bit(records: list[ReaEqBand], tail: bytes) -> None:
    state = ReaEqState(tuple(records), tail=tail)
    assert from_eq(to_eq(state), state) == state


def test_display_state_flags_and_channels_are_copied() -> None:
    tail = struct.pack("<iidiiii", 1, 0, 1.0, 1, 509, 347, 4)
    base = ReaEqState((ReaEqBand(8, 1, 100.0, 1.0, 1.0, flag=0),), tail=tail)
    eq = Eq((Band(BandKind.BELL, 50.0, -3.0), Band(BandKind.NOTCH, 60.0)), output_gain_db=-6.0)
    new = from_eq(eq, base)
    assert [band.flag for band in new.bands] == [0, 1]
    assert new.channels == 4
    assert new.tail == tail[:8] + struct.pack("<d", new.global_gain) + tail[16:]
    assert to_eq(new).output_gain_db == pytest.approx(-6.0)


@pytest.mark.parametrize("size", [0, 12, 16, 20, 24, 28, 32])
def test_tails_of_every_version_take_an_output_gain(size: int) -> None:
    """A tail of 24 bytes would be misread by ReaEQ and must never be written."""
    full = struct.pack("<iidiiii", 1, 1, 1.0, 1, 500, 300, 2)
    tail = full[: size - 4] + struct.pack("<i", 6) if size == 24 else full[:size]
    state = ReaEqState((), tail=tail)
    new = decode(encode(state.with_output(global_gain=0.5)))
    assert new.global_gain == 0.5
    assert new.channels == state.channels == (6 if size == 24 else 2)
    assert len(new.tail) == (size if size in {16, 20, 28, 32} else 32)


def test_the_channel_count_is_one_byte() -> None:
    state = fresh_state().with_output(channels=6)
    assert state.channels == 6
    assert state.tail[:28] == fresh_state().tail[:28]
    assert ReaEqState((), tail=bytes(32)).channels == 1
    assert ReaEqState((), tail=bytes(28) + b"\xff\1\0\0").channels == 128


def test_old_presets_become_present_ones_with_a_linear_frequency() -> None:
    old = ReaEqState((ReaEqBand(2, 1, 100.0, 1.0, 1.0, flag=0),), record_size=32)
    new = from_eq(to_eq(old), old)
    assert new.record_size == 33
    assert new.bands == old.bands
    assert to_eq(new) == to_eq(old)
