"""Learn a target from tracks of a project, as they sound with ReaTone's EQ on them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bridge import jobs, own_targets
from bridge.errors import UnreadableAudio
from bridge.jobs import Progress, no_progress
from bridge.selection import named
from bridge.session import Session, Track
from bridge.track_reports import track_name
from models import targets
from models.audio import AudioError
from models.equalise import Skipped
from models.spectrum import GRID_HZ, Spectrum, measure_file
from models.target import Target

_RATE_HZ = 48000.0
_RENDER_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Learnt:
    """A target, its file, and what of the tracks could not be heard as it is in REAPER."""

    target: Target
    path: Path
    tracks: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def learn(
    session: Session,
    name: str,
    tracks: str,
    *,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> Learnt:
    """Make a target of tracks, each counting the same, and keep it under a name.

    tracks: see `bridge.selection.select`. Raises as `own_targets.place` and `keep` do,
    UsageError or NothingSelected for the tracks, and UnreadableAudio naming a track that is
    muted, silent or cannot be rendered: then nothing is written.
    """
    name = name.strip()
    own_targets.place(name, overwrite=overwrite)
    guids = named(session, tracks)
    with tempfile.TemporaryDirectory(prefix="reatone-", ignore_cleanup_errors=True) as folder:
        progress("Rendering", 0.0)
        rendered = session.begin_job(guids, directory=Path(folder)).tracks
        spectra = []
        for number, track in enumerate(rendered, start=1):
            spectra.append(_heard(track))
            share = _RENDER_SHARE + (1.0 - _RENDER_SHARE) * number / len(rendered)
            progress(f"Heard {track_name(track)}", share)
    titles = tuple(track_name(track) for track in rendered)
    target = targets.from_heard(titles, spectra, name=name)
    path = own_targets.keep(target, titles, overwrite=overwrite)
    warnings = tuple(
        f"{track_name(track)}: {told}" for track in rendered for told in track.warnings
    )
    return Learnt(target, path, titles, warnings)


def _heard(track: Track) -> Spectrum:
    """Return a track's spectrum as it sounds: it was rendered without ReaTone's EQ."""
    audio = jobs.audio_of(track)
    if isinstance(audio, Skipped):
        raise UnreadableAudio(f"{track_name(track)}: {audio.reason}")
    if not isinstance(audio, Path):
        raise UnreadableAudio(f"{track_name(track)}: {audio}")
    try:
        spectrum = measure_file(audio)
    except AudioError as error:
        raise UnreadableAudio(f"{track_name(track)}: {error}") from error
    if not spectrum.confidence.any():
        why = " ".join(track.warnings) or "silent, nothing to learn from"
        raise UnreadableAudio(f"{track_name(track)}: {why}")
    if track.own is None or not track.own.enabled:
        return spectrum
    eq_db = track.own.eq.response_db(GRID_HZ, _RATE_HZ)
    return replace(spectrum, level_db=spectrum.level_db + eq_db)
