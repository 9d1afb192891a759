"""Parts of a recording that stand for the whole, cut while it streams by.

Genre is heard in a handful of places spread over a song: memory and time do not grow with its
length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from models.audio import AudioInfo, Clip, Samples, resample

COUNT = 12
"""Excerpts of a long recording."""
LENGTH_S = 3.01
"""Length of each: one patch of the tagger (187 frames at 16 kHz) and a little."""
WHOLE_S = 30.0
"""A recording up to this long is taken whole."""
_QUIET = 10.0 ** (-25.0 / 10.0)
"""An excerpt whose power is this far below the loudest one's is a pause."""


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Mono parts of a recording, in order; `rms` over all of them, full scale 1.0."""

    parts: tuple[Samples, ...]
    sample_rate_hz: int
    rms: float

    def at(self, sample_rate_hz: int, gain: float) -> list[Samples]:
        """Return the parts, amplified, at another sample rate."""
        clips = (Clip(part * np.float32(gain), self.sample_rate_hz) for part in self.parts)
        return [resample(clip, sample_rate_hz).samples[0] for clip in clips]


class Cutter:
    """Cuts excerpts out of audio of the format `what` while others listen to it."""

    def __init__(self, what: AudioInfo, count: int = COUNT) -> None:
        self._what = what
        self._windows = _windows(what, count)
        self._parts: list[list[Samples]] = [[] for _ in self._windows]

    def watch(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the blocks (channels, n) as they come; the first two channels are kept, mixed."""
        start = 0
        for block in blocks:
            end = start + block.shape[1]
            for (first, last), part in zip(self._windows, self._parts, strict=True):
                if first < end and last > start:
                    inside = block[:2, max(first - start, 0) : max(last - start, 0)]
                    part.append(inside.mean(axis=0, dtype=np.float32))
            start = end
            yield block

    def excerpts(self) -> Excerpts:
        """Return what was cut, without pauses; of silence nothing remains."""
        whole = [np.concatenate(part) for part in self._parts if part]
        powers = [float(np.mean(np.square(part, dtype=np.float64))) for part in whole]
        least = _QUIET * max(powers, default=0.0)
        kept = [part for part, power in zip(whole, powers, strict=True) if power > least]
        loud = [power for power in powers if power > least]
        rms = float(np.sqrt(np.mean(loud or [0.0])))
        return Excerpts(tuple(kept), self._what.sample_rate_hz, rms)


def cut(blocks: Iterable[Samples], what: AudioInfo) -> Excerpts:
    """Cut excerpts out of a stream of blocks (channels, n) of the format `what`."""
    cutter = Cutter(what)
    for _ in cutter.watch(blocks):
        pass
    return cutter.excerpts()


def _windows(what: AudioInfo, count: int) -> list[tuple[int, int]]:
    """Return the first and the end frame of each excerpt."""
    if what.duration_s <= WHOLE_S:
        return [(0, what.frames)]
    length = round(LENGTH_S * what.sample_rate_hz)
    starts = (np.arange(count) + 0.5) / count * what.frames - 0.5 * length
    return [(round(start), round(start) + length) for start in starts.tolist()]
