"""What a track's sound is made of, as a fingerprint: equal prints, equal sound.

Taken of the state chunks that REAPER gives of the track and of all that feeds it, without ReaTone's
own instance and what is only looks. Where anything is in doubt there is no print, and the track is
rendered again. A media file that was changed on disk behind REAPER's back keeps its print.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING, Any

from bridge.reaper import own
from bridge.reaper.rpr import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.reaper.rpr import Json, Place

_BUDGET_S = 0.020
"""REAPER's main thread is not held longer than this; the tracks that are left get no print."""
_LONGEST = 1 << 20
"""Characters of a chunk; older versions of REAPER cut longer ones off."""
_RECEIVES = -1
_LOOKS = frozenset(
    (
        *("SEL", "PEAKCOL", "TRACKHEIGHT", "SHOWINMIX", "LAYOUTS", "INQ", "BUSCOMP"),
        *("WNDRECT", "SHOW", "LASTSEL", "DOCKED", "FLOATPOS", "ZOOM", "COLOR"),
    )
)
"""Lines that say how things look, not how they sound."""
_EMPTY_CHAIN = re.compile(r"^<FXCHAIN.*\n>\n", re.MULTILINE)


def prints(rpr: Any, chosen: list[Place]) -> list[str]:
    """Return the fingerprint of each track, "" where there is none."""
    everything = places(rpr)
    end = time.monotonic() + _BUDGET_S
    return [_print(rpr, place, everything, end) for place in chosen]


def _print(rpr: Any, place: Place, everything: list[Place], end: float) -> str:
    if not place.number:
        return ""
    ours: Json = own.read_memory(rpr, place.pointer)[0]
    made = hashlib.sha256()
    for part in _parts(rpr, place, everything):
        chunk = _chunk(rpr, part) if time.monotonic() < end else ""
        if not chunk:
            return ""
        itself = part.number == place.number
        text = _heard(chunk, ours["fx"]) if itself else "\n".join(_lines(chunk))
        made.update(text.encode("utf-8", "surrogateescape") + b"\n\n")
    return made.hexdigest()[:16]


def _parts(rpr: Any, place: Place, everything: list[Place]) -> list[Place]:
    """Return the track and all that may feed it: of a track that receives, the whole project."""
    parts = [place]
    for other in everything[place.number :]:
        if other.depth <= place.depth:
            break
        parts.append(other)
    if any(rpr.RPR_GetTrackNumSends(part.pointer, _RECEIVES) for part in parts):
        return [place, *(other for other in everything if other.number != place.number)]
    return parts


def _chunk(rpr: Any, place: Place) -> str:
    reply = rpr.RPR_GetTrackStateChunk(place.pointer, "", _LONGEST, False)
    text = str(reply[2]) if reply[0] else ""
    return text if len(text) < _LONGEST - 1 and text.rstrip().endswith(">") else ""


def _heard(chunk: str, own_guid: str) -> str:
    """Return the text of the track itself: without our instance and the fader, which come later."""
    depth, kept = 0, []
    for line in _without(list(_lines(chunk)), own_guid):
        depth += line.startswith("<")
        if not (depth == 1 and line.startswith("VOLPAN ")):
            kept.append(line)
        depth -= line == ">"
    # A chain that holds nothing but our instance is as good as none.
    return _EMPTY_CHAIN.sub("", "\n".join(kept))


def _lines(chunk: str) -> Iterator[str]:
    """Yield the lines that may be heard; values that scripts keep on a track are not."""
    skipped = 0
    for line in map(str.strip, chunk.splitlines()):
        if skipped or line == "<EXT" or line.startswith("<EXT "):
            skipped += line.startswith("<")
            skipped -= line == ">"
        elif line.split(" ", 1)[0] not in _LOOKS:
            yield line


def _without(lines: list[str], guid: str) -> list[str]:
    """Leave out the lines of one FX, from its BYPASS to the next."""
    identity = f"FXID {guid}"
    if not guid or identity not in lines:
        return lines
    at = lines.index(identity)
    first = next((i for i in range(at, -1, -1) if lines[i].startswith("BYPASS ")), at)
    depth, last = 0, at
    while last < len(lines) and (depth or not _ends(lines[last])):
        depth += lines[last].startswith("<")
        depth -= lines[last] == ">"
        last += 1
    return [*lines[:first], *lines[last:]]


def _ends(line: str) -> bool:
    return line == ">" or line.startswith("BYPASS ")
