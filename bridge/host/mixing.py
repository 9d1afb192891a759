"""The mixing engine: items, FX chains, folders, receives and faders, block by block.

Signal flow of a strip, as in REAPER: items + children + receives → FX → (pre-fader) → polarity,
volume, pan → (post-fader) → parent. Mute silences all of it. Everything runs in 64-bit floats;
memory does not grow with the length. Pan is REAPER's stereo balance at a centre of 0 dB: a side is
turned down, none is turned up.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bridge.errors import RenderFailed
from bridge.host.fades import fade_in_gain, fade_out_gain
from bridge.host.sources import Player
from bridge.host.strips import MASTER, Inlet, Region, Stage, Strip
from models.eq import EqFilter

Array = NDArray[np.float64]
BLOCK_FRAMES = 1 << 15
_MAX_THREADS = 4


@dataclass(slots=True)
class _Voice:
    """A region of strip `index` while it is playing."""

    index: int
    region: Region
    start: int
    end: int
    player: Player | None = None
    coming: Future[NDArray[np.float32]] | None = None


@dataclass(slots=True)
class _Channel:
    """A strip's running state: its filters, its voices and the current block's signals."""

    strip: Strip
    children: list[int]
    filters: list[tuple[EqFilter, int]]
    voices: list[_Voice]
    signals: dict[Stage, Array] = field(default_factory=dict)
    busy: bool = False


class Engine:
    """Plays strips from `start_frame` on, one block after the other.

    Media are decoded in threads, all that sound in a block at once. Use it as a context manager: it
    holds the threads and the open files. `problems`: what was wrong with media, by strip. Raises
    RenderFailed for feedback routing.
    """

    def __init__(
        self, strips: list[Strip], master: Strip, sample_rate_hz: int, start_frame: int = 0
    ) -> None:
        self._rate = sample_rate_hz
        self._start = start_frame
        self._frames = 0
        self.problems: dict[int, list[str]] = {}
        self._files = ExitStack()
        self._threads = ThreadPoolExecutor(min(os.cpu_count() or 1, _MAX_THREADS), "decode")
        self._channels = [
            self._channel(index, strip, [i for i, s in enumerate(strips) if s.parent == index])
            for index, strip in enumerate(strips)
        ]
        top = [i for i, s in enumerate(strips) if s.parent == MASTER]
        self._master = self._channel(MASTER, master, top)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)  # before the files that they read
        self._files.close()

    def advance(self, frames: int, needed: Iterable[int]) -> None:
        """Go to the next block, of `frames` frames; `needed`: all strips whose audio it takes."""
        self._start += self._frames
        self._frames = frames
        for channel in [*self._channels, self._master]:
            channel.signals.clear()
        for index in needed:
            for voice in self._at(index).voices:
                first, last = self._part(voice)
                if last > first:
                    voice.coming = self._threads.submit(self._read, voice, first, last)

    def signal(self, index: int, stage: Stage) -> Array:
        """Return a strip's signal of the current block, (channels, frames); read only."""
        channel = self._at(index)
        if stage not in channel.signals:
            channel.signals[stage] = self._make(channel, index, stage)
        return channel.signals[stage]

    def _make(self, channel: _Channel, index: int, stage: Stage) -> Array:
        if channel.strip.muted:
            return np.zeros((channel.strip.channels, self._frames))
        if stage is Stage.PRE_FADER:
            return _filtered(self.signal(index, Stage.PRE_FX), channel.filters)
        if stage is Stage.POST_FADER:
            return _faded(self.signal(index, Stage.PRE_FADER), channel.strip)
        if channel.busy:
            raise RenderFailed(
                "The project routes audio in a circle (feedback), which cannot be rendered.",
                "Remove the send that closes the circle.",
            )
        channel.busy = True
        signal = self._sum_inputs(channel)
        channel.busy = False
        return signal

    def _at(self, index: int) -> _Channel:
        return self._master if index == MASTER else self._channels[index]

    def _channel(self, index: int, strip: Strip, children: list[int]) -> _Channel:
        filters = [(EqFilter(eq, self._rate, width), width) for eq, width in strip.effects]
        regions = strip.regions if strip.heard else ()
        voices = [_voice(index, region, self._rate) for region in regions]
        return _Channel(strip, children, filters, voices)

    def _sum_inputs(self, channel: _Channel) -> Array:
        mix = np.zeros((self._frames, channel.strip.channels)).T  # in memory as sound files are
        for voice in list(channel.voices):
            self._play(voice, mix)
            if voice.end <= self._start + self._frames:
                channel.voices.remove(voice)
        for child in channel.children:
            _add(mix, self.signal(child, Stage.POST_FADER))
        for inlet in channel.strip.inlets:
            _add_inlet(mix, self.signal(inlet.source, inlet.stage), inlet)
        return mix

    def _play(self, voice: _Voice, mix: Array) -> None:
        """Add a voice's part of the current block; its file is open while it plays."""
        first, last = self._part(voice)
        if voice.coming:
            block = voice.coming.result()
            voice.coming = None
            shaped = _routed(block, voice.region.channel_mode) * _gains(
                voice, first, last, self._rate
            )
            if voice.region.pan:
                _balance(shaped, voice.region.pan)
            _add(mix[:, first - self._start : last - self._start], shaped)
        if voice.player and voice.end <= self._start + self._frames:
            voice.player.close()

    def _part(self, voice: _Voice) -> tuple[int, int]:
        """Return the frames of the current block in which a voice sounds."""
        return max(voice.start, self._start), min(voice.end, self._start + self._frames)

    def _read(self, voice: _Voice, first: int, last: int) -> NDArray[np.float32]:
        if voice.player is None:
            notes = self.problems.setdefault(voice.index, [])
            media = voice.region.media

            def report(problem: str) -> None:
                notes.append(
                    f"the media file {media.path.name!r} cannot be played right: {problem}."
                )

            player = Player(media, self._rate, first - voice.start, report)
            voice.player = self._files.enter_context(player)
        return voice.player.read(last - first)


def _voice(index: int, region: Region, rate: int) -> _Voice:
    end = round((region.position_s + region.length_s) * rate)
    return _Voice(index, region, round(region.position_s * rate), end)


def _filtered(signal: Array, filters: list[tuple[EqFilter, int]]) -> Array:
    for eq_filter, width in filters:
        out = eq_filter.process(signal[:width])
        signal = out if width == signal.shape[0] else np.concatenate([out, signal[width:]])
    return signal


def _faded(signal: Array, strip: Strip) -> Array:
    gain = -strip.volume if strip.inverted else strip.volume
    if gain == 1.0 and not strip.pan:
        return signal
    out = signal * gain
    _balance(out, strip.pan)
    return out


def _balance(signal: Array, pan: float) -> None:
    if signal.shape[0] > 1:
        signal[0] *= 1.0 - max(pan, 0.0)
        signal[1] *= 1.0 + min(pan, 0.0)


def _add(mix: Array, signal: Array) -> None:
    """Add channel by channel; a mono signal goes to the first two channels."""
    if signal.shape[0] == 1:
        mix[:2] += signal
    else:
        width = min(mix.shape[0], signal.shape[0])
        mix[:width] += signal[:width]


def _add_inlet(mix: Array, signal: Array, inlet: Inlet) -> None:
    first, count = inlet.source_channels
    part = signal[first : first + count] * (-inlet.volume if inlet.inverted else inlet.volume)
    if not part.shape[0]:
        return
    start, width = inlet.target_channels
    if width == 1 and part.shape[0] > 1:
        part = part.mean(axis=0, keepdims=True)
    elif part.shape[0] == 1 and width > 1:
        part = np.repeat(part, 2, axis=0)
    if inlet.pan:
        _balance(part, inlet.pan)
    target = mix[start : start + width]
    n = min(target.shape[0], part.shape[0])
    target[:n] += part[:n]


def _routed(block: NDArray[np.float32], mode: int) -> Array:
    """Apply a take's channel mode; the result is a new float64 array of at least two channels."""
    channels = block.shape[0]
    picked: NDArray[np.floating] = block
    match mode:
        case 1 if channels > 1:
            order = [1, 0, *range(2, channels)]
            picked = block[order]
        case 2:
            picked = block[:2].mean(axis=0, keepdims=True, dtype=np.float64)
        case _ if 3 <= mode <= 66:
            picked = block[min(mode - 3, channels - 1)][np.newaxis]
        case _ if mode >= 67:
            first = min(mode - 67, max(channels - 2, 0))
            picked = block[first : first + 2]
    out = picked.astype(np.float64)
    return np.repeat(out, 2, axis=0) if out.shape[0] == 1 else out


def _gains(voice: _Voice, first: int, last: int, rate: int) -> Array | float:
    """Return the gain of frames first … last: constant, or (frames,) inside a fade."""
    region = voice.region
    fade_in_end = voice.start + region.fade_in.length_s * rate
    fade_out_start = voice.end - region.fade_out.length_s * rate
    if first >= fade_in_end and last <= fade_out_start:
        return region.gain
    frames = np.arange(first, last, dtype=np.float64)
    gain = np.full(frames.size, region.gain)
    if first < fade_in_end:
        fade = region.fade_in
        at = (frames - voice.start) / (fade.length_s * rate)
        gain *= fade_in_gain(at, fade.shape, fade.curvature)
    if last > fade_out_start:
        fade = region.fade_out
        at = (frames - fade_out_start) / (fade.length_s * rate)
        gain *= fade_out_gain(at, fade.shape, fade.curvature)
    return gain
