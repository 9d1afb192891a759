"""The jobs: short functions over a Session and `models`, each returning a Report.

A job never stops at one bad track: what cannot be equalised is reported, the others go on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from bridge.errors import BridgeError, UsageError
from bridge.heard import HeardBefore
from bridge.presets import EqPreset
from bridge.report import Heard, Outcome, Report
from bridge.selection import SELECTED, named, own_tracks, selected
from bridge.session import Memory, Receipt, Session, Track, Write
from bridge.track_reports import (
    amount_report,
    auto_report,
    receipt_report,
    revert_report,
    track_name,
)
from models.audio import AudioError
from models.eq import Eq
from models.equalise import (
    AMOUNTS,
    SILENT,
    Decision,
    Skipped,
    Wish,
    equalise,
    inaudible,
    measured_loudness,
)
from models.instruments import classify_spectrum
from models.spectrum import listen

DEFAULT_AMOUNT = 0.65
ANALYSIS_THREADS = 2
MEASURED_S = 30.0
"""Up to this length the loudness change is measured on the audio, not only predicted."""
Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction 0 ... 1 of the job that is behind us."""
_RENDER_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class AutoOptions:
    """How `auto` runs.

    tracks: see `bridge.selection.select`; None: as they are selected in REAPER, without a look
    first. amount: −1 (inverse) ... 2 (double). dry_run: decide and report, write nothing. job: its
    name in the report and the undo history.
    """

    tracks: str | None = SELECTED
    amount: float = DEFAULT_AMOUNT
    wish: Wish = field(default_factory=Wish)
    dry_run: bool = False
    job: str = "auto"

    def __post_init__(self) -> None:
        check_amount(self.amount)


def no_progress(_step: str, _fraction: float) -> None:
    """Report progress to nobody."""


def check_amount(amount: float) -> None:
    """Raise UsageError unless `amount` is within −1 ... 2."""
    if not AMOUNTS[0] <= amount <= AMOUNTS[-1]:
        raise UsageError(
            f"The amount {amount:g} is out of range.",
            f"Give a number from {AMOUNTS[0]:g} (inverse) to {AMOUNTS[-1]:g} (double).",
        )


def _within(amount: float) -> float:
    return min(max(amount, AMOUNTS[0]), AMOUNTS[-1])


def auto(
    session: Session,
    options: AutoOptions,
    progress: Progress = no_progress,
    heard: HeardBefore | None = None,
) -> Report:
    """Listen to the tracks, decide an EQ for each and write them in one undo step.

    heard: where to keep what was heard, for jobs that come after.
    """
    clock = Clock()
    guids = named(session, options.tracks)
    with tempfile.TemporaryDirectory(prefix="reatone-", ignore_cleanup_errors=True) as folder:
        progress("Rendering", 0.0)
        known: dict[str, str] | None = None if heard is None else {}
        tracks = session.begin_job(guids, directory=Path(folder), known=known).tracks
        clock.lap("render")
        decisions = _decide_all(tracks, options, progress)
        clock.lap("analysis")
    for track, decision in zip(tracks, decisions, strict=True):
        if heard is not None and isinstance(decision, Decision):
            heard.keep(track, decision.listening)
    receipts: dict[str, Receipt] = {}
    label = None
    if not options.dry_run:
        progress("Writing", 1.0)
        receipts, label = _write(session, options, zip(tracks, decisions, strict=True))
    clock.lap("write")
    reports = (
        auto_report(track, decision, options.amount, receipts.get(track.guid))
        for track, decision in zip(tracks, decisions, strict=True)
    )
    return Report(options.job, tuple(reports), options.amount, label, seconds=clock.laps)


def amount(
    session: Session,
    tracks: str,
    value: float,
    *,
    by: bool = False,
    moved: Container[str] = (),
) -> Report:
    """Change how strongly the EQ of an earlier run acts, without listening again.

    by: add `value` to each track's amount, within the range. moved: GUIDs of tracks whose EQ a
    fader has moved for us since: that is no edit by hand.
    """
    if not by:
        check_amount(value)
    ours = own_tracks(session, tracks)
    writes = []
    for track in ours:
        ready = track.own and (track.guid in moved or not track.own.edited_by_hand)
        if track.memory and ready:
            new = _within(track.memory.amount + value) if by else value
            memory = replace(track.memory, amount=new)
            writes.append(Write(track, memory.eq(new), memory, moved=track.guid in moved))
    receipts, label = write_all(session, f"amount {value:{'+' if by else ''}.0%}", writes)
    return Report(
        "amount",
        tuple(amount_report(t, receipts.get(t.guid)) for t in ours),
        writes[0].memory.amount if by and writes else value,
        label,
    )


def revert(session: Session, tracks: str) -> Report:
    """Put back, to the byte, what was there before ReaTone's runs on these tracks."""
    ours = own_tracks(session, tracks)
    label = f"ReaTone: revert ({_count(ours)})"
    receipts = {r.guid: r for r in session.revert(label, [track.guid for track in ours])}
    reports = (revert_report(t, receipts[t.guid]) for t in ours)
    changed = any(receipt.ok and receipt.changed for receipt in receipts.values())
    return Report("revert", tuple(reports), undo=label if changed else None)


def apply_preset(session: Session, tracks: str, preset: EqPreset) -> Report:
    """Write a preset's EQ into ReaTone's instance on each of the tracks."""
    chosen = selected(session, tracks)
    memory = Memory(1.0, preset.eq, _fixed_gains(preset.eq), extra={"preset": preset.name})
    writes = [Write(track, preset.eq, memory) for track in chosen]
    receipts, label = write_all(session, f"preset {preset.name}", writes)
    reports = (
        receipt_report(t, receipts[t.guid], Outcome.WRITTEN, f"preset {preset.name} written")
        for t in chosen
    )
    return Report("preset", tuple(reports), undo=label)


def export_presets(session: Session, tracks: str) -> tuple[EqPreset, ...]:
    """Return ReaTone's EQ of each track as a preset named after the track."""
    return tuple(
        EqPreset(track_name(track), track.own.eq, _origin(track))
        for track in own_tracks(session, tracks)
        if track.own
    )


def classify(file: Path) -> Heard:
    """Say what is heard in an audio file."""
    try:
        listening = listen(file)
    except AudioError as error:
        return Heard(str(file), problem=str(error))
    return Heard(
        str(file),
        classify_spectrum(listening.spectrum),
        listening.loudness.integrated_lufs,
        inaudible(listening) or "",
    )


def _decide_all(
    tracks: Sequence[Track], options: AutoOptions, progress: Progress
) -> list[Decision | Skipped | BridgeError]:
    """Listen to all tracks, some at a time; the results keep the order of the tracks."""
    with ThreadPoolExecutor(ANALYSIS_THREADS) as pool:
        waiting = {pool.submit(_decide, track, options): track for track in tracks}
        for done, finished in enumerate(as_completed(waiting), start=1):
            share = _RENDER_SHARE + (1.0 - _RENDER_SHARE) * done / len(waiting)
            progress(f"Heard {track_name(waiting[finished])}", share)
    return [future.result() for future in waiting]


def audio_of(track: Track) -> Path | Skipped | BridgeError:
    """Return a rendered track's audio, or why there is none."""
    if track.muted:
        return Skipped("muted: there is nothing to hear; unmute the track and run again")
    if track.audio is None:
        return BridgeError("No audio came out of this track.", "See its media and run again.")
    return track.audio


def _decide(track: Track, options: AutoOptions) -> Decision | Skipped | BridgeError:
    audio = audio_of(track)
    if not isinstance(audio, Path):
        return audio
    try:
        decision = _heard(audio, track.name, options)
    except AudioError as error:
        remedy = "See to its media." if track.warnings else error.remedy
        return BridgeError(f"Its audio cannot be used: {error.problem}.", remedy)
    if isinstance(decision, Skipped) and decision.reason == SILENT and track.warnings:
        return Skipped(f"nothing to hear: {' '.join(track.warnings)}")
    return decision


def _heard(audio: Path, name: str, options: AutoOptions) -> Decision | Skipped:
    decision = equalise(listen(audio), options.wish, name=name)
    if isinstance(decision, Decision) and decision.listening.duration_s <= MEASURED_S:
        return measured_loudness(decision, audio, options.amount)
    return decision


def _write(
    session: Session,
    options: AutoOptions,
    decided: Iterable[tuple[Track, Decision | Skipped | BridgeError]],
) -> tuple[dict[str, Receipt], str | None]:
    writes = [
        Write(track, decision.eq(options.amount), memory_of(decision, options.amount))
        for track, decision in decided
        if isinstance(decision, Decision)
    ]
    return write_all(session, f"{options.job} EQ, {options.amount:.0%}", writes)


def write_all(
    session: Session, what: str, writes: Sequence[Write]
) -> tuple[dict[str, Receipt], str | None]:
    """Write in one undo step; return the receipts by GUID and the step's label if there is one."""
    if not writes:
        return {}, None
    label = f"ReaTone: {what} ({_count(writes)})"
    receipts = {receipt.guid: receipt for receipt in session.write_eq(label, writes)}
    changed = any(receipt.ok and receipt.changed for receipt in receipts.values())
    return receipts, label if changed else None


def memory_of(decision: Decision, amount: float) -> Memory:
    """Return what a track is to remember of a decision written at `amount`."""
    heard: dict[str, object] = {"target": decision.target.name}
    if decision.confidence is not None:
        heard["confidence"] = round(decision.confidence, 4)
    gains = tuple(zip(AMOUNTS, decision.gain_table_db, strict=True))
    return Memory(amount, decision.full, gains, decision.label, heard)


def _fixed_gains(eq: Eq) -> tuple[tuple[float, float], ...]:
    """Return a gain table for an EQ of unknown loudness: the gain scales with the bands."""
    return tuple((amount, eq.scaled(amount).output_gain_db) for amount in AMOUNTS)


def _origin(track: Track) -> dict[str, object]:
    if track.memory is None:
        return {}
    origin = {"class": track.memory.label or None, "amount": track.memory.amount}
    return {**origin, **track.memory.extra}


def _count(things: Sequence[object]) -> str:
    return "1 track" if len(things) == 1 else f"{len(things)} tracks"


class Clock:
    """Wall time spent between laps, in seconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._start = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note the time since the last lap under `name`."""
        now = time.perf_counter()
        self.laps[name] = now - self._start
        self._start = now
