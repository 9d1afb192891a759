"""New tracks: where they are put, and that undo takes them away."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.host.host import Host
from bridge.host.project import dumps
from tests.bridge.small_project import NAMES, guid, write_project


@pytest.mark.parametrize(("index", "place"), [(0, 0), (2, 2), (5, 5), (99, 5), (-3, 0)])
def test_a_track_is_put_in_its_place(index: int, place: int, tmp_path: Path) -> None:
    host = Host.open(write_project(tmp_path / "song"))
    before = dumps(host.project)
    old = [guid(number) for number in range(1, len(NAMES) + 1)]

    host.api.RPR_InsertTrackAtIndex(index, False)

    guids = list(host.tracks)
    new = guids.pop(place)
    assert (guids, new in old) == (old, False)
    track = host.api.RPR_GetTrack(0, place)
    assert host.api.RPR_GetTrackName(track, "", 64)[2] == f"Track {place + 1}"
    assert host.api.RPR_TrackFX_AddByName(track, "ReaEQ", False, -1) == 0
    assert Host.open(saved(host, tmp_path)).tracks.keys() == host.tracks.keys()
    host.api.RPR_Undo_DoUndo2(0)
    host.api.RPR_Undo_DoUndo2(0)
    assert dumps(host.project) == before


def saved(host: Host, folder: Path) -> Path:
    """Save the project elsewhere and return where."""
    path = folder / "song" / "saved.rpp"
    host.save(path)
    return path


def test_the_first_track_of_an_empty_project(tmp_path: Path) -> None:
    path = tmp_path / "empty.rpp"
    path.write_text('<REAPER_PROJECT 0.1 "7.28/linux-x86_64" 1700000000\n  TEMPO 120 4 4\n>\n')
    host = Host.open(path)
    host.api.RPR_InsertTrackAtIndex(0, True)
    assert host.api.RPR_CountTracks(0) == 1
