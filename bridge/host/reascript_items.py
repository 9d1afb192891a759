"""ReaScript functions: adding an audio file to a track as an item with one take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bridge.host.calling import ITEM_TYPE, SOURCE_TYPE, TAKE_TYPE, null, reascript
from bridge.host.chunk import quote
from bridge.host.fx import random_guid

if TYPE_CHECKING:
    from bridge.host.calling import Item, Source, Take, Track
    from bridge.host.host import Host

_TIMES = {"D_POSITION": "POSITION", "D_LENGTH": "LENGTH"}


@reascript("AddMediaItemToTrack")
def _add_media_item_to_track(host: Host, track: Track) -> str:
    if track.is_master:
        return null(ITEM_TYPE)
    guid = random_guid()
    node = track.node.new_node("<ITEM", ("POSITION 0", "LENGTH 0", "LOOP 0", f"IGUID {guid}"))
    with host.editing("Add media item"):
        track.node.children.append(node)
    return host.pointers.give(ITEM_TYPE, guid)


@reascript("AddTakeToMediaItem")
def _add_take_to_media_item(host: Host, item: Item) -> str:
    """Give the item its take; the host knows of one per item only."""
    line = item.line("IGUID")
    return host.pointers.give(TAKE_TYPE, line.value(1)) if line else null(TAKE_TYPE)


@reascript("PCM_Source_CreateFromFile")
def _pcm_source_create_from_file(host: Host, path: str) -> str:
    return host.pointers.give(SOURCE_TYPE, path) if Path(path).is_file() else null(SOURCE_TYPE)


@reascript("SetMediaItemTake_Source")
def _set_media_item_take_source(host: Host, take: Take, source: Source) -> bool:
    kind = {".flac": "FLAC", ".mp3": "MP3"}.get(Path(source).suffix.lower(), "WAVE")
    node = take.new_node(f"<SOURCE {kind}", (f"FILE {quote(source, always=True)}",))
    with host.editing("Set take source"):
        take.children[:] = [child for child in take.children if child.name != "SOURCE"]
        take.children.append(node)
    return True


@reascript("SetMediaItemInfo_Value")
def _set_media_item_info_value(host: Host, item: Item, key: str, value: float) -> bool:
    line = item.line(_TIMES[key]) if key in _TIMES else None
    if line is None:
        return False
    with host.editing("Edit media item"):
        line.set_number(1, value)
    return True
