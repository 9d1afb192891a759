"""A learnt equaliser: a small convolutional network from waveform to waveform, and how it runs.

One long convolution (`models.kernel_fit`), and before or behind it, where the pair calls for it, a
gain that follows the level (`models.level_gain`: magnitude, smoothing, activation, product). After
Martínez Ramírez & Reiss (DAFx 2018), with a kernel long enough for low frequencies and the linear
path kept apart from the nonlinear one. It runs block by block, with the same result for any blocks.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.audio import Clip, Samples, resample
from models.eq import Array
from models.level_gain import KNOTS_DB, TIMES_S, LevelGain, LevelGainFilter

FORMAT = "1"
MAX_TAPS = 1 << 17
_FFT_PER_TAP = 4


class Place(StrEnum):
    """Where the level-dependent gain sits."""

    NONE = "none"
    BEFORE = "before"
    BEHIND = "behind"


class LearnedEqError(ValueError):
    """A file that holds no learnt equaliser, or a damaged one."""


@dataclass(frozen=True, slots=True)
class LearnedEq:
    """The network: `kernel` (taps,) with `lead` taps before time zero, and the level's gain.

    about: plain facts of where it was learnt, kept with it.
    """

    kernel: Array
    lead: int
    sample_rate_hz: int
    place: Place = Place.NONE
    gain: LevelGain | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", Place(self.place))
        if self.kernel.ndim != 1 or not 0 < len(self.kernel) <= MAX_TAPS:
            raise LearnedEqError(f"a kernel of shape {self.kernel.shape}")
        if not 0 <= self.lead < len(self.kernel):
            raise LearnedEqError(f"a lead of {self.lead} of {len(self.kernel)} taps")
        if (self.gain is None) != (self.place is Place.NONE):
            raise LearnedEqError("a level gain without a place, or a place without one")
        if self.gain and self.gain.gains.shape != (len(TIMES_S), len(KNOTS_DB)):
            raise LearnedEqError(f"level gains of shape {self.gain.gains.shape}")
        parts = [self.kernel, *([self.gain.gains] if self.gain else [])]
        if not all(np.isfinite(part).all() for part in parts):
            raise LearnedEqError("numbers that are not finite")

    def stream(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield processed blocks, in all as long as what came in, without delay."""
        running: _Running | None = None
        for block in blocks:
            running = running or _Running(self, len(block))
            yield from running.push(block)
        if running:
            yield from running.finish()

    def apply(self, samples: Samples) -> Samples:
        """Return a whole signal (channels, n) processed."""
        done = list(self.stream([samples]))
        return np.concatenate(done, axis=1) if done else samples.copy()

    def at_rate(self, sample_rate_hz: int) -> LearnedEq:
        """Return the same equaliser for another sample rate; it passes nothing beyond its own."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        common = math.gcd(sample_rate_hz, self.sample_rate_hz)
        up, down = sample_rate_hz // common, self.sample_rate_hz // common
        kernel = np.pad(self.kernel, (-self.lead % down, 0))  # time zero stays on a sample
        lead = (self.lead + -self.lead % down) * up // down
        clip = Clip(kernel.astype(np.float32), self.sample_rate_hz)
        taps = resample(clip, sample_rate_hz).samples[0].astype(np.float64) * (down / up)
        return replace(self, kernel=taps, lead=lead, sample_rate_hz=sample_rate_hz)

    def save(self) -> bytes:
        """Return it as a safetensors file."""
        from safetensors.numpy import save  # noqa: PLC0415  (only needed here)

        tensors = {"kernel": self.kernel.astype(np.float32)}
        if self.gain:
            tensors["gains"] = self.gain.gains.astype(np.float32)
        facts = {
            "format": FORMAT,
            "lead": str(self.lead),
            "sample_rate_hz": str(self.sample_rate_hz),
            "place": str(self.place),
            "about": json.dumps(self.about, ensure_ascii=False),
        }
        return bytes(save(tensors, metadata=facts))

    @classmethod
    def load(cls, path: Path) -> LearnedEq:
        """Read a file that `save` wrote. Raises LearnedEqError; OSError as reading does."""
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415  (only needed here)

        try:
            with safe_open(path, "np") as file:
                facts = file.metadata() or {}
                if facts.get("format") != FORMAT:
                    raise LearnedEqError("another format, or something else")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            gains = tensors.get("gains")
            return cls(
                tensors["kernel"].astype(np.float64),
                int(facts["lead"]),
                int(facts["sample_rate_hz"]),
                Place(facts["place"]),
                None if gains is None else LevelGain(gains.astype(np.float64)),
                json.loads(facts["about"]),
            )
        except (SafetensorError, KeyError, ValueError) as error:
            raise LearnedEqError(f"{path} holds no learnt EQ: {error}") from error


class _Running:
    """The network in the middle of a stream: overlap-save on a fixed raster of samples."""

    def __init__(self, eq: LearnedEq, channels: int) -> None:
        taps = len(eq.kernel)
        self._fft = _FFT_PER_TAP * int(2 ** np.ceil(np.log2(taps)))
        self._step = self._fft - taps + 1
        self._spectrum = np.fft.rfft(eq.kernel, self._fft)
        self._past = taps - 1
        self._buffer = np.zeros((channels, self._past))
        self._skip, self._given, self._taken = eq.lead, 0, 0
        level = eq.gain.running(channels, eq.sample_rate_hz) if eq.gain else None
        self._before: LevelGainFilter | None = level if eq.place is Place.BEFORE else None
        self._behind: LevelGainFilter | None = level if eq.place is Place.BEHIND else None

    def push(self, block: Samples) -> Iterator[Samples]:
        """Take the next block; yield what is ready."""
        self._taken += block.shape[1]
        yield from self._filter(self._before.process(block) if self._before else block)

    def finish(self) -> Iterator[Samples]:
        """Yield the rest."""
        left = self._taken - self._given
        while left > 0:
            silence = np.zeros((len(self._buffer), self._step), dtype=np.float32)
            for block in self._filter(silence):
                yield block[:, :left]
                left -= block.shape[1]
                if left <= 0:
                    return

    def _filter(self, block: NDArray[np.floating]) -> Iterator[Samples]:
        self._buffer = np.concatenate((self._buffer, block), axis=1)
        while self._buffer.shape[1] >= self._past + self._step:
            piece = self._buffer[:, : self._past + self._step]
            out = np.fft.irfft(np.fft.rfft(piece, self._fft) * self._spectrum, self._fft)
            out = out[:, self._past : self._past + self._step]
            if self._behind:
                out = self._behind.process(out)
            out = out[:, self._skip :]
            self._skip = 0
            self._buffer = self._buffer[:, self._step :]
            self._given += out.shape[1]
            yield out.astype(np.float32)
