"""Typed views of tracks: they read REAPER's lines, and change only the line that they name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.host.project import Project, dumps, loads
from bridge.host.tracks import MasterView, TrackView
from tests.host.song import SONG, changed, song


def test_what_a_track_says() -> None:
    bus, kick = song().tracks
    assert (bus.name, kick.name) == ("Drum bus", "Kick")
    assert bus.guid == "{11111111-1111-4111-8111-111111111111}"
    assert (bus.selected, kick.selected) == (True, False)
    assert (bus.volume, bus.pan) == (0.88, 0.5)
    assert (bus.muted, kick.muted) == (False, True)
    assert (bus.solo, kick.solo) == (0, 2)
    assert (bus.phase_inverted, kick.phase_inverted) == (False, True)
    assert (bus.folder_depth, kick.folder_depth) == (1, -1)
    assert (bus.channels, kick.channels) == (2, 4)
    assert (bus.fx_enabled, kick.fx_enabled) == (True, False)
    assert (bus.main_send, kick.main_send) == (True, False)
    assert (len(bus.items), len(kick.items)) == (0, 2)
    assert kick.active_envelopes == ("VOLENV2",)
    assert not kick.is_frozen


def test_what_arrives_at_a_track() -> None:
    bus, kick = song().tracks
    assert bus.receives == []
    (receive,) = kick.receives
    assert (receive.source_track, receive.mode) == (0, 3)
    assert (receive.volume, receive.pan) == (0.35, -0.5)
    assert (receive.muted, receive.mono, receive.phase_inverted) == (True, False, True)
    assert (receive.source_channels, receive.target_channels) == (0, 0)


def test_what_the_master_says() -> None:
    master = song().master
    assert isinstance(master, MasterView)
    assert master.is_master
    assert (master.name, master.guid) == ("MASTER", "")
    assert (master.volume, master.pan) == (0.5, -0.25)
    assert (master.muted, master.solo, master.selected) == (False, 0, False)
    assert (master.channels, master.fx_enabled) == (2, True)
    assert master.active_envelopes == ()
    assert master.fx_chain.fx == []
    with pytest.raises(ValueError, match="cannot be renamed"):
        master.name = "x"


SETTERS = [
    ("name", "Snare top", '    NAME "Snare top"\n'),
    ("selected", True, "    SEL 1\n"),
    ("volume", 0.5, "    VOLPAN 0.5 0 -1 -1 1\n"),
    ("pan", -1.0, "    VOLPAN 1 -1 -1 -1 1\n"),
    ("muted", False, "    MUTESOLO 0 2 0\n"),
    ("solo", 0, "    MUTESOLO 1 0 0\n"),
    ("phase_inverted", False, "    IPHASE 0\n"),
    ("fx_enabled", True, "    FX 1\n"),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("name", "value", "line"), SETTERS)
def test_a_setting_changes_one_line(name: str, value: object, line: str, newline: str) -> None:
    project = song(newline)
    before = dumps(project)
    track = project.tracks[1]
    old = getattr(track, name)
    setattr(track, name, value)
    went, came = changed(before, dumps(project))
    assert len(went) == 1
    assert came == [line.replace("\n", newline).encode()]
    assert getattr(loads(dumps(project)).tracks[1], name) == value
    setattr(track, name, old)
    assert dumps(project) == before


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("selected", True, b"  MASTER_SEL 1\n"),
        ("volume", 1.0, b"  MASTER_VOLUME 1 -0.25 -1 -1 1\n"),
        ("pan", 0.0, b"  MASTER_VOLUME 0.5 0 -1 -1 1\n"),
        ("muted", True, b"  MASTERMUTESOLO 1\n"),
        ("solo", 1, b"  MASTERMUTESOLO 2\n"),
        ("fx_enabled", False, b"  MASTER_FX 0\n"),
    ],
)
def test_a_master_setting_changes_one_line(name: str, value: object, line: bytes) -> None:
    project = song()
    setattr(project.master, name, value)
    went, came = changed(SONG.encode(), dumps(project))
    assert (len(went), came) == (1, [line])
    assert getattr(project.master, name) == value


@pytest.mark.parametrize(("name", "value", "_line"), SETTERS)
def test_a_missing_line_is_its_default_and_can_be_set(name: str, value: object, _line: str) -> None:
    track = loads(b"<TRACK\n  <ITEM\n  >\n>\n").tracks[0]
    assert (track.guid, track.name, track.volume, track.pan, track.channels) == ("", "", 1, 0, 2)
    assert (track.fx_enabled, track.main_send, track.folder_depth) == (True, True, 0)
    setattr(track, name, value)
    assert getattr(track, name) == value
    assert track.node.nodes()[0] is track.node.children[-1]


@pytest.mark.parametrize(("line", "depth"), [("ISBUS 1", 1), ("ISBUS 2", -1), ("ISBUS 2 -3", -3)])
def test_folders_of_old_and_new_files(line: str, depth: int) -> None:
    assert loads(f"<TRACK\n  {line}\n>\n".encode()).tracks[0].folder_depth == depth


def test_odd_numbers_do_not_stop_the_reading() -> None:
    data = b"<TRACK\n  VOLPAN nan x\n  MUTESOLO\n  NCHAN ?\n  AUXRECV\n  NAME\n>\n"
    track = loads(data).tracks[0]
    assert (track.volume, track.pan, track.muted, track.channels) == (1.0, 0.0, False, 2)
    assert track.receives[0].source_track == -1
    assert track.name == ""


# --- stored values ------------------------------------------------------------------------------


def holders() -> list[tuple[Project, TrackView]]:
    project = song()
    return [(project, project.tracks[0]), (project, project.tracks[1]), (project, project.master)]


values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0`"), min_size=1)


@given(value=values, place=st.integers(0, 2))
def test_stored_values_come_back_exactly_and_go_without_trace(value: str, place: int) -> None:
    project, holder = holders()[place]
    holder.ext.set("reatone", value)
    holder.ext.set("other", "1")
    again = loads(dumps(project))
    reread = [*again.tracks, again.master][place].ext
    assert reread.get("reatone") == value
    assert reread.keys() == ["reatone", "other"]
    holder.ext.set("reatone", "new")
    assert holder.ext.get("REATONE") == "new"
    holder.ext.delete("reatone")
    assert holder.ext.get("reatone") is None
    holder.ext.set("other", "")
    assert dumps(project) == SONG.encode()


def test_a_stored_value_stands_in_the_tracks_own_block() -> None:
    project = song("\r\n")
    before = dumps(project)
    project.tracks[1].ext.set("reatone", '{"fx": "{GUID}"}')
    went, came = changed(before, dumps(project))
    assert went == []
    assert came == [
        b"    <EXT\r\n",
        b'      reatone \'{"fx": "{GUID}"}\'\r\n',
        b"    >\r\n",
    ]


@pytest.mark.parametrize(
    ("key", "value"), [("a b", "x"), ("", "x"), ("k", "two\nlines"), ("k", "\"'`")]
)
def test_what_cannot_be_stored_exactly_is_refused(key: str, value: str) -> None:
    project, track = holders()[0]
    with pytest.raises(ValueError, match=r"stored|name of"):
        track.ext.set(key, value)
    assert dumps(project) == SONG.encode()


def test_values_in_other_forms_are_read() -> None:
    """One block per value, values without quotes: other programs and versions write so."""
    data = b"<TRACK\n  <EXT\n    a /old/my file.wav\n  >\n  <EXT\n    b `x y`\n    c\n  >\n>\n"
    project = loads(data)
    ext = project.tracks[0].ext
    assert [ext.get(key) for key in "abc"] == ["/old/my file.wav", "x y", ""]
    assert ext.keys() == ["a", "b", "c"]
    ext.set("a", "/old/my file.wav")
    assert dumps(project) == data
    ext.set("a", "new one")
    assert changed(data, dumps(project))[1] == [b'    a "new one"\n']
    ext.delete("a")
    assert dumps(project) == b"<TRACK\n  <EXT\n    b `x y`\n    c\n  >\n>\n"


def test_deleting_what_is_not_there_changes_nothing() -> None:
    project, track = holders()[0]
    track.ext.delete("reatone")
    assert track.ext.keys() == []
    assert dumps(project) == SONG.encode()


# --- real files ---------------------------------------------------------------------------------


@pytest.mark.data
def test_real_tracks_can_be_read(data_dir: Path) -> None:
    count = 0
    for file in sorted((data_dir / "reaper" / "rpp").iterdir()):
        project = loads(file.read_bytes())
        for track in [*project.tracks, project.master]:
            assert 0.0 <= track.volume < 4.0
            assert -1.0 <= track.pan <= 1.0
            assert track.channels >= 2
            assert track.is_master or track.guid.startswith("{")
            assert all(0 <= r.source_track < len(project.tracks) for r in track.receives)
            count += len(track.items)
    assert count == 40


@pytest.mark.data
def test_folders_close_what_they_open(data_dir: Path) -> None:
    folder = data_dir / "reaper" / "rpp"
    depths = [t.folder_depth for f in sorted(folder.glob("*.[rR][pP][pP]")) for t in song_tracks(f)]
    assert 1 in depths
    assert sum(depths) <= 0


def song_tracks(file: Path) -> list[TrackView]:
    """Return a file's tracks."""
    return loads(file.read_bytes()).tracks
