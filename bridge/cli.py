"""The `reatone` command.

The commands that work on files. `bridge.command` tells what all commands share; heavy modules are
imported inside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge import __version__, learn_cli, live_cli, master_cli, words_cli
from bridge.command import (
    Amount,
    AsJson,
    ClassName,
    DryRun,
    KeepLoudness,
    Output,
    Plot,
    Project,
    Tracks,
    choose_json,
    command,
    print_json,
    progress_bar,
    show,
    wants_json,
)
from bridge.errors import BridgeError, UsageError
from bridge.preset_cli import preset_app
from bridge.target_cli import target_app

if TYPE_CHECKING:
    from bridge.jobs import AutoOptions
    from bridge.report import Report
    from models.layout import Limits

app = typer.Typer(
    name="reatone",
    help="Automatic equaliser for REAPER: hears tracks and writes ReaEQ settings you can edit.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich for a help page takes longer than the page is worth
)
app.add_typer(preset_app, name="preset")
app.add_typer(target_app, name="target")

PresetFolder = Annotated[
    Path | None,
    typer.Option(
        "--presets", help="Also save each EQ as a YAML preset here, replacing earlier ones."
    ),
]
MaxGain = Annotated[float, typer.Option(min=0.5, max=24.0, help="Most boost or cut of a band, dB.")]
Bands = Annotated[int, typer.Option(min=1, max=24, help="Most bands to use.")]
CutsOnly = Annotated[bool, typer.Option("--cuts-only", help="Never boost.")]
References = Annotated[
    list[Path], typer.Option("--reference", help="Audio that sounds as wanted; may be repeated.")
]


def main() -> None:
    """Run the command line."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reatone {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version."),
]


@app.callback()
def _options(as_json: AsJson = False, version: Version = False) -> None:
    choose_json(as_json)


@app.command()
@command
def auto(
    project: Project,
    tracks: Tracks = "selected",
    amount: Amount = 0.65,
    class_name: ClassName = None,
    max_gain: MaxGain = 6.0,
    bands: Bands = 6,
    cuts_only: CutsOnly = False,
    keep_loudness: KeepLoudness = True,
    dry_run: DryRun = False,
    output: Output = None,
    plot: Plot = None,
    presets: PresetFolder = None,
    as_json: AsJson = False,
) -> None:
    """Listen to tracks, recognise and equalise them."""
    from bridge import own_targets
    from bridge.jobs import AutoOptions
    from models.equalise import Wish

    limits = _limits(max_gain, bands, cuts_only)
    target = own_targets.told(class_name) if class_name is not None else None
    wish = Wish(limits=limits, keep_loudness=keep_loudness, target=target)
    _equalise(project, AutoOptions(tracks, amount, wish, dry_run), output, plot, presets)


@app.command()
@command
def match(
    project: Project,
    reference: References,
    tracks: Tracks = "selected",
    amount: Amount = 0.65,
    max_gain: MaxGain = 6.0,
    bands: Bands = 6,
    cuts_only: CutsOnly = False,
    keep_loudness: KeepLoudness = True,
    dry_run: DryRun = False,
    output: Output = None,
    plot: Plot = None,
    presets: PresetFolder = None,
    as_json: AsJson = False,
) -> None:
    """Bring tracks towards the sound of reference recordings."""
    from bridge import wishes
    from bridge.jobs import AutoOptions
    from models.equalise import Wish

    limits = _limits(max_gain, bands, cuts_only)
    wish = Wish(None, wishes.reference_target(reference), limits, keep_loudness)
    _equalise(project, AutoOptions(tracks, amount, wish, dry_run, "match"), output, plot, presets)


@app.command(context_settings={"ignore_unknown_options": True})
@command
def amount(
    project: Project,
    value: Annotated[float, typer.Argument(help="0 is flat, 1 the full EQ, -1 its inverse.")],
    tracks: Tracks = "all",
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Let the EQs act more or less, without listening again."""
    from bridge import jobs, offline

    show(offline.work_on(project, output, lambda s: jobs.amount(s, tracks, value)))


@app.command()
@command
def revert(
    project: Project, tracks: Tracks = "all", output: Output = None, as_json: AsJson = False
) -> None:
    """Put back what was there before the last run."""
    from bridge import jobs, offline

    show(offline.work_on(project, output, lambda s: jobs.revert(s, tracks)))


@app.command()
@command
def classify(
    files: Annotated[list[Path], typer.Argument(help="Audio files.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Say what is heard in audio files."""
    from bridge import jobs

    heard = [jobs.classify(file) for file in files]
    if wants_json():
        print_json({"files": [one.as_json() for one in heard]})
    else:
        typer.echo("\n".join(one.as_text() for one in heard))
    if any(one.problem for one in heard):
        raise typer.Exit(1)


@app.command()
@command
def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo project is put.")] = Path(
        "reatone-demo"
    ),
    amount: Amount = 0.65,
    as_json: AsJson = False,
) -> None:
    """Show it all on a project that comes with ReaTone."""
    from bridge import demo as example

    with progress_bar() as progress:
        report = example.run(folder, amount, progress)
    if not wants_json():
        typer.echo(report.as_text())
    with progress_bar() as progress:
        live = example.run_live(folder, progress)
    if wants_json():
        print_json({**report.as_json(), "live": live.as_json()})
    else:
        typer.echo(f"\n{live.as_text()}")
    where = f"Look at {folder / example.PICTURE}; open {folder / example.PROJECT} in REAPER."
    typer.echo(where, err=True)
    if report.failed:
        raise typer.Exit(1)


def _equalise(
    project: Path, options: AutoOptions, output: Path | None, plot: Path | None, folder: Path | None
) -> None:
    from bridge import jobs, offline

    if plot:
        from bridge.plot import check_path

        check_path(plot)
    if folder and options.dry_run:
        raise UsageError("A dry run makes no presets.", "Leave out --presets or --dry-run.")
    with progress_bar() as progress:
        report = offline.work_on(project, output, lambda s: jobs.auto(s, options, progress))
    try:
        _save_extras(report, options.tracks or "selected", plot, folder)
    except BridgeError:
        typer.echo(report.as_text(), err=wants_json())  # what was done is said in any case
        raise
    show(report)


def _save_extras(report: Report, tracks: str, plot: Path | None, folder: Path | None) -> None:
    if plot:
        from bridge import pictures

        pictures.draw(report, plot)
    if folder and report.saved_to:
        from bridge import jobs, offline, presets

        project = Path(report.saved_to)
        saved = offline.look_at(project, lambda s: jobs.export_presets(s, tracks))
        presets.save_all(folder, saved, overwrite=True)


def _limits(max_gain_db: float, max_bands: int, cuts_only: bool) -> Limits:
    from models.layout import Limits

    return Limits(
        max_boost_db=max_gain_db, max_cut_db=max_gain_db, max_bands=max_bands, cuts_only=cuts_only
    )


words_cli.add_to(app)
master_cli.add_to(app)
learn_cli.add_to(app)
live_cli.add_to(app)

if __name__ == "__main__":
    main()
