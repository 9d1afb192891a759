"""The network of Venkatesh, Moffat & Miranda 2022: a word's embedding to its 40-band curve.

Hidden layers of 300, 200, 100, 80 and 60 (dropout 0.1), then 40 (sigmoid); mean absolute error on
curves scaled from ±4 to 0 ... 1; SGD at 0.1, × 0.96 per 10,000 updates; batches of 32 (section 3).
The hidden layers are rectified, or sigmoids too (`SIGMOID`).
Several networks are trained side by side, one per fold and protocol, in one batched product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

HIDDEN = (300, 200, 100, 80, 60)
RANGE = 4.0
BATCH, RATE, DECAY, DECAY_STEPS, DROPOUT = 32, 0.1, 0.96, 10_000, 0.1
WATCH_EVERY = 25
"""Updates between looks at the watched error: about an epoch of the paper's folds."""
PATIENCE = 500 * WATCH_EVERY
"""Updates without a better one after which a network stops: the paper's 500 epochs."""


@dataclass(frozen=True)
class Task:
    """What one network learns from, is stopped by, and is asked: embeddings, and curves of them.

    watched: the test fold "as published", held-out training words in the honest protocol.
    """

    rows: tuple[Array, Array]
    watched: tuple[Array, Array]
    asked: Array


Activation = Callable[[Tensor], Tensor]
RECTIFIED: Activation = torch.relu
SIGMOID: Activation = torch.sigmoid


def train(
    tasks: Sequence[Task], updates: int, seed: int, hidden: Activation = RECTIFIED
) -> list[tuple[Array, int]]:
    """Train one network per task; return each one's curves for `asked`, and the update they are of.

    The update with the least watched error counts, looked at about once an epoch; all have stopped
    when none has got better for `PATIENCE`, or after `updates`.
    """
    torch.manual_seed(seed)
    layers = _layers(len(tasks), tasks[0].asked.shape[1])
    data = [(_tensor(t.rows[0]), _tensor(t.rows[1]) / (2 * RANGE) + 0.5) for t in tasks]
    asked = [_tensor(task.asked) for task in tasks]
    watched = [(_tensor(task.watched[0]), _tensor(task.watched[1])) for task in tasks]
    best = [(float("inf"), 0, torch.zeros(0))] * len(tasks)
    streams = [_Batches(len(inputs)) for inputs, _ in data]
    for update in range(1, updates + 1):
        chosen = [stream.next() for stream in streams]
        inputs = torch.stack([x[rows] for (x, _), rows in zip(data, chosen, strict=True)])
        wanted = torch.stack([y[rows] for (_, y), rows in zip(data, chosen, strict=True)])
        loss = (_forward(layers, inputs, hidden, DROPOUT) - wanted).abs().mean(dim=(1, 2)).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        rate = RATE * DECAY ** (update / DECAY_STEPS)
        with torch.no_grad():
            for tensor in (part for layer in layers for part in layer):
                if tensor.grad is not None:
                    tensor.sub_(tensor.grad, alpha=rate)
                tensor.grad = None
        if update % WATCH_EVERY == 0:
            best = [
                _better(
                    old,
                    [(w[n : n + 1], b[n : n + 1]) for w, b in layers],
                    hidden,
                    seen,
                    ask,
                    update,
                )
                for n, (old, seen, ask) in enumerate(zip(best, watched, asked, strict=True))
            ]
            if all(update - at >= PATIENCE for _, at, _ in best):
                break
    return [(curves.double().numpy(), update) for _, update, curves in best]


class _Batches:
    """Endless batches of row numbers, shuffled anew each time round."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._left = torch.zeros(0, dtype=torch.long)

    def next(self) -> Tensor:
        if len(self._left) < BATCH:
            self._left = torch.cat([self._left, torch.randperm(self._rows)])
        batch, self._left = self._left[:BATCH], self._left[BATCH:]
        return batch


def _layers(count: int, inputs: int) -> list[tuple[Tensor, Tensor]]:
    """Return weights and biases as Keras starts them (Glorot uniform, 0), one set per network."""
    layers = []
    for size in (*HIDDEN, 40):
        bound = (6.0 / (inputs + size)) ** 0.5
        weight = torch.empty(count, inputs, size).uniform_(-bound, bound).requires_grad_()
        layers.append((weight, torch.zeros(count, 1, size, requires_grad=True)))
        inputs = size
    return layers


def _forward(
    layers: list[tuple[Tensor, Tensor]], inputs: Tensor, hidden: Activation, dropout: float = 0.0
) -> Tensor:
    for weight, bias in layers[:-1]:
        inputs = hidden(torch.baddbmm(bias, inputs, weight))
        inputs = torch.dropout(inputs, dropout, train=dropout > 0.0)
    weight, bias = layers[-1]
    return torch.baddbmm(bias, inputs, weight).sigmoid()


def _better(
    old: tuple[float, int, Tensor],
    layers: list[tuple[Tensor, Tensor]],
    hidden: Activation,
    watched: tuple[Tensor, Tensor],
    asked: Tensor,
    update: int,
) -> tuple[float, int, Tensor]:
    with torch.no_grad():
        found = (_forward(layers, watched[0][None], hidden)[0] - 0.5) * 2 * RANGE
        error = float((found - watched[1]).abs().mean())
        if error >= old[0] or update - old[1] > PATIENCE:
            return old
        return error, update, (_forward(layers, asked[None], hidden)[0] - 0.5) * 2 * RANGE


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
