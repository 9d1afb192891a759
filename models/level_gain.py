"""The learnt network's nonlinear branch: a gain that follows the level.

The magnitude is smoothed over several times (none, 10 ms, 100 ms), each goes through a piecewise
linear activation on a scale in dB, and their sum scales the signal. Unsmoothed it is a wave shaper
(saturation), smoothed a compressor or expander. Its values are found by ridge regression: the model
is linear in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.eq import Array

TIMES_S = (0.0, 0.01, 0.1)
STEP_DB = 6.0
KNOTS_DB = np.arange(-60.0, 7.0, STEP_DB)
_FLOOR = 1e-8
_RIDGE = 1e-5
_SEEN = 1e-7


@dataclass(frozen=True, slots=True)
class LevelGain:
    """gains (times, knots): what each smoothed level adds to a gain of 1."""

    gains: Array

    def running(self, channels: int, sample_rate_hz: float) -> LevelGainFilter:
        """Return it with memory, for a stream."""
        return LevelGainFilter(self, channels, sample_rate_hz)

    def process(self, signal: Array, sample_rate_hz: float) -> Array:
        """Return a whole signal (channels, n) at its level-dependent gain."""
        return self.running(len(signal), sample_rate_hz).process(signal)


@dataclass(slots=True)
class LevelGainFilter:
    """A `LevelGain` that goes through a stream block by block."""

    gain: LevelGain
    channels: int
    sample_rate_hz: float
    _levels: Levels = field(init=False)

    def __post_init__(self) -> None:
        self._levels = Levels(self.sample_rate_hz)

    def process(self, block: NDArray[np.floating]) -> Array:
        """Scale the next block (channels, n)."""
        signal = np.asarray(block, dtype=np.float64)
        factor = np.ones_like(signal)
        for level_db, gains in zip(self._levels.of(signal), self.gain.gains, strict=True):
            factor += np.interp(level_db, KNOTS_DB, gains)
        return np.asarray(signal * factor)


@dataclass(slots=True)
class Levels:
    """Levels in dB smoothed over each of `TIMES_S`, with memory.

    Without smoothing each channel has its own; smoothed ones are common to all channels.
    """

    sample_rate_hz: float
    _states: list[Array] = field(init=False)

    def __post_init__(self) -> None:
        self._states = [np.zeros(1) for _ in TIMES_S]

    def of(self, block: Array) -> list[Array]:
        """Return the levels of the next block (channels, n): one (channels or 1, n) per time."""
        from scipy.signal import lfilter  # noqa: PLC0415  (slow import)

        power = block * block
        common = power.mean(axis=0)
        levels = []
        for i, time_s in enumerate(TIMES_S):
            if time_s == 0.0:
                smooth = power
            else:
                keep = np.exp(-1.0 / (time_s * self.sample_rate_hz))
                b, a = [1.0 - keep], [1.0, -keep]
                out, self._states[i] = lfilter(b, a, common, zi=self._states[i])
                smooth = np.asarray(out)[None]
            levels.append(10.0 * np.log10(np.maximum(smooth, _FLOOR)))
        return levels


def hats(signal: Array, sample_rate_hz: float) -> list[Array]:
    """Return the activations (channels, n) of every time and knot, times first."""
    found = []
    for level_db in Levels(sample_rate_hz).of(signal):
        place = np.clip((level_db - KNOTS_DB[0]) / STEP_DB, 0.0, len(KNOTS_DB) - 1.0)
        found += [np.maximum(1.0 - np.abs(place - knot), 0.0) for knot in range(len(KNOTS_DB))]
    return [np.broadcast_to(hat, signal.shape) for hat in found]


def fit(
    signal: Array,
    wanted: Array,
    used: NDArray[np.bool_],
    sample_rate_hz: float,
    after: Callable[[Array], Array] | None = None,
) -> LevelGain:
    """Return the gain that brings `signal` (channels, n) nearest `wanted` where `used` (n,).

    after: what else the signal passes behind the gain (a linear filter), if anything.
    """
    through = after or (lambda passing: passing)
    missing = (wanted - through(signal))[:, used].ravel()
    columns = [through(signal * hat)[:, used].ravel() for hat in hats(signal, sample_rate_hz)]
    features = np.stack(columns)
    normal = features @ features.T
    energy = np.diag(normal)
    ridge = _RIDGE * energy.max() * np.eye(len(normal))
    gains = np.linalg.solve(normal + ridge, features @ missing)
    gains = gains.reshape(len(TIMES_S), len(KNOTS_DB))
    seen = energy.reshape(gains.shape) > _SEEN * energy.max()
    return LevelGain(np.stack([_held(row, known) for row, known in zip(gains, seen, strict=True)]))


def _held(row: Array, known: NDArray[np.bool_]) -> Array:
    """Give levels that did not occur the gain of the nearest that did."""
    if not known.any():
        return np.zeros_like(row)
    return np.asarray(np.interp(np.arange(len(row)), np.flatnonzero(known), row[known]))
