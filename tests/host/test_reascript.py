"""The ReaScript face of the host: argument rules, tuple shapes, pointers, undo, stored values."""

import base64
import json
import struct

import pytest

from bridge.errors import NoSuchFile, NotAProject
from bridge.host import open_project
from bridge.host.calling import TABLE, HostError
from bridge.host.project import dumps
from tests.host.studio import guid, item, noise, studio, track, write

NULL_TRACK = "(MediaTrack*)0x0000000000000000"


@pytest.fixture
def host(tmp_path):
    return studio(tmp_path, track(1, selected=False), track(2), track(3, selected=False))


@pytest.fixture
def rpr(host):
    return host.api


@pytest.fixture
def first(rpr):
    return rpr.RPR_GetTrack(0, 0)


def chunk(rpr, pointer, fx=0):
    return rpr.RPR_TrackFX_GetNamedConfigParm(pointer, fx, "vst_chunk", "", 1 << 16)[4]


# --- calling ------------------------------------------------------------------------------------


def test_unknown_functions_are_attribute_errors(rpr):
    with pytest.raises(AttributeError, match="RPR_Nonsense"):
        _ = rpr.RPR_Nonsense
    with pytest.raises(AttributeError):
        _ = rpr.CountTracks
    assert rpr.RPR_APIExists("CountTracks") == 1
    assert rpr.RPR_APIExists("Nonsense") == 0
    assert set(dir(rpr)) == {f"RPR_{name}" for name in TABLE}


def test_arguments_are_positional_counted_and_typed(rpr, first):
    with pytest.raises(TypeError):
        rpr.RPR_GetTrack(proj=0, trackidx=0)
    with pytest.raises(TypeError, match="takes 2 positional arguments but 1"):
        rpr.RPR_GetTrack(0)
    with pytest.raises(TypeError, match="integer"):
        rpr.RPR_GetTrack(0, "0")
    with pytest.raises(TypeError, match="integer"):
        rpr.RPR_GetTrack(0, 0.0)
    with pytest.raises(TypeError, match="real number"):
        rpr.RPR_SetMediaTrackInfo_Value(first, "D_VOL", "1")
    with pytest.raises(TypeError, match="string"):
        rpr.RPR_GetMediaTrackInfo_Value(first, 5)


def test_pointers_are_texts_and_stale_ones_are_refused(host, rpr, first):
    assert first.startswith("(MediaTrack*)0x")
    assert len(first) == len(NULL_TRACK)
    assert rpr.RPR_GetTrack(0, 0) == first
    assert rpr.RPR_GetTrack(0, 3) == NULL_TRACK
    rpr.RPR_DeleteTrack(first)
    assert rpr.RPR_ValidatePtr2(0, first, "MediaTrack*") == 0
    for pointer in (first, NULL_TRACK, "(MediaTrack*)0x00007F00DEADBEEF", "rubbish", 0):
        with pytest.raises(HostError, match="no track"):
            rpr.RPR_TrackFX_GetCount(pointer)
    rpr.RPR_Undo_DoUndo2(0)
    assert rpr.RPR_GetTrack(0, 0) == first, "tied to the GUID"
    with pytest.raises(HostError, match="GUID"):
        rpr.RPR_guidToString(first, "")
    with pytest.raises(HostError, match="project"):
        rpr.RPR_CountTracks("(ReaProject*)0x0000000000000001")
    assert rpr.RPR_CountTracks(rpr.RPR_EnumProjects(-1, "", 512)[0]) == 3


def test_buffers_cut_long_values(rpr, first):
    rpr.RPR_GetSetMediaTrackInfo_String(first, "P_NAME", "Trompete für Öztürk", True)
    assert rpr.RPR_GetTrackName(first, "", 9)[2] == "Trompete"
    assert rpr.RPR_GetTrackName(first, "", 12)[2] == "Trompete f", "no half character"
    assert rpr.RPR_GetTrackName(first, "", 512) == (1, first, "Trompete für Öztürk", 512)


# --- tracks -------------------------------------------------------------------------------------


def test_selection(rpr, first):
    assert rpr.RPR_CountSelectedTracks(0) == 1
    assert rpr.RPR_GetSelectedTrack(0, 0) == rpr.RPR_GetTrack(0, 1)
    assert rpr.RPR_GetSelectedTrack(0, 1) == NULL_TRACK
    rpr.RPR_SetOnlyTrackSelected(first)
    assert rpr.RPR_GetSelectedTrack(0, 0) == first
    rpr.RPR_SetTrackSelected(first, False)
    assert rpr.RPR_CountSelectedTracks(0) == 0


def test_track_numbers(rpr, first):
    master = rpr.RPR_GetMasterTrack(0)
    assert rpr.RPR_GetMediaTrackInfo_Value(first, "IP_TRACKNUMBER") == 1.0
    assert rpr.RPR_GetMediaTrackInfo_Value(master, "IP_TRACKNUMBER") == -1.0
    for key, value in {"B_MUTE": 1, "I_SOLO": 2, "D_VOL": 0.5, "D_PAN": -0.25, "I_FXEN": 0}.items():
        for pointer in (first, master) if key != "I_SOLO" else (first,):
            assert rpr.RPR_SetMediaTrackInfo_Value(pointer, key, float(value)) == 1
            assert rpr.RPR_GetMediaTrackInfo_Value(pointer, key) == value
    assert rpr.RPR_GetMediaTrackInfo_Value(first, "X_UNKNOWN") == 0.0
    assert rpr.RPR_SetMediaTrackInfo_Value(first, "X_UNKNOWN", 1.0) == 0


def test_track_texts_and_stored_values(host, rpr, first):
    text = rpr.RPR_GetSetMediaTrackInfo_String(first, "GUID", "", False)
    assert text == (1, first, "GUID", guid(1), False)
    assert rpr.RPR_guidToString(rpr.RPR_GetTrackGUID(first), "")[1] == guid(1)
    before = dumps(host.project)
    assert rpr.RPR_GetSetMediaTrackInfo_String(first, "P_EXT:reatone", "", False)[0] == 0
    assert rpr.RPR_GetSetMediaTrackInfo_String(first, "P_EXT:reatone", "e30=", True)[0] == 1
    assert rpr.RPR_GetSetMediaTrackInfo_String(first, "P_EXT:reatone", "", False)[3] == "e30="
    assert rpr.RPR_GetSetMediaTrackInfo_String(first, "P_EXT:reatone", "a\nb", True)[0] == 0
    rpr.RPR_GetSetMediaTrackInfo_String(first, "P_EXT:reatone", "", True)
    assert dumps(host.project) == before, "an empty text deletes"


def test_parents_follow_the_folders(tmp_path):
    rpr = studio(
        tmp_path, track(1, "ISBUS 1 1"), track(2, "ISBUS 1 1"), track(3, "ISBUS 2 -2"), track(4)
    ).api
    tracks = [rpr.RPR_GetTrack(0, i) for i in range(4)]
    parents = [rpr.RPR_GetParentTrack(pointer) for pointer in tracks]
    assert parents == [NULL_TRACK, tracks[0], tracks[1], NULL_TRACK]


# --- the project --------------------------------------------------------------------------------


def test_project_settings(host, rpr):
    before = dumps(host.project)
    assert rpr.RPR_GetSetProjectInfo(0, "RENDER_SETTINGS", 8194.0, True) == 8194.0
    assert rpr.RPR_GetSetProjectInfo(0, "RENDER_SETTINGS", 0.0, False) == 8194.0
    assert rpr.RPR_GetSetProjectInfo(0, "NO_SUCH_KEY", 1.0, True) == 0.0
    assert rpr.RPR_GetSetProjectInfo_String(0, "NO_SUCH_KEY", "x", True)[0] == 0
    rpr.RPR_GetSetProjectInfo_String(0, "RENDER_FILE", "/elsewhere", True)
    assert rpr.RPR_GetSetProjectInfo(0, "RENDER_FILE", 0.0, False) == 0.0, "a text is no number"
    assert rpr.RPR_GetSetProjectInfo_String(0, "RENDER_FORMAT", "", False)[3] == "ZXZhdxgAAQ=="
    assert rpr.RPR_IsProjectDirty(0) == 1
    rpr.RPR_GetSetProjectInfo(0, "RENDER_SETTINGS", 0.0, True)
    rpr.RPR_GetSetProjectInfo_String(0, "RENDER_FILE", "", True)
    host.save()
    assert host.path.read_bytes() == before, "restored settings leave no trace"


def test_changed_settings_are_saved_in_their_lines(host, rpr):
    rpr.RPR_GetSetProjectInfo(0, "RENDER_STARTPOS", 1.5, True)
    rpr.RPR_GetSetProjectInfo_String(0, "RENDER_FILE", "some where", True)
    rpr.RPR_GetSetProjectInfo_String(0, "RENDER_FORMAT", "ZXZhdyAAAA==", True)
    rpr.RPR_Main_SaveProject(0, False)
    again = open_project(host.path).api
    assert again.RPR_GetSetProjectInfo(0, "RENDER_STARTPOS", 0.0, False) == 1.5
    assert again.RPR_GetSetProjectInfo_String(0, "RENDER_FILE", "", False)[3] == "some where"
    assert again.RPR_GetSetProjectInfo_String(0, "RENDER_FORMAT", "", False)[3] == "ZXZhdyAAAA=="


def test_length_and_time_selection(tmp_path):
    rpr = studio(
        tmp_path, track(1, item(position=1.0, length=2.5)), extra="  SELECTION 0.5 1\n"
    ).api
    assert rpr.RPR_GetProjectLength(0) == 3.5
    call = rpr.RPR_GetSet_LoopTimeRange2
    assert call(0, False, False, 0.0, 0.0, False) == (0, False, False, 0.5, 1.0, False)
    call(0, True, False, 1.0, 2.0, False)
    assert call(0, False, False, 0.0, 0.0, False)[3:5] == (1.0, 2.0)


def test_stored_values(host, rpr):
    rpr.RPR_SetExtState("reatone", "a", "line 1\nline 2", False)
    assert rpr.RPR_GetExtState("reatone", "a") == "line 1\nline 2"
    assert rpr.RPR_HasExtState("reatone", "a") == 1
    rpr.RPR_DeleteExtState("reatone", "a", False)
    assert rpr.RPR_HasExtState("reatone", "a") == 0
    assert rpr.RPR_GetExtState("reatone", "a") == ""
    before = dumps(host.project)
    rpr.RPR_SetProjExtState(0, "reatone", "k", "some text")
    assert rpr.RPR_GetProjExtState(0, "reatone", "k", "", 64)[4] == "some text"
    rpr.RPR_SetProjExtState(0, "reatone", "k", "")
    assert rpr.RPR_GetProjExtState(0, "reatone", "k", "", 64)[4] == ""
    assert dumps(host.project) == before


def test_warnings_are_readable_as_ext_state(tmp_path):
    rpr = studio(tmp_path, track(1, item("gone.wav")), track(2)).api
    assert "gone.wav" in json.loads(rpr.RPR_GetExtState("reatone_host", guid(1)))[0]
    assert json.loads(rpr.RPR_GetExtState("reatone_host", guid(2))) == []
    assert rpr.RPR_GetExtState("reatone_host", "{none}") == ""


def test_actions_that_need_reaper_are_refused(rpr):
    with pytest.raises(HostError, match="40001"):
        rpr.RPR_Main_OnCommand(40001, 0)


# --- undo ---------------------------------------------------------------------------------------


def test_undo_restores_every_byte_and_redo_brings_it_back(host, rpr, first):
    before = dumps(host.project)
    rpr.RPR_Undo_BeginBlock2(0)
    rpr.RPR_TrackFX_AddByName(first, "ReaEQ", False, -1)
    rpr.RPR_TrackFX_SetNamedConfigParm(first, 0, "renamed_name", 'The "EQ"')
    rpr.RPR_GetSetMediaTrackInfo_String(first, "P_EXT:reatone", "x", True)
    rpr.RPR_Undo_EndBlock2(0, "ReaTone: test", -1)
    after = dumps(host.project)
    assert after != before
    assert rpr.RPR_Undo_CanUndo2(0) == "ReaTone: test"
    assert rpr.RPR_Undo_DoUndo2(0) == 1
    assert dumps(host.project) == before
    assert rpr.RPR_TrackFX_GetCount(first) == 0
    assert rpr.RPR_Undo_CanRedo2(0) == "ReaTone: test"
    assert rpr.RPR_Undo_DoRedo2(0) == 1
    assert dumps(host.project) == after


def test_an_empty_history_trips_reapers_wrapper(rpr):
    with pytest.raises(AttributeError, match="decode"):
        rpr.RPR_Undo_CanUndo2(0)
    assert rpr.RPR_Undo_DoUndo2(0) == 0


def test_blocks_nest_and_flags_0_make_a_point_only_of_a_change(host, rpr, first):
    rpr.RPR_Undo_BeginBlock2(0)
    rpr.RPR_Undo_EndBlock2(0, "nothing", 0)
    assert not host.history.done
    rpr.RPR_Undo_BeginBlock2(0)
    rpr.RPR_Undo_BeginBlock2(0)
    rpr.RPR_TrackFX_GetEQ(first, True)
    rpr.RPR_Undo_EndBlock2(0, "inner", -1)
    rpr.RPR_TrackFX_SetEnabled(first, 0, False)
    rpr.RPR_Undo_EndBlock2(0, "outer", -1)
    assert [point.label for point in host.history.done] == ["outer"]
    with pytest.raises(HostError, match="BeginBlock"):
        rpr.RPR_Undo_EndBlock2(0, "too much", -1)


def test_undo_inside_a_block_is_refused_and_loses_nothing(host, rpr, first):
    rpr.RPR_TrackFX_GetEQ(first, True)
    rpr.RPR_Undo_BeginBlock2(0)
    with pytest.raises(HostError, match="block"):
        rpr.RPR_Undo_DoUndo2(0)
    rpr.RPR_Undo_EndBlock2(0, "", 0)
    assert rpr.RPR_Undo_DoUndo2(0) == 1


def test_single_edits_make_points_of_their_own(host, rpr, first):
    rpr.RPR_TrackFX_GetEQ(first, True)
    rpr.RPR_TrackFX_SetParam(first, 0, 1, 0.5)
    rpr.RPR_TrackFX_SetParam(first, 0, 1, 0.5)
    assert len(host.history.done) == 2, "the second write changed nothing"
    count = rpr.RPR_GetProjectStateChangeCount(0)
    rpr.RPR_TrackFX_Delete(first, 0)
    assert rpr.RPR_GetProjectStateChangeCount(0) > count


# --- files --------------------------------------------------------------------------------------


def test_saving_keeps_the_previous_file(host, rpr, first):
    before = host.path.read_bytes()
    rpr.RPR_TrackFX_GetEQ(first, True)
    host.save()
    assert host.path.with_suffix(".rpp-bak").read_bytes() == before
    assert host.path.read_bytes() == dumps(host.project)
    assert rpr.RPR_IsProjectDirty(0) == 0


def test_saving_elsewhere_keeps_the_media(tmp_path):
    write(tmp_path, noise())
    host = studio(tmp_path, track(1, item()))
    original = host.path.read_bytes()
    (tmp_path / "new").mkdir()
    host.save(tmp_path / "new" / "copy.rpp")
    assert (tmp_path / "song.rpp").read_bytes() == original
    assert open_project(host.path).warnings(guid(1)) == ()
    assert not (tmp_path / "new" / "copy.rpp-bak").exists()


def test_files_that_are_no_projects(tmp_path):
    with pytest.raises(NoSuchFile, match=r"gone\.rpp"):
        open_project(tmp_path / "gone.rpp")
    with pytest.raises(NoSuchFile):
        open_project(tmp_path)
    (tmp_path / "cut.rpp").write_text('<REAPER_PROJECT 0.1 "7" 0\n  <TRACK\n')
    with pytest.raises(NotAProject, match=r"cut\.rpp.*line 2"):
        open_project(tmp_path / "cut.rpp")


@pytest.mark.data
def test_published_projects_answer_every_track_and_fx_question(data_dir):
    files = [*(data_dir / "reaper/rpp").glob("*.[rR][pP][pP]")]
    files += (data_dir / "reaper/rpp").glob("*.RTrackTemplate")
    assert len(files) > 8
    reaeqs = 0
    for path in files:
        host = open_project(path)
        rpr = host.api
        before = dumps(host.project)
        for index in range(rpr.RPR_CountTracks(0)):
            pointer = rpr.RPR_GetTrack(0, index)
            key = rpr.RPR_GetSetMediaTrackInfo_String(pointer, "GUID", "", False)[3]
            assert host.warnings(key) is not None
            assert rpr.RPR_GetMediaTrackInfo_Value(pointer, "I_NCHAN") >= 2
            for fx in range(rpr.RPR_TrackFX_GetCount(pointer)):
                assert rpr.RPR_TrackFX_GetFXName(pointer, fx, "", 512)[3]
                text = rpr.RPR_guidToString(rpr.RPR_TrackFX_GetFXGUID(pointer, fx), "")[1]
                assert len(text) == 38
                if rpr.RPR_TrackFX_GetEQParam(pointer, fx, 0, 0, 0, 0, 0.0)[0]:
                    state = base64.b64decode(chunk(rpr, pointer, fx))
                    assert struct.unpack_from("<I", state)[0] in {32, 33}
                    assert rpr.RPR_TrackFX_GetNumParams(pointer, fx) >= 4
                    reaeqs += 1
        assert dumps(host.project) == before
    assert reaeqs > 5
