"""Views of FX chains: ReaEQ is read, written, added, removed; foreign plug-ins stay as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridge.host.fx import random_guid
from bridge.host.project import dumps, loads
from bridge.reaper.reaeq import decode, encode, fresh_state
from bridge.reaper.vst_block import VstBlock, VstBlockError
from tests.host.song import FRESH, SONG, changed, song

GUID = "{12345678-1234-4234-8234-123456789ABC}"


def test_what_a_chain_holds() -> None:
    eq, warm, container = song().tracks[1].fx_chain.fx
    assert [fx.kind for fx in (eq, warm, container)] == ["VST", "JS", "CONTAINER"]
    assert [fx.title for fx in (eq, warm, container)] == ['My "tilt"', "Warm", "Parallel comp"]
    assert [fx.is_reaeq for fx in (eq, warm, container)] == [True, False, False]
    assert [fx.bypassed for fx in (eq, warm, container)] == [False, True, False]
    assert [fx.offline for fx in (eq, warm, container)] == [False, False, True]
    assert eq.guid == "{AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA}"
    assert eq.state == FRESH
    assert eq.active_envelopes == ("0:_Freq_Low_Shelf",)
    with pytest.raises(VstBlockError):
        _ = warm.state


def test_a_plug_in_is_found_by_its_guid() -> None:
    chain = song().tracks[1].fx_chain
    found = chain.by_guid("{bbbbbbbb-BBBB-4bbb-8bbb-bbbbbbbbbbbb}")
    assert found is not None
    assert found.title == "Warm"
    assert chain.by_guid(GUID) is None
    assert chain.by_guid("") is None


@pytest.mark.parametrize(
    ("head", "is_reaeq"),
    [
        ('<VST "VST: ReaEQ (Cockos)" reaeq.vst.dylib 0 "" 1919247729<00> ""', True),
        ('<VST "VST: Renamed" other.dll 0 "" 1919247729', True),
        ('<VST "VST: ReaEQ (Cockos)" "ReaEQ.dll"', True),
        ('<VST "VST: Fake" reaeq.dll 0 "" 1919247730<00> ""', False),
        ('<VST "VST3: ReaEQ" reaeq.vst3 0 "" 1919247729{00} ""', False),
        ('<AU "AU: ReaEQ" "Cockos: ReaEQ" "" 1 2 3', False),
        ("<JS reaeq ''", False),
        ("<VST", False),
    ],
)
def test_reaeq_is_known_by_its_id_or_else_by_its_file(head: str, is_reaeq: bool) -> None:
    (fx,) = loads(f"BYPASS 0 0 0\n{head}\n>\n".encode()).fx_chain.fx
    assert fx.is_reaeq is is_reaeq


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_switches_and_names_change_one_line(newline: str) -> None:
    project = song(newline)
    before = dumps(project)
    eq = project.tracks[1].fx_chain.fx[0]
    eq.bypassed = True
    assert changed(before, dumps(project))[1] == [b"      BYPASS 1 0 0" + newline.encode()]
    eq.bypassed, eq.offline = False, True
    assert changed(before, dumps(project))[1] == [b"      BYPASS 0 1 0" + newline.encode()]
    eq.offline = False
    eq.instance = "ReaTone EQ"
    assert loads(dumps(project)).tracks[1].fx_chain.fx[0].instance == "ReaTone EQ"
    assert len(changed(before, dumps(project))[1]) == 1
    eq.instance = 'My "tilt"'
    assert dumps(project) == before


def test_old_files_have_shorter_lines() -> None:
    chain = loads(b'BYPASS 1\n<VST "VST: ReaEQ" "reaeq.dll"\n>\n<JS a\n>\n').fx_chain
    old, bare = chain.fx
    assert (old.bypassed, old.offline, old.instance, old.guid) == (True, False, "", "")
    old.offline = True
    bare.bypassed = True
    bare.guid = GUID
    assert [fx.bypassed for fx in chain.fx] == [True, True]
    assert [fx.offline for fx in chain.fx] == [True, False]
    assert chain.by_guid(GUID) is not None
    assert dumps(chain.project).startswith(b"BYPASS 1 1\n<VST")


def test_a_new_state_rewrites_data_lines_only() -> None:
    project = song()
    eq = project.tracks[1].fx_chain.fx[0]
    eq.state = encode(decode(FRESH).with_param_raw(1, 0.5))
    went, came = changed(SONG.encode(), dumps(project))
    assert (len(went), len(came)) == (1, 1)
    assert re.fullmatch(rb" {8}[A-Za-z0-9+/=]+\n", came[0])
    eq.state = FRESH
    assert dumps(project) == SONG.encode()


@pytest.mark.parametrize("bands", [0, 1, 2, 3, 9, 40])
def test_a_state_of_another_length_fits(bands: int) -> None:
    project = song("\r\n")
    before = dumps(project)
    eq = project.tracks[1].fx_chain.fx[0]
    state = decode(FRESH)
    eq.state = encode(type(state)(state.bands[:1] * bands, state.tail))
    again = loads(dumps(project)).tracks[1].fx_chain.fx[0]
    assert len(decode(again.state).bands) == bands
    assert again.vst.header[-12:-8] == len(again.state).to_bytes(4, "little")
    assert all(len(line.text.strip()) <= 128 for line in again.block.lines())
    assert b"\n" not in dumps(project).replace(b"\r\n", b"")
    eq.state = FRESH
    assert dumps(project) == before


@pytest.mark.parametrize(
    ("version", "file"),
    [
        ("7.40/linux-x86_64", "reaeq.vst.so"),
        ("6.24/win64", "reaeq.dll"),
        ("7.66/macOS-arm64", "reaeq.vst.dylib"),
    ],
)
def test_a_new_instance_is_written_as_reaper_7_writes_it(version: str, file: str) -> None:
    project = loads(SONG.replace("7.40/linux-x86_64", version).encode())
    before = dumps(project)
    fx = project.tracks[0].fx_chain.append_reaeq(FRESH, name="ReaTone EQ", new_guid=lambda: GUID)
    went, came = changed(before, dumps(project))
    assert went == []
    text = b"".join(came).decode()
    data = "\n        ".join(VstBlock.new(FRESH).to_lines())
    assert text == (
        "    <FXCHAIN\n      SHOW 0\n      LASTSEL 0\n      DOCKED 0\n      BYPASS 0 0 0\n"
        f'      <VST "VST: ReaEQ (Cockos)" {file} 0 "ReaTone EQ" '
        '1919247729<56535472656571726561657100000000> ""\n'
        f"        {data}\n      >\n"
        f"      FLOATPOS 0 0 0 0\n      FXID {GUID}\n      WAK 0 0\n    >\n"
    )
    assert (fx.guid, fx.title, fx.state, fx.is_reaeq) == (GUID, "ReaTone EQ", FRESH, True)
    project.tracks[0].fx_chain.remove(fx)
    assert dumps(project) == before


def test_a_new_chain_stands_before_the_items_and_the_masters_before_its_envelopes() -> None:
    project = loads(
        b"<REAPER_PROJECT 0.1\n  <MASTERPLAYSPEEDENV\n  >\n  <TRACK\n    <ITEM\n    >\n  >\n>"
    )
    project.tracks[0].fx_chain.append_reaeq(FRESH)
    project.master.fx_chain.append_reaeq(FRESH)
    assert [n.name for n in project.root.nodes()] == ["MASTERFXLIST", "MASTERPLAYSPEEDENV", "TRACK"]
    assert [n.name for n in project.tracks[0].node.nodes()] == ["FXCHAIN", "ITEM"]
    assert dumps(loads(dumps(project))) == dumps(project)


@pytest.mark.parametrize(("index", "place"), [(None, 3), (0, 0), (2, 2), (9, 3)])
def test_a_place_in_the_chain(index: int | None, place: int) -> None:
    project = song()
    chain = project.tracks[1].fx_chain
    chain.append_reaeq(FRESH, index=index, new_guid=lambda: GUID)
    assert [fx.guid for fx in chain.fx].index(GUID) == place
    assert [fx.guid for fx in loads(dumps(project)).tracks[1].fx_chain.fx][place] == GUID
    assert chain.fx[1 if place == 0 else 0].active_envelopes == ("0:_Freq_Low_Shelf",)
    chain.remove(chain.fx[place])
    assert dumps(project) == SONG.encode()


def test_removing_takes_every_line_of_the_plug_in() -> None:
    project = song()
    chain = project.tracks[1].fx_chain
    chain.remove(chain.fx[0])
    went, came = changed(SONG.encode(), dumps(project))
    assert came == []
    assert went[0] == b"      BYPASS 0 0 0\n"
    assert went[-1] == b"      PARALLEL 1\n"
    stale = song().tracks[1].fx_chain.fx[0]
    with pytest.raises(ValueError, match="no longer in this chain"):
        chain.remove(stale)


def test_a_chain_file_without_a_last_line_ending_grows() -> None:
    chain = loads(b"BYPASS 0 0 0\r\n<JS a ''\r\n>\r\nWAK 0 0").fx_chain
    chain.append_reaeq(FRESH)
    data = dumps(chain.project)
    assert data.startswith(b"BYPASS 0 0 0\r\n<JS a ''\r\n>\r\nWAK 0 0\r\nBYPASS 0 0 0\r\n<VST ")
    assert len(loads(data).fx_chain.fx) == 2


def test_pins_follow_the_channels() -> None:
    state = encode(fresh_state().with_output(channels=6))
    fx = song().tracks[0].fx_chain.append_reaeq(state, channels=6)
    assert len(fx.vst.header) == 8 + 2 * (4 + 6 * 8) + 12


def test_every_guid_is_new_and_in_reapers_form() -> None:
    guids = {random_guid() for _ in range(50)}
    assert len(guids) == 50
    assert all(re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", g) for g in guids)


@pytest.mark.data
def test_every_reaeq_of_the_samples_is_read_and_rewritten(data_dir: Path) -> None:
    """A longer state and then the old one again leave no trace, whatever version wrote it."""
    found = 0
    for file in sorted((data_dir / "reaper" / "rpp").iterdir()):
        data = file.read_bytes()
        project = loads(data)
        chains = [track.fx_chain for track in [*project.tracks, project.master]]
        for chain in chains if project.tracks else [project.fx_chain]:
            for fx in [fx for fx in chain.fx if fx.is_reaeq]:
                found += 1
                state = fx.state
                assert encode(decode(state)) == state
                fx.state = state + bytes(100)
                assert loads(dumps(project))
                fx.state = state
                assert dumps(project) == data, file.name
    assert found == 39


@pytest.mark.data
def test_ours_beside_the_users_leaves_no_trace(data_dir: Path) -> None:
    for file in sorted((data_dir / "reaper" / "rpp").iterdir()):
        data = file.read_bytes()
        project = loads(data)
        for track in [*project.tracks, project.master] if project.tracks else []:
            fx = track.fx_chain.append_reaeq(FRESH, name="ReaTone EQ")
            assert loads(dumps(project))
            track.fx_chain.remove(fx)
            assert dumps(project) == data, file.name


@pytest.mark.data
def test_removed_and_added_again_gives_the_bytes_that_reaper_wrote(data_dir: Path) -> None:
    """What we write for an instance is, to the byte, what REAPER 7.66 wrote for it."""
    data = next((data_dir / "reaper" / "rpp").glob("danishaft*")).read_bytes()
    project = loads(data)
    chain = next(track for track in project.tracks if track.name == "Lead Vocals - Dry").fx_chain
    fx = chain.fx[0]
    assert fx.is_reaeq
    guid, state = fx.guid, fx.state
    chain.remove(fx)
    assert dumps(project) != data
    chain.append_reaeq(state, index=0, new_guid=lambda: guid)
    assert dumps(project) == data
