"""What `reatone install` tells people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from bridge.install import Kind, Plan
from bridge.shipped import FOLDER

REGISTER = f"{FOLDER}/ReaTone_Register actions.lua"
_KEPT = (Kind.CHANGED, Kind.SET_ASIDE)


def installed(plan: Plan, *, dry_run: bool, reaper_runs: bool) -> str:
    """Return the text after (or, dry, before) an installation."""
    if not plan.changes:
        head = f"Everything is in place in {plan.resource} ({_files(len(plan.steps))})."
    else:
        head = f"{'Would install' if dry_run else 'Installed'} in {plan.resource}:"
    lines = [head, *_summary(plan), *(_details(plan) if dry_run else _kept(plan)), ""]
    if reaper_runs and plan.changes and not dry_run:
        lines += ["REAPER is running: restart it, so that it uses these files.", ""]
    return "\n".join([*lines, *steps(plan)])


def removed(plan: Plan, *, dry_run: bool, reaper_runs: bool) -> str:
    """Return the text after (or, dry, before) a removal."""
    if not plan.changes:
        return f"Nothing of ReaTone's is installed in {plan.resource}."
    head = f"{'Would remove' if dry_run else 'Removed'} from {plan.resource}:"
    lines = [head, *_summary(plan), *(_details(plan) if dry_run else _kept(plan))]
    if reaper_runs and not dry_run:
        lines.append("ReaTone's server in the running REAPER ends when REAPER does.")
    left = plan.resource / FOLDER
    if not dry_run and left.exists():
        lines.append(f"{left} stays: there is something of yours in it.")
    lines.append("Entries left in REAPER's action list: select them there and press Delete.")
    lines.append("If ReaTone starts at log-in: `reatone service remove`.")
    return "\n".join(lines)


def steps(plan: Plan) -> list[str]:
    """Return the steps that only the user can do, once."""
    return [
        "Three steps are left, once, in REAPER:",
        "  1. Options > Preferences > Plug-ins > ReaScript: tick “Enable Python for use with "
        "ReaScript”;",
        "     if no Python is found there, choose one of version 3.8 or newer. Restart REAPER.",
        "  2. Actions > Show action list > New action > Load ReaScript: choose",
        f"     {plan.resource.joinpath(*PurePosixPath(REGISTER).parts)}",
        "     and run it. All of ReaTone's actions are in the list now: type ReaTone.",
        "  3. Select tracks and run “ReaTone_Equalise selected tracks”. It offers to start",
        "     ReaTone; `reatone service install` starts it at each log-in instead.",
        "`reatone doctor` tells whether all is well, `reatone osc` how a control surface gets in.",
    ]


def _summary(plan: Plan) -> Iterator[str]:
    for kind in Kind:
        count = sum(step.kind is kind for step in plan.steps)
        if count and kind is not Kind.SAME:
            yield f"  {_files(count)} {kind}"


def _kept(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        if step.kind in _KEPT:
            backup = PurePosixPath(step.backup or "").name
            yield f"  your version of {step.path} is kept as {backup}"


def _details(plan: Plan) -> Iterator[str]:
    for step in plan.changes:
        kept = f" (kept as {PurePosixPath(step.backup).name})" if step.backup else ""
        yield f"    {step.path}: {step.kind}{kept}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
