"""What the daemon remembers of tracks it has listened to, as long as they sound the same.

Words about a track that was heard a moment ago need no new render: `bridge.reaper.sound` tells
whether it still sounds as it did.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from bridge.session import Track
from models.equalise import inaudible
from models.spectrum import Listening

LIMIT_BYTES = 128 << 20
"""Enough for 140 tracks of three minutes."""


class _Entry(NamedTuple):
    sound: str
    listening: Listening


class HeardBefore:
    """The last tracks that were heard, by their GUIDs, as many as `limit_bytes` hold."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    @property
    def known(self) -> dict[str, str]:
        """GUID → fingerprint of each track's sound, as `Session.begin_job` wants it."""
        return {guid: entry.sound for guid, entry in self._entries.items()}

    def of(self, track: Track) -> Listening | None:
        """Return what was heard of a track; None when it sounds different now or is not known."""
        entry = self._entries.get(track.guid)
        return entry.listening if entry and track.sound and entry.sound == track.sound else None

    def keep(self, track: Track, listening: Listening) -> None:
        """Remember what was heard. Silence is not kept: a solo elsewhere may be the reason."""
        if not track.sound or inaudible(listening):
            return
        self._entries[track.guid] = _Entry(track.sound, listening)
        self._entries.move_to_end(track.guid)
        while sum(map(_bytes_of, self._entries.values())) > self._limit_bytes:
            self._entries.popitem(last=False)


def _bytes_of(entry: _Entry) -> int:
    return int(entry.listening.loudness.powers.steps.nbytes)
