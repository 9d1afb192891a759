"""512 features of 2.3 s of any sound, by a network that learnt to sort sound-effects libraries.

Our own inference of the network "X-Sequential-CE" of the PyPI package aisfx 0.1.2 (Ma & Lerch,
"Representation Learning for the Automatic Indexing of Sound Effects Libraries", ISMIR 2022;
weights CC BY 4.0, see weights/aisfx.md): four blocks of two 3 × 3 convolutions on a mel
spectrogram, mean over frequency, maximum over time. Kernels are kept as 8-bit whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.mel import MelFormat, mel_power
from models.resources import weights_path

Array = NDArray[np.float32]

WEIGHTS = "aisfx"
FORMAT = MelFormat(sample_rate_hz=44100, fft_size=2048, hop=1024, bands=96, htk=True)
BLOCK_FRAMES = 100
"""2.3 s: what the network was trained on."""
SIZE = 512
LAYERS = tuple(f"block_{block}.conv_{part}" for block in range(4) for part in range(2))
_POOLED = ("block_0.conv_1", "block_1.conv_1", "block_2.conv_1")
"""After these, maxima over 2 × 2 places are taken."""
_TOP = 9.457798957824707
"""The largest input of the original's training."""


class Layer(NamedTuple):
    """A convolution: the kernels (3, 3, inputs, outputs) and the bias (outputs,)."""

    kernel: Array
    bias: Array


def log_mel(power: Array) -> Array:
    """Return the network's input of mel powers (..., 96) of sound whose peak is 1."""
    return np.asarray(np.log10(10000.0 * power + 1.0) / _TOP, dtype=np.float32)


def mel(mono: Array) -> Array:
    """Return mel powers (frames, 96) of mono samples at 44.1 kHz."""
    return mel_power(mono, FORMAT)


def embed(block: Array) -> Array:
    """Return the features (512,) of a block (100, 96) of `log_mel`."""
    maps = block[:, :, None]
    for name, layer in load_network().items():
        maps = _convolve(layer, maps)
        if name in _POOLED:
            maps = _strongest_of_four(maps)
    return np.asarray(maps.mean(axis=1).max(axis=0))


@cache
def load_network() -> Mapping[str, Layer]:
    """Return the shipped network's layers by name, in order."""
    from safetensors.numpy import load_file  # noqa: PLC0415

    tensors = load_file(weights_path(WEIGHTS))
    return {name: _layer(name, tensors) for name in LAYERS}


def _layer(name: str, tensors: Mapping[str, Array]) -> Layer:
    kernel = tensors[f"{name}.kernel"].astype(np.float32) * tensors[f"{name}.step"]
    return Layer(np.ascontiguousarray(kernel, np.float32), tensors[f"{name}.bias"])


def _convolve(layer: Layer, maps: Array) -> Array:
    """Return max(0, maps * kernel + bias), (T, F, outputs); zeros surround the maps.

    On rows laid end to end, each of the nine taps is a shift: nine products without copies.
    """
    time, bands, channels = maps.shape
    wide = bands + 2
    padded = np.zeros(((time + 3) * wide, channels), dtype=np.float32)
    inside = padded[: (time + 2) * wide].reshape(time + 2, wide, channels)
    inside[1:-1, 1:-1] = maps
    rows = time * wide
    taps = [(i * wide + j, layer.kernel[i, j]) for i in range(3) for j in range(3)]
    if channels == 1:
        columns = np.concatenate([padded[start : start + rows] for start, _ in taps], axis=1)
        out = columns @ layer.kernel.reshape(9, -1)
    else:
        out = sum(padded[start : start + rows] @ kernel for start, kernel in taps)
    out = np.maximum(out + layer.bias, 0.0)
    return np.asarray(out.reshape(time, wide, -1)[:, :bands])


def _strongest_of_four(maps: Array) -> Array:
    time, bands = maps.shape[0] // 2, maps.shape[1] // 2
    pairs = maps[: 2 * time, : 2 * bands].reshape(time, 2, bands, 2, -1)
    return np.asarray(pairs.max(axis=(1, 3)))
