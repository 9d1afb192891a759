"""The job `describe`: what people say about the sound becomes the EQ of their tracks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bridge import jobs, wishes
from bridge.errors import BridgeError
from bridge.heard import HeardBefore
from bridge.jobs import DEFAULT_AMOUNT, Progress, no_progress
from bridge.report import Outcome, Report, TrackReport
from bridge.selection import SELECTED, named
from bridge.session import Receipt, Session, Track, Write
from bridge.track_reports import auto_report, track_name
from models.audio import AudioError
from models.descriptors import Understanding
from models.eq import Eq
from models.equalise import Decision, Skipped, Wish
from models.layout import Limits
from models.spectrum import Listening, listen
from models.words.fit import Present, classes_for, decide, said_of

_LABEL_LENGTH = 40
_REMEMBERED = 200
_RENDER_SHARE = 0.4
_EDITED_START = "ReaTone's EQ was edited by hand"
_HELD_BACK = "left alone: this was said of another instrument"
_NOT_THE_ONE = "You named an instrument that was not found here; it was done all the same."


@dataclass(frozen=True, slots=True)
class DescribeOptions:
    """How `describe` runs.

    tracks: as for `jobs.AutoOptions`. amount: strength of the words, −1 (inverse) ... 2
    (double); what is said in dB is not scaled. afresh: replace ReaTone's present EQ instead of
    refining it. dry_run: decide and report, write nothing.
    """

    text: str
    tracks: str | None = SELECTED
    amount: float = DEFAULT_AMOUNT
    wish: Wish = field(
        default_factory=lambda: Wish(limits=Limits(max_boost_db=6.0, max_cut_db=12.0))
    )
    afresh: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        jobs.check_amount(self.amount)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to become of one track."""

    track: Track
    result: Decision | Skipped | BridgeError
    amount: float = 1.0
    told: str = ""
    warnings: tuple[str, ...] = ()


def describe(
    session: Session,
    options: DescribeOptions,
    progress: Progress = no_progress,
    heard: HeardBefore | None = None,
) -> Report:
    """Change the sound of tracks as the text says, in one undo step.

    heard: tracks that were heard before and still sound the same are not rendered again; what is
    heard now is kept there. Raises UsageError when nothing of the text was understood.
    """
    clock = jobs.Clock()
    understood = wishes.understood(options.text)
    guids = named(session, options.tracks)
    with tempfile.TemporaryDirectory(prefix="reatone-", ignore_cleanup_errors=True) as folder:
        progress("Rendering", 0.0)
        known = None if heard is None else heard.known
        tracks = session.begin_job(guids, directory=Path(folder), known=known).tracks
        clock.lap("render")
        listenings = [_listened(track, heard) for track in tracks]
        said = [_said(*pair, understood, options) for pair in zip(tracks, listenings, strict=True)]
        plans = _plan_all(tracks, listenings, said, understood, options, progress)
        clock.lap("analysis")
    receipts: dict[str, Receipt] = {}
    label = None
    if not options.dry_run:
        progress("Writing", 1.0)
        short = options.text.strip()[:_LABEL_LENGTH]
        receipts, label = jobs.write_all(
            session, f"{short}, {options.amount:.0%}", list(_writes(plans, options.text))
        )
    clock.lap("write")
    reports = tuple(_report(plan, receipts.get(plan.track.guid), options) for plan in plans)
    told = (
        *understood.as_text().splitlines()[len(understood.parts) :],
        *_unplaced(understood, said),
    )
    return Report("describe", reports, options.amount, label, seconds=clock.laps, warnings=told)


def _plan_all(
    tracks: Sequence[Track],
    heard: Sequence[Listening | Skipped | BridgeError],
    said: Sequence[Understanding],
    understood: Understanding,
    options: DescribeOptions,
    progress: Progress,
) -> list[_Plan]:
    nobody = not any(one.parts for one in said)
    plans = []
    for number, (track, one) in enumerate(zip(tracks, heard, strict=True), start=1):
        words = understood if nobody else said[number - 1]
        plan = _plan(track, one, words, options)
        plans.append(replace(plan, warnings=(_NOT_THE_ONE,)) if nobody else plan)
        share = _RENDER_SHARE + (1.0 - _RENDER_SHARE) * number / len(tracks)
        progress(f"Heard {track_name(track)}", share)
    return plans


def _unplaced(understood: Understanding, said: Sequence[Understanding]) -> Iterator[str]:
    """Say what was meant for an instrument that is not among the tracks, while other words were."""
    done = [part for one in said for part in one.parts]
    for part in understood.parts:
        if done and part not in done:
            yield f"Left out, as no track is that instrument: {part.as_text()}."


def _listened(track: Track, heard: HeardBefore | None) -> Listening | Skipped | BridgeError:
    if heard and not track.muted and (before := heard.of(track)):
        return before
    audio = jobs.audio_of(track)
    if not isinstance(audio, Path):
        return audio
    try:
        listening = listen(audio)
    except AudioError as error:
        return BridgeError(str(error))
    if heard:
        heard.keep(track, listening)
    return listening


def _said(
    track: Track,
    heard: Listening | Skipped | BridgeError,
    understood: Understanding,
    options: DescribeOptions,
) -> Understanding:
    """Return what is meant for a track."""
    if not isinstance(heard, Listening):
        return replace(understood, parts=())
    return said_of(understood, classes_for(heard, track.name, options.wish))


def _plan(
    track: Track,
    heard: Listening | Skipped | BridgeError,
    said: Understanding,
    options: DescribeOptions,
) -> _Plan:
    if not isinstance(heard, Listening):
        return _Plan(track, heard)
    if not said.parts:
        return _Plan(track, Skipped(_HELD_BACK))
    decided = decide(
        heard,
        said,
        options.amount,
        wish=options.wish,
        present=None if options.afresh else _present(track),
        name=track.name,
    )
    if isinstance(decided, Skipped):
        return _Plan(track, decided)
    return _Plan(track, decided[0], decided[1], _told(said))


def _told(said: Understanding) -> str:
    return ", ".join(part.as_text() for part in said.parts)


def _present(track: Track) -> Present | None:
    """Return the EQ to refine: as ReaTone wrote it, or as the user has made it since."""
    if track.own is None:
        return None
    if track.memory is not None and not track.own.edited_by_hand:
        return Present(track.memory.full, track.memory.amount)
    return Present(Eq(track.own.eq.bands))


def _writes(plans: Sequence[_Plan], text: str) -> Iterator[Write]:
    for plan in plans:
        if isinstance(plan.result, Decision):
            memory = jobs.memory_of(plan.result, plan.amount)
            extra = {**memory.extra, "words": text.strip()[:_REMEMBERED]}
            yield Write(plan.track, plan.result.eq(plan.amount), replace(memory, extra=extra))


def _report(plan: _Plan, receipt: Receipt | None, options: DescribeOptions) -> TrackReport:
    report = auto_report(plan.track, plan.result, plan.amount, receipt)
    if not isinstance(plan.result, Decision) or report.outcome is Outcome.FAILED:
        return report
    refined = plan.track.own is not None and not options.afresh
    how = "on top of the EQ that was there" if refined else "a new EQ"
    kept = report.warnings
    if refined:
        kept = tuple(warning for warning in kept if not warning.startswith(_EDITED_START))
    return replace(report, message=f"{plan.told} ({how})", warnings=(*plan.warnings, *kept))
