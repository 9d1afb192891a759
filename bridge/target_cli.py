"""`reatone target …`: the targets that there are, and the user's own from recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.command import AsJson, command, print_json, progress_bar, wants_json
from bridge.errors import UsageError

if TYPE_CHECKING:
    from models.target import Target

target_app = typer.Typer(
    help='Targets: how tracks should sound; used as --class "my vocals" or "piano:0.7,organ:0.3".',
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="The target's name.", show_default=False)]


@target_app.command("learn")
@command
def target_learn(
    name: Name,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Recordings that sound as wanted.", show_default=False),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option("--from-project", help="Learn from tracks of this project (.rpp) instead."),
    ] = None,
    tracks: Annotated[
        str | None, typer.Option(help="Which tracks of the project (default: the selected ones).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a target of your own from recordings or tracks: their mean, and how far they differ."""
    from bridge import own_targets

    if bool(files) == bool(project):
        raise UsageError("Name recordings, or a project with --from-project: one of the two.")
    if project is None and tracks is not None:
        raise UsageError("--tracks goes with --from-project.", "Leave it out, or name a project.")
    if project is not None:
        _learn_tracks(name, project, tracks or "selected", overwrite=overwrite)
        return
    target, path = own_targets.learn(name, files or [], overwrite=overwrite)
    if wants_json():
        print_json({"name": target.name, "path": str(path), "files": len(files or [])})
    else:
        typer.echo(f"{target.name}: {target.provenance}; saved as {path}")


def _learn_tracks(name: str, project: Path, tracks: str, *, overwrite: bool) -> None:
    from bridge import offline, target_job

    with progress_bar() as progress:
        learnt = offline.look_at(
            project,
            lambda session: target_job.learn(
                session, name, tracks, overwrite=overwrite, progress=progress
            ),
        )
    if wants_json():
        row = {"name": learnt.target.name, "path": str(learnt.path)}
        print_json({**row, "tracks": list(learnt.tracks), "warnings": list(learnt.warnings)})
        return
    typer.echo(f"{learnt.target.name}: {learnt.target.provenance}; saved as {learnt.path}")
    for warning in learnt.warnings:
        typer.echo(f"    {warning}", err=True)


@target_app.command("list")
@command
def target_list(as_json: AsJson = False) -> None:
    """List the classes that ship and your own targets."""
    from bridge import own_targets
    from models import targets

    own = own_targets.own()
    if wants_json():
        rows: list[dict[str, Any]] = [{"name": name, "own": False} for name in targets.names()]
        rows += [
            {"name": o.name, "own": True, "path": str(o.path), "problem": o.problem} for o in own
        ]
        print_json({"targets": rows})
        return
    for name in targets.names():
        typer.echo(f"class  {name.replace('_', ' ')}")
    for one in own:
        typer.echo(f"own    {one.name:32} {one.problem or one.path}")


@target_app.command("show")
@command
def target_show(
    name: Annotated[
        str, typer.Argument(help='A name, or a mixture: "piano:0.7,organ:0.3".', show_default=False)
    ],
    plot: Annotated[Path | None, typer.Option(help="Draw it (.png or .svg).")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a target's curve and spread in dB at octaves; --plot draws it."""
    from bridge import own_targets

    target = own_targets.told(name)
    if plot:
        from bridge import target_plot

        target_plot.draw(target, plot)
    rows = _octaves(target)
    if wants_json():
        print_json({"name": target.name, "provenance": target.provenance, "octaves": rows})
        return
    typer.echo(f"{target.name.replace('_', ' ')}: {target.provenance}")
    for row in rows:
        sure = "" if row["confidence"] >= 0.5 else "  (seldom any energy)"
        typer.echo(
            f"{row['freq_hz']:8.0f} Hz {row['level_db']:+6.1f} dB ± {row['spread_db']:4.1f}{sure}"
        )


@target_app.command("remove")
@command
def target_remove(name: Name, as_json: AsJson = False) -> None:
    """Remove one of your own targets; its file is kept as .bak."""
    from bridge import own_targets

    kept = own_targets.remove(name)
    if wants_json():
        print_json({"removed": name, "kept": str(kept)})
    else:
        typer.echo(f"{name} is removed; its file is kept as {kept}")


def _octaves(target: Target) -> list[dict[str, float]]:
    import numpy as np

    from models.spectrum import GRID_HZ

    places = [int(np.argmin(np.abs(GRID_HZ - hz))) for hz in 31.25 * 2.0 ** np.arange(10)]
    return [
        {
            "freq_hz": round(float(GRID_HZ[i]), 1),
            "level_db": round(float(target.curve_db[i]), 2),
            "spread_db": round(float(target.spread_db[i]), 2),
            "confidence": round(float(target.confidence[i]), 3),
        }
        for i in places
    ]
