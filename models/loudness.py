"""Loudness after ITU-R BS.1770-4: exact from audio, predicted for any EQ from band powers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.band_meter import STEP_S, BandPowers, measure_powers
from models.bands import Array
from models.eq import Eq, EqFilter
from models.k_weighting import k_power_gain, k_weighting
from models.sections import filter_block

if TYPE_CHECKING:
    from models.audio import Clip, Samples

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
BLOCK_S = 0.4
_OFFSET_LUFS = -0.691


def lufs(mean_square: ArrayLike) -> Array:
    """Return the loudness of K-weighted power (BS.1770-4 eq. 2); nothing at all is -inf."""
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET_LUFS + 10.0 * np.log10(np.asarray(mean_square, dtype=np.float64)))


class LoudnessMeter:
    """Integrated loudness of a stream of blocks.

    Every channel has weight 1. BS.1770 gives surround channels 1.41 and leaves the LFE out, but the
    channels of a REAPER track carry no such roles.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._sections = k_weighting(sample_rate_hz)
        self._state = np.zeros((2, channels, 2))
        self._step_frames = round(STEP_S * sample_rate_hz)
        self._steps: list[Array] = []
        self._rest: Array = np.zeros(0)

    def process(self, block: Samples | Array) -> None:
        """Take the next block (channels, n)."""
        if not block.shape[1]:
            return
        weighted, self._state = filter_block(self._sections, block, self._state)
        power = np.concatenate((self._rest, np.einsum("cn,cn->n", weighted, weighted)))
        whole = len(power) // self._step_frames * self._step_frames
        self._steps.append(power[:whole].reshape(-1, self._step_frames).mean(axis=1))
        self._rest = power[whole:]

    @property
    def integrated_lufs(self) -> float:
        """Gated loudness so far; -inf for silence. Less than 0.4 s counts as one block."""
        steps = np.concatenate((np.zeros(0), *self._steps))
        if len(steps) >= round(BLOCK_S / STEP_S):
            return gated_lufs(block_powers(steps, STEP_S))
        frames = len(steps) * self._step_frames + len(self._rest)
        power = (steps.sum() * self._step_frames + self._rest.sum()) / max(frames, 1)
        return gated_lufs(np.array([power]))


def integrated_lufs(clip: Clip) -> float:
    """Return the integrated loudness of a clip in LUFS; -inf for silence (see `LoudnessMeter`)."""
    meter = LoudnessMeter(clip.sample_rate_hz, clip.channels)
    for block in clip.blocks():
        meter.process(block)
    return meter.integrated_lufs


def exact_change_lu(blocks: Iterable[Samples], sample_rate_hz: int, channels: int, eq: Eq) -> float:
    """Filter a stream by `eq` at its own rate and return the exact change of integrated loudness.

    Slower than `LoudnessProfile.change_lu` (about 2 s for 3 minutes of stereo), and free of its
    doubt about blocks that lie within a few hundredths of a dB of a gate. Silence changes by 0.
    """
    before, after = (LoudnessMeter(sample_rate_hz, channels) for _ in range(2))
    chain = EqFilter(eq, sample_rate_hz, channels)
    for block in blocks:
        before.process(block)
        after.process(chain.process(block))
    if before.integrated_lufs == -math.inf:
        return 0.0
    return after.integrated_lufs - before.integrated_lufs


def block_powers(steps: Array, step_s: float) -> Array:
    """Return the mean power of every 0.4-s block, 75 % overlapping, from that of steps (S,)."""
    count = min(max(1, round(BLOCK_S / step_s)), len(steps))
    if count <= 1:
        return steps
    total = np.concatenate(([0.0], np.cumsum(steps)))
    return np.asarray(np.maximum(total[count:] - total[:-count], 0.0) / count)


def gate(blocks: Array, relative_lu: float = RELATIVE_GATE_LU) -> NDArray[np.bool_]:
    """Return which blocks pass the gates of BS.1770-4 (eq. 5-7).

    Above -70 LUFS, and above the mean of those that are, less 10 LU.
    """
    loudness = lufs(blocks)
    heard = loudness > ABSOLUTE_GATE_LUFS
    if heard.any():
        heard &= loudness > lufs(blocks[heard].mean()) + relative_lu
    return np.asarray(heard)


def gated_lufs(blocks: Array) -> float:
    """Return the loudness of the blocks that pass the gates; -inf if none does."""
    heard = gate(blocks)
    return float(lufs(blocks[heard].mean())) if heard.any() else -math.inf


@dataclass(frozen=True)
class LoudnessProfile:
    """Band powers over time, from which the loudness under any EQ follows without the audio."""

    powers: BandPowers

    @property
    def integrated_lufs(self) -> float:
        """Integrated loudness of the audio itself; -inf for silence."""
        return gated_lufs(self.blocks())

    def steps(self, power_gain: Array | float = 1.0) -> Array:
        """Return the K-weighted power (S,) of the steps after a power gain (K,) on `fine_hz`."""
        means = self.powers.band_means(power_gain * self._k_weights())
        # In single precision, like the steps: otherwise they would be copied at twice their size.
        return np.asarray(self.powers.steps @ means.astype(np.float32), dtype=np.float64)

    def blocks(self, power_gain: Array | float = 1.0) -> Array:
        """Return the K-weighted power of the 0.4-s blocks after a power gain (K,) on `fine_hz`."""
        return block_powers(self.steps(power_gain), self.powers.step_s)

    def change_lu(self, eq: Eq, sample_rate_hz: float) -> float:
        """Return by how many LU `eq`, running at `sample_rate_hz`, changes the integrated loudness.

        Gates as BS.1770-4 before and after. Silence changes by 0. Where the EQ takes everything
        below the absolute gate, the change is that of what was heard before, at least -300 LU.
        """
        before, heard = self._before
        if not heard.any():
            return 0.0
        freqs = np.minimum(self.powers.fine_hz, 0.4999 * sample_rate_hz)
        after = self.blocks(np.abs(eq.response(freqs, sample_rate_hz)) ** 2)
        still_heard = gate(after)
        if not still_heard.any():
            still_heard = heard
        floor = 1e-30 * before[heard].mean()
        return float(lufs(max(after[still_heard].mean(), floor)) - lufs(before[heard].mean()))

    @cached_property
    def _before(self) -> tuple[Array, NDArray[np.bool_]]:
        """The blocks as they are, and which of them pass the gates."""
        before = self.blocks()
        return before, gate(before)

    def _k_weights(self) -> Array:
        powers = self.powers
        freqs = np.minimum(powers.fine_hz, 0.4999 * powers.sample_rate_hz)
        return k_power_gain(freqs, powers.sample_rate_hz)


def profile(clip: Clip) -> LoudnessProfile:
    """Measure the loudness profile of a clip."""
    return LoudnessProfile(measure_powers(clip.blocks(), clip.sample_rate_hz, clip.channels))
