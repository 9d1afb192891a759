"""The demo: ReaTone's job from end to end on a project that comes with it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bridge import jobs, offline, pictures, presets
from bridge.errors import CannotWrite
from bridge.jobs import AutoOptions, Progress
from bridge.report import Report
from models.resources import presets_dir

if TYPE_CHECKING:
    from bridge.demo_live import Show

PROJECT = "demo.rpp"
LIVE_PROJECT = "demo-live.rpp"
PICTURE = "demo.png"
PRESETS = "presets"


def run_live(folder: Path, progress: Progress) -> Show:
    """Show the way through REAPER on another copy of the project, beside the first.

    Raises CannotWrite when the copy cannot be made.
    """
    from bridge import demo_live  # noqa: PLC0415  (nobody else needs sockets)

    project = folder / LIVE_PROJECT
    try:
        shutil.copyfile(presets_dir() / "examples" / "demo" / PROJECT, project)
    except OSError as error:
        raise CannotWrite(f"{project} cannot be written: {error}.", "Free it.") from error
    try:
        return demo_live.run(project, folder / PRESETS, progress)
    finally:
        project.unlink()


def run(folder: Path, amount: float, progress: Progress) -> Report:
    """Copy the demo project to `folder`, equalise it, export a preset per track and draw a picture.

    A project of an earlier run is replaced. Raises CannotWrite when the folder cannot be used.
    """
    options = AutoOptions(tracks="all", amount=amount)
    try:
        shutil.copytree(presets_dir() / "examples" / "demo", folder, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise CannotWrite(
            f"The demo project could not be copied to {folder}: {error}.",
            "Name another folder with --folder.",
        ) from error
    project = folder / PROJECT
    report = offline.work_on(project, None, lambda session: jobs.auto(session, options, progress))
    exported = offline.look_at(project, lambda session: jobs.export_presets(session, "all"))
    presets.save_all(folder / PRESETS, exported, overwrite=True)
    pictures.draw(report, folder / PICTURE)
    return report
