"""Audio files put on tracks through ReaScript functions."""

import pytest

from bridge.host.calling import HostError
from tests.host.studio import noise, studio, track, write


@pytest.fixture
def rpr(tmp_path):
    return studio(tmp_path, track(1), track(2)).api


def add(rpr, pointer, path, length_s=1.0):
    item = rpr.RPR_AddMediaItemToTrack(pointer)
    take = rpr.RPR_AddTakeToMediaItem(item)
    source = rpr.RPR_PCM_Source_CreateFromFile(str(path))
    assert rpr.RPR_SetMediaItemTake_Source(take, source) == 1
    assert rpr.RPR_SetMediaItemInfo_Value(item, "D_LENGTH", length_s) == 1
    return item


def test_an_item_plays_its_file(rpr, tmp_path):
    write(tmp_path, noise(480), "new.wav")
    pointer = rpr.RPR_GetTrack(0, 1)
    before = rpr.RPR_CountTrackMediaItems(pointer)
    add(rpr, pointer, tmp_path / "new.wav", 7.5)
    assert rpr.RPR_CountTrackMediaItems(pointer) == before + 1
    assert rpr.RPR_GetProjectLength(0) == 7.5


def test_what_is_not_there_is_refused(rpr, tmp_path):
    assert rpr.RPR_PCM_Source_CreateFromFile(str(tmp_path / "no.wav")).endswith("0000")
    assert rpr.RPR_AddMediaItemToTrack(rpr.RPR_GetMasterTrack(0)).endswith("0000000000000000")
    write(tmp_path, noise(480), "new.wav")
    pointer = rpr.RPR_GetTrack(0, 1)
    item = add(rpr, pointer, tmp_path / "new.wav")
    assert rpr.RPR_SetMediaItemInfo_Value(item, "D_NONSENSE", 1.0) == 0
    rpr.RPR_DeleteTrack(pointer)
    with pytest.raises(HostError, match="no item"):
        rpr.RPR_SetMediaItemInfo_Value(item, "D_LENGTH", 1.0)
    take = rpr.RPR_AddTakeToMediaItem(add(rpr, rpr.RPR_GetTrack(0, 0), tmp_path / "new.wav"))
    with pytest.raises(HostError, match="no source"):
        rpr.RPR_SetMediaItemTake_Source(take, "x")
