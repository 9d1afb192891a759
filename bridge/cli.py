"""The `reatone` command.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed,
2 wrong use, 3 REAPER does not answer. Heavy modules are imported inside the commands.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from bridge import __version__
from bridge.errors import BridgeError, UnreadableAudio, UsageError

if TYPE_CHECKING:
    from bridge.jobs import AutoOptions, Progress
    from bridge.report import Report
    from models.layout import Limits
    from models.target import Target

app = typer.Typer(
    name="reatone",
    help="Automatic equaliser for REAPER: hears tracks and writes ReaEQ settings you can edit.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich for a help page takes longer than the page is worth
)
preset_app = typer.Typer(help="YAML presets: one EQ in one file.", no_args_is_help=True)
app.add_typer(preset_app, name="preset")

P = ParamSpec("P")
_output = {"json": False}

Project = Annotated[Path, typer.Argument(help="A REAPER project (.rpp).", show_default=False)]
Tracks = Annotated[
    str, typer.Option(help='"selected", "all", or numbers, ranges and names: "1-3,Lead Vocal".')
]
Amount = Annotated[float, typer.Option(help="Strength: 0 is flat, 1 the full EQ, -1 its inverse.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Listen and decide, write nothing.")]
Output = Annotated[
    Path | None, typer.Option(help="Save to this project instead of over the one given.")
]
Plot = Annotated[Path | None, typer.Option(help="Draw before, target and after (.png or .svg).")]
PresetFolder = Annotated[
    Path | None, typer.Option("--presets", help="Also save each EQ as a YAML preset here.")
]
MaxGain = Annotated[float, typer.Option(min=0.5, max=24.0, help="Most boost or cut of a band, dB.")]
Bands = Annotated[int, typer.Option(min=1, max=24, help="Most bands to use.")]
CutsOnly = Annotated[bool, typer.Option("--cuts-only", help="Never boost.")]
KeepLoudness = Annotated[
    bool, typer.Option(help="Set the output gain so that the loudness stays the same.")
]
ClassName = Annotated[
    str | None, typer.Option("--class", help="What the tracks are, instead of recognising it.")
]
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
    _output["json"] = as_json


def _command(function: Callable[P, None]) -> Callable[P, None]:
    """Turn errors meant for people into one message and the right exit code."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _output["json"] |= bool(kwargs.get("as_json"))
        try:
            function(*args, **kwargs)
        except BridgeError as error:
            if _output["json"]:
                typer.echo(json.dumps({"error": error.to_json()}, ensure_ascii=False))
            typer.secho(f"reatone: {error}", err=True, fg=typer.colors.RED)
            raise typer.Exit(error.exit_code) from error

    return run


@app.command()
@_command
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
    """Listen to tracks, recognise them and write a fitting EQ into each."""
    from bridge.jobs import AutoOptions
    from models.equalise import Wish

    limits = _limits(max_gain, bands, cuts_only)
    wish = Wish(_known_class(class_name), None, limits, keep_loudness)
    _equalise(project, AutoOptions(tracks, amount, wish, dry_run), output, plot, presets)


@app.command()
@_command
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
    from bridge.jobs import AutoOptions
    from models.equalise import Wish

    limits = _limits(max_gain, bands, cuts_only)
    wish = Wish(None, _reference_target(reference), limits, keep_loudness)
    _equalise(project, AutoOptions(tracks, amount, wish, dry_run, "match"), output, plot, presets)


@app.command(context_settings={"ignore_unknown_options": True})
@_command
def amount(
    project: Project,
    value: Annotated[float, typer.Argument(help="0 is flat, 1 the full EQ, -1 its inverse.")],
    tracks: Tracks = "all",
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Change how strongly the EQ of an earlier run acts, without listening again."""
    from bridge import jobs, offline

    _show(offline.work_on(project, output, lambda s: jobs.amount(s, tracks, value)))


@app.command()
@_command
def revert(
    project: Project, tracks: Tracks = "all", output: Output = None, as_json: AsJson = False
) -> None:
    """Put back what was there before the last run."""
    from bridge import jobs, offline

    _show(offline.work_on(project, output, lambda s: jobs.revert(s, tracks)))


@app.command()
@_command
def classify(
    files: Annotated[list[Path], typer.Argument(help="Audio files.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Say what is heard in audio files."""
    from bridge import jobs

    heard = [jobs.classify(file) for file in files]
    if _output["json"]:
        typer.echo(json.dumps({"files": [one.as_json() for one in heard]}, ensure_ascii=False))
    else:
        typer.echo("\n".join(one.as_text() for one in heard))
    if any(one.problem for one in heard):
        raise typer.Exit(1)


@app.command()
@_command
def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo project is put.")] = Path(
        "reatone-demo"
    ),
    amount: Amount = 0.65,
    as_json: AsJson = False,
) -> None:
    """Equalise the demo project that comes with ReaTone, and draw what happened."""
    from bridge import demo as show

    with _progress() as progress:
        report = show.run(folder, amount, progress)
    _show(report)
    where = f"Look at {folder / show.PICTURE}; open {folder / show.PROJECT} in REAPER."
    typer.echo(where, err=True)


@preset_app.command("export")
@_command
def preset_export(
    project: Project,
    folder: Annotated[Path, typer.Argument(help="Where the presets are put.")],
    tracks: Tracks = "all",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace older files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Save ReaTone's EQ of each track as a YAML preset."""
    from bridge import jobs, offline, presets

    found = offline.look_at(project, lambda session: jobs.export_presets(session, tracks))
    saved = presets.save_all(folder, found, overwrite=overwrite)
    if _output["json"]:
        typer.echo(json.dumps({"saved": [str(path) for path in saved]}, ensure_ascii=False))
    else:
        for path in saved:
            typer.echo(path)


@preset_app.command("import")
@_command
def preset_import(
    project: Project,
    preset: Annotated[Path, typer.Argument(help="A YAML preset.", show_default=False)],
    tracks: Tracks = "selected",
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Write a preset into ReaTone's EQ on each of the tracks."""
    from bridge import jobs, offline, presets

    loaded = presets.load(preset)
    _show(offline.work_on(project, output, lambda s: jobs.apply_preset(s, tracks, loaded)))


@preset_app.command("list")
@_command
def preset_list(
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders to look in.")] = None,
    as_json: AsJson = False,
) -> None:
    """List presets: ReaTone's own and those in the folders given."""
    from bridge import presets

    rows = presets.list_presets(folders or presets.default_folders())
    if _output["json"]:
        typer.echo(json.dumps({"presets": [row.as_json() for row in rows]}, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row.kind or '?':7} {row.name:32} {row.problem or row.path}")


@preset_app.command("show")
@_command
def preset_show(
    preset: Annotated[Path, typer.Argument(help="A YAML preset.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show what a preset does."""
    from bridge import presets
    from bridge.report import bands_json, describe_bands

    loaded = presets.load(preset)
    if _output["json"]:
        shown: dict[str, Any] = {"name": loaded.name, "bands": bands_json(loaded.eq)}
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        typer.echo(f"{loaded.name}: {describe_bands(loaded.eq)}")


def _equalise(
    project: Path, options: AutoOptions, output: Path | None, plot: Path | None, folder: Path | None
) -> None:
    from bridge import jobs, offline

    with _progress() as progress:
        report = offline.work_on(project, output, lambda s: jobs.auto(s, options, progress))
    if plot:
        from bridge import pictures

        pictures.draw(report, plot)
    if folder:
        from bridge import presets

        saved = offline.look_at(output or project, lambda s: jobs.export_presets(s, options.tracks))
        presets.save_all(folder, saved)
    _show(report)


def _limits(max_gain_db: float, max_bands: int, cuts_only: bool) -> Limits:
    from models.layout import Limits

    return Limits(
        max_boost_db=max_gain_db, max_cut_db=max_gain_db, max_bands=max_bands, cuts_only=cuts_only
    )


def _known_class(name: str | None) -> str | None:
    """Accept a class as people write it ("Bass guitar"); raise UsageError naming the classes."""
    from models import targets

    if name is None:
        return None
    label = name.strip().lower().replace(" ", "_").replace("-", "_")
    if label not in (*targets.names(), targets.NEUTRAL):
        raise UsageError(
            f"There is no class {name!r}.", f"Classes are: {', '.join(targets.names())}."
        )
    return label


def _reference_target(files: list[Path]) -> Target:
    from models import targets
    from models.audio import AudioError

    try:
        return targets.from_files(files)
    except (AudioError, targets.TargetError) as error:
        raise UnreadableAudio(str(error)) from error


def _show(report: Report) -> None:
    if _output["json"]:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        typer.echo(report.as_text())
    if report.failed:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Draw a progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _step, _fraction: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step, completed=fraction)


if __name__ == "__main__":
    main()
