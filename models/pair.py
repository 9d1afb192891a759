"""A track before and after processing: checked, and brought together in time.

The delay is found by a cross-correlation whose spectrum is partly whitened (generalised
cross-correlation, Knapp & Carter 1976), so that neither tonal music nor the processing's own colour
blurs its peak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.audio import Clip, resample
from models.eq import Array

MIN_COMMON_S = 1.0
MAX_LEARN_S = 90.0
"""Longer pairs are learnt from where BEFORE is loudest."""
_COARSE_HZ = 8000
_WHITENING = 0.7
_SILENT = 1e-6
_HOP_S = 1.0


class PairError(ValueError):
    """Two files from which nothing can be learnt. problem: what is wrong. remedy: what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Pair:
    """The same stretch of a track before and after, each (channels, n) at one sample rate.

    delay: how many samples AFTER was late; it is taken out. notes: what was done to compare them.
    """

    before: Array
    after: Array
    sample_rate_hz: int
    delay: int
    notes: tuple[str, ...] = ()

    def shifted(self, by: int) -> Pair:
        """Return the pair with AFTER earlier by some more samples (later: a negative number)."""
        before, after = _overlap(self.before, self.after, by)
        return Pair(before, after, self.sample_rate_hz, self.delay + by, self.notes)


def align(before: Clip, after: Clip) -> Pair:
    """Bring two clips together. Raises PairError."""
    if before.sample_rate_hz != after.sample_rate_hz:
        raise PairError(
            f"BEFORE has {before.sample_rate_hz} Hz and AFTER {after.sample_rate_hz} Hz.",
            "Render both at the same sample rate.",
        )
    rate_hz = before.sample_rate_hz
    dry, wet, notes = _same_channels(before, after)
    for name, signal in (("BEFORE", dry), ("AFTER", wet)):
        if signal.shape[1] < MIN_COMMON_S * rate_hz:
            raise PairError(f"{name} is shorter than a second.", "Give at least a few seconds.")
        if float(np.abs(signal).max()) < _SILENT:
            raise PairError(f"{name} is silent.", "Give a passage with sound.")
    delay = _delay(dry.sum(axis=0), wet.sum(axis=0), rate_hz)
    dry, wet = _overlap(dry, wet, delay)
    if dry.shape[1] < MIN_COMMON_S * rate_hz:
        raise PairError(
            "BEFORE and AFTER have less than a second in common.",
            "Render the same passage of the same track twice.",
        )
    if abs(before.frames - after.frames) > 0.1 * rate_hz:
        notes.append(
            f"they last {before.duration_s:.2f} and {after.duration_s:.2f} s: "
            f"learnt from the {dry.shape[1] / rate_hz:.2f} s they have in common"
        )
    start, stop = _loudest(dry, round(MAX_LEARN_S * rate_hz), round(_HOP_S * rate_hz))
    return Pair(dry[:, start:stop], wet[:, start:stop], rate_hz, delay, tuple(notes))


def _same_channels(before: Clip, after: Clip) -> tuple[Array, Array, list[str]]:
    dry, wet = before.samples.astype(np.float64), after.samples.astype(np.float64)
    if len(dry) == len(wet):
        return dry, wet, []
    note = f"BEFORE has {len(dry)} channels and AFTER {len(wet)}: their means were compared"
    return dry.mean(axis=0, keepdims=True), wet.mean(axis=0, keepdims=True), [note]


def _overlap(before: Array, after: Array, delay: int) -> tuple[Array, Array]:
    before, after = before[:, max(0, -delay) :], after[:, max(0, delay) :]
    common = min(before.shape[1], after.shape[1])
    return before[:, :common], after[:, :common]


def _delay(before: Array, after: Array, rate_hz: int) -> int:
    """Return the delay in samples: first roughly at a low rate, then exactly near there."""
    coarse = _peak(_slow(before, rate_hz), _slow(after, rate_hz))
    step = rate_hz / min(_COARSE_HZ, rate_hz)
    near = round(coarse * step)
    if step == 1.0:
        return near
    start, stop = _loudest(before[None], round(10.0 * rate_hz), rate_hz)
    start = max(start, -near)  # AFTER begins later than BEFORE
    excerpt = after[start + near : stop + near]
    return near + _peak(before[start:stop], excerpt, reach=round(4 * step))


def _slow(signal: Array, rate_hz: int) -> Array:
    if rate_hz <= _COARSE_HZ:
        return signal
    samples = resample(Clip(signal.astype(np.float32), rate_hz), _COARSE_HZ).samples
    return np.asarray(samples[0], dtype=np.float64)


def _peak(before: Array, after: Array, reach: int | None = None) -> int:
    """Return the lag of the strongest correlation of either sign, within `reach` if given."""
    from scipy.fft import irfft, next_fast_len, rfft  # noqa: PLC0415  (slow import)

    size = next_fast_len(len(before) + len(after), real=True)
    cross = np.conj(rfft(before, size)) * rfft(after, size)
    magnitude = np.abs(cross)
    floor = 1e-9 * float(magnitude.max()) + np.finfo(np.float64).tiny
    correlation = np.abs(irfft(cross / np.maximum(magnitude, floor) ** _WHITENING, size))
    lags = np.arange(size)
    lags[lags > len(after)] -= size
    if reach is not None:
        correlation = np.where(np.abs(lags) <= reach, correlation, 0.0)
    return int(lags[np.argmax(correlation)])


def _loudest(signal: Array, frames: int, hop: int) -> tuple[int, int]:
    """Return start and stop of the loudest stretch of `frames` samples, on a raster of `hop`."""
    total = signal.shape[1]
    if total <= frames:
        return 0, total
    energy: NDArray[np.float64] = np.concatenate(([0.0], np.cumsum((signal**2).sum(axis=0))))
    starts = np.arange(0, total - frames + 1, hop)
    start = int(starts[np.argmax(energy[starts + frames] - energy[starts])])
    return start, start + frames
