"""`reatone learn-eq` and `reatone apply-eq`: take over what was done to a track."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.command import AsJson, DryRun, Tracks, command, print_json, show, wants_json

Before = Annotated[
    Path, typer.Argument(help="The track as it was (WAV, FLAC …).", show_default=False)
]
After = Annotated[Path, typer.Argument(help="The same passage, processed.", show_default=False)]
Name = Annotated[str | None, typer.Option(help="What to call it (default: AFTER's file name).")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Picture = Annotated[Path | None, typer.Option(help="Draw what was learnt (.png or .svg).")]
Learned = Annotated[
    str, typer.Argument(help="A name from learn-eq, or a .safetensors file.", show_default=False)
]
Where = Annotated[
    Path, typer.Argument(help="A REAPER project (.rpp) or an audio file.", show_default=False)
]
Output = Annotated[
    Path | None, typer.Option(help="Save here: not over the project, or not beside the file.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.command("learn-eq")(learn_eq)
    app.command("apply-eq")(apply_eq)


@command
def learn_eq(
    before: Before,
    after: After,
    name: Name = None,
    plot: Picture = None,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Learn from a track before and after what was done to it."""
    from bridge import learn_job
    from bridge import plot as pictures

    if plot:
        pictures.check_path(plot)
    report = learn_job.run(before, after, name, overwrite=overwrite, dry_run=dry_run)
    if plot:
        pictures.draw([report.panel()], plot)
    if wants_json():
        print_json(report.as_json())
    else:
        typer.echo(report.as_text())


@command
def apply_eq(
    name: Learned,
    where: Where,
    tracks: Tracks = "selected",
    output: Output = None,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Apply what was learnt: a new take for each item of the tracks, or a new file."""
    from bridge import apply_job

    options = apply_job.ApplyOptions(name, tracks, dry_run, overwrite)
    if apply_job.is_project(where):
        show(apply_job.run_on_project(where, options, output))
    else:
        show(apply_job.run_on_file(where, options, output))
