"""ReaEQ through the ReaScript functions: chains, named parameters, numberings and scales."""

import base64
import math

import pytest

from bridge.reaper import reaeq
from tests.host.studio import studio, track

FRESH = base64.b64encode(reaeq.encode(reaeq.fresh_state())).decode()
JS_CHAIN = '<FXCHAIN\n      BYPASS 0 0 0\n      <JS loser/comp ""\n      >\n      FXID {A}\n    >'


@pytest.fixture
def host(tmp_path):
    return studio(tmp_path, track(1), track(2, JS_CHAIN))


@pytest.fixture
def rpr(host):
    return host.api


@pytest.fixture
def eq(rpr):
    """Track 1 with a fresh ReaEQ."""
    pointer = rpr.RPR_GetTrack(0, 0)
    assert rpr.RPR_TrackFX_AddByName(pointer, "ReaEQ (Cockos)", False, -1) == 0
    return pointer


def named(rpr, pointer, name, fx=0):
    reply = rpr.RPR_TrackFX_GetNamedConfigParm(pointer, fx, name, "", 1 << 16)
    return reply[4] if reply[0] else None


@pytest.mark.parametrize(
    "name", ["ReaEQ", "reaeq", "ReaEQ (Cockos)", "VST: ReaEQ (Cockos)", "VST:ReaEQ (Cockos)"]
)
def test_names_that_mean_reaeq(rpr, name):
    pointer = rpr.RPR_GetTrack(0, 0)
    add = rpr.RPR_TrackFX_AddByName
    assert add(pointer, name, False, 0) == -1, "0 only asks"
    assert add(pointer, name, False, 1) == 0
    assert add(pointer, name, False, 1) == 0, "1 adds only what is missing"
    assert add(pointer, name, False, -1) == 1
    assert add(pointer, name, True, -1) == -1, "no input FX here"
    assert add(pointer, "VST: ReaComp (Cockos)", False, -1) == -1


def test_inserting_deleting_and_finding(rpr):
    pointer = rpr.RPR_GetTrack(0, 1)
    assert rpr.RPR_TrackFX_GetEQ(pointer, False) == -1
    assert rpr.RPR_TrackFX_AddByName(pointer, "ReaEQ", False, -1000) == 0
    assert rpr.RPR_TrackFX_GetFXName(pointer, 1, "", 99)[3] == "loser/comp"
    assert rpr.RPR_TrackFX_GetEQ(pointer, True) == 0
    assert rpr.RPR_TrackFX_AddByName(pointer, "loser/comp", False, 0) == 1
    assert named(rpr, pointer, "fx_type", 1) == "JS"
    assert rpr.RPR_TrackFX_Delete(pointer, 0) == 1
    assert rpr.RPR_TrackFX_Delete(pointer, 7) == 0
    assert rpr.RPR_TrackFX_GetCount(pointer) == 1
    assert rpr.RPR_TrackFX_GetEQ(rpr.RPR_GetMasterTrack(0), True) == 0


def test_a_new_instance_is_reaper_7s_default(rpr, eq):
    assert [named(rpr, eq, f"BANDTYPE{i}") for i in range(6)] == ["0", "8", "8", "1", "4", None]
    assert [named(rpr, eq, f"BANDENABLED{i}") for i in range(5)] == ["1", "1", "1", "1", "0"]
    assert named(rpr, eq, "vst_chunk") == FRESH
    assert rpr.RPR_TrackFX_GetNumParams(eq, 0) == 19
    names = [rpr.RPR_TrackFX_GetParamName(eq, 0, i, "", 99)[4] for i in (0, 4, 9, 12, 15, 16)]
    assert names == [
        "Freq-Low Shelf", "Gain-Band 2", "Freq-High Shelf 4", "Freq-High Pass 5", "Global Gain",
        "Bypass",
    ]  # fmt: skip
    assert rpr.RPR_TrackFX_GetParamName(eq, 0, 19, "", 99)[0] == 0


def test_titles(rpr, eq):
    assert named(rpr, eq, "renamed_name") == ""
    assert rpr.RPR_TrackFX_SetNamedConfigParm(eq, 0, "renamed_name", "ReaTone EQ") == 1
    assert named(rpr, eq, "renamed_name") == "ReaTone EQ"
    assert rpr.RPR_TrackFX_GetFXName(eq, 0, "", 99) == (1, eq, 0, "ReaTone EQ", 99)
    assert named(rpr, eq, "original_name") == named(rpr, eq, "fx_name") == "VST: ReaEQ (Cockos)"


def test_a_state_is_taken_whole_and_rubbish_is_ignored_in_silence(rpr, eq):
    state = reaeq.fresh_state()
    bands = (*state.bands, reaeq.ReaEqBand(10, 1, 5.0, 64.5, 7.0))
    text = base64.b64encode(reaeq.encode(reaeq.ReaEqState(bands, state.tail))).decode()
    put = rpr.RPR_TrackFX_SetNamedConfigParm
    assert put(eq, 0, "vst_chunk", text) == 1
    assert named(rpr, eq, "vst_chunk") == text
    short = base64.b64encode(b"\x10\0\0\0\1\0\0\0" + bytes(60)).decode()
    for rubbish in ("", "AAAA", "no base64!", text[:200], short):
        assert put(eq, 0, "vst_chunk", rubbish) == 1
        assert named(rpr, eq, "vst_chunk") == text
    assert put(eq, 5, "vst_chunk", text) == 0


def test_band_parameters_and_the_lie_of_bandenabled(rpr, eq):
    put = rpr.RPR_TrackFX_SetNamedConfigParm
    assert put(eq, 0, "BANDTYPE1", "3") == 1
    assert named(rpr, eq, "BANDTYPE1") == "3"
    assert put(eq, 0, "BANDENABLED4", "1") == 0, "it works and answers false"
    assert named(rpr, eq, "BANDENABLED4") == "1"
    assert put(eq, 0, "BANDTYPE9", "3") == 0
    assert put(eq, 0, "BANDTYPE0", "x") == 0


def test_eq_parameters_are_numbered_by_type(rpr, eq):
    found = [rpr.RPR_TrackFX_GetEQParam(eq, 0, i, 0, 0, 0, 0.0) for i in range(0, 18, 3)]
    assert [row[0] for row in found] == [1] * 6
    assert [row[4:7] for row in found] == [
        (1, 0, 0), (2, 0, 0), (2, 1, 0), (4, 0, 0), (0, 0, 0), (-1, 0, 1),
    ]  # fmt: skip
    rpr.RPR_TrackFX_SetNamedConfigParm(eq, 0, "BANDTYPE1", "6")
    moved = rpr.RPR_TrackFX_GetEQParam(eq, 0, 6, 0, 0, 0, 0.0)
    assert moved[4:6] == (2, 0), "changing a type renumbers the others"
    assert rpr.RPR_TrackFX_GetEQParam(eq, 0, 16, 0, 0, 0, 0.0)[0] == 0


def test_eq_values_are_hertz_amplitude_octaves_or_normalised(rpr, eq):
    put = rpr.RPR_TrackFX_SetEQParam
    assert put(eq, 0, 2, 1, 0, 440.0, False) == 1
    assert put(eq, 0, 2, 1, 1, 2.0, False) == 1
    assert put(eq, 0, 2, 1, 2, 1.5, False) == 1
    band = reaeq.decode(base64.b64decode(named(rpr, eq, "vst_chunk"))).bands[2]
    assert (band.freq_hz, band.amplitude, band.bandwidth_oct) == (440.0, 2.0, 1.5)
    assert rpr.RPR_TrackFX_GetFormattedParamValue(eq, 0, 7, "", 99)[4] == "6.0"
    assert rpr.RPR_TrackFX_GetParamNormalized(eq, 0, 7) == pytest.approx(0.5 + 1 / 6)
    assert put(eq, 0, 2, 1, 1, 0.5, True) == 1
    assert rpr.RPR_TrackFX_GetFormattedParamValue(eq, 0, 7, "", 99)[4] == "0.0"
    assert put(eq, 0, 2, 1, 1, -3.0, False) == 1, "a level in dB is silence"
    assert rpr.RPR_TrackFX_GetFormattedParamValue(eq, 0, 7, "", 99)[4] == "-inf"
    assert put(eq, 0, 3, 0, 0, 440.0, False) == 0, "no notch to set, none is made"
    assert rpr.RPR_TrackFX_GetEQBandEnabled(eq, 0, 0, 0) == 0
    assert rpr.RPR_TrackFX_SetEQBandEnabled(eq, 0, 0, 0, True) == 1
    assert rpr.RPR_TrackFX_GetEQBandEnabled(eq, 0, 0, 0) == 1


def test_the_two_scales_of_parameters(rpr, eq):
    assert rpr.RPR_TrackFX_GetParam(eq, 0, 1, 0.0, 0.0) == (0.25, eq, 0, 1, 0.0, 1.0)
    assert rpr.RPR_TrackFX_GetParamEx(eq, 0, 15, 0.0, 0.0, 0.0) == (1.0, eq, 0, 15, 0.0, 4.0, 1.0)
    assert rpr.RPR_TrackFX_GetParamNormalized(eq, 0, 1) == 0.5
    assert rpr.RPR_TrackFX_SetParam(eq, 0, 1, 0.5) == 1
    assert rpr.RPR_TrackFX_GetFormattedParamValue(eq, 0, 1, "", 99)[4] == "6.0"
    assert rpr.RPR_TrackFX_SetParamNormalized(eq, 0, 0, 0.4408) == 1
    band = reaeq.decode(base64.b64decode(named(rpr, eq, "vst_chunk"))).bands[0]
    assert math.isclose(band.freq_hz, 801.939815738064, rel_tol=1e-14), "through float32"
    shown = rpr.RPR_TrackFX_FormatParamValueNormalized(eq, 0, 0, 0.5, "", 99)
    assert shown == (1, eq, 0, 0, 0.5, "1160.5", 99)
    assert rpr.RPR_TrackFX_SetParam(eq, 0, 99, 0.5) == 0


def test_bypass_is_a_parameter_too(rpr, eq):
    assert rpr.RPR_TrackFX_SetParam(eq, 0, 16, 1.0) == 1
    assert rpr.RPR_TrackFX_GetEnabled(eq, 0) == 0
    assert rpr.RPR_TrackFX_GetParam(eq, 0, 16, 0.0, 0.0)[0] == 1.0
    assert rpr.RPR_TrackFX_GetParam(eq, 0, 17, 0.0, 0.0)[0] == 1.0, "wet"


def test_offline_plug_ins_do_not_answer(rpr, eq):
    rpr.RPR_TrackFX_SetOffline(eq, 0, True)
    assert rpr.RPR_TrackFX_GetOffline(eq, 0) == 1
    assert named(rpr, eq, "vst_chunk") is None
    assert rpr.RPR_TrackFX_GetEQParam(eq, 0, 0, 0, 0, 0, 0.0)[0] == 0
    assert rpr.RPR_TrackFX_SetNamedConfigParm(eq, 0, "vst_chunk", FRESH) == 0


def test_foreign_plug_ins_answer_what_the_file_says(rpr):
    pointer = rpr.RPR_GetTrack(0, 1)
    assert rpr.RPR_TrackFX_GetNumParams(pointer, 0) == 0
    assert rpr.RPR_TrackFX_GetEQParam(pointer, 0, 0, 0, 0, 0, 0.0)[0] == 0
    assert named(rpr, pointer, "vst_chunk") is None
    assert rpr.RPR_TrackFX_SetNamedConfigParm(pointer, 0, "vst_chunk", FRESH) == 0
    assert rpr.RPR_guidToString(rpr.RPR_TrackFX_GetFXGUID(pointer, 0), "")[1] == "{A}"
