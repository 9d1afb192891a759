"""Train the end-to-end paper's network: `python -m models.training.train_end_to_end --task TASK`.

Two steps, as in the paper: the autoencoder (without latent layers) learns to give back the dry and
wet frames of a task; then the whole network learns the task. The second step has two stages: in
the first one all 64 places of a channel change alike, in the second one every weight by itself.
Adam, a cosine to nothing in each stage, frames drawn at random from the notes that are not held
out. A run that was broken off goes on where it last saved; the same seed gives the same frames.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from platformdirs import user_cache_path
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.training import corpus, piano_tasks
from models.training.end_to_end_net import EndToEnd, training_loss
from models.training.piano_tasks import FRAME, HOP, NOTE_FRAMES, TASKS

_FIRST_STEP, _ALIKE = "_autoencoder", "_alike"
RATES = {
    _FIRST_STEP: {"first": 1e-4, "local_bias": 1e-4, "first_bias": 1e-7, "last_bias": 1e-7},
    _ALIKE: {
        "first": 1e-4,
        "local_bias": 1e-4,
        "dense_local_bias": 0.1,
        "dense_bias": 0.1,
        "first_bias": 1e-7,
        "last_bias": 1e-7,
    },
    "": {
        "first": 5e-6,
        "local": 1e-7,
        "local_bias": 5e-6,
        "dense_local": 1e-7,
        "dense_local_bias": 1e-4,
        "dense": 1e-7,
        "dense_bias": 1e-4,
        "first_bias": 5e-9,
        "last_bias": 5e-9,
    },
}
"""Adam's rate of each weight, by stage; what is not named stays as it is. The first and last biases
add a constant to frames that may be 90 dB down; a weight of a latent layer is one of 64 that move
together; and a ripple in a local kernel scatters the places that the pooling keeps."""
CLIP = 1.0
WARM_UP = 100
_REPORT_EVERY = 250
Signals = list[NDArray[np.float32]]
Batch = Callable[[int], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Run:
    """How long one stage is trained. stage: a key of RATES. batch: frames per update."""

    task: str
    stage: str
    steps: int
    batch: int
    seed: int
    folder: Path

    @property
    def name(self) -> str:
        """The task and the stage."""
        return self.task + self.stage

    @property
    def checkpoint(self) -> Path:
        """Where it is saved."""
        return self.folder / f"{self.name}.safetensors"


def training_notes(folder: Path) -> NDArray[np.float32]:
    """Return the dry notes (n, 64000) that are not held out, decoded once into `folder`."""
    kept = folder / "dry.npy"
    if not kept.is_file():
        chosen = [one for one in piano_tasks.notes(corpus.data_dir()) if not one.held_out]
        dry = np.stack([piano_tasks.waveform(note) for note in chosen])
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "decoding.npy", dry)
        (folder / "decoding.npy").replace(kept)
    return np.asarray(np.load(kept))


def batches(sources: Signals, targets: Signals, run: Run) -> Batch:
    """Return a function that gives the frames of a step, windowed: inputs and targets (B, 1024)."""
    window = piano_tasks.hann()
    places = np.arange(0, NOTE_FRAMES - FRAME // 2, HOP)

    def cut(signals: Signals, which: NDArray[np.int64]) -> Tensor:
        pieces = [
            np.pad(signals[kind][note, max(0, at - 512) : at + 512], (max(0, 512 - at), 0))
            for kind, note, at in which
        ]
        return torch.from_numpy(np.stack(pieces) * window)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng((run.seed, len(run.name), step))
        which = np.stack(
            [
                rng.integers(len(sources), size=run.batch),
                rng.integers(len(sources[0]), size=run.batch),
                rng.choice(places, size=run.batch),
            ],
            axis=1,
        )
        return cut(sources, which), cut(targets, which)

    return batch


def train(net: EndToEnd, batch: Batch, run: Run) -> None:
    """Train `net` to the end of the run, from its checkpoint if there is one."""
    optimiser = _optimiser(net, run.stage)
    first = _resume(net, optimiser, run)
    began, running = time.monotonic(), math.nan
    for step in range(first, run.steps):
        share = min(1.0, (step + 1) / WARM_UP) * 0.5 * (1.0 + math.cos(math.pi * step / run.steps))
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] * share
        now = _update(net, optimiser, batch(step), run.stage)
        running = now if math.isnan(running) else running + 0.02 * (now - running)
        if (step + 1) % _REPORT_EVERY == 0 or step + 1 == run.steps:
            _save(net, optimiser, run, step + 1)
            _log(run, step + 1, running, time.monotonic() - began)


def _optimiser(net: EndToEnd, stage: str) -> torch.optim.Adam:
    """Return the optimiser of a stage's weights; for the others no gradient is worked out."""
    rates = RATES[stage]
    for name, weight in net.named_parameters():
        weight.requires_grad_(name in rates)
    groups = [
        {"params": [weight], "lr": rates[name], "initial_lr": rates[name]}
        for name, weight in net.named_parameters()
        if name in rates
    ]
    return torch.optim.Adam(groups)


def _update(
    net: EndToEnd, optimiser: torch.optim.Adam, frames: tuple[Tensor, Tensor], stage: str
) -> float:
    """Take one step on a batch; return its loss."""
    source, target = frames
    value = training_loss(target, net(source, latent=stage != _FIRST_STEP))
    net.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    if stage == _ALIKE:
        for bias in (net.dense_local_bias, net.dense_bias):
            assert bias.grad is not None
            bias.grad[...] = bias.grad.mean(dim=-1, keepdim=True)
    torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
    optimiser.step()
    return float(value.detach())


def _resume(net: EndToEnd, optimiser: torch.optim.Adam, run: Run) -> int:
    """Take up weights and moments of the checkpoint; return the step to go on with."""
    if not run.checkpoint.is_file():
        return 0
    with safe_open(run.checkpoint, "pt") as kept, torch.no_grad():
        step = int(kept.metadata()["step"])
        names = set(kept.keys())
        for name, weight in net.named_parameters():
            weight.copy_(kept.get_tensor(name))
            if f"{name}.exp_avg" in names:
                optimiser.state[weight] = {
                    "step": torch.tensor(float(step)),
                    "exp_avg": kept.get_tensor(f"{name}.exp_avg"),
                    "exp_avg_sq": kept.get_tensor(f"{name}.exp_avg_sq"),
                }
    return step


def _save(net: EndToEnd, optimiser: torch.optim.Adam, run: Run, step: int) -> None:
    tensors = {}
    for name, weight in net.named_parameters():
        tensors[name] = weight.detach()
        for key in ("exp_avg", "exp_avg_sq"):
            if key in optimiser.state[weight]:
                tensors[f"{name}.{key}"] = optimiser.state[weight][key]
    temporary = run.checkpoint.with_suffix(".part")
    save_file(tensors, temporary, metadata={"step": str(step), "seed": str(run.seed)})
    temporary.replace(run.checkpoint)


def _log(run: Run, step: int, running: float, spent_s: float) -> None:
    line = {"run": run.name, "step": step, "loss": round(running, 5), "seconds": round(spent_s)}
    with (run.folder / "curve.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(f"{run.name} {step}/{run.steps}  loss {running:.4f}  {spent_s:.0f} s", flush=True)


def both_steps(first: Run, second: list[Run]) -> None:
    """Train the autoencoder of a task, then the network; what was trained before is kept."""
    net = EndToEnd()
    dry = training_notes(first.folder)
    wet = piano_tasks.equalised(dry, first.task)
    train(net, batches([dry, wet], [dry, wet], first), first)
    for stage in second:
        train(net, batches([dry], [wet], stage), stage)


def ship(folder: Path, path: Path) -> None:
    """Write the trained networks of all tasks, and the autoencoders, into one file, in half
    precision.

    Raises FileNotFoundError for a task that was not trained.
    """
    tensors, steps = {}, {}
    for run in (f"{task}{step}" for task in TASKS for step in (_FIRST_STEP, "")):
        with safe_open(folder / f"{run}.safetensors", "pt") as kept:
            steps[run] = kept.metadata()["step"]
            for name, _ in EndToEnd(native=False).named_parameters():
                if _FIRST_STEP not in run or not name.startswith("dense"):
                    tensors[f"{run}.{name}"] = kept.get_tensor(name).half()
    save_file(tensors, path, metadata=steps)


def main(arguments: list[str]) -> None:
    """Train the task named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.train_end_to_end")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--task", choices=TASKS)
    what.add_argument("--ship", type=Path, metavar="FILE", help="pack the trained tasks")
    parser.add_argument("--first-steps", type=int, default=1000, help="updates, autoencoder")
    parser.add_argument("--alike-steps", type=int, default=12000, help="updates, places alike")
    parser.add_argument("--steps", type=int, default=6000, help="updates of every weight")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=2018)
    parser.add_argument(
        "--folder", type=Path, default=user_cache_path("reatone") / "end_to_end", help="for runs"
    )
    chosen = parser.parse_args(arguments)
    if chosen.ship:
        ship(chosen.folder, chosen.ship)
        return
    torch.set_num_threads(1)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    how = (chosen.batch, chosen.seed, chosen.folder)
    first = Run(chosen.task, _FIRST_STEP, chosen.first_steps, *how)
    alike = Run(chosen.task, _ALIKE, chosen.alike_steps, *how)
    both_steps(first, [alike, Run(chosen.task, "", chosen.steps, *how)])


if __name__ == "__main__":
    main(sys.argv[1:])
