"""ReaScript functions: tracks, selection, stored track values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.host.calling import GUID_TYPE, TRACK_TYPE, HostError, null, reascript
from bridge.host.fx import random_guid
from bridge.host.project import Node
from bridge.host.tracks import TrackView

if TYPE_CHECKING:
    from bridge.host.calling import Project, Track
    from bridge.host.host import Host

_EXT = "P_EXT:"
_MASTER_NUMBER = -1.0


@reascript("CountTracks")
def _count_tracks(host: Host, project: Project) -> int:
    return len(host.tracks)


@reascript("GetTrack")
def _get_track(host: Host, project: Project, index: int) -> str:
    keys = list(host.tracks)
    return host.track_pointer(keys[index]) if 0 <= index < len(keys) else null(TRACK_TYPE)


@reascript("GetMasterTrack")
def _get_master_track(host: Host, project: Project) -> str:
    return host.track_pointer("master")


@reascript("CountSelectedTracks")
def _count_selected_tracks(host: Host, project: Project) -> int:
    return len(_selected(host))


@reascript("GetSelectedTrack")
def _get_selected_track(host: Host, project: Project, index: int) -> str:
    keys = _selected(host)
    return host.track_pointer(keys[index]) if 0 <= index < len(keys) else null(TRACK_TYPE)


@reascript("SetTrackSelected")
def _set_track_selected(host: Host, track: Track, selected: bool) -> None:
    _select(host, track, selected)


@reascript("SetOnlyTrackSelected")
def _set_only_track_selected(host: Host, track: Track) -> None:
    for other in [*host.tracks.values(), host.project.master]:
        _select(host, other, other.node is track.node)


@reascript("IsTrackSelected")
def _is_track_selected(host: Host, track: Track) -> bool:
    return track.selected


@reascript("GetParentTrack")
def _get_parent_track(host: Host, track: Track) -> str:
    open_folders: list[str] = []
    for key, other in host.tracks.items():
        if other.node is track.node:
            return host.track_pointer(open_folders[-1]) if open_folders else null(TRACK_TYPE)
        depth = other.folder_depth
        if depth > 0:
            open_folders.append(key)
        elif depth < 0:
            del open_folders[max(len(open_folders) + depth, 0) :]
    return null(TRACK_TYPE)


@reascript("GetTrackName", outs={1: 2})
def _get_track_name(host: Host, track: Track, name: str, size: int) -> tuple[bool, str]:
    if track.is_master:
        return True, "MASTER"
    return True, track.name or f"Track {_number(host, track):.0f}"


@reascript("GetTrackGUID")
def _get_track_guid(host: Host, track: Track) -> str:
    return host.pointers.give(GUID_TYPE, host.track_guid(track))


@reascript("InsertTrackAtIndex")
def _insert_track_at_index(host: Host, index: int, wants_defaults: bool) -> None:
    root = host.project.root
    guid = random_guid()
    node = root.new_node(f"<TRACK {guid}", ('NAME ""', f"TRACKID {guid}"))
    nodes = root.nodes("TRACK")
    with host.editing("Insert new track"):
        if index < len(nodes):
            at = root.children.index(nodes[max(index, 0)])
        else:
            at = root.children.index(nodes[-1]) + 1 if nodes else len(root.children)
        root.children.insert(at, node)
        host.forget_tracks()


@reascript("DeleteTrack")
def _delete_track(host: Host, track: Track) -> None:
    with host.editing("Remove tracks"):
        host.project.root.children.remove(track.node)
        host.forget_tracks()


@reascript("GetTrackStateChunk", outs={1: 2})
def _get_track_state_chunk(
    host: Host, track: Track, text: str, size: int, is_undo: bool
) -> tuple[bool, str]:
    """Give a track's block as the project file has it; nothing for the master."""
    if track.is_master:
        return False, ""
    return True, "".join(f"{line.text}\n" for line in track.node.all_lines())


@reascript("GetTrackNumSends")
def _get_track_num_sends(host: Host, track: Track, category: int) -> int:
    """Count what a track receives (category −1)."""
    if category != -1:
        raise HostError("Only receives can be counted here.", "Count the others in REAPER.")
    return 0 if track.is_master else len(track.receives)


@reascript("CountTrackMediaItems")
def _count_track_media_items(host: Host, track: Track) -> int:
    return 0 if track.is_master else len(track.items)


@reascript("GetMediaTrackInfo_Value")
def _get_media_track_info_value(host: Host, track: Track, key: str) -> float:
    if key == "IP_TRACKNUMBER":
        return _number(host, track)
    read = _READ.get(key)
    return float(read(track)) if read else 0.0


@reascript("SetMediaTrackInfo_Value")
def _set_media_track_info_value(host: Host, track: Track, key: str, value: float) -> bool:
    if key == "I_SELECTED":
        _select(host, track, bool(value))
        return True
    write = _WRITE.get(key)
    if write is None:
        return False
    with host.editing("Edit track"):
        write(track, value)
    return True


@reascript("GetSetMediaTrackInfo_String", outs=(2,))
def _get_set_media_track_info_string(
    host: Host, track: Track, key: str, text: str, is_set: bool
) -> tuple[bool, str]:
    if key == "GUID":
        return not is_set, text if is_set else host.track_guid(track)
    if key == "P_NAME":
        if not is_set:
            return True, track.name
        return _written(host, lambda: setattr(track, "name", text)), text
    if not key.startswith(_EXT) or key == _EXT:
        return False, ""
    name = key.removeprefix(_EXT)
    if not is_set:
        found = track.ext.get(name)
        return found is not None, found or ""
    change = (lambda: track.ext.set(name, text)) if text else (lambda: track.ext.delete(name))
    return _written(host, change), text


def _written(host: Host, change: Callable[[], None]) -> bool:
    """Run a change of text; False for a text that a project file cannot hold."""
    try:
        with host.editing("Edit track"):
            change()
    except ValueError:
        return False
    return True


def _selected(host: Host) -> list[str]:
    return [key for key, track in host.tracks.items() if track.selected]


def _select(host: Host, track: TrackView, selected: bool) -> None:
    if track.selected != selected:
        track.selected = selected
        host.touch()


def _number(host: Host, track: TrackView) -> float:
    if track.is_master:
        return _MASTER_NUMBER
    nodes: list[Node] = [view.node for view in host.tracks.values()]
    return 1.0 + next(i for i, node in enumerate(nodes) if node is track.node)


_READ: dict[str, Callable[[TrackView], float]] = {
    "I_SELECTED": lambda track: track.selected,
    "I_FXEN": lambda track: track.fx_enabled,
    "B_MUTE": lambda track: track.muted,
    "I_SOLO": lambda track: track.solo,
    "B_PHASE": lambda track: track.phase_inverted,
    "D_VOL": lambda track: track.volume,
    "D_PAN": lambda track: track.pan,
    "I_NCHAN": lambda track: track.channels,
    "I_FOLDERDEPTH": lambda track: track.folder_depth,
    "B_MAINSEND": lambda track: track.main_send,
}
_WRITE: dict[str, Callable[[TrackView, float], None]] = {
    "I_FXEN": lambda track, value: setattr(track, "fx_enabled", bool(value)),
    "B_MUTE": lambda track, value: setattr(track, "muted", bool(value)),
    "I_SOLO": lambda track, value: setattr(track, "solo", int(value)),
    "B_PHASE": lambda track, value: setattr(track, "phase_inverted", bool(value)),
    "D_VOL": lambda track, value: setattr(track, "volume", value),
    "D_PAN": lambda track, value: setattr(track, "pan", value),
}
