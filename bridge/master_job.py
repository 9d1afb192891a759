"""Equalising masters: the master track of a session's project, or a mix in a file.

Both listen, recognise the genres, and write a gentle EQ: into ReaTone's ReaEQ on the master track,
or into a new file. The report is that of any other job, with "Master" or the file as its track.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bridge import jobs, master_file, wishes
from bridge.errors import BridgeError, UnreadableAudio, UsageError
from bridge.jobs import Progress, check_amount, no_progress
from bridge.report import Outcome, Report, TrackReport
from bridge.selection import MASTER
from bridge.session import Receipt, Session, Track, Write
from bridge.track_reports import auto_report
from models import genres
from models.audio import AudioError, info, stream
from models.equalise import Decision, Skipped, measured_loudness
from models.excerpts import Cutter
from models.mastering import DEFAULT_AMOUNT, MAX_BANDS, MAX_GAIN_DB, MasterWish, master
from models.spectrum import listen_to


@dataclass(frozen=True, slots=True)
class MasterOptions:
    """How a master is equalised.

    genre: as people write it ("Hip-hop"), instead of what is heard. references: recordings that
    sound as wanted, blended. amount: −1 ... 2; at it no boost or cut exceeds max_gain_db.
    dry_run: decide and report, write nothing.
    """

    genre: str | None = None
    references: tuple[Path, ...] = ()
    amount: float = DEFAULT_AMOUNT
    max_gain_db: float = MAX_GAIN_DB
    max_bands: int = MAX_BANDS
    keep_loudness: bool = True
    dry_run: bool = False

    def __post_init__(self) -> None:
        check_amount(self.amount)
        if self.genre and self.references:
            raise UsageError("Both a genre and a reference were given.", "Give one of them.")

    def wish(self) -> MasterWish:
        """Return the same for `models`. Raises UsageError and UnreadableAudio."""
        return MasterWish(
            known_genre(self.genre),
            wishes.reference_target(self.references) if self.references else None,
            self.amount,
            self.max_gain_db,
            self.max_bands,
            self.keep_loudness,
        )


def known_genre(name: str | None) -> str | None:
    """Accept a genre as people write it; raise UsageError naming the genres."""
    if name is None:
        return None
    label = name.strip().lower().replace(" ", "_").replace("-", "_")
    label = {"hiphop": "hip_hop", "rap": "hip_hop", "orchestral": "classical"}.get(label, label)
    if label not in genres.GENRES:
        known = ", ".join(genre.replace("_", " ") for genre in genres.GENRES)
        raise UsageError(f"There is no genre {name!r}.", f"Genres are: {known}.")
    return label


def run(
    session: Session, options: MasterOptions | None = None, progress: Progress = no_progress
) -> Report:
    """Listen to the project's master, decide an EQ and write it in one undo step."""
    options = options or MasterOptions()
    wish = options.wish()
    clock = jobs.Clock()
    with tempfile.TemporaryDirectory(prefix="reatone-", ignore_cleanup_errors=True) as folder:
        progress("Rendering the master", 0.0)
        (track,) = session.begin_job([MASTER], directory=Path(folder)).tracks
        clock.lap("render")
        progress("Listening", 0.5)
        decision = _decide(track, wish)
        clock.lap("analysis")
    receipts: dict[str, Receipt] = {}
    label = None
    if isinstance(decision, Decision) and not options.dry_run:
        progress("Writing", 0.95)
        write = Write(track, decision.eq(options.amount), jobs.memory_of(decision, options.amount))
        receipts, label = jobs.write_all(session, f"master EQ, {options.amount:.0%}", [write])
    clock.lap("write")
    report = _towards(auto_report(track, decision, options.amount, receipts.get(track.guid)))
    return Report("master", (report,), options.amount, label, seconds=clock.laps)


def run_on_file(
    mix: Path,
    options: MasterOptions | None = None,
    output: Path | None = None,
    progress: Progress = no_progress,
    *,
    overwrite: bool = False,
) -> Report:
    """Equalise a mix file into a new one (beside it: NAME.mastered.wav).

    Raises UnreadableAudio, UsageError (the output is in the way) and CannotWrite.
    """
    options = options or MasterOptions()
    wish = options.wish()
    target = output or mix.with_name(f"{mix.stem}.mastered.wav")
    if not options.dry_run:
        master_file.check_output(mix, target, overwrite=overwrite)
    clock = jobs.Clock()
    progress("Listening", 0.0)
    decision = hear(mix, wish)
    clock.lap("analysis")
    if isinstance(decision, Skipped) or options.dry_run:
        return Report("master", (_file_report(mix, decision, options),), options.amount)
    progress("Writing", 0.7)
    eq = decision.eq(options.amount)
    notes = master_file.write(mix, target, eq)
    clock.lap("write")
    report = _file_report(mix, decision, options, notes)
    return Report("master", (report,), options.amount, saved_to=str(target), seconds=clock.laps)


def hear(path: Path, wish: MasterWish) -> Decision | Skipped:
    """Listen to a file and decide its EQ. Raises UnreadableAudio."""
    try:
        return _heard(path, wish)
    except AudioError as error:
        raise UnreadableAudio(str(error)) from error


def _heard(path: Path, wish: MasterWish) -> Decision | Skipped:
    what = info(path)
    cutter = Cutter(what)
    listening = listen_to(cutter.watch(stream(path)), what)
    mixture = genres.guesses(genres.evidence(cutter.excerpts()))
    decision = master(listening, mixture, wish)
    if isinstance(decision, Decision) and decision.listening.duration_s <= jobs.MEASURED_S:
        return measured_loudness(decision, path, wish.amount)
    return decision


def _decide(track: Track, wish: MasterWish) -> Decision | Skipped | BridgeError:
    if track.muted:
        return Skipped("muted: there is nothing to hear; unmute the master and run again")
    if track.audio is None:
        return BridgeError("No audio came out of the master.", "See its media and run again.")
    try:
        return _heard(track.audio, wish)
    except AudioError as error:
        remedy = "See to its media." if track.warnings else error.remedy
        return BridgeError(f"Its audio cannot be used: {error.problem}.", remedy)


def _file_report(
    mix: Path, decision: Decision | Skipped, options: MasterOptions, notes: tuple[str, ...] = ()
) -> TrackReport:
    track = Track(guid="", name=mix.name, number=0, warnings=notes)
    planned = _towards(auto_report(track, decision, options.amount, None))
    if planned.outcome is not Outcome.PLANNED or options.dry_run:
        return planned
    return replace(
        planned, outcome=Outcome.WRITTEN, message=planned.message.removeprefix("would be ")
    )


def _towards(report: TrackReport) -> TrackReport:
    """Name the target in the message: what was heard is a mixture more often than one genre."""
    if report.decision is None:
        return report
    target = report.decision.target
    named = target.provenance if target.name == "reference" else target.name.replace("_", " ")
    told = f" as {report.decision.label.replace('_', ' ')}"
    return replace(report, message=f"{report.message.removesuffix(told)} towards {named}")
