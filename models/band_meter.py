"""One pass over audio: the power in every band of the grid, ten times a second.

Three short-time spectra share the work: windows of 40 ms above `SPLIT_HZ`, and on a 4-kHz copy
windows of 0.2 s (power over time) and 0.8 s (frequency detail) below it. All use the window of the
Vorbis codec (Vorbis I specification, 4.3.1), whose square adds up to one at half overlap: the power
of every sample is counted once. All times are in seconds, so a recording gives the same result at
any rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from models.audio import Resampler, Samples
from models.bands import EDGES_HZ, GRID_HZ, Array
from models.framing import Framer, History, Powers
from models.k_weighting import k_power_gain

STEP_S = 0.1
LONG_STEPS = 4
"""Steps that one of the 0.8-s windows stands for."""
MAX_STEPS = 36_000
"""An hour; beyond it neighbouring steps are merged, so that memory stays bounded."""
LOW_RATE_HZ = 4000
SPLIT = int(np.searchsorted(GRID_HZ, 800.0))
"""Bands below this index are measured on the 4-kHz copy."""
SPLIT_HZ = float(EDGES_HZ[SPLIT])
CROSS_HZ = 150.0
"""Below and above it the timing of the low bands is measured separately."""
LONG_RESOLUTION_HZ = 1.8
"""Noise bandwidth of the 0.8-s window."""
_HOPS_PER_STEP = 5
_HOP_RATE_HZ = 50
_BATCH_SAMPLES = 2**17
_LARGEST_BYTES = 2**23
_MAX_SHARPENING = 10.0
_CHUNK_STEPS = 1024
_LOW_EDGES_HZ = np.concatenate(([0.0], EDGES_HZ[: SPLIT + 1]))
_HIGH_EDGES_HZ = np.concatenate((EDGES_HZ[SPLIT:], [np.inf]))


@dataclass(frozen=True, slots=True)
class BandPowers:
    """What one pass over audio has measured; powers are mean squares, summed over channels.

    steps: (S, 123) float32 per step of step_s: below the grid, the 121 bands, above the grid.
    long: (ceil(S / 4), SPLIT) float32: the bands below SPLIT_HZ at full resolution, per four steps.
    fine_hz, fine: (K,) the long-term power spectrum at full resolution, coarser from SPLIT_HZ on.
    step_s: 0.1, doubled whenever there would be more than `MAX_STEPS`. peak: largest magnitude.
    """

    steps: Powers
    long: Powers
    fine_hz: Array
    fine: Array
    step_s: float
    frames: int
    sample_rate_hz: int
    channels: int
    peak: float

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds."""
        return self.frames / self.sample_rate_hz

    def band_means(self, power_gain: Array) -> Array:
        """Average a power gain (K,) on `fine_hz` over the 123 bands as the audio weights it.

        A band's power times this mean is its power after the gain, exactly for steady audio: where
        in a band the power lies, and how the 0.2-s windows smear it over narrow bands, tells
        `fine`.
        """
        weighted = np.stack((self.fine * power_gain, self.fine))
        low = int(np.searchsorted(self.fine_hz, SPLIT_HZ + 1e-6))
        after, before = np.concatenate(
            (
                weighted[:, :low] @ _tone_smear(),
                weighted[:, low:] @ _overlap(self.fine_hz[low:], _HIGH_EDGES_HZ),
            ),
            axis=1,
        )
        return np.asarray(after / np.maximum(before, np.finfo(np.float64).tiny))


class BandMeter:
    """Measures a stream of blocks; the result does not depend on how the stream is cut."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate_hz, self._channels = sample_rate_hz, channels
        # A step must be a whole number of samples: odd rates move to the next multiple of 50 Hz.
        even_hz = -(-sample_rate_hz // _HOP_RATE_HZ) * _HOP_RATE_HZ
        self._to_even = Resampler(sample_rate_hz, even_hz, channels)
        self._to_low = Resampler(even_hz, LOW_RATE_HZ, channels)
        self._high = _HighBands(even_hz, channels)
        self._low = _LowBands(channels)
        self._frames, self._peak = 0, 0.0

    def process(self, block: Samples) -> None:
        """Take the next block (channels, n) of finite samples."""
        if not block.shape[1]:
            return
        self._frames += block.shape[1]
        self._peak = max(self._peak, float(block.max()), -float(block.min()))
        self._push(block, last=False)

    def finish(self) -> BandPowers:
        """Measure what is left and return the whole."""
        self._push(np.zeros((self._channels, 0), dtype=np.float32), last=True)
        steps = -(-self._frames * 10 // self._rate_hz)
        self._low.flush()
        self._high.flush()
        factor = max(self._low.factor, self._high.steps.factor, self._high.loud.factor)
        low_steps, low_loud = (part.finish(steps, factor) for part in self._low.parts)
        high_steps = self._high.steps.finish(steps, factor)
        high_loud = self._high.loud.finish(steps, factor)
        rows = min(map(len, (low_steps, high_steps, low_loud, high_loud)))
        powers = BandPowers(
            steps=np.concatenate((low_steps[:rows], high_steps[:rows]), axis=1),
            long=self._low.longs.finish(-(-steps // LONG_STEPS), factor),
            fine_hz=np.concatenate((_long_hz(), self._high.fine_hz)),
            fine=np.concatenate((self._low.fine, self._high.fine)),
            step_s=STEP_S * factor,
            frames=self._frames,
            sample_rate_hz=self._rate_hz,
            channels=self._channels,
            peak=self._peak,
        )
        _sharpen(powers, np.concatenate((low_loud[:rows], high_loud[:rows]), axis=1))
        return powers

    def _push(self, block: Samples, *, last: bool) -> None:
        even = self._to_even.process(block, last=last)
        self._high.push(even)
        self._low.push(self._to_low.process(even, last=last))


def measure_powers(blocks: Iterable[Samples], sample_rate_hz: int, channels: int) -> BandPowers:
    """Run a `BandMeter` over all blocks (channels, n)."""
    _reuse_freed_memory()
    meter = BandMeter(sample_rate_hz, channels)
    for block in blocks:
        meter.process(block)
    return meter.finish()


@lru_cache(maxsize=1)
def _reuse_freed_memory() -> None:
    """Free one block larger than all temporary arrays: glibc then keeps what is freed (mallopt(3),
    M_MMAP_THRESHOLD) instead of asking the system for new pages each time, a third of the work.
    """
    np.empty(_LARGEST_BYTES, dtype=np.uint8)


class _HighBands:
    """Bands from `SPLIT_HZ` on, and what is above the grid."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        hop = sample_rate_hz // _HOP_RATE_HZ
        step = hop * _HOPS_PER_STEP
        batch = max(1, _BATCH_SAMPLES // (channels * step))
        self._hop, self._window = hop, vorbis_window(2 * hop)
        self._framer = Framer(channels, hop // 2, batch * step, hop)
        freqs = np.linspace(0.0, 0.5 * sample_rate_hz, hop + 1)
        self._first = int(SPLIT_HZ // (_HOP_RATE_HZ / 2))
        self.fine_hz = np.asarray(np.maximum(freqs[self._first :], SPLIT_HZ + 1e-3))
        self._to_bands = _BandSums(_overlap(freqs[self._first :], _HIGH_EDGES_HZ), 2 * hop, hop)
        self.steps, self.loud = History(MAX_STEPS), History(MAX_STEPS)
        self.fine = np.zeros(len(self.fine_hz))
        self._step_power = _StepPower(sample_rate_hz, step, step, hop // 2, slice(2, 3))

    def push(self, block: Samples) -> None:
        for batch in self._framer.push(block):
            self._measure(batch)

    def flush(self) -> None:
        for batch in self._framer.flush():
            self._measure(batch)

    def _measure(self, batch: Samples) -> None:
        power = _power(batch, self._window, self._hop, slice(self._first, None))
        per_step = power.reshape(-1, _HOPS_PER_STEP, power.shape[1]).mean(axis=1)
        self.fine += per_step.sum(axis=0, dtype=np.float64)
        self.steps.add(self._to_bands(per_step))
        self.loud.add(self._step_power(batch))


class _LowBands:
    """Bands below `SPLIT_HZ`, and what is below the grid, on the 4-kHz copy."""

    def __init__(self, channels: int) -> None:
        self._hop = round(STEP_S * LOW_RATE_HZ)
        self._long_hop = LONG_STEPS * self._hop
        self._short, self._long = vorbis_window(2 * self._hop), vorbis_window(2 * self._long_hop)
        batch = max(1, _BATCH_SAMPLES // (channels * self._long_hop))
        self._framer = Framer(channels, self._long_hop // 2, batch * self._long_hop, self._long_hop)
        # Both windows are centred on what they stand for.
        self._offset = (self._long_hop - self._hop) // 2
        self._bins = slice(0, len(_short_hz()))
        self._to_bands = _BandSums(_overlap(_short_hz(), _LOW_EDGES_HZ), 2 * self._hop, self._hop)
        self._long_bins = slice(0, len(_long_hz()))
        long_bands = _overlap(_long_hz(), EDGES_HZ[: SPLIT + 1])
        self._long_to_bands = _BandSums(long_bands, 2 * self._long_hop, self._long_hop)
        self.parts = History(MAX_STEPS), History(MAX_STEPS)  # power in bands, K-weighted power
        self.longs = History(MAX_STEPS // LONG_STEPS)
        self._step_power = _StepPower(
            LOW_RATE_HZ, self._hop, self._long_hop, self._long_hop // 2, slice(0, 2)
        )
        self.fine = np.zeros(len(_long_hz()))

    def push(self, block: Samples) -> None:
        for batch in self._framer.push(block):
            self._measure(batch)

    def flush(self) -> None:
        for batch in self._framer.flush():
            self._measure(batch)

    @property
    def factor(self) -> int:
        return max(part.factor for part in (*self.parts, self.longs))

    def _measure(self, batch: Samples) -> None:
        end = batch.shape[1] - self._long_hop + self._offset + self._hop
        short = _power(batch[:, self._offset : end], self._short, self._hop, self._bins)
        long = _power(batch, self._long, self._long_hop, self._long_bins)
        self.fine += long.sum(axis=0, dtype=np.float64)
        self.parts[0].add(self._to_bands(short))
        self.longs.add(self._long_to_bands(long))
        self.parts[1].add(self._step_power(batch))


class _BandSums:
    """Sums the one-sided power spectrum of windowed frames into mean squares per band."""

    def __init__(self, overlap: Array, window_frames: int, window_power: int) -> None:
        # Parseval; all bins but 0 Hz and Nyquist, which are outside the grid, stand for two.
        scaled = (overlap * (2.0 / (window_frames * window_power))).astype(np.float32)
        self._bands, self._blocks = overlap.shape[1], []
        for start in range(0, self._bands, 12):  # few of the bins matter to neighbouring bands
            part = scaled[:, start : start + 12]
            used = np.flatnonzero(part.any(axis=1))
            if len(used):
                bins = slice(int(used[0]), int(used[-1]) + 1)
                self._blocks.append((slice(start, start + 12), bins, part[bins].copy()))

    def __call__(self, power: Powers) -> Powers:
        out = np.zeros((len(power), self._bands), dtype=np.float32)
        for bands, bins, weights in self._blocks:
            out[:, bands] = power[:, bins] @ weights
        return out


class _StepPower:
    """The K-weighted power of each step alone, in some of the parts of `timing_shares`.

    Frames of `advance` samples, whole steps, are filtered with a margin on both sides that takes up
    the ringing of the filters (overlap-save).
    """

    def __init__(self, rate_hz: int, step: int, advance: int, margin: int, parts: slice) -> None:
        self._step, self._advance, self._margin = step, advance, margin
        self._width = advance + 2 * margin
        freqs = np.asarray(np.fft.rfftfreq(self._width, 1.0 / rate_hz), dtype=np.float64)
        gains = np.sqrt(timing_shares(freqs)[parts] * k_power_gain(freqs, rate_hz))
        self._gains = gains.astype(np.float32)

    def __call__(self, batch: Samples) -> Powers:
        from scipy.fft import irfft, rfft  # noqa: PLC0415

        kept = slice(self._margin, self._margin + self._advance)
        total: Array | Powers = np.zeros((1, len(self._gains)), dtype=np.float32)
        for channel in batch:
            frames = rfft(sliding_window_view(channel, self._width)[:: self._advance])
            power = []
            for gain in self._gains:
                part = irfft(frames * gain, self._width, overwrite_x=True)[:, kept]
                steps = part.reshape(-1, self._step)
                power.append(np.einsum("sn,sn->s", steps, steps))
            total = total + np.stack(power, axis=1) / self._step
        return np.asarray(total, dtype=np.float32)


def timing_shares(freqs_hz: Array) -> Array:
    """Return how power splits at CROSS_HZ and SPLIT_HZ into three parts: (3, F), sum 1.

    Half an octave of raised cosine each: gentle enough for filters that ring less than a step.
    """
    above = []
    for cross_hz in (CROSS_HZ, SPLIT_HZ):
        octaves = np.log2(np.maximum(freqs_hz, 1.0) / cross_hz)
        above.append(0.5 - 0.5 * np.cos(np.pi * np.clip(2.0 * octaves + 0.5, 0.0, 1.0)))
    return np.stack((1.0 - above[0], above[0] - above[1], above[1]))


def vorbis_window(frames: int) -> Samples:
    """Return sin(pi/2 sin^2(pi (n + 1/2) / N)): power-complementary at half overlap."""
    phase = np.pi * (np.arange(frames) + 0.5) / frames
    return np.sin(0.5 * np.pi * np.sin(phase) ** 2).astype(np.float32)


def _power(signal: Samples, window: Samples, hop: int, bins: slice) -> Powers:
    """Return |FFT|^2 of the windowed frames, summed over channels: (frames, bins) float32."""
    from scipy.fft import rfft  # noqa: PLC0415  (slow import; six times as fast as NumPy's)

    total: Powers | None = None
    for channel in signal:
        spectrum = rfft(sliding_window_view(channel, len(window))[::hop] * window, overwrite_x=True)
        parts = np.square(spectrum.view(np.float32)[:, 2 * (bins.start or 0) : _twice(bins.stop)])
        power = parts[:, ::2] + parts[:, 1::2]
        total = power if total is None else total + power
    assert total is not None
    return total


def _twice(stop: int | None) -> int | None:
    return None if stop is None else 2 * stop


def _overlap(freqs_hz: Array, edges_hz: Array) -> Array:
    """Return which part (F, bands) of each bin, a spacing wide, lies in each band."""
    spacing = float(freqs_hz[-1] - freqs_hz[-2])
    low, high = freqs_hz[:, None] - 0.5 * spacing, freqs_hz[:, None] + 0.5 * spacing
    inside = np.minimum(high, edges_hz[None, 1:]) - np.maximum(low, edges_hz[None, :-1])
    return np.asarray(np.maximum(inside, 0.0) / spacing)


def _sharpen(powers: BandPowers, loud: Powers) -> None:
    """Move power between steps, in place, so that every step is as loud as it really was.

    Windows smear power into neighbouring steps, which matters to a gate. loud: (S, 3), the
    K-weighted power of each step alone in the three parts of `timing_shares`. Each band keeps its
    total, so that averages over time stay exact.
    """
    shares = timing_shares(np.concatenate(([10.0], GRID_HZ, [2.0 * GRID_HZ[-1]])))
    totals = powers.steps.sum(axis=0, dtype=np.float64)
    k_weights = powers.band_means(k_power_gain(powers.fine_hz, powers.sample_rate_hz))
    smeared = powers.steps @ (shares * k_weights).T.astype(np.float32)
    ratio = np.minimum(loud / np.maximum(smeared, np.finfo(np.float32).tiny), _MAX_SHARPENING)
    sharp = powers.steps
    for start in range(0, len(sharp), _CHUNK_STEPS):  # a whole hour would be copied
        part = slice(start, start + _CHUNK_STEPS)
        sharp[part] *= ratio[part] @ shares.astype(np.float32)
    sharp *= (totals / np.maximum(sharp.sum(axis=0, dtype=np.float64), 1e-300)).astype(np.float32)


def _short_hz() -> Array:
    """Bin frequencies of the 0.2-s windows up to SPLIT_HZ and a little more."""
    return np.arange(0.0, SPLIT_HZ + 20.0, 1.0 / (2.0 * STEP_S))


def _long_hz() -> Array:
    """Bin frequencies of the 0.8-s windows up to SPLIT_HZ."""
    return np.arange(0.0, SPLIT_HZ, 1.0 / (2.0 * LONG_STEPS * STEP_S))


@lru_cache(maxsize=1)
def _tone_smear() -> Array:
    """Return how the 0.2-s windows spread a tone at each long bin over the low bands."""
    frames = round(2.0 * STEP_S * LOW_RATE_HZ)
    phase = 2.0 * np.pi / LOW_RATE_HZ * _long_hz()[:, None] * np.arange(frames)
    spectrum = np.fft.fft(np.exp(1j * phase) * vorbis_window(frames), axis=1)
    power = np.abs(spectrum[:, : len(_short_hz())]) ** 2
    return np.asarray(power @ _overlap(_short_hz(), _LOW_EDGES_HZ), dtype=np.float64)
