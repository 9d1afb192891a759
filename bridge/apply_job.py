"""`reatone apply-eq`: a learnt network applied to a file, or to the tracks of a project.

In a project every item of the tracks gets a new take with the processed file, which is written
beside the media it stands for and made the active take; the old take stays where it was, one key
away. Items whose sound is more than their file are left alone, and that is said.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bridge import learned, master_file, presets
from bridge.errors import BridgeError, UnreadableAudio, UsageError
from bridge.host import open_project
from bridge.host.chunk import Line, quote
from bridge.host.items import ItemView, TakeView, items_of, media_name
from bridge.host.tracks import TrackView
from bridge.report import Outcome, Report, TrackReport
from bridge.selection import select
from models.audio import AudioError, Samples, info
from models.end_to_end import LearnedEq

_COPIED = ("SOFFS", "PLAYRATE", "CHANMODE")


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How a network is applied. tracks: as `bridge.selection.select` takes them."""

    name: str
    tracks: str = "selected"
    dry_run: bool = False
    overwrite: bool = False


def run_on_file(path: Path, options: ApplyOptions, output: Path | None = None) -> Report:
    """Write `path` processed, beside it unless `output` is given.

    Raises NoSuchFile, UnreadableAudio, UsageError (something is in the way) and CannotWrite.
    """
    network = learned.load(options.name)
    target = output or processed_path(path, options.name)
    _check(path)
    if options.dry_run:
        return _report(TrackReport(path.name, Outcome.PLANNED, message=f"would become {target}"))
    master_file.check_output(path, target, overwrite=options.overwrite)
    notes = write(network, path, target)
    done = TrackReport(path.name, Outcome.WRITTEN, message="processed", warnings=notes)
    return _report(done, saved_to=str(target))


def run_on_project(project: Path, options: ApplyOptions, output: Path | None = None) -> Report:
    """Give the items of the chosen tracks processed takes, and save the project.

    Nothing is written when one of the new files is in the way. Raises ProjectError besides.
    """
    network = learned.load(options.name)
    host = open_project(project)
    names = [_Named(t.guid, t.name, i, t.selected) for i, t in enumerate(host.project.tracks, 1)]
    chosen = set(select(names, options.tracks))
    tracks = [track for track in host.project.tracks if track.guid in chosen]
    job = _Job(network, options, host.folder)
    plans = [(track, list(job.plan(track))) for track in tracks]
    if not options.dry_run:
        for media in {plan.media: plan for _, items in plans for plan in items}.values():
            master_file.check_output(media.media, media.target, overwrite=options.overwrite)
    reports = tuple(job.carry_out(track, items) for track, items in plans)
    if options.dry_run or not any(r.outcome is Outcome.WRITTEN for r in reports):
        return _report(*reports)
    host.save(output)
    return _report(*reports, saved_to=str(output or project))


def processed_path(media: Path, name: str) -> Path:
    """Return where the processed copy of a media file goes."""
    kept = media.stem if media.suffix.lower() == ".wav" else media.name
    return media.with_name(f"{kept}.{presets.slug(Path(name).stem)}.wav")


def write(network: LearnedEq, path: Path, target: Path) -> tuple[str, ...]:
    """Write a file through the network; return warnings. Raises UnreadableAudio, CannotWrite."""
    at_rate = network.at_rate(_check(path))

    def process(blocks: Iterator[Samples]) -> Iterator[Samples]:
        return at_rate.stream(blocks)

    return master_file.write_processed(path, target, process, floating=True)


def _check(path: Path) -> int:
    """Return a file's sample rate. Raises UnreadableAudio."""
    try:
        return info(path).sample_rate_hz
    except AudioError as error:
        raise UnreadableAudio(str(error)) from error


def _report(*tracks: TrackReport, saved_to: str | None = None) -> Report:
    return Report("apply-eq", tracks, saved_to=saved_to)


@dataclass(frozen=True, slots=True)
class _Named:
    guid: str
    name: str
    number: int
    selected: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """One item that gets a take: its media file and the new one."""

    item: ItemView
    media: Path
    target: Path


@dataclass
class _Job:
    network: LearnedEq
    options: ApplyOptions
    folder: Path
    _written: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    _left: dict[str, list[str]] = field(default_factory=dict)

    def plan(self, track: TrackView) -> Iterator[_Plan]:
        """Yield what is to be done for a track; note what is left alone."""
        left = self._left.setdefault(track.guid, [])
        for number, item in enumerate(items_of(track.node, self.folder), start=1):
            reason = _reason_to_leave(item)
            if reason:
                left.append(f"item {number} was left as it is: {reason}")
                continue
            media = item.active_take.source.path
            assert media is not None
            yield _Plan(item, media, processed_path(media, self.options.name))

    def carry_out(self, track: TrackView, plans: list[_Plan]) -> TrackReport:
        """Write the files of a track and add its takes."""
        warnings = list(self._left[track.guid])
        if not plans:
            return TrackReport(
                track.name, Outcome.SKIPPED, message="no item to process", warnings=tuple(warnings)
            )
        takes = "1 take" if len(plans) == 1 else f"{len(plans)} takes"
        if self.options.dry_run:
            text = f"would get {takes} of {self.options.name}"
            return TrackReport(track.name, Outcome.PLANNED, message=text, warnings=tuple(warnings))
        try:
            for plan in plans:
                if plan.media not in self._written:
                    self._written[plan.media] = write(self.network, plan.media, plan.target)
                    warnings += self._written[plan.media]
        except BridgeError as error:
            return TrackReport(track.name, Outcome.FAILED, message=str(error))
        for plan in plans:
            add_take(plan.item, plan.target, self.options.name)
        text = f"{takes} of {self.options.name} added"
        return TrackReport(track.name, Outcome.WRITTEN, message=text, warnings=tuple(warnings))


def _reason_to_leave(item: ItemView) -> str:
    take = item.active_take
    if item.plays_all_takes:
        return "all its takes play together"
    if not take.source.is_audio:
        return f"its source is {take.source.kind or 'empty'}, not an audio file"
    if take.source.reversed or take.source.start_s or take.source.length_s:
        return "it is a section of a file, or reversed: glue it first"
    if take.not_rendered:
        return f"its take has {', '.join(take.not_rendered)}: glue it first"
    return ""


def add_take(item: ItemView, file: Path, name: str) -> None:
    """Add a take that plays `file` as the active one plays its own, and make it the active one."""
    node, take = item.node, item.active_take
    old = take.source.file
    reference = old[: len(old) - len(media_name(old))] + file.name
    copied = [line.text.strip() for line in _lines_of(item) if line.name in _COPIED]
    for line in node.lines("TAKE"):
        _unmark(line)
    texts = ["TAKE SEL", f"NAME {quote(name, always=True)}", _volume_and_pan(take)]
    texts += copied
    texts.append(f"GUID {{{str(uuid.uuid4()).upper()}}}")
    node.children += [node.new_line(text) for text in texts]
    node.children.append(node.new_node("<SOURCE WAVE", [f"FILE {quote(reference, always=True)}"]))


def _lines_of(item: ItemView) -> list[Line]:
    """Return the lines of the item's active take."""
    active = next((i for i, take in enumerate(item.takes) if take.selected), 0)
    found: list[list[Line]] = [[]]
    for line in item.node.lines():
        if line.name == "TAKE":
            found.append([])
        else:
            found[-1].append(line)
    return found[active]


def _volume_and_pan(take: TakeView) -> str:
    return f"TAKEVOLPAN {take.pan:.6f} {take.volume:.6f} -1.000000"


def _unmark(line: Line) -> None:
    """Take the mark of the active take off a TAKE line."""
    if "SEL" in line.values[1:]:
        rest = [value for value in line.values if value != "SEL"]
        line.text = line.indent + " ".join(rest)


def is_project(path: Path) -> bool:
    """Whether a path names a REAPER project. Raises UsageError for a folder."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", "Name a project (.rpp) or an audio file.")
    return path.suffix.lower() in (".rpp", ".rpp-bak")
