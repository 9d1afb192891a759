"""Requests carried out over a live session: the daemon's jobs, on the selected tracks."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from bridge import jobs, own_targets, presets, wishes
from bridge.errors import BridgeError, NothingSelected, PresetError
from bridge.heard import HeardBefore
from bridge.jobs import DEFAULT_AMOUNT, AutoOptions, Progress
from bridge.presets import EqPreset
from bridge.report import Outcome, Report
from bridge.requests import Request, TrackState
from bridge.selection import SELECTED, in_hand
from bridge.session import Session, Track
from models.equalise import Wish

_MOST_LINES = 20
_LEFT_OUT = (Outcome.SKIPPED, Outcome.FAILED)


class Fader(Protocol):
    """A fader that moves EQs on its way, before the amount is written."""

    def begin(self, tracks: Sequence[Track]) -> None:
        """Take note of the selected tracks."""

    def moved(self) -> Collection[str]:
        """Return the GUIDs of the tracks moved since the last write."""

    def written(self) -> None:
        """Take note that the amount was written."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a job came out. text: for people. state: what surfaces are to show, None: as before."""

    text: str
    ok: bool = True
    tracks: int = 0
    state: TrackState | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a job works with.

    heard: what jobs before have heard. fader: what moves EQs between the jobs, None without.
    """

    session: Session
    request: Request
    progress: Progress
    preset_folder: Path
    heard: HeardBefore = field(default_factory=HeardBefore)
    fader: Fader | None = None


def run(task: Task) -> Done:
    """Carry a request out. Raises BridgeError."""
    return _JOBS[task.request.kind](task)


def prepare() -> None:
    """Load what the first job in words would wait for."""
    with contextlib.suppress(BridgeError):  # of the user's own words: the job will say so
        wishes.dictionary()
        from bridge import describe_job  # noqa: F401, PLC0415


def look(session: Session) -> TrackState:
    """Return the first selected track that has ReaTone's EQ, else the first selected one."""
    chosen = in_hand(session)
    shown = next((track for track in chosen if track.own), chosen[0] if chosen else None)
    return _state(shown) if shown else TrackState()


def _auto(task: Task) -> Done:
    args = task.request.args
    wish = Wish(target=own_targets.told(args["class"]) if "class" in args else None)
    options = AutoOptions(None, args.get("amount", DEFAULT_AMOUNT), wish)
    return _reported(jobs.auto(task.session, options, task.progress, task.heard))


def _master(task: Task) -> Done:
    from bridge import master_job  # noqa: PLC0415  (loads networks, for these jobs only)

    options = master_job.MasterOptions(genre=task.request.args.get("genre"))
    return _reported(master_job.run(task.session, options, task.progress))


def _describe(task: Task) -> Done:
    from bridge import describe_job  # noqa: PLC0415  (loads words, for these jobs only)

    options = describe_job.DescribeOptions(task.request.args["text"], None)
    return _reported(describe_job.describe(task.session, options, task.progress, task.heard))


def _match(task: Task) -> Done:
    task.progress("Listening to the reference", 0.0)
    path = Path(task.request.args["path"])
    wish = Wish(reference=wishes.reference_target([path]))
    options = AutoOptions(None, DEFAULT_AMOUNT, wish, job="match")
    return _reported(jobs.auto(task.session, options, task.progress, task.heard))


def _amount(task: Task) -> Done:
    args = task.request.args
    by = "by" in args
    value = args["by" if by else "set"]
    moved = task.fader.moved() if task.fader else ()
    done = _reported(jobs.amount(task.session, SELECTED, value, by=by, moved=moved))
    if task.fader and done.ok:
        task.fader.written()
    return replace(done, state=look(task.session))


def _compare(task: Task) -> Done:
    """Switch ReaTone's EQs off or on; both are equally loud, since the EQ keeps the loudness."""
    ours = [track for track in in_hand(task.session) if track.own]
    if not ours:
        raise NothingSelected("None of the selected tracks has a ReaTone EQ.", "Equalise first.")
    was_heard = any(track.own.enabled for track in ours if track.own)
    heard = bool(task.request.args.get("on", not was_heard))
    label = f"ReaTone: {'with' if heard else 'without'} EQ ({_tracks(len(ours))})"
    receipts = task.session.set_bypass(label, not heard, [track.guid for track in ours])
    if failed := [receipt.error for receipt in receipts if receipt.error]:
        raise failed[0]
    text = f"{_tracks(len(ours))} now heard {'with' if heard else 'without'} ReaTone's EQ."
    return Done(text, True, len(ours), replace(_state(ours[0]), bypassed=not heard))


def _revert(task: Task) -> Done:
    done = _reported(jobs.revert(task.session, SELECTED))
    return replace(done, state=look(task.session))


def _undo(task: Task) -> Done:
    text = f"Undone: {task.session.undo()}."
    return Done(text, state=look(task.session))


def _preset_save(task: Task) -> Done:
    name = str(task.request.args["name"])
    found = jobs.export_presets(task.session, SELECTED)
    named = [
        replace(preset, name=name if len(found) == 1 else f"{name} {preset.name}")
        for preset in found
    ]
    saved = presets.save_all(task.preset_folder, named)
    names = ", ".join(repr(preset.name) for preset in named)
    return Done(f"Saved {names} in {task.preset_folder}.", True, len(saved))


def _preset_load(task: Task) -> Done:
    preset = _named_preset(str(task.request.args["name"]), task.preset_folder)
    done = _reported(jobs.apply_preset(task.session, SELECTED, preset))
    return replace(done, state=look(task.session))


def _refresh(task: Task) -> Done:
    return Done("", state=look(task.session))


def _touch(task: Task) -> Done:
    if task.fader:
        task.fader.begin(in_hand(task.session))
    return Done("")


_JOBS: dict[str, Callable[[Task], Done]] = {
    "auto": _auto,
    "master": _master,
    "describe": _describe,
    "match": _match,
    "amount": _amount,
    "compare": _compare,
    "revert": _revert,
    "undo": _undo,
    "preset_save": _preset_save,
    "preset_load": _preset_load,
    "refresh": _refresh,
    "touch": _touch,
}


def _named_preset(name: str, folder: Path) -> EqPreset:
    """Find a preset by its name or file name; nothing outside of the folders can be named.

    The user's folder comes first: reading those that ReaTone brings along takes a second.
    """
    wanted = name.casefold()
    known: list[str] = []
    for place in dict.fromkeys((folder, *reversed(presets.default_folders()))):
        for entry in presets.list_presets([place]):
            if entry.kind == "eq" and wanted in (entry.name.casefold(), entry.path.stem.casefold()):
                return presets.load(entry.path)
            known += [repr(entry.name)] if entry.kind == "eq" else []
    there = ", ".join(known[:20]) or "none yet"
    raise PresetError(f"there is no preset {name!r}.", f"There are: {there}.", file=str(folder))


def _reported(report: Report) -> Done:
    """Turn a report into one message and what surfaces show of it."""
    shown = next((track for track in report.tracks if track.eq is not None), None)
    state = None
    if shown is not None:
        label = shown.label or ""
        confidence = _certainty(label, shown.confidence)
        state = TrackState(shown.name, label, confidence, report.amount, None, shown.eq)
    return Done(_message(report), not report.failed, len(report.tracks), state)


def _message(report: Report) -> str:
    """Return a report as one message: track by track, or of many tracks what is to be looked at."""
    text = report.as_text()
    if text.count("\n") < _MOST_LINES:
        return text
    counts = Counter(track.outcome.value for track in report.tracks)
    lines = [", ".join(f"{_tracks(count)} {outcome}" for outcome, count in counts.items()) + "."]
    left_out = [track for track in report.tracks if track.outcome in _LEFT_OUT]
    lines += [f"{track.name}: {track.message}" for track in left_out[:_MOST_LINES]]
    if len(left_out) > _MOST_LINES:
        lines.append(f"… and {len(left_out) - _MOST_LINES} more.")
    return "\n".join([*lines, *([f"One undo step: {report.undo}"] if report.undo else [])])


def _state(track: Track) -> TrackState:
    memory, own = track.memory, track.own
    label = memory.label if memory else ""
    return TrackState(
        track.name or f"Track {track.number}",
        label,
        _certainty(label, memory.extra.get("confidence") if memory else None),
        memory.amount if memory and own else None,
        None if own is None else not own.enabled,
        None if own is None else own.eq,
    )


def _certainty(label: str, confidence: object) -> float:
    """Return how sure a class is: one that the user has named was not guessed."""
    if isinstance(confidence, (int, float)):
        return float(confidence)
    return 1.0 if label else 0.0


def _tracks(count: int) -> str:
    return "1 track" if count == 1 else f"{count} tracks"
