from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge import jobs, presets, requests
from bridge.host.host import Host
from bridge.session import Track, embedded
from models.eq import BandKind
from tests.bridge.running import Counting, FakeWire, Watcher, alike, running
from tests.projects import pink_noise, write_song


class TestJobs:
    def test_an_action_is_carried_out_and_answered(
        self, host: Host, wire: FakeWire, tmp_path: Path
    ) -> None:
        session = Counting(embedded(host))
        with running(session.session, tmp_path, wire=wire):
            wire.send("lua-1", "auto", amount=0.5)
            state, text = wire.end_of("lua-1")
        assert state == "done"
        assert "Bass: equalised" in text
        assert "One undo step" in text
        assert session.calls == ["begin_job", "write_eq"]
        assert all(track.own for track in embedded(host).list_tracks())

    def test_surfaces_are_told_what_was_read_back(self, host: Host, tmp_path: Path) -> None:
        watcher = Watcher()
        with running(lambda: embedded(host), tmp_path, surfaces=[watcher]) as daemon:
            daemon.submit(requests.parse("auto", {"class": "Bass guitar"}))
            kind, status = watcher.end()
        assert (kind, status.state) == ("auto", "done")
        assert {"Rendering", "Writing"} <= set(watcher.steps)
        own = embedded(host).list_tracks()[0].own
        assert own is not None
        (state,) = watcher.states
        assert state.eq == own.eq
        assert (state.name, state.label, state.confidence) == ("Bass", "bass_guitar", 1.0)
        assert watcher.closed

    def test_the_whole_life_of_an_eq(self, host: Host, wire: FakeWire, tmp_path: Path) -> None:
        session = embedded(host)
        with running(lambda: session, tmp_path / "presets", wire=wire):

            def do(kind: str, **args: Any) -> str:
                wire.send(kind, kind, **args)
                state, text = wire.end_of(kind)
                assert state == "done", text
                return text

            do("auto")
            do("amount", by=0.1)
            memory = session.list_tracks()[0].memory
            assert memory is not None
            assert memory.amount == pytest.approx(0.75)
            do("amount", set=-1.0)
            do("amount", by=-3.0)
            assert "without" in do("compare")
            assert [t.own and t.own.enabled for t in session.list_tracks()] == [False, False]
            assert "with ReaTone" in do("compare", on=True)
            do("preset_save", name="My sound")
            before = session.list_tracks()[0].own
            assert before is not None
            assert "amount" in do("undo") or "with" in do("undo")
            do("preset_load", name="my sound Bass")
            after = session.list_tracks()
            assert all(track.own and alike(track.own.eq, before.eq) for track in after)
            do("revert")
            assert [t.own for t in session.list_tracks()] == [None, None]

    def test_amounts_change_from_where_each_track_is(
        self, host: Host, wire: FakeWire, tmp_path: Path
    ) -> None:
        session = embedded(host)
        with running(lambda: session, tmp_path, wire=wire):
            wire.send("1", "auto")
            wire.end_of("1")
            jobs.amount(session, "1", 0.2)
            wire.send("2", "amount", by=0.1)
            wire.end_of("2")
        amounts = [track.memory and track.memory.amount for track in session.list_tracks()]
        assert amounts == pytest.approx([0.3, 0.75])

    def test_words_change_the_sound(self, host: Host, wire: FakeWire, tmp_path: Path) -> None:
        session = embedded(host)
        with running(lambda: session, tmp_path, wire=wire):
            wire.send("1", "describe", text="much warmer")
            state, text = wire.end_of("1")
        assert state == "done", text
        assert "One undo step: ReaTone: much warmer" in text
        assert all(track.own for track in session.list_tracks())

    def test_the_master_is_equalised(self, host: Host, wire: FakeWire, tmp_path: Path) -> None:
        with running(lambda: embedded(host), tmp_path, wire=wire):
            wire.send("1", "master", genre="Rock")
            state, text = wire.end_of("1")
        assert state == "done", text
        assert "Master: equalised" in text
        assert "One undo step: ReaTone: master EQ" in text

    @pytest.mark.parametrize("selected", ["the master", "nothing"])
    def test_amount_compare_and_revert_reach_the_master(
        self, host: Host, wire: FakeWire, tmp_path: Path, selected: str
    ) -> None:
        """Without a selection they said that no track was selected."""
        for track in host.tracks.values():
            track.selected = False
        host.project.master.selected = selected == "the master"
        session = embedded(host)

        def master() -> Track:
            return session.list_tracks(master=True)[-1]

        with running(lambda: session, tmp_path, wire=wire):
            for kind, args, want in (
                ("master", {}, (0.5, True)),
                ("amount", {"by": 0.1}, (0.6, True)),
                ("compare", {}, (0.6, False)),
                ("compare", {}, (0.6, True)),
                ("revert", {}, None),
            ):
                wire.send(kind, kind, **args)
                state, text = wire.end_of(kind)
                assert state == "done", text
                memory, own = master().memory, master().own
                assert (memory and own and (memory.amount, own.enabled)) == want
        assert all(track.own is None for track in session.list_tracks())

    def test_a_job_on_many_tracks_tells_what_is_to_be_looked_at(
        self, wire: FakeWire, tmp_path: Path
    ) -> None:
        silent = np.zeros(4800, dtype=np.float32)
        tracks = {"Bass": pink_noise(0.3)} | {f"Empty {n}": silent for n in range(23)}
        song = Host.open(write_song(tmp_path / "many", tracks))
        with running(lambda: embedded(song), tmp_path, wire=wire):
            wire.send("1", "auto")
            state, text = wire.end_of("1")
        lines = text.splitlines()
        assert (state, lines[0]) == ("done", "1 track written, 23 tracks skipped.")
        assert lines[1] == "Empty 0: skipped, silent: nothing to hear in this track"
        assert lines[-2:] == ["… and 3 more.", "One undo step: ReaTone: auto EQ, 65% (1 track)"]

    @pytest.mark.parametrize(
        ("kind", "args", "says"),
        [
            ("match", {"path": "/nowhere/song.wav"}, "song.wav"),
            ("preset_load", {"name": "../../etc/passwd"}, "no preset"),
            ("auto", {"class": "kazoo"}, "no class"),
            ("master", {"genre": "kazoo"}, "no genre"),
            ("describe", {"text": "qwxyz"}, "qwxyz"),
            ("amount", {"set": 0.5}, "None of these tracks"),
            ("compare", {}, "None of the selected"),
            ("undo", {}, "undo history"),
            ("nonsense", {}, "no request"),
        ],
    )
    def test_a_failure_is_one_clear_message(
        self,
        host: Host,
        wire: FakeWire,
        tmp_path: Path,
        kind: str,
        args: dict[str, Any],
        says: str,
    ) -> None:
        with running(lambda: embedded(host), tmp_path, wire=wire):
            wire.send("1", kind, **args)
            state, text = wire.end_of("1")
            wire.send("2", "auto")
            assert wire.end_of("2")[0] == "done"
        assert state == "failed"
        assert says in text

    def test_match_brings_the_tracks_near_a_recording(
        self, host: Host, wire: FakeWire, tmp_path: Path
    ) -> None:
        with running(lambda: embedded(host), tmp_path, wire=wire):
            wire.send("1", "match", path=str(tmp_path / "song" / "2.wav"))
            assert wire.end_of("1")[0] == "done"

    def test_a_preset_of_the_same_name_is_kept(
        self, host: Host, wire: FakeWire, tmp_path: Path
    ) -> None:
        session = embedded(host)
        with running(lambda: session, tmp_path, wire=wire):
            for name in ("auto", "preset_save", "again"):
                args = {} if name == "auto" else {"name": "warm"}
                wire.send(name, "preset_save" if name == "again" else name, **args)
                state, text = wire.end_of(name)
        assert state == "failed"
        assert "Choose another name" in text
        assert len(presets.list_presets([tmp_path])) == 2


class TestMoved:
    def test_what_a_fader_moved_is_no_edit_by_hand(self, host: Host, tmp_path: Path) -> None:
        """Moves through REAPER's OSC device changed the EQ, and it was then left alone as the
        user's own."""
        session = embedded(host)
        jobs.auto(session, jobs.AutoOptions())
        track = session.list_tracks()[0]
        assert track.own is not None
        gain = next(n for n, b in enumerate(track.own.eq.bands) if b.kind is not BandKind.HIGH_PASS)
        pointer = host.api.RPR_GetTrack(0, 0)
        host.api.RPR_TrackFX_SetParamNormalized(pointer, track.own.fx, 3 * gain + 1, 0.61)
        assert session.list_tracks()[0].own.edited_by_hand  # type: ignore[union-attr]
        left = jobs.amount(session, "1", 1.0)
        assert left.failed
        done = jobs.amount(session, "1", 1.0, moved={track.guid})
        assert not done.failed
        jobs.revert(session, "1")
        assert session.list_tracks()[0].own is None
