"""Audio in memory and from files: reading whole or in blocks, checking, resampling.

Samples are float32 of shape (channels, frames), full scale 1.0. Every reader guarantees finite
samples: a file that breaks this, or any other promise of its format, raises one `AudioError` that
names the file.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import soundfile

Samples = NDArray[np.float32]

MAX_CHANNELS = 64
MIN_RATE_HZ, MAX_RATE_HZ = 8000, 192_000
MAX_SAMPLE = 1e12
"""Larger magnitudes (+240 dBFS) are no audio, and their powers would not fit into float32."""
BLOCK_FRAMES = 65536
_MPEG = "MP3"
_UNKNOWN_LENGTH = 0xFFFFFFFF
_READABLE = "WAV, AIFF, FLAC, MP3, Ogg Vorbis or Ogg Opus"


class AudioError(Exception):
    """Audio that cannot be used: `source` names it, `problem` says what, `remedy` what to do."""

    code: ClassVar[str] = "audio"

    def __init__(self, source: str, problem: str, remedy: str) -> None:
        super().__init__(f"{source}: {problem}. {remedy}")
        self.source, self.problem, self.remedy = source, problem, remedy

    def __reduce__(self) -> tuple[type[AudioError], tuple[str, str, str]]:
        return type(self), (self.source, self.problem, self.remedy)


class MissingAudioError(AudioError):
    """There is no such file."""

    code = "audio_missing"


class UnreadableAudioError(AudioError):
    """The file is not audio, is of an unknown format, is damaged or may not be opened."""

    code = "audio_unreadable"


class TruncatedAudioError(AudioError):
    """The file ends before the length that its header states."""

    code = "audio_truncated"


class EmptyAudioError(AudioError):
    """There is not one sample."""

    code = "audio_empty"


class NonFiniteAudioError(AudioError):
    """A sample is not a number, infinite or absurdly large."""

    code = "audio_not_finite"


class UnsupportedAudioError(AudioError):
    """The sample rate or the number of channels is outside what is supported."""

    code = "audio_unsupported"


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file's header says: `frames` is per channel."""

    sample_rate_hz: int
    channels: int
    frames: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate_hz


@dataclass(frozen=True, slots=True)
class Clip:
    """Audio in memory: `samples` (channels, frames) as float32, full scale 1.0.

    A one-dimensional array counts as one channel; zero frames are allowed. Raises ValueError for
    other shapes and UnsupportedAudioError or NonFiniteAudioError for what cannot be analysed.
    """

    samples: Samples
    sample_rate_hz: int

    def __post_init__(self) -> None:
        samples = np.atleast_2d(np.asarray(self.samples, dtype=np.float32))
        if samples.ndim != 2:
            raise ValueError(f"samples must be of shape (channels, frames), not {samples.shape}")
        check_format("clip", len(samples), self.sample_rate_hz)
        check_finite("clip", samples, 0, self.sample_rate_hz)
        object.__setattr__(self, "samples", samples)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Number of samples of each channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate_hz

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Yield the samples in blocks (channels, <= block_frames), as `stream` does for a file."""
        for start in range(0, self.frames, block_frames):
            yield self.samples[:, start : start + block_frames]


def info(path: str | os.PathLike[str]) -> AudioInfo:
    """Read a file's format without its audio. Raises AudioError."""
    with _opened(path) as file:
        return AudioInfo(file.samplerate, file.channels, file.frames)


def load(path: str | os.PathLike[str]) -> Clip:
    """Read a whole file. Raises AudioError; long files are better read with `stream`."""
    blocks = list(stream(path))
    return Clip(np.concatenate(blocks, axis=1), info(path).sample_rate_hz)


def stream(path: str | os.PathLike[str], block_frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
    """Yield a file's audio as float32 blocks (channels, block_frames), the last one shorter.

    Raises MissingAudioError, UnreadableAudioError, UnsupportedAudioError and EmptyAudioError before
    the first block, TruncatedAudioError and NonFiniteAudioError where reading meets the fault.
    """
    name = os.fspath(path)
    with _opened(path) as file:
        done = 0
        while True:
            block = _read(name, file, block_frames)
            if not block.shape[1]:
                break
            check_finite(name, block, done, file.samplerate)
            done += block.shape[1]
            yield block
        slack = (
            file.samplerate if file.format == _MPEG else 0
        )  # the length of an MP3 is an estimate
        if done + slack < file.frames:
            raise _truncated(name, done / file.samplerate, file.frames / file.samplerate)


def check_format(source: str, channels: int, sample_rate_hz: float) -> None:
    """Raise UnsupportedAudioError unless there are 1 ... 64 channels at 8 ... 192 kHz."""
    if not 1 <= channels <= MAX_CHANNELS:
        problem = f"it has {channels} channels and 1 to {MAX_CHANNELS} are supported"
        raise UnsupportedAudioError(source, problem, "Split or mix its channels first.")
    if not MIN_RATE_HZ <= sample_rate_hz <= MAX_RATE_HZ:
        problem = f"its sample rate is {sample_rate_hz} Hz and 8 to 192 kHz are supported"
        raise UnsupportedAudioError(source, problem, "Resample it first.")


def check_finite(source: str, block: Samples, start_frame: int, sample_rate_hz: float) -> None:
    """Raise NonFiniteAudioError if a sample is not finite; `start_frame` is the block's place."""
    if not block.size or (block.max() <= MAX_SAMPLE and block.min() >= -MAX_SAMPLE):
        return
    bad = ~(np.abs(block) <= MAX_SAMPLE)
    frame = int(np.argmax(bad.any(axis=0)))
    channel = int(np.argmax(bad[:, frame]))
    what = "not a number" if np.isnan(block[channel, frame]) else "infinite or beyond all audio"
    place = (start_frame + frame) / sample_rate_hz
    problem = f"the sample at {place:.3f} s, channel {channel + 1}, is {what}"
    remedy = "A plug-in before it probably misbehaves: bypass it or render the audio again."
    raise NonFiniteAudioError(source, problem, remedy)


@dataclass(slots=True)
class Resampler:
    """Converts a stream of blocks to another sample rate (soxr, high quality, linear phase)."""

    from_hz: int
    to_hz: int
    channels: int
    _stream: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        import soxr  # noqa: PLC0415  (only needed where rates differ)

        if self.from_hz != self.to_hz:
            self._stream = soxr.ResampleStream(
                self.from_hz, self.to_hz, self.channels, dtype="float32", quality="HQ"
            )

    def process(self, block: Samples, *, last: bool = False) -> Samples:
        """Convert the next block (channels, n); `last` flushes what the filter still holds."""
        if self._stream is None:
            return block
        frames = np.ascontiguousarray(block.T, dtype=np.float32)
        out = self._stream.resample_chunk(frames, last=last)
        return np.asarray(out, dtype=np.float32).reshape(-1, self.channels).T


def resample(clip: Clip, sample_rate_hz: int) -> Clip:
    """Convert a clip to another sample rate; the same clip if it already has it."""
    if clip.sample_rate_hz == sample_rate_hz:
        return clip
    check_format("resampled clip", clip.channels, sample_rate_hz)
    resampler = Resampler(clip.sample_rate_hz, sample_rate_hz, clip.channels)
    return Clip(resampler.process(clip.samples, last=True), sample_rate_hz)


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[soundfile.SoundFile]:
    """Open a sound file and check what its header promises."""
    import soundfile  # noqa: PLC0415  (loads a shared library)

    name = os.fspath(path)
    _check_path(name)
    try:
        with _quiet_decoder:
            file = soundfile.SoundFile(name)
    except (soundfile.SoundFileError, OSError) as error:
        raise _unreadable(name) from error
    with file:
        check_format(name, file.channels, file.samplerate)
        if not file.frames:
            raise _empty(name)
        _check_declared_length(name, file)
        yield file


def _check_path(name: str) -> None:
    path = Path(name)
    try:
        size = path.stat().st_size
        if path.is_dir():
            problem = "it is a folder, not an audio file"
            raise UnreadableAudioError(name, problem, "Name the audio file itself.")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        problem, remedy = "there is no such file", "Check the path, or relink the missing media."
        raise MissingAudioError(name, problem, remedy) from error
    except OSError as error:
        problem = f"it cannot be opened ({error.strerror or error})"
        raise UnreadableAudioError(name, problem, "Check the file and its permissions.") from error
    if not size:
        raise _empty(name)


def _check_declared_length(name: str, file: soundfile.SoundFile) -> None:
    """Raise TruncatedAudioError if libsndfile found less audio than the header states."""
    declared = re.search(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", file.extra_info, re.M)
    if not declared:
        return
    stated, present = int(declared[1]), int(declared[2])
    if (
        present < stated < _UNKNOWN_LENGTH - 4096
    ):  # near the maximum: a streamed file of unknown length
        seconds = file.frames / file.samplerate
        raise _truncated(name, seconds, seconds * stated / max(present, 1))


def _read(name: str, file: soundfile.SoundFile, frames: int) -> Samples:
    import soundfile  # noqa: PLC0415

    try:
        with _quiet_decoder if file.format == _MPEG else nullcontext():
            block = file.read(frames, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise _unreadable(name) from error
    return np.asarray(block.T, dtype=np.float32)


class _Quiet:
    """Standard error of the process turned off, for as long as any thread wants it to be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted, self._saved = 0, -1

    def __enter__(self) -> None:
        with self._lock:
            if not self._wanted:
                self._saved = os.dup(2)
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 2)
                os.close(null)
            self._wanted += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                os.dup2(self._saved, 2)
                os.close(self._saved)


_quiet_decoder = _Quiet()
"""Keeps libmpg123's notes about odd headers off the terminal."""


def _unreadable(name: str) -> UnreadableAudioError:
    problem = f"it is damaged or not audio that can be read here ({_READABLE})"
    return UnreadableAudioError(name, problem, "Export or convert it again.")


def _empty(name: str) -> EmptyAudioError:
    return EmptyAudioError(name, "it holds no audio", "Render or record it again.")


def _truncated(name: str, present_s: float, stated_s: float) -> TruncatedAudioError:
    problem = f"it ends after {present_s:.2f} s of the {stated_s:.2f} s that its header states"
    return TruncatedAudioError(name, problem, "Copy or render it again.")
