"""`reatone describe …` and `reatone words …`: change the sound by words, and look words up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.command import (
    AsJson,
    ClassName,
    Output,
    Project,
    Tracks,
    command,
    print_json,
    progress_bar,
    show,
    wants_json,
)

if TYPE_CHECKING:
    from models.words.dictionary import Dictionary

words_app = typer.Typer(help="Words that ReaTone knows.", no_args_is_help=True)

Text = Annotated[
    str, typer.Argument(help='How it should sound: "warmer, less muddy".', show_default=False)
]
Picture = Annotated[Path | None, typer.Option(help="Draw it (.png or .svg).")]


@command
def describe(
    text: Text,
    project: Project,
    tracks: Tracks = "selected",
    amount: Annotated[float, typer.Option(help="Strength; what you say in dB is exact.")] = 0.65,
    class_name: ClassName = None,
    afresh: Annotated[
        bool, typer.Option("--replace", help="Replace ReaTone's EQ instead of refining it.")
    ] = False,
    keep_loudness: Annotated[
        bool, typer.Option(help="Set the output gain so that the loudness stays the same.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, write nothing.")] = False,
    output: Output = None,
    plot: Annotated[Path | None, typer.Option(help="Draw before and after (.png, .svg).")] = None,
    as_json: AsJson = False,
) -> None:
    """Change the sound of tracks by words."""
    from dataclasses import replace

    from bridge import describe_job, offline, own_targets

    options = describe_job.DescribeOptions(text, tracks, amount, afresh=afresh, dry_run=dry_run)
    wish = own_targets.as_told(options.wish, class_name)
    options = replace(options, wish=replace(wish, keep_loudness=keep_loudness))
    with progress_bar() as progress:
        report = offline.work_on(
            project, output, lambda s: describe_job.describe(s, options, progress)
        )
    if plot:
        from bridge import pictures

        pictures.draw(report, plot)
    show(report)


@words_app.command("list")
@command
def words_list(
    known: Annotated[
        bool, typer.Option("--known", help="Also the words that people drew curves for.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List engineers' words and your own; with --known also those of the table."""
    from models import descriptors

    words = _dictionary()
    rows = {
        term.name: {"word": term.name, "kind": "own" if term.user else "authored"}
        for term in words.terms.values()
    }
    if known and words.table:
        rows |= {word: {"word": word, "kind": "known"} for word in words.table.known()}
    if wants_json():
        print_json(
            {"words": list(rows.values()), "table": len(words.table.index) if words.table else 0}
        )
        return
    for row in rows.values():
        typer.echo(f"{row['kind']:9} {row['word']}")
    if words.table:
        typer.echo(f"and {len(words.table.index)} words in the table", err=True)
    typer.echo(f"Your own words go into {descriptors.own_folder()}", err=True)


@words_app.command("explain")
@command
def words_explain(text: Text, as_json: AsJson = False) -> None:
    """Say what a text asks for, and what of it is not understood."""
    from models import descriptors

    _dictionary()
    found = descriptors.explain(text)
    if wants_json():
        print_json(found.as_json())
    else:
        typer.echo(found.as_text())
    if not found.parts:
        raise typer.Exit(1)


@words_app.command("show")
@command
def words_show(text: Text, plot: Picture = None, as_json: AsJson = False) -> None:
    """Show the curve of a word or phrase, in dB per octave band; --plot draws it."""
    import numpy as np

    from bridge import wishes
    from models import descriptors

    found = wishes.understood(text)
    octaves_hz = 31.25 * 2.0 ** np.arange(10)
    levels_db = descriptors.curve(text, octaves_hz)
    if plot:
        from bridge import words_plot

        words_plot.draw_curve(found, plot)
    if wants_json():
        octaves = [
            [round(float(f), 1), round(float(g), 2)]
            for f, g in zip(octaves_hz, levels_db, strict=True)
        ]
        print_json({**found.as_json(), "octaves": octaves})
        return
    typer.echo(found.as_text())
    for freq_hz, level_db in zip(octaves_hz, levels_db, strict=True):
        bar = ("+" if level_db > 0 else "-") * round(2 * abs(float(level_db)))
        typer.echo(f"{freq_hz:8.0f} Hz {level_db:+5.1f} dB {bar}")


@words_app.command("map")
@command
def words_map(
    plot: Annotated[Path, typer.Argument(help="The picture (.png or .svg).")],
    as_json: AsJson = False,
) -> None:
    """Draw a map of words: those that ask for alike curves lie close together."""
    from bridge import words_plot

    drawn = words_plot.draw_map(_dictionary(), plot)
    if wants_json():
        print_json({"saved": str(plot), "words": drawn})
    else:
        typer.echo(f"{plot}: {drawn} words")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the `reatone` command."""
    app.command(context_settings={"ignore_unknown_options": True})(describe)
    app.add_typer(words_app, name="words")


def _dictionary() -> Dictionary:
    from bridge import wishes

    return wishes.dictionary()
