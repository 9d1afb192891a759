"""`reatone master`: a gentle EQ for the master of a project, or for a mix in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.command import (
    Amount,
    AsJson,
    DryRun,
    KeepLoudness,
    Plot,
    command,
    progress_bar,
    show,
)

Mix = Annotated[Path, typer.Argument(help="A REAPER project (.rpp) or a mix (WAV, FLAC, MP3 …).")]
Genre = Annotated[str | None, typer.Option(help="What the music is, instead of recognising it.")]
References = Annotated[
    list[Path] | None,
    typer.Option("--reference", help="A recording that sounds as wanted; several are blended."),
]
MaxGain = Annotated[float, typer.Option(min=0.5, max=12.0, help="Most boost or cut, dB.")]
Bands = Annotated[int, typer.Option(min=2, max=12, help="Most bands to use.")]
Output = Annotated[
    Path | None,
    typer.Option(help="Write here: not over the project, or not to MIX.mastered.wav."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an older output file.")]

PROJECT_SUFFIXES = (".rpp", ".rpp-bak")


def add_to(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(master)


@command
def master(
    mix: Mix,
    genre: Genre = None,
    reference: References = None,
    amount: Amount = 0.5,
    max_gain: MaxGain = 3.0,
    bands: Bands = 5,
    keep_loudness: KeepLoudness = True,
    dry_run: DryRun = False,
    output: Output = None,
    overwrite: Overwrite = False,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Recognise the genre of a master and equalise it gently."""
    from bridge import master_job, offline

    if plot:
        from bridge.plot import check_path

        check_path(plot)
    options = master_job.MasterOptions(
        genre, tuple(reference or ()), amount, max_gain, bands, keep_loudness, dry_run
    )
    with progress_bar() as progress:
        if mix.suffix.lower() in PROJECT_SUFFIXES:
            report = offline.work_on(
                mix, output, lambda session: master_job.run(session, options, progress)
            )
        else:
            report = master_job.run_on_file(mix, options, output, progress, overwrite=overwrite)
    if plot:
        from bridge import pictures

        pictures.draw(report, plot)
    show(report)
