"""What all commands of `reatone` share: their frame, common options, how results are shown.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed,
2 wrong use, 3 REAPER does not answer. Nothing heavy is imported here.
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

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from bridge.jobs import Progress
    from bridge.report import Report

P = ParamSpec("P")
_output = {"json": False}

Project = Annotated[Path, typer.Argument(help="A REAPER project (.rpp).", show_default=False)]
Tracks = Annotated[
    str, typer.Option(help='"selected", "all", or numbers, ranges and names: "1-3,Lead Vocal".')
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Output = Annotated[
    Path | None, typer.Option(help="Save to this project instead of over the one given.")
]
ClassName = Annotated[
    str | None,
    typer.Option(
        "--class",
        help="What the tracks are: a class, a target of yours, or a mixture (piano:0.7,organ:0.3).",
    ),
]
Amount = Annotated[float, typer.Option(help="Strength: 0 is flat, 1 the full EQ, -1 its inverse.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Listen and decide, write nothing.")]
KeepLoudness = Annotated[
    bool, typer.Option(help="Set the output gain so that the loudness stays the same.")
]
Plot = Annotated[Path | None, typer.Option(help="Draw before, target and after (.png or .svg).")]


def choose_json(wanted: bool) -> None:
    """Print results as JSON from now on, or not."""
    _output["json"] = wanted


def wants_json() -> bool:
    """Whether results are printed as JSON."""
    return _output["json"]


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Turn errors meant for people into one message and the right exit code."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _output["json"] |= bool(kwargs.get("as_json"))
        try:
            function(*args, **kwargs)
        except BridgeError as error:
            if _output["json"]:
                print_json({"error": error.to_json()})
            typer.secho(f"reatone: {error}", err=True, fg=typer.colors.RED)
            raise typer.Exit(error.exit_code) from error

    return run


def print_json(data: Any) -> None:
    """Print plain data as one line of JSON."""
    typer.echo(json.dumps(data, ensure_ascii=False))


def show(report: Report) -> None:
    """Print a report; one that failed ends the command with exit code 1."""
    if wants_json():
        print_json(report.as_json())
    else:
        typer.echo(report.as_text())
    if report.failed:
        raise typer.Exit(1)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Draw a progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _step, _fraction: None
        return
    from rich.console import Console  # noqa: PLC0415  (slow to import)
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step, completed=fraction)
