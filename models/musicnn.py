"""The music tagger musicnn: 50 tags and 200 features of each three seconds of music.

Our own inference of the network `MSD_musicnn` (Pons & Serra, "musicnn: Pre-trained convolutional
neural networks for music audio tagging", ISMIR 2019 late breaking; weights ISC licence, see
weights/musicnn_msd.md): wide timbral and long temporal convolutions, three dense convolutions with
residuals, maximum and mean over time, two dense layers. Trained on the Million Song Dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from models.mel import MelFormat, mel_power
from models.resources import weights_path

Array = NDArray[np.float32]

WEIGHTS = "musicnn_msd"
FORMAT = MelFormat(sample_rate_hz=16000, fft_size=512, hop=256, bands=96)
PATCH_FRAMES = 187
"""Three seconds: what the network was trained on."""
HOP_FRAMES = 61
"""One second between overlapping patches."""
TIMBRAL = ("timbral_0", "timbral_1")
TEMPORAL = ("temporal_0", "temporal_1", "temporal_2")
DENSE = ("dense_0", "dense_1", "dense_2")
TAGS = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists"),
    *("classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s"),
    *("chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country"),
    *("easy listening", "sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock"),
    *("60s", "rnb", "indie pop", "sad", "House", "happy"),
)
"""The tags, in the order of the network's outputs."""


class Heard(NamedTuple):
    """What the network makes of N patches. tags: (N, 50) in 0 ... 1. features: (N, 200)."""

    tags: Array
    features: Array


class Layer(NamedTuple):
    """A layer: act(sign * max(x @ kernel) + bias) * scale + shift.

    kernel: its columns carry the sign of `scale`, so that the maximum over frequency can be taken
    first. size: of the kernel (frames, bands) of a convolution.
    """

    kernel: Array
    sign: Array
    bias: Array
    scale: Array
    shift: Array
    size: tuple[int, int]


def log_mel(mono: Array, *, centred: bool = False) -> Array:
    """Return the network's input (frames, 96) of mono samples at 16 kHz."""
    return log_power(mel_power(mono, FORMAT, centred=centred))


def log_power(power: Array) -> Array:
    """Return log10(1 + 10⁴ · power) of mel powers (frames, 96).

    The power is rounded to half precision, as the network was trained.
    """
    rounded = np.minimum(power, np.finfo(np.float16).max).astype(np.float16).astype(np.float32)
    return np.asarray(np.log10(10000.0 * rounded + 1.0), dtype=np.float32)


def patches(frames: Array, hop: int = HOP_FRAMES) -> Array:
    """Cut a log-mel spectrogram (frames, 96) into patches (N, 187, 96), `hop` frames apart."""
    if len(frames) < PATCH_FRAMES:
        return np.zeros((0, PATCH_FRAMES, FORMAT.bands), dtype=np.float32)
    views = sliding_window_view(frames, PATCH_FRAMES, axis=0)[::hop]
    return np.asarray(views.transpose(0, 2, 1))


def hear(some: Iterable[Array]) -> Heard:
    """Run the network over patches (187, 96); of none, the results have no rows."""
    network = load_network()
    rows = [_one(network, patch) for patch in some]
    tags = np.array([row[0] for row in rows], dtype=np.float32).reshape(-1, len(TAGS))
    features = np.array([row[1] for row in rows], dtype=np.float32)
    return Heard(tags, features.reshape(-1, len(network["features"].bias)))


def pooled_maps(network: Mapping[str, Layer], patch: Array) -> Array:
    """Return the maximum and the mean over time of all convolutions of a patch (187, 96).

    (1506,) for the shipped networks: what their dense layers go on with, channel by channel.
    """
    stem = network["input"]
    frames = patch * stem.scale + stem.shift
    front = np.concatenate(
        [_timbral(network[name], frames) for name in TIMBRAL]
        + [_temporal(network[name], frames) for name in TEMPORAL],
        axis=1,
    )
    first = _dense_in_time(network[DENSE[0]], front)
    second = _dense_in_time(network[DENSE[1]], first) + first
    third = _dense_in_time(network[DENSE[2]], second) + second
    maps = np.concatenate([front, first, second, third], axis=1)
    return np.asarray(np.stack([maps.max(axis=0), maps.mean(axis=0)], axis=-1).ravel())


@cache
def load_network(weights: str = WEIGHTS) -> Mapping[str, Layer]:
    """Return a shipped network's layers by name."""
    from safetensors.numpy import load_file  # noqa: PLC0415

    tensors = load_file(weights_path(weights))
    names = sorted({key.rpartition(".")[0] for key in tensors})
    return {name: _layer(name, tensors) for name in names}


def _layer(name: str, tensors: Mapping[str, NDArray[np.float32]]) -> Layer:
    """Unpack one layer: `NAME.kernel` is (frames, bands, channels) or (inputs, outputs)."""
    kernel = tensors[f"{name}.kernel"].astype(np.float32)
    size = (kernel.shape[0], kernel.shape[1] if kernel.ndim == 3 else 1)
    scale, shift = tensors[f"{name}.scale"], tensors[f"{name}.shift"]
    sign = np.where(scale < 0.0, -1.0, 1.0).astype(np.float32)
    flat = np.ascontiguousarray(kernel.reshape(-1, kernel.shape[-1]) * sign)
    return Layer(flat, sign, tensors[f"{name}.bias"], scale, shift, size)


def _one(network: Mapping[str, Layer], patch: Array) -> tuple[Array, Array]:
    pooled = pooled_maps(network, patch)[None]
    features = _finish(network["features"], pooled @ network["features"].kernel)
    last = network["tags"]
    logits = features @ last.kernel + last.bias
    return (1.0 / (1.0 + np.exp(-logits)))[0], features[0]


def _finish(layer: Layer, best: Array) -> Array:
    return np.asarray(np.maximum(layer.sign * best + layer.bias, 0.0) * layer.scale + layer.shift)


def _timbral(layer: Layer, frames: Array) -> Array:
    """Convolve over time and bands, keep the strongest place in frequency: (T, channels)."""
    time, bands = layer.size
    padded = np.pad(frames, ((time // 2, time // 2), (0, 0)))
    views = sliding_window_view(padded, (time, bands))
    return _strongest(layer, views.reshape(-1, time * bands), len(frames))


def _temporal(layer: Layer, frames: Array) -> Array:
    """Convolve each band over time, keep the strongest band: (T, channels)."""
    time = layer.size[0]
    padded = np.pad(frames, (((time - 1) // 2, time // 2), (0, 0)))
    views = sliding_window_view(padded, time, axis=0)
    return _strongest(layer, views.reshape(-1, time), len(frames))


def _strongest(layer: Layer, columns: Array, frames: int) -> Array:
    places = (columns @ layer.kernel).reshape(frames, -1, layer.kernel.shape[1])
    return _finish(layer, places.max(axis=1))


def _dense_in_time(layer: Layer, maps: Array) -> Array:
    """Convolve all channels over time: (T, channels)."""
    time = layer.size[0]
    padded = np.pad(maps, ((time // 2, time // 2), (0, 0)))
    views = sliding_window_view(padded, time, axis=0).transpose(0, 2, 1)
    return _finish(layer, views.reshape(len(maps), -1) @ layer.kernel)
