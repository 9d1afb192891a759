"""Convert the network of the PyPI package aisfx to our weights, once.

Needs torch and the unpacked wheel of aisfx 0.1.2 (weights CC BY 4.0); the result needs neither:
python -m models.training.convert_aisfx …/aisfx/models/checkpoint.pth …/LICENSE OUT. Batch
normalisation is folded into the kernels, which are rounded to 8 bits in steps of their own size
for each output.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.aisfx import LAYERS

Array = NDArray[np.float32]

EPSILON = 1e-5
"""PyTorch's default in batch normalisation."""


def convert(state: Mapping[str, Array]) -> dict[str, NDArray[np.int8] | Array]:
    """Return our tensors of the checkpoint's."""
    tensors: dict[str, NDArray[np.int8] | Array] = {}
    for name in LAYERS:
        kernel, bias = folded(state, name)
        step = np.abs(kernel).max(axis=(0, 1, 2)) / 127.0
        tensors |= {
            f"{name}.kernel": np.round(kernel / step).astype(np.int8),
            f"{name}.step": step.astype(np.float32),
            f"{name}.bias": bias.astype(np.float32),
        }
    return tensors


def folded(state: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    """Return a layer's kernels (3, 3, inputs, outputs) and bias with its normalisation in them."""
    block, part = (int(piece.rpartition("_")[2]) + 1 for piece in name.split("."))
    prefix = f"embedding_net.conv_block{block}"
    norm = {
        key: state[f"{prefix}.bn{part}.{key}"]
        for key in ("weight", "bias", "running_mean", "running_var")
    }
    scale = norm["weight"] / np.sqrt(norm["running_var"] + EPSILON)
    kernel = state[f"{prefix}.conv{part}.weight"].transpose(3, 2, 1, 0).swapaxes(0, 1)
    return kernel * scale, norm["bias"] - norm["running_mean"] * scale


def checkpoint(path: Path) -> dict[str, Array]:
    """Return the tensors of a checkpoint; it may hold numbers and names, but no code."""
    torch: Any = importlib.import_module("torch")
    scalar = importlib.import_module("numpy._core.multiarray").scalar
    harmless = [(scalar, "numpy.core.multiarray.scalar"), np.dtype, type(np.dtype(np.int64))]
    with torch.serialization.safe_globals(harmless):
        state, _ = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read a checkpoint, write the weights."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="checkpoint.pth of the package")
    parser.add_argument("licence", type=Path, help="LICENSE of the package, kept in the file")
    parser.add_argument("out", type=Path, help="the .safetensors file to write")
    options = parser.parse_args(arguments)
    notice = options.licence.read_text(encoding="utf-8")
    made = {"licence": notice, "source": "PyPI aisfx 0.1.2, X-Sequential-CE, A. B. Ma & A. Lerch"}
    tensors = convert(checkpoint(options.checkpoint))
    save_file({n: np.ascontiguousarray(t) for n, t in tensors.items()}, options.out, made)


if __name__ == "__main__":
    main()
