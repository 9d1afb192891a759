"""Train the four-band networks in two stages: `python -m models.training.train_differences`.

Mockenhaupt, Rieber & Nercessian (DAFx 2024): a network that fills low shelf, two bells and high
shelf learns on equalisers drawn at random (stage 1), then on real spectral differences, of which
only the response's error is known (stage 2). Here for the MLP of Nercessian (DAFx 2020) and for a
wider one with a convolutional front end and four guesses, of which the best counts. Every 500 steps
the run is kept in `--state`: started again it goes on from there and ends in the same weights. One
thread; the result depends on seed and data.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.bands import GRID_HZ
from models.eq import Array, BandKind
from models.matching_net import POINTS_HZ, SAMPLE_RATE_HZ
from models.resources import weights_path
from models.training import corpus, differences
from models.training.biquads import Biquads, Law
from models.training.curves import unreachable_curves
from models.training.matching_nets import (
    CNN_SHAPE,
    PAPER_SHAPE,
    HeadPlan,
    MatchingModule,
    Shape,
    of_best_guess,
)

HEAD = "4"
KINDS = (BandKind.LOW_SHELF, BandKind.BELL, BandKind.BELL, BandKind.HIGH_SHELF)
PLAN = HeadPlan(KINDS, Law.REAEQ, (20.0, 20000.0), (-12.0, 12.0), (0.1, 4.0), (1.0, 2.0))
"""The ranges of `Layout.reaeq_default`, which the product's matcher is given beside it."""
SHAPES: dict[str, Shape] = {
    "cnn": Shape((512, 512, 512), CNN_SHAPE.convolutions),
    "mlp": PAPER_SHAPE,
}
GUESSES = {"cnn": 4, "mlp": 1}
_RUNNER_UP_SHARE = 0.1
_KEPT_EVERY = 500


@dataclass(frozen=True, slots=True)
class Stage:
    """How long a stage lasts: steps of a batch, the rate falling to nothing by a cosine.

    own: share of real differences that are to a clip's own class.
    """

    steps: int
    batch: int
    rate: float
    own: float = 0.5


SAMPLED = {"mlp": Stage(16000, 64, 1e-3), "cnn": Stage(8000, 64, 1e-3)}
TUNED = {
    "mlp": (Stage(6000, 64, 1e-3),),
    "cnn": (
        Stage(16000, 256, 1e-3),
        Stage(12000, 256, 1e-3, own=0.7),
        Stage(9000, 256, 1e-3, own=0.7),
        Stage(3000, 256, 3e-4, own=1.0),
    ),
}
"""Tuning in one or more runs: the rate begins anew, and at last only own differences count."""


class SampledEqs:
    """Responses of equalisers drawn at random: frequencies and widths by logarithm, gains even."""

    def __init__(self) -> None:
        self._biquads = Biquads(KINDS, _points(), SAMPLE_RATE_HZ, Law.REAEQ)

    def draw(self, rng: np.random.Generator, count: int) -> Tensor:
        """Draw `count` curves (count, P) in dB."""
        lower, upper = PLAN.bounds()
        share = torch.as_tensor(rng.uniform(size=(count, *lower.shape)), dtype=torch.float32)
        ln_freq, gain_db, ln_width = (lower + share * (upper - lower)).unbind(dim=1)
        return self._biquads.response_db(torch.exp(ln_freq), gain_db, torch.exp(ln_width))


class RealDifferences:
    """Real differences: some of a clip to its own class, the rest to any, as a doubtful one may be.

    curves_db: (N, C, 121), a clip's own class first. own: share of the first. A little of another
    difference and of a smooth curve is added, and the whole made stronger or weaker.
    """

    _POOL, _POOL_SEED = 2000, 31337
    _LARGEST_DB = 14.0

    def __init__(self, curves_db: Array, own: float = 0.5) -> None:
        self._own = own
        self._curves_db = at_points(curves_db).astype(np.float32)
        self._bends_db = at_points(unreachable_curves(GRID_HZ, self._POOL, self._POOL_SEED))

    def draw(self, rng: np.random.Generator, count: int) -> Tensor:
        """Draw `count` curves (count, P) in dB."""
        drawn = rng.integers(self._curves_db.shape[:2], size=(2, count, 2))
        clip, target = np.moveaxis(drawn, -1, 0)
        target[0] *= rng.uniform(size=count) < 1.0 - self._own
        first, second = self._curves_db[clip, target]
        curves = (
            rng.uniform(0.6, 1.3, (count, 1)) * first
            + rng.normal(0.0, 0.3, (count, 1)) * second
            + rng.uniform(0.0, 0.3, (count, 1))
            * self._bends_db[rng.integers(self._POOL, size=count)]
        )
        held = np.clip(curves, -self._LARGEST_DB, self._LARGEST_DB)
        return torch.as_tensor(held, dtype=torch.float32)


def at_points(curves_db: Array) -> Array:
    """Return curves (..., 121) on the grid at a network's points (..., P), held beyond the ends."""
    rows = curves_db.reshape(-1, curves_db.shape[-1])
    place = np.log(POINTS_HZ)
    seen = np.stack([np.interp(place, np.log(GRID_HZ), curve) for curve in rows])
    return seen.reshape(*curves_db.shape[:-1], -1)


def response_loss(biquads: Biquads, module: MatchingModule, curves_db: Tensor) -> Tensor:
    """The mean absolute error of the response in dB over log frequency, 30 Hz ... 16 kHz.

    Of each curve's best guess, and a little of all.
    """
    controls = module.controls(HEAD, module.shares(HEAD, curves_db))
    error = biquads.response_db(*controls) - curves_db[:, None]
    each = (error.abs() * _weight()).sum(dim=-1)
    return of_best_guess(each, _RUNNER_UP_SHARE)


def train(
    module: MatchingModule,
    data: SampledEqs | RealDifferences,
    stage: Stage,
    seed: int,
    state: Path | None = None,
) -> MatchingModule:
    """Train a network in place for a stage; go on from `state` where an earlier run stopped."""
    torch.set_num_threads(1)
    biquads = Biquads(KINDS, _points(), SAMPLE_RATE_HZ, Law.REAEQ)
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.Adam(module.parameters(), lr=stage.rate)
    first = _resume(state, module, optimiser, rng)
    began, running = time.monotonic(), math.nan
    for step in range(first, stage.steps):
        rate = stage.rate * 0.5 * (1.0 + math.cos(math.pi * step / stage.steps))
        optimiser.param_groups[0]["lr"] = rate
        loss = response_loss(biquads, module, data.draw(rng, stage.batch))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(module.parameters(), 5.0)
        optimiser.step()
        now = float(loss.detach())
        running = now if math.isnan(running) else running + 0.01 * (now - running)
        if (step + 1) % _KEPT_EVERY == 0 or step + 1 == stage.steps:
            _keep(state, module, optimiser, rng, step + 1)
            spent = time.monotonic() - began
            print(f"step {step + 1}/{stage.steps}  {running:.3f} dB  {spent:.0f} s", flush=True)
    return module


def _resume(
    state: Path | None,
    module: MatchingModule,
    optimiser: torch.optim.Adam,
    rng: np.random.Generator,
) -> int:
    if state is None or not state.is_file():
        return 0
    kept: dict[str, Any] = torch.load(state, weights_only=False)
    module.load_state_dict(kept["module"])
    optimiser.load_state_dict(kept["optimiser"])
    rng.bit_generator.state = kept["rng"]
    return int(kept["step"])


def _keep(
    state: Path | None,
    module: MatchingModule,
    optimiser: torch.optim.Adam,
    rng: np.random.Generator,
    step: int,
) -> None:
    if state is None:
        return
    state.parent.mkdir(parents=True, exist_ok=True)
    fresh = state.with_suffix(".new")
    kept = {
        "module": module.state_dict(),
        "optimiser": optimiser.state_dict(),
        "rng": rng.bit_generator.state,
        "step": step,
    }
    torch.save(kept, fresh)
    fresh.replace(state)


def new_module(name: str, seed: int) -> MatchingModule:
    """Return an untrained network, "mlp" or "cnn"."""
    torch.manual_seed(seed)
    return MatchingModule(SHAPES[name], {HEAD: replace(PLAN, guesses=GUESSES[name])})


def file_name(name: str, *, tuned: bool) -> str:
    """Return the name of a network's weights without suffix."""
    return f"matching_four_{name}{'_tuned' if tuned else ''}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both networks in both stages and write four files of weights."""
    parser = argparse.ArgumentParser(prog="python -m models.training.train_differences")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--state", type=Path, required=True, help="folder to go on from")
    parser.add_argument("--out", type=Path, help="folder of the weights (default: models/weights)")
    options = parser.parse_args(arguments)
    out = options.out or weights_path("any").parent
    kept = options.state / "train_differences.npy"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, differences.to_all_targets(corpus.data_dir(), "train"))
    curves_db = np.load(kept)
    for name in SHAPES:
        module = new_module(name, options.seed)
        title = file_name(name, tuned=False)
        print(title, flush=True)
        train(module, SampledEqs(), SAMPLED[name], options.seed, options.state / f"{title}.pt")
        module.save(out / f"{title}.safetensors")
        title = file_name(name, tuned=True)
        for number, stage in enumerate(TUNED[name], start=1):
            print(title, number, flush=True)
            state = options.state / f"{title}_{number}.pt"
            real = RealDifferences(curves_db, stage.own)
            train(module, real, stage, options.seed + number, state)
        module.save(out / f"{title}.safetensors")


def _points() -> Tensor:
    return torch.as_tensor(POINTS_HZ, dtype=torch.float32)


def _weight() -> Tensor:
    low_hz, high_hz = differences.RANGE_HZ
    inside = (low_hz <= POINTS_HZ) & (high_hz >= POINTS_HZ)
    weight = np.where(inside, np.gradient(np.log(POINTS_HZ)), 0.0)
    return torch.as_tensor(weight / weight.sum(), dtype=torch.float32)


if __name__ == "__main__":
    main(sys.argv[1:])
