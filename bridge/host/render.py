"""Rendering to files: what REAPER's action 42230 does with the project's RENDER_* settings.

Done: master mix and stems of the selected tracks (with or without the master mix), before or after
the fader, any bounds but regions and items, tail, sample rate, channels, 16/24-bit, 32- and 64-bit
float WAV, the wildcards $track, $tracknumber and $project. Refused with a clear message: everything
else that would change the audio or the project (normalising, fades, region matrix, razor edits,
adding to the project …) and what would open a dialog in REAPER (an existing target file, nothing to
render).

Not in the audio: plug-ins other than ReaEQ, envelopes and automation, take effects, MIDI.
`scene.build` lists them per track. Items are placed to the nearest sample of the render's rate.
"""

from __future__ import annotations

import base64
import binascii
import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.errors import RenderFailed
from bridge.host.mixing import BLOCK_FRAMES, Engine
from bridge.host.project import Project
from bridge.host.scene import Scene
from bridge.host.settings import RenderSettings
from bridge.host.strips import MASTER, Stage
from models.audio import MAX_RATE_HZ, MIN_RATE_HZ, AudioError

if TYPE_CHECKING:
    import soundfile

_SUBTYPES = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT", 64: "DOUBLE"}
_MASTER_MIX, _STEMS_AND_MASTER, _STEMS = 0, 1, 2
_PRE_FADER = 8192
_HARMLESS = 256 | 512 | 1024 | 2048 | 32768
"""Bits of RENDER_SETTINGS that leave audio and project alone: transients, metadata, markers …"""
_SKIP_SILENT = 2
_MAX_RIFF_BYTES = (1 << 32) - (1 << 20)
_ILLEGAL = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Target:
    """One file to write: a track index or MASTER, where the signal is taken, the file."""

    index: int
    stage: Stage
    path: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked render: start and end frame at `sample_rate_hz`."""

    targets: tuple[Target, ...]
    start_frame: int
    frames: int
    sample_rate_hz: int
    channels: int
    subtype: str
    skip_silent: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """The times that the bounds settings can mean, in seconds."""

    project_length_s: float
    selection_s: tuple[float, float]


def plan(project: Project, path: Path, settings: RenderSettings, bounds: Bounds) -> Plan:
    """Check the settings of the project at `path` and say what would be written.

    Raises RenderFailed.
    """

    def number(key: str) -> float:
        return settings.number(project, key) or 0.0

    _refuse_unsupported(settings, project)
    rate = _rate_hz(number("RENDER_SRATE") or project.sample_rate_hz or 44100)
    start_s, end_s = _bounds(int(number("RENDER_BOUNDSFLAG")), number, bounds)
    frames = round(end_s * rate) - round(start_s * rate)
    targets = _targets(project, path, settings)
    if frames <= 0 or not targets:
        raise RenderFailed(
            "There is nothing to render: "
            + ("no track is selected." if frames > 0 else "the time range is empty."),
            "Select tracks with audio.",
        )
    return Plan(
        tuple(targets),
        round(start_s * rate),
        frames,
        rate,
        max(int(number("RENDER_CHANNELS")), 1),
        _subtype(settings.text(project, "RENDER_FORMAT") or ""),
        bool(int(number("RENDER_ADDTOPROJ")) & _SKIP_SILENT),
    )


def _rate_hz(wanted: float) -> int:
    if not MIN_RATE_HZ <= wanted <= MAX_RATE_HZ:
        raise RenderFailed(
            f"The project's sample rate is {wanted:g} Hz.",
            f"Choose one from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz in its settings.",
        )
    return round(wanted)


def target_paths(project: Project, path: Path, settings: RenderSettings) -> list[Path]:
    """Return the files that a render would write (RENDER_TARGETS)."""
    return [target.path for target in _targets(project, path, settings)]


def render(scene: Scene, job: Plan) -> tuple[str, dict[int, list[str]]]:
    """Write all targets; return REAPER's RENDER_STATS text and problems of the media by track.

    Raises RenderFailed, with nothing left behind: a target exists, the disk is full, feedback.
    """
    _refuse_existing(job)
    _check_space(job)
    try:
        peaks, problems = _run(scene, job)
    except BaseException:
        for target in job.targets:
            target.path.unlink(missing_ok=True)
        raise
    return _stats(job, peaks), problems


def _run(scene: Scene, job: Plan) -> tuple[list[float], dict[int, list[str]]]:
    try:
        peaks, problems = _write_all(scene, job)
    except AudioError as error:
        raise RenderFailed(f"{error.source}: {error.problem}.", error.remedy) from error
    except (OSError, RuntimeError, AssertionError) as error:
        raise RenderFailed(
            f"The render could not be written: {error}.", "Check the folder and the disk."
        ) from error
    for target, peak in zip(job.targets, peaks, strict=True):
        if job.skip_silent and not peak:
            target.path.unlink()
    return peaks, problems


def _write_all(scene: Scene, job: Plan) -> tuple[list[float], dict[int, list[str]]]:
    peaks = [0.0] * len(job.targets)
    needed = scene.feeding([target.index for target in job.targets])
    with ExitStack() as stack:
        engine = stack.enter_context(
            Engine(scene.strips, scene.master, job.sample_rate_hz, job.start_frame)
        )
        files = [stack.enter_context(_open(target.path, job)) for target in job.targets]
        for at in range(0, job.frames, BLOCK_FRAMES):
            engine.advance(min(BLOCK_FRAMES, job.frames - at), needed)
            for slot, target in enumerate(job.targets):
                block = _to_channels(engine.signal(target.index, target.stage), job.channels)
                peaks[slot] = max(peaks[slot], float(np.abs(block).max(initial=0.0)))
                files[slot].write(block)
    return peaks, engine.problems


def _open(path: Path, job: Plan) -> soundfile.SoundFile:
    import soundfile  # noqa: PLC0415  (loads a shared library)

    path.parent.mkdir(parents=True, exist_ok=True)
    form = "RF64" if _file_bytes(job) > _MAX_RIFF_BYTES else "WAV"
    return soundfile.SoundFile(
        str(path), "w", job.sample_rate_hz, job.channels, subtype=job.subtype, format=form
    )


def _to_channels(signal: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    """Return (frames, channels): folded to mono as the mean of the first two, or padded."""
    if channels == 1:
        return np.asarray(signal[:2].mean(axis=0)[:, np.newaxis])
    if signal.shape[0] < channels:
        signal = np.pad(signal, ((0, channels - signal.shape[0]), (0, 0)))
    return np.ascontiguousarray(signal[:channels].T)


def _bounds(flag: int, number: object, bounds: Bounds) -> tuple[float, float]:
    read = number if callable(number) else float
    tail_flags, tail_s = int(read("RENDER_TAILFLAG")), read("RENDER_TAILMS") / 1000.0
    tail = tail_s if tail_flags >> flag & 1 else 0.0
    match flag:
        case 0:
            return read("RENDER_STARTPOS"), read("RENDER_ENDPOS") + tail
        case 1:
            return 0.0, bounds.project_length_s + tail
        case 2:
            return bounds.selection_s[0], bounds.selection_s[1] + tail
        case _:
            raise RenderFailed(
                f"Render bounds {flag} (regions, items) are not supported without REAPER.",
                "Render the whole project, the time selection or custom bounds.",
            )


def _refuse_unsupported(settings: RenderSettings, project: Project) -> None:
    flags = int(settings.number(project, "RENDER_SETTINGS") or 0)
    if flags & 3 == 3 or flags & ~(3 | _PRE_FADER | _HARMLESS):
        raise RenderFailed(
            f"RENDER_SETTINGS {flags} is not supported without REAPER.",
            "Render the master mix or the stems of the selected tracks.",
        )
    if flags & 3 == _MASTER_MIX and flags & _PRE_FADER:
        raise RenderFailed("A master mix cannot be rendered pre-fader.", "Render stems.")
    if int(settings.number(project, "RENDER_ADDTOPROJ") or 0) & ~_SKIP_SILENT:
        raise RenderFailed(
            "Adding rendered files to the project is not supported without REAPER.",
            "Set RENDER_ADDTOPROJ to 0.",
        )
    for key in ("RENDER_NORMALIZE", "RENDER_FADEIN", "RENDER_FADEOUT"):
        if settings.number(project, key):
            raise RenderFailed(f"{key} is not supported without REAPER.", "Set it to 0.")


def _subtype(text: str) -> str:
    """Read RENDER_FORMAT: "evaw", bit depth, flags (base64), or just "evaw" = 24 bit."""
    try:
        sink = text.encode("ascii") if len(text) == 4 else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        sink = b""
    bits = sink[4] if len(sink) > 4 else 24
    if sink[:4] != b"evaw" or bits not in _SUBTYPES:
        raise RenderFailed(
            f"The render format {text!r} is not supported without REAPER.",
            "Use WAV with 16, 24 or 32 bits.",
        )
    return _SUBTYPES[bits]


def _targets(project: Project, path: Path, settings: RenderSettings) -> list[Target]:
    flags = int(settings.number(project, "RENDER_SETTINGS") or 0)
    stage = Stage.PRE_FADER if flags & _PRE_FADER else Stage.POST_FADER
    picks: list[tuple[int, Stage, str]] = []
    if flags & 3 != _STEMS or (flags & 3 == _STEMS and project.master.selected):
        picks.append((MASTER, Stage.POST_FADER, "master"))
    if flags & 3 in {_STEMS_AND_MASTER, _STEMS}:
        picks += [
            (index, stage, track.name or f"Track {index + 1}")
            for index, track in enumerate(project.tracks)
            if track.selected
        ]
    return _named(picks, path, settings, project)


def _named(
    picks: list[tuple[int, Stage, str]], path: Path, settings: RenderSettings, project: Project
) -> list[Target]:
    """Give each pick its file; equal names get REAPER's suffix -001, -002 …"""
    base = Path(settings.text(project, "RENDER_FILE") or "")
    pattern = settings.text(project, "RENDER_PATTERN") or ""
    directory = path.parent / base
    if not pattern:  # then RENDER_FILE is the file itself
        directory, pattern = directory.parent, directory.stem or "untitled"
    targets: list[Target] = []
    taken: set[str] = set()
    width = max(2, len(str(len(project.tracks))))
    for index, stage, name in picks:
        number = "" if index == MASTER else f"{index + 1:0{width}d}"
        stem = _expanded(pattern, {"tracknumber": number, "track": name, "project": path.stem})
        unique, copy = stem, 0
        while unique.lower() in taken:
            copy += 1
            unique = f"{stem}-{copy:03d}"
        taken.add(unique.lower())
        targets.append(Target(index, stage, directory / f"{unique}.wav"))
    return targets


def _expanded(pattern: str, values: dict[str, str]) -> str:
    """Fill the wildcards in; a value's characters that no file name can hold become "_"."""
    names = "|".join(values)  # longer names first: $tracknumber is not $track and "number"
    return re.sub(
        rf"\$({names})",
        lambda match: _ILLEGAL.sub("_", values[match[1].lower()]),
        pattern,
        flags=re.IGNORECASE,
    )


def _refuse_existing(job: Plan) -> None:
    found = [target.path for target in job.targets if target.path.exists()]
    if found:
        raise RenderFailed(
            f"The file {found[0]} exists: REAPER would stop and ask before it overwrites it.",
            "Render to a fresh name.",
        )


def _file_bytes(job: Plan) -> int:
    width = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4, "DOUBLE": 8}[job.subtype]
    return job.frames * job.channels * width


def _check_space(job: Plan) -> None:
    """Refuse early what cannot fit."""
    directory = job.targets[0].path.parent
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    needed, free = _file_bytes(job) * len(job.targets), shutil.disk_usage(directory).free
    if needed > free:
        raise RenderFailed(
            f"The render needs {needed >> 20} MB and {directory} has {free >> 20} MB left.",
            "Free some space or set TMPDIR to a folder on another disk.",
        )


def _stats(job: Plan, peaks: list[float]) -> str:
    parts = []
    for target, peak in zip(job.targets, peaks, strict=True):
        level_db = 20.0 * np.log10(peak) if peak else -150.0
        parts.append(f"FILE:{target.path};PEAK:{level_db:.6f}")
    return ";".join(parts)
