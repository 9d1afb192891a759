"""The paper's network in torch (Martínez Ramírez & Reiss, DAFx 2018, Table 1).

One frame of 1024 samples in, one out. First layer: 128 filters of 64. Its absolute value passes a
locally connected convolution (128 filters of 128, one per channel), softplus and max-pooling by 16,
which keeps the places. Latent: a locally connected dense layer (64 per channel) and a dense layer
of 64 that all channels share, both softplus. Then the values go back to their places, multiply the
first layer's output, and pass its transpose. Softplus rises steadily, so it is taken after pooling.

With a C compiler at hand the layers around the pooling run in `end_to_end_layers.c`, about
four times as fast as in torch on a CPU.
"""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional

from models.training.piano_tasks import FRAME, RATE_HZ

CHANNELS, FIRST, LOCAL, POOL = 128, 64, 128, 16
PLACES = FRAME // POOL
_FRONT, _LEFT = (FIRST - 1) // 2, (LOCAL - 1) // 2
_FREQUENCIES = CHANNELS // 4
_BEND_HZ = 1300.0
"""Below it the first filters lie evenly, above it evenly by logarithm."""
_HANN_POWER = (0.5, 0.85)
"""Of the first filters' window, at the lowest frequency and at the highest."""
_KAISER, _KERNEL_SUM = 9.5, 0.25
"""Small, so that softplus stays almost straight: a channel's factor must not follow the level."""
_GAIN = 0.6
"""With it the untrained autoencoder neither lifts nor lowers."""
_LATENT_BIAS = -5.0
"""Start of the last latent bias: a channel's factor can fall to softplus of it, -43 dB."""


class EndToEnd(nn.Module):
    """The network; without its latent layers it is the autoencoder of the first step."""

    def __init__(self, *, native: bool = True) -> None:
        super().__init__()
        self.first = nn.Parameter(_quadrature_filters())
        self.first_bias = nn.Parameter(torch.zeros(CHANNELS))
        self.local = nn.Parameter(_smoothing())
        self.local_bias = nn.Parameter(torch.zeros(CHANNELS))
        self.dense_local = nn.Parameter(torch.eye(PLACES).repeat(CHANNELS, 1, 1))
        # What enters the latent layers at the start, softplus(0), leaves them, too.
        passed = math.log(math.expm1(-_LATENT_BIAS)) - math.log(2.0)
        self.dense_local_bias = nn.Parameter(torch.full((CHANNELS, PLACES), passed))
        self.dense = nn.Parameter(torch.eye(PLACES))
        self.dense_bias = nn.Parameter(torch.full((PLACES,), _LATENT_BIAS))
        self.last_bias = nn.Parameter(torch.zeros(1))
        self._layers = _native() if native else None

    def forward(self, frames: Tensor, *, latent: bool = True) -> Tensor:
        """Return the processed frames (B, 1024). latent: through the latent layers."""
        weights = (self.first, self.first_bias, self.local)
        if self._layers:
            pooled, kept, place = _Front.apply(frames, *weights, self._layers)  # type: ignore[no-untyped-call]
        else:
            pooled, kept, place = _front(frames, *weights)
        values = functional.softplus(pooled + self.local_bias[:, None])
        if latent:
            mixed = torch.einsum("bci,cij->bcj", values, self.dense_local) + self.dense_local_bias
            values = functional.softplus(functional.softplus(mixed) @ self.dense + self.dense_bias)
        if self._layers:
            out = _Back.apply(kept * values, place, self.first, self._layers)  # type: ignore[no-untyped-call]
        else:
            out = _back(kept * values, place, self.first)
        result: Tensor = out + self.last_bias
        return result


def shipped(path: Path, run: str) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a trained network: windowed frames (n, 1024) in, processed ones out.

    run: the name of a task, or of its autoencoder. Raises KeyError when it is not in the file.
    """
    net = EndToEnd()
    with safe_open(path, "pt") as file, torch.no_grad():
        names = {name for name in file.keys() if name.startswith(f"{run}.")}  # noqa: SIM118
        if not names:
            raise KeyError(f"{path} holds no {run}")
        for name, weight in net.named_parameters():
            if f"{run}.{name}" in names:
                weight.copy_(file.get_tensor(f"{run}.{name}").float())
    latent = f"{run}.dense" in names

    @torch.no_grad()
    def process(frames: NDArray[np.float32]) -> NDArray[np.float32]:
        given = torch.from_numpy(frames.astype(np.float32))
        out: NDArray[np.float32] = net(given, latent=latent).numpy()
        return out

    return process


def training_loss(wanted: Tensor, got: Tensor) -> Tensor:
    """Return `piano_tasks.loss` for training: normalised KL + MSE of magnitudes + MAE."""
    magnitudes = []
    for each in (wanted, got):
        spectrum = torch.fft.rfft(each)
        power = spectrum.real**2 + spectrum.imag**2
        magnitudes.append(torch.sqrt(power + 1e-14))
    shares = [each / each.sum(dim=-1, keepdim=True) for each in magnitudes]
    kl = (shares[0] * torch.log(shares[0] / shares[1])).sum(dim=-1).mean()
    total: Tensor = (
        kl + functional.mse_loss(magnitudes[0], magnitudes[1]) + functional.l1_loss(got, wanted)
    )
    return total


def _quadrature_filters() -> Tensor:
    """Return windowed cosines and sines (CHANNELS, FIRST), two of each at 32 frequencies.

    Of every channel the pooling keeps one sample of 16. Where those lie evenly, the images of a
    cosine and a sine cancel, and the transposed layer gives the input back.
    """
    steps = math.log(RATE_HZ / 2 / _BEND_HZ + 1.0)
    growth = torch.exp((torch.arange(_FREQUENCIES) + 0.5) / _FREQUENCIES * steps)
    freqs_hz, spacing_hz = _BEND_HZ * (growth - 1.0), _BEND_HZ * steps * growth
    times_s = (torch.arange(FIRST) - (FIRST - 1) / 2) / RATE_HZ
    angles = 2.0 * math.pi * freqs_hz[:, None] * times_s
    hann = torch.hann_window(FIRST + 2, periodic=False)[1:-1]
    window = hann ** torch.linspace(*_HANN_POWER, _FREQUENCIES)[:, None]
    window = window / window.norm(dim=1, keepdim=True)
    pair = torch.stack([torch.cos(angles), -torch.sin(angles)], dim=1) * window[:, None]
    weight = torch.sqrt(spacing_hz / (RATE_HZ / 2))
    filters: Tensor = _GAIN * weight[:, None, None] * pair
    return filters.repeat_interleave(2, dim=0).reshape(CHANNELS, FIRST)


def _smoothing() -> Tensor:
    """Return kernels (CHANNELS, LOCAL), wide windows, at each frequency one pair upside down.

    They smooth a channel's magnitude until it rises or falls through a whole pool: the largest
    value is the first or the last one, and those kept lie evenly. Only where the envelope turns
    are two of them next to each other, or far apart with the kernel upside down: a pair of each
    kind evens that out.
    """
    kernel = torch.kaiser_window(LOCAL, periodic=False, beta=_KAISER)
    signs = torch.tensor([1.0, 1.0, -1.0, -1.0]).repeat(_FREQUENCIES)
    return _KERNEL_SUM * signs[:, None] * kernel / kernel.sum()


def _front(
    frames: Tensor, first: Tensor, bias: Tensor, local: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return each pool's largest value, the first layer's output there, and where that is."""
    padded = functional.pad(frames[:, None], (_FRONT, FIRST - 1 - _FRONT))
    filtered = functional.conv1d(padded, first[:, None], bias)
    padded = functional.pad(filtered.abs(), (_LEFT, LOCAL - 1 - _LEFT))
    smooth = functional.conv1d(padded, local[:, None], groups=CHANNELS)
    pooled, place = functional.max_pool1d(smooth, POOL, return_indices=True)
    return pooled, filtered.gather(2, place), place


def _back(values: Tensor, place: Tensor, first: Tensor) -> Tensor:
    """Put values (B, 128, 64) at their places and through the transposed first layer."""
    sparse = values.new_zeros(*values.shape[:2], FRAME).scatter(2, place, values)
    out = functional.conv_transpose1d(sparse, first[:, None])[:, 0]
    return out[:, _FRONT : _FRONT + FRAME]


class _Front(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, frames: Tensor, first: Tensor, bias: Tensor, local: Tensor, layers: Any
    ) -> tuple[Tensor, Tensor, Tensor]:
        frames = frames.contiguous()
        filtered = frames.new_empty(len(frames), CHANNELS, FRAME)
        value = frames.new_empty(len(frames), CHANNELS, PLACES)
        place, kept = torch.empty(value.shape, dtype=torch.int32), torch.empty_like(value)
        tensors = _pointers(frames, first, bias, local, filtered, value, place, kept)
        layers.front(len(frames), *tensors)
        ctx.save_for_backward(frames, first, bias, local, filtered, place)
        ctx.layers = layers
        ctx.mark_non_differentiable(place)
        return value, kept, place

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor, Tensor, Tensor, None]:
        frames, first, bias, local, filtered, place = ctx.saved_tensors
        dvalue, dkept = grads[0].contiguous(), grads[1].contiguous()
        dw, db, dk = torch.zeros_like(first), torch.zeros_like(bias), torch.zeros_like(local)
        tensors = _pointers(frames, local, filtered, place, dvalue, dkept, dw, db, dk)
        ctx.layers.front_back(len(frames), *tensors)
        return None, dw, db, dk, None


class _Back(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, place: Tensor, first: Tensor, layers: Any) -> Tensor:
        values = values.contiguous()
        out = values.new_empty(len(values), FRAME)
        layers.back(len(values), *_pointers(first, place, values, out))
        ctx.save_for_backward(values, place, first)
        ctx.layers = layers
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, None]:
        values, place, first = ctx.saved_tensors
        dy, dv, dw = grads[0].contiguous(), torch.empty_like(values), torch.zeros_like(first)
        ctx.layers.back_back(len(values), *_pointers(first, place, values, dy, dv, dw))
        return dv, None, dw, None


def _pointers(*tensors: Tensor) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(each.data_ptr()) for each in tensors]


@cache
def _native() -> Any:
    """Build and load the layers in C; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source = Path(__file__).with_name("end_to_end_layers.c")
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        library = Path(folder, "layers.so")
        command = [compiler, *flags, "-o", str(library), str(source), "-lm"]
        done = subprocess.run(command, check=False, capture_output=True)
        return None if done.returncode else ctypes.CDLL(str(library))
