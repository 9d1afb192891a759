from __future__ import annotations

import ast
import base64
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge.host.host import Host
from bridge.host.project import dumps
from bridge.reaper import inside, own, reaeq
from models.eq import Band, BandKind, Eq
from tests.bridge.small_project import (
    NAMES,
    SECONDS,
    USER_EQS,
    Watched,
    guid,
    noise,
    plug_in,
    write_project,
)

NAMES_INSIDE = ("inside.py", "own.py", "rpr.py", "stems.py", "writes.py")
INSIDE = [Path(reaeq.__file__).with_name(name) for name in NAMES_INSIDE]
WANTED = Eq((Band(BandKind.BELL, 900.0, -4.0, 1.1), Band(BandKind.LOW_SHELF, 120.0, 2.0)), 0.7)


def text_of(eq: Eq) -> str:
    return base64.b64encode(reaeq.encode(reaeq.from_eq(eq))).decode()


def write_request(*numbers: int, eq: Eq = WANTED, **extra: Any) -> dict[str, Any]:
    writes = [{"guid": guid(n), "state": text_of(eq), "data": {"n": n}, **extra} for n in numbers]
    return {"label": "brighter, 60 %", "writes": writes}


def ask(rpr: Any, name: str, **request: Any) -> dict[str, Any]:
    reply = inside.call(rpr, name, request)
    assert "error" not in reply, reply
    return reply


BAD_BEFORE = base64.b64encode(b'{"fx":"","digest":"","before":"?","data":0}').decode()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.open(write_project(tmp_path / "song"))


@pytest.fixture
def stem_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.name)
def test_runs_in_the_python_of_reaper(path: Path) -> None:
    """REAPER's Python may be as old as 3.8 and third-party modules can crash it."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    ours = {f"bridge.reaper.{p.stem}" for p in INSIDE} | {"bridge.reaper"}
    foreign = {n for n in imported - ours if n.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == set()


def test_hello(host: Host) -> None:
    reply = ask(host.api, "hello")
    assert reply["api"] == inside.API_VERSION
    assert reply["project"] == {"path": str(host.path), "name": "song.rpp", "tracks": 5}


def test_only_listed_functions_can_be_called(host: Host) -> None:
    reply = inside.call(host.api, "RPR_Main_OnCommandEx", {})
    assert reply["error"]["code"] == "session"


def test_list_tracks(host: Host) -> None:
    tracks = ask(host.api, "list_tracks")["tracks"]
    assert [t["name"] for t in tracks] == list(NAMES)
    assert [t["guid"] for t in tracks] == [guid(n) for n in range(1, 6)]
    assert [t["depth"] for t in tracks] == [0, 0, 1, 1, 0]
    assert [t["folder"] for t in tracks] == [False, True, False, False, False]
    assert [t["selected"] for t in tracks] == [True, True, False, False, False]
    assert all(t["own"] is None and t["data"] is None and t["warnings"] == [] for t in tracks)


class TestBeginJob:
    def test_renders_the_selected_tracks_before_the_fader(self, host: Host, stem_dir: Path) -> None:
        reply = ask(host.api, "begin_job", tracks=None, directory=str(stem_dir))
        assert reply["render"]["ready"]
        assert [t["number"] for t in reply["tracks"]] == [1, 2]
        audio, rate_hz = soundfile.read(reply["render"]["files"]["1"])
        expected = noise(1).T
        for eq in USER_EQS:
            expected = eq.apply(expected, rate_hz)
        np.testing.assert_allclose(audio.T, expected, atol=1e-6)
        assert soundfile.info(reply["render"]["files"]["1"]).subtype == "FLOAT"

    def test_renders_plain_float_stems_of_the_whole_project(
        self, host: Host, stem_dir: Path
    ) -> None:
        """Whatever the user's own render settings are (the test project's are far from these)."""
        in_force: dict[str, Any] = {}

        class Spy:
            def __getattr__(self, name: str) -> Any:
                return getattr(host.api, name)

            def RPR_Main_OnCommandEx(self, *arguments: Any) -> Any:  # noqa: N802
                for key in ("SETTINGS", "BOUNDSFLAG", "STARTPOS", "ENDPOS", "CHANNELS", "SRATE"):
                    in_force[key] = host.settings.number(host.project, f"RENDER_{key}")
                for key in ("TAILFLAG", "ADDTOPROJ", "DITHER", "NORMALIZE"):
                    in_force[key] = host.settings.number(host.project, f"RENDER_{key}")
                in_force["FORMAT2"] = host.settings.text(host.project, "RENDER_FORMAT2")
                return host.api.RPR_Main_OnCommandEx(*arguments)

        ask(Spy(), "begin_job", tracks=None, directory=str(stem_dir))
        numbers = [in_force.pop(key) for key in ("SETTINGS", "ENDPOS", "CHANNELS")]
        assert numbers == [2 | 8192, SECONDS, 2]
        assert in_force.pop("FORMAT2") == ""
        assert set(in_force.values()) == {0.0}

    def test_every_track_gets_its_own_file(self, host: Host, stem_dir: Path) -> None:
        guids = [guid(n) for n in (5, 3, 4)]
        reply = ask(host.api, "begin_job", tracks=guids, directory=str(stem_dir))
        assert [t["guid"] for t in reply["tracks"]] == guids
        for number in (3, 4, 5):
            audio, _ = soundfile.read(reply["render"]["files"][str(number)])
            np.testing.assert_array_equal(audio, noise(number))
        assert len(list(stem_dir.iterdir())) == 3

    def test_leaves_no_trace(self, host: Host, stem_dir: Path) -> None:
        ask(host.api, "write_eq", **write_request(1, 3))
        before, points = saved(host), len(host.history.done)
        ask(host.api, "begin_job", tracks=[guid(3), guid(1)], directory=str(stem_dir))
        assert saved(host) == before
        assert len(host.history.done) == points

    def test_our_instance_is_not_heard(self, host: Host, stem_dir: Path) -> None:
        ask(host.api, "write_eq", **write_request(3))
        reply = ask(host.api, "begin_job", tracks=[guid(3)], directory=str(stem_dir))
        audio, _ = soundfile.read(reply["render"]["files"]["3"])
        np.testing.assert_array_equal(audio, noise(3))

    def test_nothing_selected(self, tmp_path: Path, stem_dir: Path) -> None:
        host = Host.open(write_project(tmp_path / "none", selected=()))
        reply = inside.call(host.api, "begin_job", {"tracks": None, "directory": str(stem_dir)})
        assert reply["error"]["code"] == "nothing_selected"

    def test_unknown_track(self, host: Host, stem_dir: Path) -> None:
        request = {"tracks": [guid(1), guid(77)], "directory": str(stem_dir)}
        reply = inside.call(host.api, "begin_job", request)
        assert reply["error"]["code"] == "stale_track"
        assert reply["error"]["details"] == {"guid": guid(77)}

    @pytest.mark.parametrize("bad", ["nowhere", "a;b", "price$", "relative"])
    def test_bad_folder(self, host: Host, tmp_path: Path, bad: str) -> None:
        folder = tmp_path / bad
        if bad in ("a;b", "price$"):
            folder.mkdir()
        name = bad if bad == "relative" else str(folder)
        reply = inside.call(host.api, "begin_job", {"tracks": None, "directory": name})
        assert reply["error"]["code"] == "render_failed"
        assert list(tmp_path.rglob("reatone-*")) == []

    def test_warns_of_a_solo_elsewhere(self, host: Host, stem_dir: Path) -> None:
        host.project.tracks[0].solo = 1
        reply = ask(host.api, "begin_job", tracks=[guid(1), guid(3)], directory=str(stem_dir))
        first, third = [track["warnings"] for track in reply["tracks"]]
        assert first == []
        assert "soloed" in third[0]

    def test_without_audio_nothing_is_rendered(self, host: Host) -> None:
        watched = Watched(host.api)
        reply = ask(watched, "begin_job", tracks=None, audio=False)
        assert reply["render"] is None
        assert not watched.counts["RPR_Main_OnCommandEx"]

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    def test_a_failure_anywhere_leaves_everything_as_it_was(
        self, tmp_path: Path, stem_dir: Path, after: bool
    ) -> None:
        """Each ReaScript call in turn raises, before or after it did its work."""
        host = Host.open(write_project(tmp_path / "song", selected=(3, 4)))
        ask(host.api, "write_eq", **write_request(1, 2))
        before, points = saved(host), len(host.history.done)
        request = {"tracks": [guid(1), guid(2)], "directory": str(stem_dir)}
        counter = Watched(host.api)
        ask(counter, "begin_job", **request)
        assert counter.calls > 100
        for number, name in enumerate(counter.names):
            if after and name in COUNTERS:
                continue
            watched = Watched(host.api, fail_at=number, after=after)
            reply = inside.call(watched, "begin_job", request)
            assert saved(host) == before, name
            assert (watched.open_blocks, watched.ui_locks) == (0, 0), name
            assert len(host.history.done) == points, name
            assert ("error" in reply) or number >= counter.names.index("RPR_Main_OnCommandEx")


class TestWriteEq:
    def test_adds_one_instance_at_the_end(self, host: Host) -> None:
        users = chain_of(host, 1)
        receipt = ask(host.api, "write_eq", **write_request(1))["receipts"][0]
        assert receipt["ok"]
        assert receipt["changed"]
        assert receipt["created"]
        assert receipt["before"] is None
        *others, ours = chain_of(host, 1)
        assert others == users
        assert ours == ("ReaTone EQ", reaeq.encode(reaeq.from_eq(WANTED)))
        assert host.project.tracks[0].fx_chain.fx[-1].guid == receipt["fx_guid"]

    def test_is_one_undo_step_that_undoes_all(self, host: Host) -> None:
        before = dumps(host.project)
        ask(host.api, "write_eq", **write_request(1, 2, 5))
        assert [p.label for p in host.history.done] == ["ReaTone: brighter, 60 %"]
        assert ask(host.api, "undo") == {"undone": "ReaTone: brighter, 60 %"}
        assert dumps(host.project) == before

    def test_a_second_run_replaces(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1))
        softer = WANTED.scaled(0.5)
        receipt = ask(host.api, "write_eq", **write_request(1, eq=softer))["receipts"][0]
        assert not receipt["created"]
        assert not receipt["edited_by_hand"]
        assert [title for title, _ in chain_of(host, 1)].count("ReaTone EQ") == 1
        assert chain_of(host, 1)[-1][1] == reaeq.encode(reaeq.from_eq(softer))

    def test_the_same_again_leaves_no_undo_point(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1, 2))
        before = dumps(host.project)
        reply = ask(host.api, "write_eq", **write_request(1, 2))
        assert [(r["ok"], r["changed"]) for r in reply["receipts"]] == [(True, False)] * 2
        assert dumps(host.project) == before
        assert len(host.history.done) == 1

    def test_keeps_the_display_state_of_the_instance(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(2))
        fx = host.project.tracks[1].fx_chain.fx[0]
        fx.state = fx.state[:-16] + bytes([0, 0, 0, 0, 15, 2, 0, 0, 97, 1, 0, 0, 2, 0, 1, 0])
        tail = fx.state[-16:]
        receipt = ask(host.api, "write_eq", **write_request(2, eq=USER_EQS[0]))["receipts"][0]
        assert receipt["ok"]
        assert not receipt["edited_by_hand"], "the window was moved, the EQ is the same"
        assert fx.state[-16:] == tail
        assert reaeq.decode(fx.state).bands == reaeq.from_eq(USER_EQS[0]).bands

    def test_one_failing_track_does_not_stop_the_others(self, host: Host) -> None:
        reply = ask(host.api, "write_eq", **write_request(1, 9, 2))
        assert [r["ok"] for r in reply["receipts"]] == [True, False, True]
        assert reply["receipts"][1]["error"]["code"] == "stale_track"
        assert len(host.history.done) == 1

    def test_twins_are_told_apart_by_nobody(self, tmp_path: Path, stem_dir: Path) -> None:
        """A real project file had two tracks with one GUID: the EQ of one landed on the other."""
        path = write_project(tmp_path / "twins")
        path.write_bytes(path.read_bytes().replace(guid(4).encode(), guid(3).encode()))
        host = Host.open(path)
        before = dumps(host.project)
        request = {"tracks": [guid(3), guid(1)], "directory": str(stem_dir)}
        tracks = ask(host.api, "begin_job", **request)["tracks"]
        assert [track["number"] for track in tracks] == [3, 4, 1]
        assert ["identity" in "".join(t["warnings"]) for t in tracks] == [True, True, False]
        receipt = ask(host.api, "write_eq", **write_request(3))["receipts"][0]
        assert "Tracks 3 and 4" in receipt["error"]["message"]
        assert dumps(host.project) == before

    def test_nonsense_is_refused_before_anything_is_touched(self, host: Host) -> None:
        before = dumps(host.project)
        request = write_request(1)
        request["writes"][0]["state"] = base64.b64encode(b"not a state").decode()
        receipt = ask(host.api, "write_eq", **request)["receipts"][0]
        assert receipt["error"]["code"] == "write_failed"
        assert dumps(host.project) == before
        assert host.history.done == []

    def test_too_long_a_memory_is_refused(self, host: Host) -> None:
        before = dumps(host.project)
        request = write_request(1)
        request["writes"][0]["data"] = "x" * 3000
        receipt = ask(host.api, "write_eq", **request)["receipts"][0]
        assert receipt["error"]["details"]["characters"] >= own.MEMORY_LIMIT
        assert dumps(host.project) == before
        assert host.history.done == []

    def test_what_is_refused_half_way_leaves_a_limiter_where_it_was(self, host: Host) -> None:
        plug_in(host.project.master, ["VST: ReaLimit (Cockos)"])
        before = dumps(host.project)
        request = write_request(1)
        request["writes"][0].update(guid="master", data="x" * 3000)
        assert not ask(host.api, "write_eq", **request)["receipts"][0]["ok"]
        assert dumps(host.project) == before

    def test_a_reaper_that_only_adds_at_the_end_is_told_of_the_limiter(self, host: Host) -> None:
        class Old:
            """As REAPER before it could insert FX."""

            def __getattr__(self, name: str) -> Any:
                return getattr(host.api, name)

            def RPR_TrackFX_AddByName(self, track: str, name: str, rec: bool, mode: int) -> Any:  # noqa: N802
                return host.api.RPR_TrackFX_AddByName(track, name, rec, max(mode, -1))

        plug_in(host.project.master, ["VST: ReaLimit (Cockos)"])
        request = write_request(1)
        request["writes"][0].update(guid="master")
        receipt = ask(Old(), "write_eq", **request)["receipts"][0]
        assert receipt["ok"]
        assert [fx.title for fx in host.project.master.fx_chain.fx][1] == own.TITLE
        assert [text for text in receipt["warnings"] if "peaks may pass its ceiling" in text]

    def test_a_change_since_the_analysis_is_refused(self, host: Host) -> None:
        seen = ask(host.api, "write_eq", **write_request(1))["receipts"][0]["state"]
        host.project.tracks[0].fx_chain.fx[-1].state = reaeq.encode(reaeq.from_eq(USER_EQS[0]))
        before = dumps(host.project)
        for expected in (seen, None):
            request = write_request(1, eq=WANTED.scaled(0.3), expected_state=expected)
            receipt = ask(host.api, "write_eq", **request)["receipts"][0]
            assert receipt["error"]["code"] == "stale_track"
        assert dumps(host.project) == before

    def test_a_state_that_does_not_hold_is_taken_back(self, host: Host) -> None:
        class Deaf:
            """A REAPER whose ReaEQ drops the last band, and whose setter says all is well."""

            def __getattr__(self, name: str) -> Any:
                return getattr(host.api, name)

            def RPR_TrackFX_SetNamedConfigParm(  # noqa: N802
                self, track: str, fx: int, key: str, value: str
            ) -> Any:
                if key == "vst_chunk" and value == text_of(WANTED):
                    value = text_of(Eq(WANTED.bands[:-1], WANTED.output_gain_db))
                return host.api.RPR_TrackFX_SetNamedConfigParm(track, fx, key, value)

        before = dumps(host.project)
        receipt = ask(Deaf(), "write_eq", **write_request(1))["receipts"][0]
        assert not receipt["ok"]
        assert receipt["error"]["details"]["written"] == text_of(WANTED)
        assert dumps(host.project) == before
        assert host.history.done == []

    @pytest.mark.parametrize("existing", [False, True], ids=["new", "again"])
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    def test_a_failure_anywhere_spares_the_user(
        self, tmp_path: Path, after: bool, existing: bool
    ) -> None:
        """Each ReaScript call in turn raises: a track is written completely or not at all."""
        path = write_project(tmp_path / "song")
        host = prepared(path, existing)
        request = write_request(1, 2, eq=AGAIN)
        encoded = reaeq.encode(reaeq.from_eq(AGAIN))
        counter = Watched(host.api)
        ask(counter, "write_eq", **request)
        for number, name in enumerate(counter.names):
            if after and name in COUNTERS:
                continue
            host = prepared(path, existing)
            dry = {n: track_text(host, n) for n in (1, 2)}
            users = chain_of(host, 1)[:2]
            points = len(host.history.done)
            watched = Watched(host.api, fail_at=number, after=after)
            reply = inside.call(watched, "write_eq", request)
            assert chain_of(host, 1)[:2] == users, name
            assert (watched.open_blocks, watched.ui_locks) == (0, 0), name
            receipts = reply.get("receipts", [])
            for receipt, n in zip(receipts, (1, 2), strict=False):
                assert receipt["ok"] or track_text(host, n) == dry[n], name
                assert receipt["ok"] == (encoded in dict(chain_of(host, n)).values()), name
            changed = any(r["changed"] for r in receipts)
            assert len(host.history.done) == points + changed, name

    @pytest.mark.parametrize("length", [0, 12, 16, 20, 24, 28, 32])
    def test_states_of_every_version_can_be_written_over(self, length: int) -> None:
        """ReaEQ would take the last word of a 24-byte tail for the channel count."""
        full = reaeq.encode(reaeq.from_eq(USER_EQS[0]))
        spliced = own.splice(full[: len(full) - 32 + length], reaeq.encode(reaeq.from_eq(WANTED)))
        state = reaeq.decode(spliced)
        assert state.bands == reaeq.from_eq(WANTED).bands
        assert state.global_gain == reaeq.from_eq(WANTED).global_gain
        assert len(state.tail) == (length if length in (16, 20, 28) else 32)


class TestHandEditsAndStrangers:
    def test_a_hand_edit_is_reported(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1))
        host.project.tracks[0].fx_chain.fx[-1].state = reaeq.encode(reaeq.from_eq(USER_EQS[1]))
        track = ask(host.api, "begin_job", tracks=[guid(1)], audio=False)["tracks"][0]
        assert track["own"]["edited_by_hand"]
        receipt = ask(host.api, "write_eq", **write_request(1))["receipts"][0]
        assert receipt["edited_by_hand"]

    def test_the_data_comes_back(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1))
        track = ask(host.api, "list_tracks")["tracks"][0]
        assert track["data"] == {"n": 1}
        assert not track["own"]["edited_by_hand"]

    def test_a_copied_instance_belongs_to_the_user(self, host: Host) -> None:
        """REAPER gives the FX of a copied track new GUIDs and copies the memory as it is."""
        ask(host.api, "write_eq", **write_request(1))
        copy = host.project.tracks[0].fx_chain.fx[-1]
        copy.guid = "{0C0C0C0C-0000-4000-8000-000000000000}"
        state = copy.state
        track = ask(host.api, "begin_job", tracks=[guid(1)], audio=False)["tracks"][0]
        assert track["own"] is None
        assert track["data"] is None
        assert "copied" in track["warnings"][0]
        receipt = ask(host.api, "write_eq", **write_request(1, eq=USER_EQS[0]))["receipts"][0]
        assert receipt["created"]
        assert host.project.tracks[0].fx_chain.fx[2].state == state

    def test_an_offline_instance_is_neither_read_nor_written(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1))
        host.project.tracks[0].fx_chain.fx[-1].offline = True
        before = dumps(host.project)
        track = ask(host.api, "list_tracks")["tracks"][0]
        assert "offline" in track["warnings"][0]
        receipt = ask(host.api, "write_eq", **write_request(1, eq=USER_EQS[0]))["receipts"][0]
        assert "offline" in receipt["error"]["message"]
        assert dumps(host.project) == before

    def test_what_is_no_reaeq_any_more_is_left_alone(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(2))
        head = host.project.tracks[1].fx_chain.fx[-1].block.head
        assert head is not None
        head.set_string(5, "1919247731<565354726565737265617300000000>")
        track = ask(host.api, "list_tracks")["tracks"][1]
        assert "no ReaEQ any more" in track["warnings"][0]
        receipt = ask(host.api, "write_eq", **write_request(2))["receipts"][0]
        assert receipt["created"]

    @pytest.mark.parametrize("junk", ["junk", "e30=", "W10=", "bnVsbA==", BAD_BEFORE])
    def test_an_unreadable_memory_is_ignored(self, host: Host, junk: str) -> None:
        host.project.tracks[0].ext.set("reatone", junk)
        track = ask(host.api, "list_tracks")["tracks"][0]
        assert "cannot be read" in track["warnings"][0]
        assert ask(host.api, "write_eq", **write_request(1))["receipts"][0]["created"]

    def test_an_eq_that_is_not_heard_is_reported(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1))
        ask(host.api, "set_bypass", tracks=[guid(1)], on=True, label="compare")
        receipt = ask(host.api, "write_eq", **write_request(1, eq=USER_EQS[0]))["receipts"][0]
        assert "bypassed" in receipt["warnings"][0]
        host.project.tracks[0].fx_enabled = False
        assert "FX chain" in ask(host.api, "list_tracks")["tracks"][0]["warnings"][0]


class TestRevert:
    def test_restores_the_file_to_the_byte(self, host: Host) -> None:
        before = dumps(host.project)
        ask(host.api, "write_eq", **write_request(1, 2))
        ask(host.api, "write_eq", **write_request(1, 2, eq=WANTED.scaled(0.4)))
        reply = ask(host.api, "revert", tracks=[guid(1), guid(2)], label="revert")
        assert all(r["ok"] and r["changed"] for r in reply["receipts"])
        assert dumps(host.project) == before
        assert [p.label for p in host.history.done][2:] == ["ReaTone: revert"]

    def test_goes_back_to_what_the_user_made_of_it(self, host: Host) -> None:
        """A hand edit is the user's work: running again over it must not lose it."""
        ask(host.api, "write_eq", **write_request(1))
        edited = reaeq.encode(reaeq.from_eq(USER_EQS[0]))
        host.project.tracks[0].fx_chain.fx[-1].state = edited
        ask(host.api, "write_eq", **write_request(1))
        ask(host.api, "write_eq", **write_request(1, eq=WANTED.scaled(0.4)))
        ask(host.api, "revert", tracks=[guid(1)], label="revert")
        assert chain_of(host, 1)[-1] == ("ReaTone EQ", edited)
        track = ask(host.api, "list_tracks")["tracks"][0]
        assert track["own"]["edited_by_hand"]
        receipt = ask(host.api, "revert", tracks=[guid(1)], label="revert")["receipts"][0]
        assert receipt["ok"]
        assert not receipt["changed"]
        assert "as you made it" in receipt["warnings"][0]
        assert chain_of(host, 1)[-1] == ("ReaTone EQ", edited)

    def test_takes_edits_with_it_only_with_a_warning(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1))
        host.project.tracks[0].fx_chain.fx[-1].state = reaeq.encode(reaeq.from_eq(USER_EQS[0]))
        receipt = ask(host.api, "revert", tracks=[guid(1)], label="revert")["receipts"][0]
        assert receipt["changed"]
        assert "changed by hand" in receipt["warnings"][0]
        assert len(chain_of(host, 1)) == 2

    def test_without_an_instance_it_does_nothing(self, host: Host) -> None:
        before = dumps(host.project)
        receipt = ask(host.api, "revert", tracks=None, label="revert")["receipts"][0]
        assert receipt["ok"]
        assert not receipt["changed"]
        assert "nothing to revert" in receipt["warnings"][0]
        assert dumps(host.project) == before
        assert host.history.done == []

    @pytest.mark.parametrize("edited", [False, True], ids=["ours", "edited"])
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    def test_a_failure_anywhere_spares_the_user(
        self, tmp_path: Path, after: bool, edited: bool
    ) -> None:
        path = write_project(tmp_path / "song")
        request = {"tracks": [guid(1)], "label": "revert"}
        host = prepared(path, existing=True, edited=edited)
        counter = Watched(host.api)
        ask(counter, "revert", **request)
        done = chain_of(host, 1)
        for number, name in enumerate(counter.names):
            if after and name in COUNTERS:
                continue
            host = prepared(path, existing=True, edited=edited)
            dry, points = track_text(host, 1), len(host.history.done)
            watched = Watched(host.api, fail_at=number, after=after)
            reply = inside.call(watched, "revert", request)
            assert chain_of(host, 1)[:2] == done[:2], name
            assert (watched.open_blocks, watched.ui_locks) == (0, 0), name
            for receipt in reply.get("receipts", []):
                assert len(host.history.done) == points + receipt["changed"], name
                if receipt["ok"]:
                    assert chain_of(host, 1) == done, name
                elif receipt["changed"]:
                    assert receipt["error"]["code"] == "outcome_uncertain", name
                else:
                    assert track_text(host, 1) == dry, name


class TestBypassAndUndo:
    def test_bypass_is_one_undo_step_and_touches_ours_only(self, host: Host) -> None:
        ask(host.api, "write_eq", **write_request(1, 2))
        ask(host.api, "set_bypass", tracks=[guid(1), guid(2), guid(3)], on=True, label="bypass")
        fx = host.project.tracks[0].fx_chain.fx
        assert [f.bypassed for f in fx] == [False, False, True]
        assert len(host.history.done) == 2
        reply = ask(host.api, "set_bypass", tracks=[guid(1)], on=True, label="bypass")
        assert not reply["receipts"][0]["changed"]
        assert len(host.history.done) == 2
        ask(host.api, "set_bypass", tracks=None, on=False, label="bypass")
        assert not any(f.bypassed for f in fx)

    def test_undo_never_undoes_the_users_work(self, host: Host) -> None:
        assert inside.call(host.api, "undo", {})["error"]["code"] == "nothing_to_undo"
        ask(host.api, "write_eq", **write_request(1))
        track = host.api.RPR_GetTrack(0, 0)
        host.api.RPR_Undo_BeginBlock2(0)
        host.api.RPR_TrackFX_SetEnabled(track, 0, False)
        host.api.RPR_Undo_EndBlock2(0, "User's own", -1)
        assert "User's own" in inside.call(host.api, "undo", {})["error"]["message"]
        assert len(host.history.done) == 2


COUNTERS = {"RPR_Undo_BeginBlock2", "RPR_Undo_EndBlock2", "RPR_PreventUIRefresh"}
"""Functions without a result: their wrapper cannot fail once the work is done."""


def saved(host: Host) -> bytes:
    """Return the project as it would be saved, render settings included."""
    host.settings.write(host.project)
    return dumps(host.project)


AGAIN = WANTED.scaled(-0.5)


def chain_of(host: Host, number: int) -> list[tuple[str, bytes]]:
    """Return title and state of each FX on a track."""
    return [(fx.instance, fx.state) for fx in host.project.tracks[number - 1].fx_chain.fx]


def track_text(host: Host, number: int) -> list[str]:
    """Return the track's lines."""
    return [line.text for line in host.project.tracks[number - 1].node.all_lines()]


def prepared(path: Path, existing: bool, edited: bool = False) -> Host:
    """Open the project, with or without earlier work of ours on tracks 1 and 2, edited by hand."""
    host = Host.open(path)
    if existing:
        ask(host.api, "write_eq", **write_request(1, 2))
    if edited:
        host.project.tracks[0].fx_chain.fx[-1].state = reaeq.encode(reaeq.from_eq(USER_EQS[1]))
        ask(host.api, "write_eq", **write_request(1, 2))
    return host
