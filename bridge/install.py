"""Putting ReaTone's scripts into REAPER's resource folder, and taking them out again.

First everything is planned, then carried out in one go: a step that fails (disk full, read-only
folder) takes back those before it. A record beside the scripts says what was installed, so that
later runs know our files from the user's: a file that somebody has changed is never lost, it stays
as NAME.bak. REAPER's own settings are not touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from bridge import __version__, shipped
from bridge.errors import CannotWrite, UsageError
from bridge.files import write_atomic

RECORD = f"{shipped.FOLDER}/installed.json"
_ROOTS = (f"{shipped.FOLDER}/", "OSC/")


class Kind(StrEnum):
    """What happens to a file. CHANGED ones differ from what was installed: they become a backup."""

    NEW = "new"
    UPDATED = "updated"
    CHANGED = "replaced, changed by you"
    SAME = "unchanged"
    REMOVED = "removed"
    SET_ASIDE = "set aside, changed by you"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one file. path: below the resource folder. backup: where its content goes."""

    kind: Kind
    path: str
    content: bytes | None = None
    backup: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps in one resource folder. record: the files that are installed afterwards."""

    resource: Path
    steps: tuple[Step, ...]
    record: Mapping[str, str]

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.kind is not Kind.SAME)

    def as_json(self) -> dict[str, object]:
        """Return the JSON form."""
        rows = [
            {"path": step.path, "what": step.kind.name.lower(), "backup": step.backup}
            for step in self.steps
        ]
        return {"resource_path": str(self.resource), "files": rows}


def plan_install(resource: Path, wanted: Mapping[str, bytes]) -> Plan:
    """Plan to bring the resource folder to `wanted` (path below it → content).

    Raises UsageError when the folder for the scripts is a link to the scripts that ReaTone ships.
    """
    if (resource / shipped.FOLDER).resolve() == (shipped.scripts_dir() / "ReaTone").resolve():
        raise UsageError(
            f"{resource / shipped.FOLDER} is a link to ReaTone's own scripts.",
            "Remove the link, then install.",
        )
    known = read_record(resource)
    steps = [_put(resource, path, content, known) for path, content in sorted(wanted.items())]
    steps += [_take(resource, path, known[path]) for path in known if path not in wanted]
    return Plan(resource, tuple(steps), {path: _digest(data) for path, data in wanted.items()})


def plan_uninstall(resource: Path) -> Plan:
    """Plan to remove what was installed, as recorded."""
    known = read_record(resource)
    return Plan(resource, tuple(_take(resource, path, known[path]) for path in known), {})


def carry_out(plan: Plan) -> None:
    """Do what is planned. Raises CannotWrite with everything as it was before."""
    try:
        with contextlib.ExitStack() as taken_back:
            for step in plan.changes:
                _do(plan.resource, step, taken_back)
            _write_record(plan, taken_back)
            taken_back.pop_all()  # it is done: nothing is taken back any more
    except OSError as error:
        raise CannotWrite(
            f"{error.filename or plan.resource} cannot be written: {error.strerror or error}.",
            "Everything is as it was before. See to the folder's permissions and free space, then "
            "try again.",
        ) from error
    if not plan.record:
        _sweep(plan.resource)


def read_record(resource: Path) -> dict[str, str]:
    """Return what was installed: path → SHA-256. Nothing outside our folders is ever believed."""
    try:
        files = json.loads((resource / RECORD).read_text("utf-8"))["files"]
        return {str(path): str(digest) for path, digest in files.items() if _is_ours(str(path))}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def differences(resource: Path, wanted: Mapping[str, bytes]) -> dict[Kind, list[str]]:
    """Return by kind what an installation would change now; empty when it is current."""
    found: dict[Kind, list[str]] = {}
    for step in plan_install(resource, wanted).changes:
        found.setdefault(step.kind, []).append(step.path)
    return found


def _put(resource: Path, path: str, content: bytes, known: Mapping[str, str]) -> Step:
    there = _content(resource / path)
    if there is None:
        return Step(Kind.NEW, path, content)
    if there == content:
        return Step(Kind.SAME, path, content)
    if _digest(there) == known.get(path):
        return Step(Kind.UPDATED, path, content)
    return Step(Kind.CHANGED, path, content, _free_backup(resource, path))


def _take(resource: Path, path: str, digest: str) -> Step:
    there = _content(resource / path)
    if there is None:
        return Step(Kind.SAME, path)
    if _digest(there) == digest:
        return Step(Kind.REMOVED, path)
    return Step(Kind.SET_ASIDE, path, None, _free_backup(resource, path))


def _do(resource: Path, step: Step, taken_back: contextlib.ExitStack) -> None:
    target, old = resource / step.path, _content(resource / step.path)
    if step.backup is not None and old is not None:
        backup = resource / step.backup
        _later(taken_back, lambda: backup.unlink(missing_ok=True))
        write_atomic(backup, old)
    _make_folder(target.parent, taken_back)
    if old is None:
        _later(taken_back, lambda: target.unlink(missing_ok=True))
    else:
        _later(taken_back, lambda: write_atomic(target, old))
    if step.content is None:
        target.unlink()
    else:
        write_atomic(target, step.content)


def _make_folder(folder: Path, taken_back: contextlib.ExitStack) -> None:
    for missing in [path for path in (*reversed(folder.parents), folder) if not path.is_dir()]:
        missing.mkdir()
        _later(taken_back, missing.rmdir)


def _later(taken_back: contextlib.ExitStack, undo: Callable[[], object]) -> None:
    """Note what takes a step back; it may find nothing to do."""

    def quietly() -> None:
        with contextlib.suppress(OSError):
            undo()

    taken_back.callback(quietly)


def _write_record(plan: Plan, taken_back: contextlib.ExitStack) -> None:
    """Write the record last: a run that was killed before is simply done again."""
    content = None
    if plan.record:
        record = {"reatone": __version__, "files": dict(plan.record)}
        content = json.dumps(record, indent=1, sort_keys=True).encode()
    if content != _content(plan.resource / RECORD):
        _do(plan.resource, Step(Kind.UPDATED, RECORD, content), taken_back)


def _sweep(resource: Path) -> None:
    """Remove our folders where nothing is left but what Python itself has put there."""
    home = resource / shipped.FOLDER
    for cache in sorted((home / "python").rglob("__pycache__")):
        shutil.rmtree(cache, ignore_errors=True)
    folders = [path for path in home.rglob("*") if path.is_dir()]
    for folder in [*sorted(folders, reverse=True), home, home.parent, resource / "OSC"]:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _free_backup(resource: Path, path: str) -> str:
    number = 1
    while (resource / (backup := f"{path}.bak{number if number > 1 else ''}")).exists():
        number += 1
    return backup


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_ours(path: str) -> bool:
    return path.startswith(_ROOTS) and ".." not in PurePosixPath(path).parts and "\\" not in path
