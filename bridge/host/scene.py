"""From a project to what the mixing engine plays, and to what it cannot play, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from bridge.host.fx import FxView
from bridge.host.items import ItemView, SourceView, TakeView, items_of, media_name
from bridge.host.project import Project
from bridge.host.sources import Media
from bridge.host.strips import MASTER, Inlet, Region, Stage, Strip
from bridge.host.tracks import Receive, TrackView
from bridge.reaper import reaeq
from bridge.reaper.vst_block import VstBlockError
from models.audio import AudioError, MissingAudioError, info
from models.eq import Eq

_STAGES = {0: Stage.POST_FADER, 1: Stage.PRE_FX, 3: Stage.PRE_FADER}
_MONO = 1024
_FIXED_LANES = 2
_STRETCHER = "python_stretch"
_PRE_FX_ENVELOPES = frozenset({"VOLENV", "PANENV", "WIDTHENV"})
_POST_FX_ENVELOPES = frozenset({"VOLENV2", "VOLENV3", "PANENV2", "WIDTHENV2", "MUTEENV"})


@dataclass(frozen=True, slots=True)
class Scene:
    """Strips by track index, the master, and what is not rendered of each (MASTER included)."""

    strips: list[Strip]
    master: Strip
    names: tuple[str, ...]
    warnings: dict[int, tuple[str, ...]]

    def label(self, index: int) -> str:
        """Return how a track's warnings begin."""
        return f"Track {index + 1} {self.names[index]!r}: " if index != MASTER else "Master: "

    def warnings_for(self, index: int) -> tuple[str, ...]:
        """Return the warnings of a track and of all that feeds it."""
        found: dict[str, None] = {}
        for source in self.feeding([index]):
            found.update(dict.fromkeys(self.warnings.get(source, ())))
        return tuple(found)

    def feeding(self, targets: list[int]) -> list[int]:
        """Return the strips of these indices and all strips whose audio reaches them."""
        found = list(dict.fromkeys(targets))
        for at in found:
            children = [i for i, s in enumerate(self.strips) if s.parent == at and not s.muted]
            inlets = self.strips[at].inlets if at != MASTER else ()
            sources = [*children, *(inlet.source for inlet in inlets)]
            found.extend(i for i in dict.fromkeys(sources) if i not in found)
        return found


def length_s(project: Project, folder: Path) -> float:
    """Return the project's length: the end of its last item, in seconds."""
    items = [item for track in project.tracks for item in items_of(track.node, folder)]
    return max((item.position_s + item.length_s for item in items), default=0.0)


def build(project: Project, folder: Path) -> Scene:
    """Read the whole project. Media headers are opened to see what can be played."""
    tracks = project.tracks
    parents = _parents(tracks)
    heard = _heard(tracks, parents)
    notes: dict[int, list[str]] = {index: [] for index in (MASTER, *range(len(tracks)))}
    strips = [
        _strip(track, folder, parents[index], heard[index], notes[index].append)
        for index, track in enumerate(tracks)
    ]
    master = _strip(project.master, folder, None, True, notes[MASTER].append)
    scene = Scene(strips, master, tuple(track.name for track in tracks), {})
    for index, found in notes.items():
        scene.warnings[index] = tuple(scene.label(index) + note for note in found)
    return scene


def _strip(
    track: TrackView, folder: Path, parent: int | None, heard: bool, warn: Callable[[str], None]
) -> Strip:
    for envelope in track.active_envelopes:
        if envelope.removeprefix("MASTER") in _PRE_FX_ENVELOPES:
            warn("the pre-FX volume or pan envelope is not rendered.")
        elif envelope.removeprefix("MASTER") in _POST_FX_ENVELOPES:
            warn("the volume, pan or mute envelope is not rendered (it acts after the fader).")
    lanes = track.node.line("FREEMODE")
    if lanes and lanes.integer(1) == _FIXED_LANES:
        warn("the choice of playing lanes is not rendered: all lanes sound.")
    items = [] if track.is_master else items_of(track.node, folder)
    regions = [region for item in items for region in _regions(item, warn)]
    if track.is_master:
        inlets: tuple[Inlet, ...] = ()
    else:
        count = len(track.project.tracks)
        known = (r for r in track.receives if 0 <= r.source_track < count)
        inlets = tuple(inlet for inlet in (_inlet(r, warn) for r in known) if inlet)
    return Strip(
        regions=tuple(regions),
        effects=tuple(_effects(track, warn)),
        channels=max(track.channels, 2),
        volume=track.volume,
        pan=track.pan,
        inverted=track.phase_inverted,
        muted=track.muted,
        heard=heard,
        parent=parent if track.main_send else None,
        inlets=inlets,
    )


def _effects(track: TrackView, warn: Callable[[str], None]) -> list[tuple[Eq, int]]:
    if not track.fx_enabled:
        return []
    found = []
    for fx in track.fx_chain.fx:
        if fx.bypassed or fx.offline:
            continue
        if not fx.is_reaeq:
            warn(f"{fx.title} is not heard: only ReaEQ can be rendered without REAPER.")
            continue
        heard = _reaeq(fx, track.channels, warn)
        if heard:
            found.append(heard)
    return found


def _reaeq(fx: FxView, channels: int, warn: Callable[[str], None]) -> tuple[Eq, int] | None:
    try:
        state = fx.state
        eq = reaeq.to_eq(reaeq.decode(state))
    except (VstBlockError, ValueError) as error:
        warn(f"{fx.title} is not heard: its settings cannot be read ({error}).")
        return None
    if fx.active_envelopes:
        warn(f"the automation of {fx.title} is not rendered.")
    return eq, min(channels, max(reaeq.decode(state).channels, 1))


def _regions(item: ItemView, warn: Callable[[str], None]) -> list[Region]:
    if item.is_muted or item.length_s <= 0.0:
        return []
    found = []
    for take in item.playing_takes:
        source = take.source
        if not _is_playable(take, source, warn) or source.path is None:
            continue
        for feature in take.not_rendered:
            warn(f"{feature} of item {take.name!r} are not rendered.")
        found.append(_region(item, take, source, source.path, warn))
    return found


def _region(
    item: ItemView, take: TakeView, source: SourceView, path: Path, warn: Callable[[str], None]
) -> Region:
    media = Media(
        path,
        offset_s=take.source_offset_s,
        play_rate=take.play_rate if take.play_rate > 0.0 else 1.0,
        preserves_pitch=take.preserves_pitch,
        pitch_semitones=take.pitch_semitones,
        loops=item.loops,
        section_start_s=source.start_s,
        section_length_s=source.length_s,
        reversed=source.reversed,
    )
    if media.stretches and not find_spec(_STRETCHER):
        warn(f"item {take.name!r} is not stretched (install {_STRETCHER}): its pitch changes.")
        media = replace(media, preserves_pitch=False, pitch_semitones=0.0)
    return Region(
        media,
        position_s=item.position_s,
        length_s=item.length_s,
        gain=item.volume * take.volume,
        pan=take.pan,
        fade_in=item.fade_in,
        fade_out=item.fade_out,
        channel_mode=take.channel_mode,
    )


def _is_playable(take: TakeView, source: SourceView, warn: Callable[[str], None]) -> bool:
    if source.kind == "EMPTY":
        return False
    if not source.is_audio or source.path is None:
        warn(f"item {take.name!r} is a {source.kind} source, which is not rendered.")
        return False
    try:
        info(source.path)
    except MissingAudioError:
        warn(f"the media file {media_name(source.file)!r} is missing ({source.path}).")
        return False
    except AudioError as error:
        warn(f"the media file {media_name(source.file)!r} cannot be played: {error.problem}.")
        return False
    return True


def _inlet(receive: Receive, warn: Callable[[str], None]) -> Inlet | None:
    if receive.muted or receive.source_channels < 0:
        return None
    if receive.mode not in _STAGES:
        warn(f"a send of unknown mode {receive.mode} is not rendered.")
        return None
    first, width = receive.source_channels % _MONO, _width(receive.source_channels)
    target = receive.target_channels % _MONO
    mono = receive.mono or bool(receive.target_channels & _MONO)
    return Inlet(
        receive.source_track,
        _STAGES[receive.mode],
        receive.volume,
        receive.pan,
        receive.phase_inverted,
        (first, width),
        (target, 1 if mono else max(width, 2)),
    )


def _width(channels: int) -> int:
    """Channels of a send by the upper bits of its number: 0 stereo, 1 mono, n > 1: 2n."""
    code = channels // _MONO
    return {0: 2, 1: 1}.get(code, 2 * code)


def _parents(tracks: list[TrackView]) -> list[int]:
    open_folders: list[int] = []
    parents = []
    for index, track in enumerate(tracks):
        parents.append(open_folders[-1] if open_folders else MASTER)
        depth = track.folder_depth
        if depth > 0:
            open_folders.append(index)
        elif depth < 0:
            del open_folders[max(len(open_folders) + depth, 0) :]
    return parents


def _heard(tracks: list[TrackView], parents: list[int]) -> list[bool]:
    """Return whose own items sound: all; with a solo, the soloed, their children and sources."""
    if not any(track.solo for track in tracks):
        return [True] * len(tracks)
    heard = [bool(track.solo) for track in tracks]
    changed = True
    while changed:
        before = list(heard)
        for index, track in enumerate(tracks):
            heard[index] |= parents[index] != MASTER and heard[parents[index]]
            for receive in track.receives if heard[index] else ():
                if 0 <= receive.source_track < len(tracks):
                    heard[receive.source_track] = True
        changed = heard != before
    return heard
