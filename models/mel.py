"""Mel power spectrograms as librosa computes them, without librosa.

Hann windows, power spectra, Slaney's mel scale with area-normalised triangles (librosa's defaults:
McFee et al., SciPy 2015; Slaney, Auditory Toolbox 1998). Checked against librosa's own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_LINEAR_HZ = 200.0 / 3.0
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0
_FRAMES_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class MelFormat:
    """How a mel spectrogram is made: `bands` from 0 Hz to half the sample rate.

    htk: on the scale of the Hidden Markov Model Toolkit, and each band's weights add up to 1.
    """

    sample_rate_hz: int
    fft_size: int
    hop: int
    bands: int
    htk: bool = False

    @property
    def edges_hz(self) -> NDArray[np.float64]:
        """The edges (bands + 2,) of the bands; band i goes from edge i to edge i + 2."""
        edges = _htk_mel_hz if self.htk else mel_hz
        return edges(self.bands, 0.5 * self.sample_rate_hz)

    def frames_in(self, samples: int) -> int:
        """Return how many whole frames fit in `samples`."""
        return max(0, (samples - self.fft_size) // self.hop + 1)

    def samples_for(self, frames: int) -> int:
        """Return how many samples `frames` whole frames take."""
        return (frames - 1) * self.hop + self.fft_size


def mel_hz(bands: int, top_hz: float) -> NDArray[np.float64]:
    """Return the edges (bands + 2,) in Hz, evenly spaced on Slaney's mel scale from 0 Hz."""
    break_mel = _BREAK_HZ / _LINEAR_HZ
    top_mel = break_mel + np.log(top_hz / _BREAK_HZ) / _LOG_STEP
    mels = np.linspace(0.0, top_mel, bands + 2)
    above = np.maximum(mels - break_mel, 0.0)
    return np.where(mels < break_mel, _LINEAR_HZ * mels, _BREAK_HZ * np.exp(_LOG_STEP * above))


def _htk_mel_hz(bands: int, top_hz: float) -> NDArray[np.float64]:
    """Return the edges (bands + 2,) in Hz, evenly spaced on 2595 · log10(1 + f / 700)."""
    mels = np.linspace(0.0, 2595.0 * np.log10(1.0 + top_hz / 700.0), bands + 2)
    return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))


@cache
def filterbank(form: MelFormat) -> Array:
    """Return the weights (bands, fft_size / 2 + 1) of each bin's power in each band."""
    edges = form.edges_hz
    bins_hz = np.linspace(0.0, 0.5 * form.sample_rate_hz, form.fft_size // 2 + 1)
    ramps = edges[:, None] - bins_hz
    widths = np.diff(edges)[:, None]
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    if form.htk:
        whole = np.maximum(triangles.sum(axis=1, keepdims=True), 1e-12)
        return np.asarray(triangles / whole, dtype=np.float32)
    return np.asarray(triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None], dtype=np.float32)


def mel_power(mono: Array, form: MelFormat, *, centred: bool = False) -> Array:
    """Return the mel power spectrogram (frames, bands) of mono samples at the format's rate.

    Frame t starts at sample t * hop; with `centred` it is centred there, zeros beyond the ends.
    """
    if centred:
        mono = np.pad(mono, form.fft_size // 2)
    frames = form.frames_in(len(mono))
    if not frames:
        return np.zeros((0, form.bands), dtype=np.float32)
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(form.fft_size) / form.fft_size)).astype(
        np.float32
    )
    starts = np.lib.stride_tricks.sliding_window_view(mono, form.fft_size)[:: form.hop][:frames]
    bank = filterbank(form).T
    return np.concatenate(
        [
            _power(starts[i : i + _FRAMES_AT_ONCE] * window) @ bank
            for i in range(0, frames, _FRAMES_AT_ONCE)
        ]
    )


def _power(frames: Array) -> Array:
    from scipy.fft import rfft  # noqa: PLC0415  (keeps float32, unlike NumPy 1's)

    spectrum = rfft(frames, axis=-1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)
