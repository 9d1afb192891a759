"""The embedded host: one project file with everything REAPER keeps around it in memory."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.errors import CannotWrite, NoSuchFile, NotAProject
from bridge.files import write_atomic
from bridge.host import project as project_file
from bridge.host import render, scene
from bridge.host.calling import (
    GUID_TYPE,
    ITEM_TYPE,
    PROJECT_TYPE,
    SOURCE_TYPE,
    TAKE_TYPE,
    TRACK_TYPE,
    HostError,
    Pointers,
)
from bridge.host.fx import FxView
from bridge.host.project import ProjectFileError, dumps, loads
from bridge.host.reascript import Api
from bridge.host.settings import RenderSettings
from bridge.host.strips import MASTER
from bridge.host.tracks import TrackView
from bridge.host.undo import History, Point

MASTER_KEY = "master"
NULL_GUID = "{00000000-0000-0000-0000-000000000000}"
BACKUP_SUFFIX = ".rpp-bak"


class Host:
    """One open project: its file, undo history, stored values and ReaScript functions (`api`).

    Pointers stay valid across undo, because they are tied to GUIDs. Tracks and plug-ins without a
    GUID (files of old versions) get one made from their place, which the file does not keep.
    """

    def __init__(self, project: project_file.Project, path: Path) -> None:
        self.project = project
        self.path = path
        self.history = History()
        self.settings = RenderSettings()
        self.ext_state: dict[tuple[str, str], str] = {}
        self.console: list[str] = []
        self.change_count = 0
        self.dirty = False
        self.render_stats = ""
        self.pointers = Pointers()
        self.api = Api(self)
        self._tracks: dict[str, TrackView] = {}
        self._problems: dict[str, tuple[str, ...]] = {}
        self._scene: tuple[int, scene.Scene] | None = None

    @classmethod
    def open(cls, path: Path | str) -> Host:
        """Open a project file. Raises NoSuchFile and NotAProject."""
        path = Path(path)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise NoSuchFile(f"There is no project file {path}.", "Check the path.") from error
        except OSError as error:
            raise NoSuchFile(
                f"{path} cannot be opened ({error.strerror}).", "Name a REAPER project (.rpp)."
            ) from error
        try:
            project = loads(data)
        except ProjectFileError as error:
            raise NotAProject(f"{path}: {error}", details={"line": error.line}) from error
        return cls(project, path.absolute())

    @property
    def folder(self) -> Path:
        """The project's folder, where relative media paths start."""
        return self.path.parent

    def save(self, path: Path | str | None = None) -> None:
        """Write the project, in place or (as REAPER's "save as") to another file, which is then the
        project.

        A file that was there before is kept as NAME.rpp-bak. Relative media paths follow the
        project to another folder. Raises CannotWrite with the old file untouched.
        """
        target = Path(path).absolute() if path is not None else self.path
        self.settings.write(self.project)
        project_file.with_media_base(self.project, self.folder, target.parent)
        try:
            if target.exists():
                write_atomic(target.with_suffix(BACKUP_SUFFIX), target.read_bytes())
            write_atomic(target, dumps(self.project))
        except OSError as error:
            project_file.with_media_base(self.project, target.parent, self.folder)
            raise CannotWrite(
                f"{target} could not be written ({error.strerror or error}).",
                "Check the folder's permissions and the free space.",
            ) from error
        if target.parent != self.folder:
            self.history = History()  # its media paths start from the old folder
        self.path = target
        self.dirty = False

    # --- objects behind pointers ----------------------------------------------------------------

    @property
    def tracks(self) -> dict[str, TrackView]:
        """The tracks in order, by a key that lasts as long as the track (its GUID)."""
        if not self._tracks:
            for index, track in enumerate(self.project.tracks):
                key = track.guid or self._made_guid(f"track {index} {track.name}")
                self._tracks[key if key not in self._tracks else f"{key}#{index}"] = track
        return self._tracks

    def forget_tracks(self) -> None:
        """Look the tracks up anew: some were added or removed."""
        self._tracks = {}

    def track_pointer(self, key: str) -> str:
        """Return the pointer of a track by its key."""
        return self.pointers.give(TRACK_TYPE, key)

    def track_at(self, pointer: object) -> TrackView:
        """Return the track behind a pointer. Raises HostError: REAPER would crash on it."""
        key = self.pointers.key(TRACK_TYPE, pointer) if isinstance(pointer, str) else None
        if key == MASTER_KEY:
            return self.project.master
        track = self.tracks.get(key) if key else None
        if track is None:
            raise HostError(
                f"{pointer!r} is no track of this project (any more); REAPER could crash on it.",
                "Look tracks up by GUID within each request.",
            )
        return track

    def track_guid(self, track: TrackView) -> str:
        """Return a track's GUID; the master has the null GUID."""
        if track.is_master:
            return NULL_GUID
        at_once = self.tracks.get(track.guid)
        if at_once and at_once.node is track.node:
            return track.guid
        keys = (key for key, view in self.tracks.items() if view.node is track.node)
        return next(keys).partition("#")[0]

    def fx_guid(self, track: TrackView, index: int, fx: FxView) -> str:
        """Return a plug-in's GUID."""
        return fx.guid or self._made_guid(f"{self.track_guid(track)} fx {index} {fx.name}")

    def check_project(self, pointer: object) -> str:
        """Accept 0, None and the pointer of this project. Raises HostError."""
        if pointer in (0, None) or pointer == self.project_pointer:
            return self.project_pointer
        raise HostError(f"{pointer!r} is no open project.", "Pass 0 for the project in front.")

    @property
    def project_pointer(self) -> str:
        """The pointer of this project."""
        return self.pointers.give(PROJECT_TYPE, "project")

    def guid_at(self, pointer: object) -> str:
        """Return the GUID text behind a GUID pointer. Raises HostError."""
        guid = self.pointers.key(GUID_TYPE, pointer) if isinstance(pointer, str) else None
        if guid is None:
            raise HostError(f"{pointer!r} points to no GUID; REAPER could crash on it.")
        return guid

    def item_at(self, pointer: object, kind: str = ITEM_TYPE) -> project_file.Node:
        """Return the block of the item behind a pointer. Raises HostError."""
        guid = self.pointers.key(kind, pointer) if isinstance(pointer, str) else None
        for track in self.tracks.values():
            for node in track.items:
                line = node.line("IGUID")
                if guid and line and line.value(1) == guid:
                    return node
        raise HostError(f"{pointer!r} is no item of this project; REAPER could crash on it.")

    def take_at(self, pointer: object) -> project_file.Node:
        """Return the block of the item with the take behind a pointer. Raises HostError."""
        return self.item_at(pointer, TAKE_TYPE)

    def source_at(self, pointer: object) -> str:
        """Return the file behind a pointer to a source. Raises HostError."""
        path = self.pointers.key(SOURCE_TYPE, pointer) if isinstance(pointer, str) else None
        if path is None:
            raise HostError(f"{pointer!r} is no source; REAPER could crash on it.")
        return path

    def _made_guid(self, what: str) -> str:
        return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, what)).upper() + "}"

    # --- changes and undo -------------------------------------------------------------------------

    @contextmanager
    def editing(self, label: str) -> Iterator[None]:
        """Run a change of the project; outside an undo block it makes a point of its own."""
        before = dumps(self.project) if not self.history.depth else b""
        yield
        self.touch()
        if not self.history.depth:
            after = dumps(self.project)
            if after != before:
                self.history.add(Point(label, before, after))

    def touch(self) -> None:
        """Count a change that has no undo point of its own (settings, selection)."""
        self.change_count += 1
        self.dirty = True

    def begin_block(self) -> None:
        """Open an undo block."""
        self.history.begin(dumps(self.project))

    def end_block(self, label: str, flags: int) -> None:
        """Close an undo block. Raises HostError when none is open."""
        if not self.history.depth:
            raise HostError("Undo_EndBlock2 without Undo_BeginBlock2.")
        self.history.end(label, flags, dumps(self.project))

    def undo(self) -> bool:
        """Take the last point back; False when there is none."""
        self._refuse_in_block()
        if not self.history.done:
            return False
        point = self.history.done.pop()
        self.history.undone.append(point)
        self._restore(point.before)
        return True

    def redo(self) -> bool:
        """Do the last point taken back again; False when there is none."""
        self._refuse_in_block()
        if not self.history.undone:
            return False
        point = self.history.undone.pop()
        self.history.done.append(point)
        self._restore(point.after)
        return True

    def _refuse_in_block(self) -> None:
        if self.history.depth:
            raise HostError("Undo and redo inside an open undo block.", "End the block first.")

    def _restore(self, data: bytes) -> None:
        self.project = loads(data)
        self.forget_tracks()
        self.touch()

    # --- sound ------------------------------------------------------------------------------------

    @property
    def length_s(self) -> float:
        """The end of the last item."""
        return scene.length_s(self.project, self.folder)

    @property
    def time_selection_s(self) -> tuple[float, float]:
        """The time selection; (0, 0) = none."""
        line = self.project.root.line("SELECTION")
        return (line.number(1), line.number(2)) if line else (0.0, 0.0)

    def render(self) -> None:
        """Render with the project's settings (action 42230). Raises RenderFailed."""
        bounds = render.Bounds(self.length_s, self.time_selection_s)
        job = render.plan(self.project, self.path, self.settings, bounds)
        built = scene.build(self.project, self.folder)
        self.render_stats, problems = render.render(built, job)
        keys = list(self.tracks)
        for index, notes in problems.items():
            self._problems[keys[index]] = tuple(built.label(index) + note for note in notes)

    def warnings(self, guid: str) -> tuple[str, ...]:
        """Return what a render of this track (or "master") leaves out, in words.

        () for an unknown track.

        Includes what the renders so far found wrong with the media.
        """
        if guid not in self.tracks and guid != MASTER_KEY:
            return ()
        if self._scene is None or self._scene[0] != self.change_count:
            self._scene = self.change_count, scene.build(self.project, self.folder)
        built, keys = self._scene[1], list(self.tracks)
        place = MASTER if guid == MASTER_KEY else keys.index(guid)
        found = list(built.warnings_for(place))
        for source in built.feeding([place]):
            found += self._problems.get(keys[source], ()) if source != MASTER else ()
        return tuple(found)

    def warnings_json(self, guid: str) -> str:
        """Return `warnings` as a JSON list, "" for an unknown track."""
        return json.dumps(self.warnings(guid)) if guid in self.tracks else ""
