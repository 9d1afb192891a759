"""Networks that guess an equaliser's controls from a curve, in NumPy.

A network reads a curve in dB at `POINTS_HZ` and gives one or more guesses of every band's
frequency, gain and width. Architecture: an optional front end of strided 1-D convolutions, hidden
layers of linear map, layer norm and ReLU (Nercessian, DAFx 2020), and one linear head per layout
whose sigmoid lies between the head's bounds (frequency and width on a logarithmic scale).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.band_response import warp
from models.eq import Array, BandKind
from models.resources import weights_path

Float32 = NDArray[np.float32]

SAMPLE_RATE_HZ = 48000.0
"""The rate at which the networks were trained."""
FFT_SIZE = 4096
INPUT_SCALE_DB = 10.0
REAEQ_LAW, PAPER_LAW = "reaeq", "paper"
CONVOLUTION_STRIDE = 2
_POINTS_PER_OCTAVE = 24
_LAYER_NORM_EPSILON = 1e-5


def _thinned_bins() -> NDArray[np.intp]:
    """Return FFT bins 1 ... Nyquist, thinned to 24 an octave where they are closer."""
    octaves = np.arange(0.0, np.log2(FFT_SIZE / 2), 1.0 / _POINTS_PER_OCTAVE)
    bins = np.round(2.0**octaves).astype(np.intp)
    return np.unique(np.append(bins, FFT_SIZE // 2))


POINT_BINS = _thinned_bins()
POINTS_HZ: Array = np.asarray(POINT_BINS * (SAMPLE_RATE_HZ / FFT_SIZE), dtype=np.float64)
"""(P,): where a network reads a curve, 11.7 Hz ... 24 kHz."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """Controls for N curves, G guesses each: (N, G, bands) arrays, bands in the order of `kinds`.

    width: ReaEQ's bandwidth; by the law "paper" Q of a bell and slope S of a shelf.
    """

    kinds: tuple[BandKind, ...]
    freq_hz: Array
    gain_db: Array
    width: Array
    law: str

    def unknowns(self) -> Array:
        """Return (N, G, 3 * bands) rows of ReaEQ unknowns: ln Hz, then dB, then ln bandwidth."""
        width = self.width if self.law == REAEQ_LAW else self._reaeq_bandwidth()
        return np.concatenate([np.log(self.freq_hz), self.gain_db, np.log(width)], axis=-1)

    def _reaeq_bandwidth(self) -> Array:
        shelves = [kind in (BandKind.LOW_SHELF, BandKind.HIGH_SHELF) for kind in self.kinds]
        octaves = 2.0 / np.log(2.0) * np.arcsinh(0.5 / self.width)
        bells = octaves / warp(self.freq_hz, SAMPLE_RATE_HZ)
        return np.asarray(np.where(shelves, 1.0 / np.sqrt(self.width), bells))


@dataclass(frozen=True, slots=True)
class Head:
    """One layout a network can fill: its kinds, guesses per curve, and law of widths."""

    kinds: tuple[BandKind, ...]
    guesses: int
    law: str


@dataclass(frozen=True, slots=True)
class MatchingNet:
    """A trained network: named float32 arrays and the heads they serve."""

    arrays: Mapping[str, Float32]
    heads: Mapping[str, Head]

    @classmethod
    def load(cls, path: Path) -> MatchingNet:
        """Read a network from a safetensors file. Raises FileNotFoundError when it is absent."""
        from safetensors import safe_open  # noqa: PLC0415  (only fits that use a network need it)

        with safe_open(str(path), framework="np") as file:
            described = json.loads(file.metadata()["heads"])
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
        heads = {
            name: Head(tuple(map(BandKind, head["kinds"])), head["guesses"], head["law"])
            for name, head in described.items()
        }
        return cls(arrays, heads)

    def guess(self, head: str, curves_db: NDArray[np.floating]) -> Guesses:
        """Guess controls for curves (N, P) in dB at `POINTS_HZ`. Raises KeyError: unknown head."""
        spec = self.heads[head]
        hidden = self._trunk(np.asarray(curves_db / INPUT_SCALE_DB, dtype=np.float32))
        raw = self._linear(f"heads.{head}", hidden)
        share = 1.0 / (1.0 + np.exp(-raw.astype(np.float64)))
        share = share.reshape(len(hidden), spec.guesses, 3, len(spec.kinds))
        lower, upper = self.arrays[f"lower.{head}"], self.arrays[f"upper.{head}"]
        ln_freq, gain_db, ln_width = np.moveaxis(lower + share * (upper - lower), 2, 0)
        return Guesses(spec.kinds, np.exp(ln_freq), gain_db, np.exp(ln_width), spec.law)

    def _trunk(self, values: Float32) -> Float32:
        layer = 0
        channels = values[:, None]
        while f"convolutions.{layer}.weight" in self.arrays:
            channels = np.maximum(self._convolve(f"convolutions.{layer}", channels), 0.0)
            layer += 1
        values = channels.reshape(len(values), -1)
        layer = 0
        while f"layers.{layer}.weight" in self.arrays:
            values = self._linear(f"layers.{layer}", values)
            values = np.maximum(self._normalise(f"norms.{layer}", values), 0.0)
            layer += 1
        return values

    def _linear(self, name: str, values: Float32) -> Float32:
        product: Float32 = values @ self.arrays[f"{name}.weight"].T
        return product + self.arrays[f"{name}.bias"]

    def _normalise(self, name: str, values: Float32) -> Float32:
        centred = values - values.mean(axis=-1, keepdims=True)
        variance = np.mean(centred * centred, axis=-1, keepdims=True)
        scale = self.arrays[f"{name}.weight"] / np.sqrt(variance + np.float32(_LAYER_NORM_EPSILON))
        return np.asarray(centred * scale + self.arrays[f"{name}.bias"], dtype=np.float32)

    def _convolve(self, name: str, channels: Float32) -> Float32:
        """Correlate (N, C, F) with the kernel (D, C, taps), stride 2, zeros beyond the ends."""
        kernel, bias = self.arrays[f"{name}.weight"], self.arrays[f"{name}.bias"]
        side = kernel.shape[2] // 2
        padded = np.pad(channels, ((0, 0), (0, 0), (side, side)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2], axis=2)
        windows = windows[:, :, ::CONVOLUTION_STRIDE]
        out = np.einsum("ncft,dct->ndf", windows, kernel, optimize=True)
        return np.asarray(out + bias[:, None], dtype=np.float32)


@cache
def shipped(name: str) -> MatchingNet:
    """Load the shipped network `name` once."""
    return MatchingNet.load(weights_path(name))
