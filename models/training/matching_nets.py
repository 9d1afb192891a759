"""The matching networks in torch; `models.matching_net` runs what is trained here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from models.eq import BandKind
from models.layout import Range
from models.matching_net import CONVOLUTION_STRIDE, INPUT_SCALE_DB, POINTS_HZ
from models.training.biquads import Law

_SHELVES = (BandKind.LOW_SHELF, BandKind.HIGH_SHELF)


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """What one head predicts: a band of each kind, `guesses` times, within these ranges."""

    kinds: tuple[BandKind, ...]
    law: Law
    freq_hz: Range
    gain_db: Range
    bell_width: Range
    shelf_width: Range
    pass_freq_hz: Range = (15.0, 1000.0)
    guesses: int = 1

    def bounds(self) -> tuple[Tensor, Tensor]:
        """Return lower and upper (3, bands): ln Hz, dB, ln width."""
        columns = [self._bounds_of(kind) for kind in self.kinds]
        both = torch.tensor(columns, dtype=torch.float32)  # (bands, 3, 2)
        return both[..., 0].T.contiguous(), both[..., 1].T.contiguous()

    def _bounds_of(self, kind: BandKind) -> list[list[float]]:
        width = self.shelf_width if kind in _SHELVES else self.bell_width
        freq_hz = self.pass_freq_hz if kind is BandKind.HIGH_PASS else self.freq_hz
        gain_db = self.gain_db if kind.has_gain else (-1e-3, 1e-3)
        return [[math.log(f) for f in freq_hz], list(gain_db), [math.log(w) for w in width]]


@dataclass(frozen=True, slots=True)
class Shape:
    """The trunk: kernels (channels, taps) of a convolutional front end, then hidden widths."""

    hidden: tuple[int, ...] = (256, 256, 256)
    convolutions: tuple[tuple[int, int], ...] = ()


PAPER_SHAPE = Shape()
CNN_SHAPE = Shape(convolutions=((16, 9), (32, 5), (32, 5)))


class MatchingModule(nn.Module):
    """Curves (N, P) in dB at the network's points to controls of a head."""

    def __init__(self, shape: Shape, plans: Mapping[str, HeadPlan]) -> None:
        super().__init__()
        self.plans = dict(plans)
        self.convolutions = nn.ModuleList()
        self.layers, self.norms = nn.ModuleList(), nn.ModuleList()
        channels, length = 1, len(POINTS_HZ)
        for out, taps in shape.convolutions:
            self.convolutions.append(
                nn.Conv1d(channels, out, taps, CONVOLUTION_STRIDE, padding=taps // 2)
            )
            channels, length = out, -(-length // CONVOLUTION_STRIDE)
        width = channels * length
        for hidden in shape.hidden:
            self.layers.append(nn.Linear(width, hidden))
            self.norms.append(nn.LayerNorm(hidden))
            width = hidden
        self.heads = nn.ModuleDict({name: _head(plan, width) for name, plan in plans.items()})
        for name, plan in plans.items():
            lower, upper = plan.bounds()
            self.register_buffer(f"lower_{name}", lower)
            self.register_buffer(f"upper_{name}", upper)

    def shares(self, head: str, curves_db: Tensor) -> Tensor:
        """Return (N, guesses, 3, bands) between 0 and 1: where each control lies in its range."""
        values = curves_db / INPUT_SCALE_DB
        if len(self.convolutions):
            values = values[:, None]
            for convolution in self.convolutions:
                values = torch.relu(convolution(values))
            values = values.flatten(1)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            values = torch.relu(norm(layer(values)))
        plan = self.plans[head]
        raw: Tensor = self.heads[head](values)
        return torch.sigmoid(raw.reshape(len(values), plan.guesses, 3, len(plan.kinds)))

    def controls(self, head: str, shares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return frequency in Hz, gain in dB and width, (..., bands) each, from shares."""
        lower, upper = self.bounds(head)
        ln_freq, gain_db, ln_width = (lower + shares * (upper - lower)).unbind(dim=-2)
        return torch.exp(ln_freq), gain_db, torch.exp(ln_width)

    def shares_of(self, head: str, freq_hz: Tensor, gain_db: Tensor, width: Tensor) -> Tensor:
        """Return the shares (..., 3, bands) that mean these controls."""
        lower, upper = self.bounds(head)
        values = torch.stack([torch.log(freq_hz), gain_db, torch.log(width)], dim=-2)
        return (values - lower) / (upper - lower)

    def bounds(self, head: str) -> tuple[Tensor, Tensor]:
        """Return a head's lower and upper bounds (3, bands)."""
        return self.get_buffer(f"lower_{head}"), self.get_buffer(f"upper_{head}")

    def save(self, path: Path) -> None:
        """Write the weights and heads as safetensors for `models.matching_net`."""
        arrays = {}
        for name, value in self.state_dict().items():
            key = name.replace("lower_", "lower.").replace("upper_", "upper.")
            arrays[key] = value.detach().float().contiguous()
        heads = {
            name: {"kinds": list(plan.kinds), "guesses": plan.guesses, "law": plan.law}
            for name, plan in self.plans.items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(arrays, path, metadata={"heads": json.dumps(heads)})


def of_best_guess(errors: Tensor, share_of_all: float) -> Tensor:
    """Return the mean over curves of the best guess's error; errors: (N, guesses).

    share_of_all: how much all guesses count beside it, so that none is left behind.
    """
    best = (1.0 - share_of_all) * errors.amin(dim=1) + share_of_all * errors.mean(dim=1)
    return best.mean()


def _head(plan: HeadPlan, width: int) -> nn.Linear:
    """Make a head whose bands start spread over the spectrum, so that none doubles another."""
    count = len(plan.kinds)
    head = nn.Linear(width, plan.guesses * 3 * count)
    with torch.no_grad():
        head.weight *= 0.3
        bias = head.bias.reshape(plan.guesses, 3, count)
        bias *= 0.3
        bias[:, 0] += torch.logit(torch.linspace(0.1, 0.9, count))
    return head
