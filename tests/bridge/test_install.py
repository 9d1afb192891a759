"""`reatone install`: nothing half done, nothing of the user's lost, nothing left behind."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from bridge import files, install, install_text, shipped
from bridge.action_ids import action_id
from bridge.errors import CannotWrite, UsageError
from bridge.host.stand_in import StandIn
from bridge.install import Kind, carry_out, plan_install, plan_uninstall
from bridge.reaper import payload
from bridge.reaper_places import RunningReaper, find_resource, resource_of, usual_resource
from tests.bridge.small_project import write_project

HOME = shipped.FOLDER
SMALL = {f"{HOME}/a.lua": b"a1", f"{HOME}/lib/b.lua": b"b1", "OSC/ReaTone.ReaperOSC": b"o1"}


@pytest.fixture
def resource(tmp_path: Path) -> Path:
    folder = tmp_path / "REAPER"
    folder.mkdir()
    (folder / "reaper.ini").write_bytes(b"[REAPER]\r\nreascript=1\r\n")
    return folder


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def put(resource: Path, wanted: dict[str, bytes]) -> None:
    carry_out(plan_install(resource, wanted))


def kinds(plan: install.Plan) -> dict[str, Kind]:
    return {step.path: step.kind for step in plan.changes}


class TestShipped:
    def test_all_that_reaper_needs_is_there(self) -> None:
        wanted = shipped.files()
        assert f"{HOME}/ReaTone_Equalise selected tracks.lua" in wanted
        assert f"{HOME}/ReaTone_Start server.py" in wanted
        assert f"{HOME}/lib/reatone.lua" in wanted
        assert {f"{HOME}/python/{name}" for name in payload.files()} < set(wanted)
        assert not [path for path in wanted if "__pycache__" in path]

    def test_the_installed_script_serves_and_tells_how_reatone_is_started(
        self, resource: Path, tmp_path: Path
    ) -> None:
        put(resource, shipped.files())
        script = resource / HOME / "ReaTone_Start server.py"
        song = write_project(tmp_path / "song")
        with StandIn(song, tmp_path / "e.json", more=["--script", str(script)]) as reaper:
            assert reaper.call("GetExtState", "ReaTone", "heartbeat")
            assert reaper.call("GetExtState", "ReaTone", "command") == shipped.start_command()
            assert reaper.tell("console") == []

    def test_actions_are_known_by_the_path_they_get(self) -> None:
        # From REAPER's own file: sha1("COCKOS/LYRICS.LUA")
        assert action_id("Cockos/lyrics.lua") == "RS1ee9bb229dabffe151848d7efa3c10f748e1a1cf"
        assert "ReaTone_Equalise selected tracks" in shipped.action_files()


class TestInstalling:
    def test_writes_everything_and_then_nothing(self, resource: Path) -> None:
        put(resource, SMALL)
        there = tree(resource)
        assert {path: there[path] for path in SMALL} == SMALL
        assert plan_install(resource, SMALL).changes == ()
        put(resource, SMALL)
        assert tree(resource) == there

    def test_an_update_replaces_what_nobody_changed_without_a_backup(self, resource: Path) -> None:
        put(resource, SMALL)
        put(resource, SMALL | {f"{HOME}/a.lua": b"a2"})
        assert (resource / HOME / "a.lua").read_bytes() == b"a2"
        assert not list(resource.rglob("*.bak*"))

    def test_what_the_user_changed_is_kept_each_time(self, resource: Path) -> None:
        put(resource, SMALL)
        for text in (b"mine", b"mine, too"):
            (resource / HOME / "a.lua").write_bytes(text)
            assert kinds(plan_install(resource, SMALL)) == {f"{HOME}/a.lua": Kind.CHANGED}
            put(resource, SMALL)
        assert (resource / HOME / "a.lua").read_bytes() == b"a1"
        assert (resource / HOME / "a.lua.bak").read_bytes() == b"mine"
        assert (resource / HOME / "a.lua.bak2").read_bytes() == b"mine, too"

    def test_a_file_that_was_there_before_is_kept(self, resource: Path) -> None:
        (resource / "OSC").mkdir()
        (resource / "OSC" / "ReaTone.ReaperOSC").write_bytes(b"somebody's")
        put(resource, SMALL)
        assert (resource / "OSC" / "ReaTone.ReaperOSC.bak").read_bytes() == b"somebody's"

    def test_what_is_no_longer_shipped_goes(self, resource: Path) -> None:
        put(resource, SMALL | {f"{HOME}/old.lua": b"old", f"{HOME}/older.lua": b"older"})
        (resource / HOME / "older.lua").write_bytes(b"mine")
        assert kinds(plan_install(resource, SMALL)) == {
            f"{HOME}/old.lua": Kind.REMOVED,
            f"{HOME}/older.lua": Kind.SET_ASIDE,
        }
        put(resource, SMALL)
        assert not (resource / HOME / "old.lua").exists()
        assert (resource / HOME / "older.lua.bak").read_bytes() == b"mine"

    @pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"files": 7}', b"\xff\xfe"])
    def test_a_damaged_record_is_none(self, resource: Path, record: bytes) -> None:
        put(resource, SMALL)
        (resource / install.RECORD).write_bytes(record)
        assert install.read_record(resource) == {}
        assert plan_install(resource, SMALL).changes == (), "what is right is known by its content"

    def test_a_record_never_leads_outside(self, resource: Path) -> None:
        put(resource, SMALL)
        outside = (
            "reaper.ini",
            f"{HOME}/../../reaper.ini",
            "/etc/passwd",
            "OSC/..\\..\\reaper.ini",
        )
        (resource / install.RECORD).write_text(json.dumps({"files": dict.fromkeys(outside, "x")}))
        assert plan_uninstall(resource).steps == ()

    def test_a_link_to_the_shipped_scripts_is_refused(self, resource: Path) -> None:
        (resource / "Scripts").mkdir()
        (resource / HOME).symlink_to(shipped.scripts_dir() / "ReaTone", target_is_directory=True)
        with pytest.raises(UsageError, match="link"):
            plan_install(resource, SMALL)

    @pytest.mark.parametrize("number", range(1, 6))
    def test_a_full_disk_leaves_everything_as_it_was(
        self, resource: Path, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whichever write fails (a backup, a file, the record), all before it are taken back."""
        put(resource, SMALL)
        (resource / HOME / "a.lua").write_bytes(b"mine")
        before = tree(resource)
        writes = 0
        real = files.os.fsync

        def full(handle: int) -> None:
            nonlocal writes
            writes += 1
            if writes == number:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(handle)

        newer = {path: content + b"!" for path, content in SMALL.items()}
        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(CannotWrite, match="No space left"):
            put(resource, newer)
        assert tree(resource) == before

    def test_folders_made_on_the_way_are_taken_back(
        self, resource: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        before = tree(resource)
        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(CannotWrite):
            put(resource, SMALL)
        assert tree(resource) == before

    def test_an_interruption_leaves_everything_as_it_was(
        self, resource: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        put(resource, SMALL)
        before = tree(resource)
        monkeypatch.setattr(install, "_write_record", interrupted)
        with pytest.raises(KeyboardInterrupt):
            put(resource, dict.fromkeys(SMALL, b"newer"))
        assert tree(resource) == before


class TestUninstalling:
    def test_removes_what_was_installed_and_nothing_else(self, resource: Path) -> None:
        before = tree(resource)
        put(resource, SMALL)
        carry_out(plan_uninstall(resource))
        assert tree(resource) == before

    def test_what_is_the_users_stays(self, resource: Path) -> None:
        put(resource, SMALL)
        (resource / HOME / "ReaTone_Describe as warm.lua").write_bytes(b"warm")
        (resource / HOME / "a.lua").write_bytes(b"mine")
        cache = resource / HOME / "python" / "bridge" / "__pycache__"
        cache.mkdir(parents=True)
        (cache / "x.pyc").write_bytes(b"")
        plan = plan_uninstall(resource)
        carry_out(plan)
        left = {path for path, content in tree(resource).items() if content is not None}
        assert left == {"reaper.ini", f"{HOME}/ReaTone_Describe as warm.lua", f"{HOME}/a.lua.bak"}
        text = install_text.removed(plan, dry_run=False, reaper_runs=True)
        assert "kept as a.lua.bak" in text
        assert "something of yours" in text

    def test_twice_is_no_error(self, resource: Path) -> None:
        put(resource, SMALL)
        carry_out(plan_uninstall(resource))
        plan = plan_uninstall(resource)
        carry_out(plan)
        assert "Nothing" in install_text.removed(plan, dry_run=False, reaper_runs=False)


class TestPlaces:
    @pytest.mark.parametrize(
        ("platform", "environ", "expected"),
        [
            ("linux", {"HOME": "/home/u"}, "/home/u/.config/REAPER"),
            ("linux", {"HOME": "/home/u", "XDG_CONFIG_HOME": "/cfg"}, "/cfg/REAPER"),
            ("darwin", {"HOME": "/Users/u"}, "/Users/u/Library/Application Support/REAPER"),
            ("win32", {"APPDATA": "/Roaming"}, "/Roaming/REAPER"),
            ("win32", {"USERPROFILE": "/u"}, "/u/AppData/Roaming/REAPER"),
        ],
    )
    def test_usual(self, platform: str, environ: dict[str, str], expected: str) -> None:
        assert usual_resource(environ, platform) == Path(expected)

    def test_a_running_reaper_tells_where_its_things_are(self, tmp_path: Path) -> None:
        usual, portable = tmp_path / "usual", tmp_path / "portable"
        program = portable / "REAPER.app" / "Contents" / "MacOS" / "REAPER"
        program.parent.mkdir(parents=True)
        assert resource_of(RunningReaper(1, program), usual) == usual
        (portable / "reaper.ini").touch()
        assert resource_of(RunningReaper(1, program), usual) == portable
        assert resource_of(RunningReaper(1, portable / "reaper.exe"), usual) == portable
        other = RunningReaper(1, program, ("-new", "-cfgfile", str(tmp_path / "c" / "reaper.ini")))
        assert resource_of(other, usual) == tmp_path / "c"

    def test_the_running_one_goes_before_the_usual_one(
        self, resource: Path, tmp_path: Path
    ) -> None:
        portable = tmp_path / "portable"
        portable.mkdir()
        (portable / "reaper.ini").touch()
        running = RunningReaper(1, portable / "reaper")
        assert find_resource(None, [], resource) == resource
        assert find_resource(None, [running], resource) == portable
        assert find_resource(resource, [running], resource) == resource
        both = [running, RunningReaper(2, tmp_path / "bin" / "reaper")]
        with pytest.raises(UsageError, match="more than once"):
            find_resource(None, both, resource)

    def test_what_is_no_resource_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"not found.*start it once"):
            find_resource(None, [], tmp_path)
        with pytest.raises(UsageError, match="no folder"):
            find_resource(tmp_path / "x", [], tmp_path)
        with pytest.raises(UsageError, match=r"has no reaper\.ini"):
            find_resource(tmp_path, [], tmp_path)
        (tmp_path / "reaper.exe").touch()
        with pytest.raises(UsageError, match="portable, start it once"):
            find_resource(tmp_path, [], tmp_path)
