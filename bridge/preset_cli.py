"""`reatone preset …`: YAML presets out of and into project files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.command import AsJson, Output, Project, Tracks, command, print_json, show, wants_json

preset_app = typer.Typer(help="YAML presets: one EQ in one file.", no_args_is_help=True)


@preset_app.command("export")
@command
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
    if wants_json():
        print_json({"saved": [str(path) for path in saved]})
    else:
        for path in saved:
            typer.echo(path)


@preset_app.command("import")
@command
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
    show(offline.work_on(project, output, lambda s: jobs.apply_preset(s, tracks, loaded)))


@preset_app.command("list")
@command
def preset_list(
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders to look in.")] = None,
    as_json: AsJson = False,
) -> None:
    """List presets: ReaTone's own and those in the folders given."""
    from bridge import presets

    rows = presets.list_presets(folders or presets.default_folders())
    if wants_json():
        print_json({"presets": [row.as_json() for row in rows]})
        return
    for row in rows:
        typer.echo(f"{row.kind or '?':7} {row.name:32} {row.problem or row.path}")


@preset_app.command("show")
@command
def preset_show(
    preset: Annotated[Path, typer.Argument(help="A YAML preset.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show what a preset does."""
    from bridge import presets
    from bridge.report import bands_json, describe_bands

    loaded = presets.load(preset)
    if wants_json():
        shown: dict[str, Any] = {"name": loaded.name, "bands": bands_json(loaded.eq)}
        print_json({**shown, "output_gain_db": loaded.eq.output_gain_db})
    else:
        output = f"output {loaded.eq.output_gain_db:+.1f} dB"
        typer.echo(f"{loaded.name}: {describe_bands(loaded.eq)}; {output}")
