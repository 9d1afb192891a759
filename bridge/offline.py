"""Jobs on a project file, without REAPER: open, work, save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bridge.host import open_project
from bridge.report import Report
from bridge.session import Session, embedded

T = TypeVar("T")


def look_at(project: Path, look: Callable[[Session], T]) -> T:
    """Run something that changes nothing on a project file."""
    return look(embedded(open_project(project)))


def work_on(project: Path, output: Path | None, job: Callable[[Session], Report]) -> Report:
    """Run a job on a project file and save what it wrote, in place or to `output`.

    In place the file as it was is kept as NAME.rpp-bak. Nothing is written when the job changed
    nothing. Raises ProjectError, with the file untouched, when it cannot be read or saved.
    """
    host = open_project(project)
    report = job(embedded(host))
    if report.undo is None and output is None:
        return report
    host.save(output)
    return replace(report, saved_to=str(output or project))
