"""Streaming audio of one item: source offset, looping, play rate, pitch and sample rate.

Memory does not grow with the length of the media, except for reversed sources, which are read
whole. At the same sample rate and play rate 1 the samples pass through unchanged. Media
that break while they play fall silent from there on; samples that are not finite pass through. Both
are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.audio import NonFiniteAudioError, Resampler, UnreadableAudioError, check_finite

if TYPE_CHECKING:
    import soundfile

Samples = NDArray[np.float32]
_READ_FRAMES = 1 << 15
_RATIO_SCALE = 1000
"""Play rates reach the resampler as a ratio of integers, to a thousandth of a Hertz."""
_DAMAGED = "it is damaged or not audio that can be read here"
_STRETCH_FRAMES = 1 << 21
_STRETCH_OVERLAP = 1 << 14


@dataclass(frozen=True, slots=True)
class Media:
    """What to read of a file and how fast.

    offset_s: source time of the first sample; play_rate: source seconds per project second;
    section_start_s, section_length_s: the part of the file that is the source (None: to its end).
    """

    path: Path
    offset_s: float = 0.0
    play_rate: float = 1.0
    preserves_pitch: bool = False
    pitch_semitones: float = 0.0
    loops: bool = False
    section_start_s: float = 0.0
    section_length_s: float | None = None
    reversed: bool = False

    @property
    def stretches(self) -> bool:
        """Whether time and pitch go separate ways."""
        return self.pitch_semitones != 0.0 or (self.preserves_pitch and self.play_rate != 1.0)


class Player:
    """Plays one `Media` at a sample rate from `skip_frames` after its start.

    `report` gets each kind of problem once, in words. Raises UnreadableAudioError for a file that
    cannot be opened.
    """

    __slots__ = ("_blocks", "_file", "_rest", "channels")

    def __init__(
        self,
        media: Media,
        sample_rate_hz: int,
        skip_frames: int = 0,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        import soundfile  # noqa: PLC0415  (loads a shared library)

        try:
            self._file = soundfile.SoundFile(str(media.path))
        except (soundfile.SoundFileError, OSError) as error:
            raise UnreadableAudioError(str(media.path), _DAMAGED, "Export it again.") from error
        self.channels = int(self._file.channels)
        raw = _raw_blocks(_Reader(self._file, report), media, skip_frames / sample_rate_hz)
        self._blocks = _converted(raw, media, int(self._file.samplerate), sample_rate_hz)
        self._rest: Samples = np.zeros((self.channels, 0), dtype=np.float32)

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, frames: int) -> Samples:
        """Return the next `frames` as (channels, frames); silence after the end."""
        parts, have = [self._rest], self._rest.shape[1]
        while have < frames:
            block = next(self._blocks, None)
            if block is None:
                parts.append(np.zeros((self.channels, frames - have), dtype=np.float32))
                break
            parts.append(block)
            have += block.shape[1]
        joined = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        self._rest = joined[:, frames:]
        return joined[:, :frames]


class _Reader:
    """Reads from anywhere in a file, and says in words what is wrong with it."""

    def __init__(self, file: soundfile.SoundFile, report: Callable[[str], None]) -> None:
        self.file = file
        self._report = report
        self._at = 0
        self._said_non_finite = False

    def read(self, start: int, frames: int) -> Samples:
        """Return up to `frames` frames; none where the file is damaged."""
        import soundfile  # noqa: PLC0415

        try:
            if self._at != start:
                self.file.seek(start)
            block: Samples = self.file.read(frames, dtype="float32", always_2d=True).T
        except (soundfile.SoundFileError, OSError, RuntimeError):
            self._report(f"{_DAMAGED} after {start / self.file.samplerate:.2f} s")
            return np.zeros((self.file.channels, 0), dtype=np.float32)
        self._at = start + block.shape[1]
        self._check(block, start)
        return block

    def _check(self, block: Samples, start: int) -> None:
        try:
            check_finite("", block, start, self.file.samplerate)
        except NonFiniteAudioError as error:
            if not self._said_non_finite:
                self._said_non_finite = True
                self._report(f"it holds samples that are not finite ({error.problem})")


def _raw_blocks(reader: _Reader, media: Media, skip_s: float) -> Iterator[Samples]:
    """Yield the source from its offset on, at its own rate, around the loop when it loops."""
    rate = reader.file.samplerate
    first = round(media.section_start_s * rate)
    length = max(reader.file.frames - first, 0)
    if media.section_length_s is not None:
        length = min(length, round(media.section_length_s * rate))
    at = round((media.offset_s + skip_s * media.play_rate) * rate)
    if not length:
        return
    if media.loops:
        at %= length
    elif at < 0:
        yield from _silence(reader.file.channels, -at)
        at = 0
    backwards = reader.read(first, length)[:, ::-1] if media.reversed else None
    while at < length:
        frames = min(_READ_FRAMES, length - at)
        if backwards is None:
            block = reader.read(first + at, frames)
        else:
            block = backwards[:, at : at + frames]
        if not block.shape[1]:
            if not at or not media.loops:
                return
            length = at  # the header promised more than the file holds (a common MP3 estimate)
        else:
            yield block
            at += block.shape[1]
        if media.loops and at >= length:
            at = 0


def _silence(channels: int, frames: int) -> Iterator[Samples]:
    for start in range(0, frames, _READ_FRAMES):
        yield np.zeros((channels, min(_READ_FRAMES, frames - start)), dtype=np.float32)


def _converted(
    blocks: Iterator[Samples], media: Media, from_hz: int, to_hz: int
) -> Iterator[Samples]:
    rate = media.play_rate
    if media.stretches:
        blocks = _stretched(blocks, media, from_hz)
        rate = 1.0 if media.preserves_pitch else rate
    if from_hz * rate == to_hz:
        return blocks
    return _resampled(blocks, round(from_hz * rate * _RATIO_SCALE), to_hz * _RATIO_SCALE)


def _resampled(blocks: Iterator[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    resampler: Resampler | None = None
    channels = 0
    for block in blocks:
        if resampler is None:
            channels = block.shape[0]
            resampler = Resampler(from_hz, to_hz, channels)
        yield resampler.process(block)
    if resampler is not None:
        yield resampler.process(np.zeros((channels, 0), dtype=np.float32), last=True)


def _stretched(blocks: Iterator[Samples], media: Media, rate_hz: int) -> Iterator[Samples]:
    """Change speed and pitch independently, in long pieces that overlap by a short crossfade."""
    rate = media.play_rate if media.preserves_pitch else 1.0  # else resampling changes the speed
    tail: Samples | None = None
    for piece, is_last in _overlapping(blocks):
        out = _stretch_piece(piece, rate, media.pitch_semitones, rate_hz)
        lap = min(round(_STRETCH_OVERLAP / rate), out.shape[1])
        if tail is not None:
            ramp = np.linspace(0.0, 1.0, tail.shape[1], dtype=np.float32)
            n = min(tail.shape[1], out.shape[1])
            out[:, :n] = tail[:, :n] * (1.0 - ramp[:n]) + out[:, :n] * ramp[:n]
        yield out if is_last else out[:, : out.shape[1] - lap]
        tail = out[:, out.shape[1] - lap :]


def _stretch_piece(piece: Samples, rate: float, semitones: float, rate_hz: int) -> Samples:
    from python_stretch import Signalsmith  # noqa: PLC0415  (loads a shared library)

    stretch = Signalsmith.Stretch(1)  # a fixed seed: the same project always sounds the same
    stretch.preset(piece.shape[0], float(rate_hz))
    stretch.timeFactor = rate
    stretch.setTransposeSemitones(semitones)
    return np.array(stretch.process(np.ascontiguousarray(piece)), dtype=np.float32)


def _overlapping(blocks: Iterator[Samples]) -> Iterator[tuple[Samples, bool]]:
    held: list[Samples] = []
    frames = 0
    for block in blocks:
        held.append(block)
        frames += block.shape[1]
        if frames >= _STRETCH_FRAMES + _STRETCH_OVERLAP:
            piece = np.concatenate(held, axis=1)
            yield piece, False
            held = [piece[:, piece.shape[1] - _STRETCH_OVERLAP :]]
            frames = _STRETCH_OVERLAP
    if frames:
        yield np.concatenate(held, axis=1), True
