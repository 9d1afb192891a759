"""`reatone serve|osc|install|doctor|service`: ReaTone with a running REAPER."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.command import AsJson, command, print_json, wants_json
from bridge.errors import BridgeError

if TYPE_CHECKING:
    from bridge.service import Manager

service_app = typer.Typer(help="Start ReaTone at each log-in.", no_args_is_help=True)

ResourcePath = Annotated[
    Path | None,
    typer.Option(help="REAPER's resource folder, if it is not found by itself (portable)."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to an app."""
    for function in (serve, osc, install, doctor):
        app.command()(function)
    app.add_typer(service_app, name="service")


@command
def serve(
    osc_host: Annotated[
        str, typer.Option(help="Where control surfaces are heard; 0.0.0.0: the whole network.")
    ] = "127.0.0.1",
    osc_port: Annotated[
        int, typer.Option(min=0, max=65535, help="UDP port for control surfaces, 0 for none.")
    ] = 9876,
    feedback: Annotated[
        list[str] | None,
        typer.Option(help="HOST:PORT that is sent everything; may be repeated."),
    ] = None,
    references: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of recordings that surfaces may name (default: your music); repeatable."
        ),
    ] = None,
    reaper_osc_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port of REAPER's own OSC device (default: its settings)."
        ),
    ] = None,
) -> None:
    """Work for REAPER's actions and for control surfaces."""
    from platformdirs import user_log_path

    from bridge import serving

    log = serving.write_log(user_log_path("reatone", appauthor=False))
    if sys.stderr is not None:
        typer.echo(f"ReaTone is starting; Ctrl+C ends it. Log: {log}", err=True)
    options = serving.Options(osc_host, osc_port, feedback or (), references, reaper_osc_port)
    try:
        serving.run(options)
    except BridgeError as error:  # into the log: started by REAPER, there is no terminal to tell
        serving.log.error("%s", error)
        raise typer.Exit(error.exit_code) from error


@command
def osc(as_json: AsJson = False) -> None:
    """List the OSC addresses of ReaTone and of its actions."""
    from bridge import osc_guide

    if wants_json():
        print_json(osc_guide.as_json())
    else:
        typer.echo(osc_guide.as_text())


@command
def install(
    resource_path: ResourcePath = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")
    ] = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Remove what was installed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put ReaTone's actions into REAPER (or take them out)."""
    from bridge import install as installing
    from bridge import install_text, reaper_places, shipped

    reapers = reaper_places.running_reapers()
    resource = reaper_places.find_resource(resource_path, reapers)
    plan = (
        installing.plan_uninstall(resource)
        if uninstall
        else installing.plan_install(resource, shipped.files())
    )
    if not dry_run:
        installing.carry_out(plan)
    if wants_json():
        print_json({**plan.as_json(), "dry_run": dry_run})
    else:
        said = install_text.removed if uninstall else install_text.installed
        typer.echo(said(plan, dry_run=dry_run, reaper_runs=bool(reapers)))


@command
def doctor(
    resource_path: ResourcePath = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Try ReaEQ again, though it was tried with this REAPER."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check what ReaTone needs in REAPER; say what to do."""
    from bridge import doctor as examining

    diagnosis = examining.examine(resource_path, again=again)
    if wants_json():
        print_json(diagnosis.as_json())
    else:
        typer.echo(diagnosis.as_text())
    if diagnosis.exit_code:
        raise typer.Exit(diagnosis.exit_code)


@service_app.command("install")
@command
def service_install(as_json: AsJson = False) -> None:
    """Start ReaTone now and at each log-in."""
    from bridge import service

    manager = _manager()
    service.install(manager)
    _show_service(manager)


@service_app.command("remove")
@command
def service_remove(as_json: AsJson = False) -> None:
    """Stop it, and start it no more."""
    from bridge import service

    manager = _manager()
    removed = service.remove(manager)
    if wants_json():
        print_json({"removed": removed, **service.status(manager).as_json()})
    else:
        typer.echo(f"Removed {manager.file}." if removed else "There was no service.")


@service_app.command("status")
@command
def service_status(as_json: AsJson = False) -> None:
    """Say whether the service is installed, and whether ReaTone runs."""
    _show_service(_manager())


def _manager() -> Manager:
    from bridge import service, shipped

    return service.manager(shipped.start_words())


def _show_service(manager: Manager) -> None:
    from bridge import service, serving, single

    found, process = service.status(manager), single.holder(serving.lock_path())
    if wants_json():
        print_json({**found.as_json(), "process": process})
        return
    typer.echo(found.as_text())
    typer.echo("ReaTone does not run." if process is None else f"ReaTone runs (process {process}).")
