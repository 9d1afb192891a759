"""The long convolution of the learnt network: regularised least squares from one pair.

The kernel h (taps) minimises |after - before * h|^2 + (h - flat)' L (h - flat). The normal
equations are Toeplitz and are solved by conjugate gradients with FFTs and T. Chan's circulant
preconditioner (1988). L is Toeplitz, too: its spectrum is the noise that the first fit leaves,
times the number of taps (the Wiener filter's rule for a kernel whose taps share unit variance), so
that the kernel follows the pair where the track has energy and stays flat where it has none.
Samples whose sound lies partly outside the pair are not known; they are filled with what the
present kernel says, again and again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.eq import Array

TAPS_S = 0.19
LEAD_SHARE = 0.25
"""How much of the kernel lies before time zero: room for linear-phase equalisers."""
MIN_TAPS, SAMPLES_PER_TAP = 256, 8
FLOOR = 1e-10
"""Least regularisation, of the strongest part of BEFORE's spectrum."""
_FILLINGS, _ITERATIONS, _TOLERANCE = 12, 400, 1e-7
_SETTLED = 1e-5
_NOISE_SMOOTHING_OCT = 1.0 / 6.0


@dataclass(frozen=True, slots=True)
class Kernel:
    """A convolution with `lead` of its taps (n,) before time zero.

    power, trust (taps + 1,): BEFORE's energy from 0 Hz to the Nyquist frequency, and how far the
    pair, and not the prior, decided there, 0 ... 1.
    """

    taps: Array
    lead: int
    power: Array
    trust: Array

    def response(self, size: int) -> NDArray[np.complex128]:
        """Return the response at the frequencies of a real FFT of `size`, the lead taken out."""
        turned = np.zeros(size)
        turned[: len(self.taps) - self.lead] = self.taps[self.lead :]
        turned[size - self.lead :] = self.taps[: self.lead]
        return np.asarray(np.fft.rfft(turned))

    def at(self, size: int, values: Array) -> Array:
        """Return `power` or `trust` at the frequencies of a real FFT of `size`."""
        return np.interp(
            np.linspace(0.0, 1.0, size // 2 + 1), np.linspace(0.0, 1.0, len(values)), values
        )

    def convolve(self, signal: Array) -> Array:
        """Return the signal (..., n) through the kernel, of the same length, without delay."""
        from scipy.signal import oaconvolve  # noqa: PLC0415  (slow import)

        taps = self.taps.reshape((1,) * (signal.ndim - 1) + (-1,))
        whole = oaconvolve(signal, taps, axes=-1)
        return np.asarray(whole[..., self.lead : self.lead + signal.shape[-1]])


def taps_for(frames: int, sample_rate_hz: float) -> int:
    """Return how many taps a pair of this length can teach: a power of two."""
    wanted = min(TAPS_S * sample_rate_hz, frames / SAMPLES_PER_TAP)
    return int(2 ** np.floor(np.log2(max(wanted, MIN_TAPS)) + 1e-9))


def fit(before: Array, after: Array, taps: int) -> Kernel:
    """Return the kernel that takes `before` (channels, n) to `after`, the same for all channels."""
    lead = round(LEAD_SHARE * taps)
    problem = _Problem(before, after, taps, lead)
    flat = np.zeros(taps)
    flat[lead] = float((before * after).sum() / max((before**2).sum(), np.finfo(float).tiny))
    floor = np.full(taps + 1, FLOOR * float(problem.power.max()))
    first = problem.solve(flat, flat, floor)
    noise = problem.noise_power(first)
    penalty = np.maximum(noise * taps, floor)
    solved = problem.solve(first, flat, penalty)
    return Kernel(solved, lead, problem.power, problem.power / (problem.power + penalty))


class _Problem:
    """The normal equations of one pair."""

    def __init__(self, before: Array, after: Array, taps: int, lead: int) -> None:
        from scipy.fft import next_fast_len, rfft  # noqa: PLC0415  (slow import)

        self._taps, self._lead, self._frames = taps, lead, before.shape[1]
        self._size = next_fast_len(self._frames + taps, real=True)
        self._before, self._after = before, after
        self._spectra = rfft(before, self._size)
        self._auto = self._correlation(np.abs(self._spectra) ** 2)
        faded = rfft(before * _fades(self._frames, taps), self._size)  # no click where it is cut
        self.power = np.maximum(_spectrum(self._correlation(np.abs(faded) ** 2), taps), 0.0)

    def _correlation(self, spectra: NDArray[np.complexfloating] | Array) -> Array:
        """Return lags 0 ... taps - 1 of a (cross-)correlation, summed over channels."""
        from scipy.fft import irfft  # noqa: PLC0415

        return np.asarray(irfft(spectra.sum(axis=0), self._size)[: self._taps])

    def solve(self, start: Array, flat: Array, penalty: Array) -> Array:
        """Return the kernel for a penalty given at the taps + 1 frequencies of `power`."""
        prior = np.fft.irfft(penalty)[: self._taps]
        system = _Toeplitz(self._auto + prior)
        pull = _Toeplitz(prior).times(flat)
        kernel = start
        for _ in range(_FILLINGS):
            last = kernel
            kernel = system.solve(self._cross(kernel) + pull, kernel)
            if np.linalg.norm(kernel - last) <= _SETTLED * np.linalg.norm(kernel):
                break
        return kernel

    def _cross(self, kernel: Array) -> Array:
        """Return BEFORE's correlation with AFTER, unknown samples filled by the kernel."""
        from scipy.fft import irfft, rfft  # noqa: PLC0415

        # Sample n of the filled signal stands for the output at n - lead.
        filled = irfft(self._spectra * rfft(kernel, self._size), self._size)
        known = slice(self._taps, self._frames)
        filled[:, known] = self._after[:, self._taps - self._lead : self._frames - self._lead]
        return self._correlation(np.conj(self._spectra) * rfft(filled, self._size))

    def noise_power(self, kernel: Array) -> Array:
        """Return the power spectrum (taps + 1,) of what the kernel leaves, per sample, smoothed."""
        from scipy.fft import irfft, rfft  # noqa: PLC0415

        filled = irfft(self._spectra * rfft(kernel, self._size), self._size)
        known = slice(self._taps, self._frames)
        left = self._after[:, self._taps - self._lead : self._frames - self._lead]
        left = (left - filled[:, known]) * _fades(self._frames - self._taps, self._taps)
        spectra = np.abs(rfft(left, self._size)) ** 2
        auto = irfft(spectra.sum(axis=0), self._size)[: self._taps]
        power = np.maximum(_spectrum(auto, self._taps), 0.0) / left.shape[1]
        return _smoothed(power, _NOISE_SMOOTHING_OCT)


class _Toeplitz:
    """A symmetric positive Toeplitz matrix given by its first column (n,)."""

    def __init__(self, column: Array) -> None:
        from scipy.fft import rfft  # noqa: PLC0415  (slow import)

        n = len(column)
        self._n = n
        ring = np.concatenate((column, [0.0], column[:0:-1]))
        self._spectrum = rfft(ring).real
        share = np.arange(n) / n
        chan = (1.0 - share) * column + share * np.concatenate(([0.0], column[:0:-1]))
        near = np.asarray(rfft(chan).real)
        self._inverse = 1.0 / np.maximum(near, 1e-12 * float(near.max()))

    def times(self, vector: Array) -> Array:
        """Return the product with a vector (n,)."""
        from scipy.fft import irfft, rfft  # noqa: PLC0415

        size = 2 * self._n
        return np.asarray(irfft(rfft(vector, size) * self._spectrum, size)[: self._n])

    def _near(self, vector: Array) -> Array:
        from scipy.fft import irfft, rfft  # noqa: PLC0415

        return np.asarray(irfft(rfft(vector) * self._inverse, self._n))

    def solve(self, right: Array, start: Array) -> Array:
        """Return the solution by preconditioned conjugate gradients."""
        solution = start.copy()
        residual = right - self.times(solution)
        goal = _TOLERANCE * float(np.linalg.norm(right))
        direction = steered = self._near(residual)
        energy = float(residual @ steered)
        for _ in range(_ITERATIONS):
            if float(np.linalg.norm(residual)) <= goal or energy <= 0.0:
                break
            product = self.times(direction)
            step = energy / float(direction @ product)
            solution = solution + step * direction
            residual = residual - step * product
            steered = self._near(residual)
            last, energy = energy, float(residual @ steered)
            direction = steered + energy / last * direction
        return solution


def _fades(frames: int, taps: int) -> Array:
    """Return a window that rises and falls over `taps` samples."""
    half = 0.5 - 0.5 * np.cos(np.pi * (np.arange(taps) + 0.5) / taps)
    window = np.ones(frames)
    window[:taps] = half
    window[frames - taps :] *= half[::-1]
    return window


def _spectrum(auto: Array, taps: int) -> Array:
    """Return the power (taps + 1,) of lags 0 ... taps - 1 under Parzen's window.

    Its spectrum is positive and falls fast: where a track has nothing, nothing leaks in.
    """
    from scipy.signal.windows import parzen  # noqa: PLC0415  (slow import)

    windowed = auto * parzen(2 * taps + 1)[taps:-1]
    return np.asarray(np.fft.rfft(np.concatenate((windowed, [0.0], windowed[:0:-1]))).real)


def _smoothed(power: Array, width_oct: float) -> Array:
    """Return the mean of each bin's neighbourhood, `width_oct` wide."""
    total = np.concatenate(([0.0], np.cumsum(power)))
    bins = np.arange(len(power))
    half = np.maximum(bins * (2.0 ** (0.5 * width_oct) - 1.0), 2.0)
    low = np.maximum(np.floor(bins - half), 0).astype(np.intp)
    high = np.minimum(np.ceil(bins + half) + 1, len(power)).astype(np.intp)
    return np.asarray((total[high] - total[low]) / (high - low))
