"""Convert musicnn's TensorFlow checkpoint to our weights, once.

Needs TensorFlow and the PyPI package `musicnn` 0.1.0 (ISC licence) in a virtual environment of its
own; the result needs neither: python -m models.training.convert_musicnn CHECKPOINT_PREFIX
(…/musicnn/MSD_musicnn/). Batch normalisation is folded into a scale and a shift.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Tensor = Callable[[str], Array]

EPSILON = 1e-3
"""TensorFlow's default in batch normalisation."""
CONVOLUTIONS = (
    *("timbral_0", "timbral_1", "temporal_0", "temporal_1", "temporal_2"),
    *("dense_0", "dense_1", "dense_2"),
)
"""Our names in the order of TensorFlow's `conv2d`, `conv2d_1`, …"""


def convert(tensor: Tensor) -> dict[str, Array]:
    """Return our tensors, given how to read one of the checkpoint's by name."""
    scale, shift = normalisation(tensor, 0)
    weights = {"input.kernel": np.zeros((1, 1), np.float32), "input.bias": np.zeros(1, np.float32)}
    weights |= {"input.scale": scale, "input.shift": shift}
    for number, name in enumerate(CONVOLUTIONS):
        scale, shift = normalisation(tensor, number + 1)
        layer = f"conv2d{_suffix(number)}"
        weights |= {
            f"{name}.kernel": tensor(f"{layer}/kernel")[:, :, 0, :],
            f"{name}.bias": tensor(f"{layer}/bias"),
            f"{name}.scale": scale,
            f"{name}.shift": shift,
        }
    in_scale, in_shift = normalisation(tensor, 9)
    scale, shift = normalisation(tensor, 10)
    kernel = tensor("dense/kernel")
    weights |= {
        "features.kernel": in_scale[:, None] * kernel,
        "features.bias": tensor("dense/bias") + in_shift @ kernel,
        "features.scale": scale,
        "features.shift": shift,
        "tags.kernel": tensor("dense_1/kernel"),
        "tags.bias": tensor("dense_1/bias"),
        "tags.scale": np.ones(50, np.float32),
        "tags.shift": np.zeros(50, np.float32),
    }
    return {name: np.ascontiguousarray(value, np.float32) for name, value in weights.items()}


def normalisation(tensor: Tensor, number: int) -> tuple[Array, Array]:
    """Return the scale and shift that batch normalisation `number` amounts to."""
    name = f"batch_normalization{_suffix(number)}"
    spread = np.sqrt(tensor(f"{name}/moving_variance") + EPSILON)
    scale = tensor(f"{name}/gamma") / spread
    return scale, tensor(f"{name}/beta") - tensor(f"{name}/moving_mean") * scale


def _suffix(number: int) -> str:
    return f"_{number}" if number else ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Read a checkpoint, write the weights."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="prefix of the checkpoint's files")
    parser.add_argument("licence", type=Path, help="LICENSE.md of the package, kept in the file")
    parser.add_argument("out", type=Path, help="the .safetensors file to write")
    options = parser.parse_args(arguments)
    checkpoints = importlib.import_module("tensorflow.python.training.py_checkpoint_reader")
    reader = checkpoints.NewCheckpointReader(options.checkpoint)
    weights = convert(lambda name: np.asarray(reader.get_tensor(name), dtype=np.float32))
    notice = options.licence.read_text(encoding="utf-8")
    save_file(weights, options.out, {"licence": notice, "source": "PyPI musicnn 0.1.0 MSD_musicnn"})


if __name__ == "__main__":
    main()
