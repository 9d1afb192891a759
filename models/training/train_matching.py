"""Train the matching networks: `python -m models.training.train_matching NETWORK`.

Adam at a constant rate, then a cosine to nothing with larger batches, and an exponential average of
the weights. Losses follow Nercessian (DAFx 2020): mean square error of the response in dB over the
linear bins, 1e-3 of the square error of the controls (as shares of their ranges, bells in the order
of frequency), 1e-2 of the mean absolute gain. One thread is enough.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.eq import BandKind
from models.matching_net import POINTS_HZ, SAMPLE_RATE_HZ
from models.training.biquads import Biquads, Law
from models.training.matching_data import (
    PAPER_FREQ_HZ,
    PAPER_GAIN_DB,
    PAPER_KINDS,
    PAPER_Q,
    PAPER_SLOPE,
    Batch,
    MixedData,
    PaperData,
)
from models.training.matching_nets import (
    CNN_SHAPE,
    PAPER_SHAPE,
    HeadPlan,
    MatchingModule,
    Shape,
    of_best_guess,
)

PARAMETER_WEIGHT, GAIN_WEIGHT = 1e-3, 1e-2
PRODUCT_BANDS = (4, 6, 8, 12)
_REPORT_EVERY = 1000
_AVERAGE = 0.9995
_RUNNER_UP_SHARE = 0.05
_SMALLEST_ERROR = 1e-4

_PRODUCT_HEAD = HeadPlan(
    (), Law.REAEQ, (20.0, 21000.0), (-15.0, 15.0), (0.1, 7.0), (0.92, 3.3), guesses=2
)

Loss = Callable[[MatchingModule, Batch], Tensor]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps at the full rate with the first batch size, then a cosine decay with the second."""

    steps: int
    decay_steps: int
    batch: int
    decay_batch: int
    rate: float = 1e-3


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one command trains."""

    shape: Shape
    heads: dict[str, HeadPlan]
    data: Callable[[int], PaperData | MixedData]
    loss: Callable[[MatchingModule], Loss]
    schedule: Schedule


def responses(module: MatchingModule) -> dict[str, Biquads]:
    """Return the differentiable equaliser of every head."""
    points = torch.as_tensor(POINTS_HZ, dtype=torch.float32)
    return {
        name: Biquads(plan.kinds, points, SAMPLE_RATE_HZ, plan.law)
        for name, plan in module.plans.items()
    }


def full_loss(module: MatchingModule) -> Loss:
    """The paper's loss: response, controls and gains."""
    biquads = responses(module)

    def loss(net: MatchingModule, batch: Batch) -> Tensor:
        shares = net.shares(batch.head, batch.curves_db)
        controls = net.controls(batch.head, shares)
        error = biquads[batch.head].response_db(*controls) - batch.curves_db[:, None]
        spectral = (error * error * batch.weight).sum(dim=-1).mean()
        return (
            spectral
            + PARAMETER_WEIGHT * _parameter_error(net, batch, shares)
            + GAIN_WEIGHT * controls[1].abs().mean()
        )

    return loss


def parameter_loss(module: MatchingModule) -> Loss:
    """The controls alone."""
    return lambda net, batch: _parameter_error(net, batch, net.shares(batch.head, batch.curves_db))


def best_guess_loss(module: MatchingModule) -> Loss:
    """The root mean square error of each curve's best guess, and a little of all guesses."""
    biquads = responses(module)

    def loss(net: MatchingModule, batch: Batch) -> Tensor:
        controls = net.controls(batch.head, net.shares(batch.head, batch.curves_db))
        error = biquads[batch.head].response_db(*controls) - batch.curves_db[:, None]
        weight = batch.weight if batch.weight.ndim == 1 else batch.weight[:, None]
        rms = torch.sqrt((error * error * weight).sum(dim=-1) + _SMALLEST_ERROR)
        return of_best_guess(rms, _RUNNER_UP_SHARE)

    return loss


def _parameter_error(net: MatchingModule, batch: Batch, shares: Tensor) -> Tensor:
    if batch.controls is None:
        raise ValueError("a loss on controls needs curves that an equaliser made")
    wanted = net.shares_of(batch.head, *batch.controls)[:, None]
    return torch.nn.functional.mse_loss(shares, wanted.expand_as(shares))


def _paper_head() -> dict[str, HeadPlan]:
    plan = HeadPlan(PAPER_KINDS, Law.PAPER, PAPER_FREQ_HZ, PAPER_GAIN_DB, PAPER_Q, PAPER_SLOPE)
    return {"paper": plan}


def _product_heads() -> dict[str, HeadPlan]:
    heads = {}
    for bands in PRODUCT_BANDS:
        kinds = (BandKind.LOW_SHELF, *[BandKind.BELL] * (bands - 2), BandKind.HIGH_SHELF)
        heads[str(bands)] = replace(_PRODUCT_HEAD, kinds=kinds, guesses=4 if bands == 12 else 2)
        if bands < 12:
            heads[f"{bands}hp"] = replace(_PRODUCT_HEAD, kinds=(*kinds, BandKind.HIGH_PASS))
    return heads


def recipes() -> dict[str, Recipe]:
    """Return every network that can be trained, by name."""
    paper = _paper_head()
    product = _product_heads()
    kinds = {name: plan.kinds for name, plan in product.items()}
    return {
        "paper-mlp": Recipe(
            PAPER_SHAPE, paper, PaperData, full_loss, Schedule(12000, 24000, 64, 96)
        ),
        "parameter-loss": Recipe(
            PAPER_SHAPE, paper, PaperData, parameter_loss, Schedule(4000, 4000, 64, 64)
        ),
        "cnn": Recipe(CNN_SHAPE, paper, PaperData, full_loss, Schedule(3000, 7000, 64, 64)),
        "product": Recipe(
            Shape((352, 352, 352)),
            product,
            lambda seed: MixedData(kinds, seed),
            best_guess_loss,
            Schedule(4000, 10000, 64, 64),
        ),
    }


def train(recipe: Recipe, seed: int, path: Path, *, quick: bool = False) -> MatchingModule:
    """Train a network, write it to `path` at every report, and return its averaged weights."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    schedule = Schedule(20, 20, 16, 16) if quick else recipe.schedule
    module = MatchingModule(recipe.shape, recipe.heads)
    data, loss = recipe.data(seed), recipe.loss(module)
    decay = get_ema_multi_avg_fn(_AVERAGE)  # type: ignore[no-untyped-call]
    average = AveragedModel(module, multi_avg_fn=decay)
    averaged = average.module
    assert isinstance(averaged, MatchingModule)
    optimiser = torch.optim.Adam(module.parameters(), lr=schedule.rate)
    total, began, running = schedule.steps + schedule.decay_steps, time.monotonic(), math.nan
    for step in range(total):
        past = max(0, step - schedule.steps) / schedule.decay_steps
        optimiser.param_groups[0]["lr"] = schedule.rate * 0.5 * (1.0 + math.cos(math.pi * past))
        batch = data.batch(schedule.decay_batch if past > 0.0 else schedule.batch)
        value = loss(module, batch)
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(module.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(module)
        now = float(value.detach())
        running = now if math.isnan(running) else running + 0.002 * (now - running)
        if (step + 1) % _REPORT_EVERY == 0 or step + 1 == total:
            averaged.save(path)
            spent = time.monotonic() - began
            print(f"step {step + 1}/{total}  loss {running:.4f}  {spent:.0f} s", flush=True)
    return averaged


def main(arguments: list[str]) -> None:
    """Train the network named on the command line."""
    known = recipes()
    parser = argparse.ArgumentParser(prog="python -m models.training.train_matching")
    parser.add_argument("network", choices=sorted(known))
    parser.add_argument("--quick", action="store_true", help="40 steps, to try the machinery")
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--out", type=Path, help="where to write (default: models/weights)")
    chosen = parser.parse_args(arguments)
    name = f"matching_{chosen.network.replace('-', '_')}.safetensors"
    default = Path(__file__).resolve().parents[1] / "weights" / name
    train(known[chosen.network], chosen.seed, chosen.out or default, quick=chosen.quick)


if __name__ == "__main__":
    main(sys.argv[1:])
