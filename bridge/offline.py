"""Jobs on a project file, without REAPER: open, work, save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bridge.host import open_project
from bridge.report import Outcome, Report
from bridge.session import Session, embedded

T = TypeVar("T")


def look_at(project: Path, look: Callable[[Session], T]) -> T:
    """Run something that changes nothing on a project file."""
    return look(embedded(open_project(project)))


def work_on(project: Path, output: Path | None, job: Callable[[Session], Report]) -> Report:
    """Run a job on a project file and save what it wrote, in place or to `output`.

    A file that was there before is kept as NAME.rpp-bak. Nothing is written when the job changed
    nothing, but for a copy whose tracks are as wanted already. Raises ProjectError, with the file
    untouched, when it cannot be read or saved.
    """
    host = open_project(project)
    report = job(embedded(host))
    as_wanted = any(t.outcome in {Outcome.WRITTEN, Outcome.REVERTED} for t in report.tracks)
    if report.undo is None and not (output and as_wanted):
        return report
    host.save(output)
    return replace(report, saved_to=str(output or project))
