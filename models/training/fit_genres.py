"""Fit the genre classifier and the paper's network: python -m models.training.fit_genres.

Trained on the training part of GTZAN's filtered split (the validation part has no tags); features,
settings and temperature were and are chosen there too, by cross-validation over runs of neighbours.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import random_features
from models.genres import GENRES, PAPER_CLASSES, WEIGHTS, Classifier, PaperNet
from models.resources import weights_path
from models.training import corpus, genre_data
from models.training.scores import log_loss

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

SEED = 20250211
PAIRS = 4096
"""Random frequencies, each a cosine and a sine: as many as leave nothing to their draw."""
WIDTHS, RIDGES = np.array([0.03, 0.1, 0.3]), np.array([0.03, 0.1, 0.3])
TEMPERATURES = np.geomspace(0.05, 0.5, 47)
PARTS = (5, 4, 3)
HIDDEN = 12
PAPER_DECAYS = (1e-4, 1e-3, 1e-2)


def fit_classifier(x: Array, labels: Labels, temperature: float = 1.0) -> Classifier:
    """Return the mean of ridge regressions, over all widths and ridges, on one-hot targets.

    Averaging them did better than choosing one in cross-validation.
    """
    centre, scale = x.mean(axis=0), x.std(axis=0)
    targets = np.eye(len(GENRES))[labels] - 1.0 / len(GENRES)
    frequencies = random_features.draw(x.shape[1], PAIRS, SEED)
    ridges = np.repeat(RIDGES[:, None], len(x), axis=1)
    waves = random_features.fit((x - centre) / scale, targets, frequencies, WIDTHS, ridges)
    share = len(WIDTHS) * len(RIDGES) * temperature
    return Classifier(centre, scale, waves._replace(weights=waves.weights / share))


def choose_temperature(x: Array, labels: Labels, seed: int) -> tuple[float, float]:
    """Return the temperature of least log loss in cross-validation, and that loss."""
    rng = np.random.default_rng(seed)
    cuts = [genre_data.blocks(labels, parts, rng) for parts in PARTS]
    scores = np.concatenate([_held_out(x, labels, part) for part in cuts])
    losses = [log_loss(scores / t, np.tile(labels, len(cuts))) for t in TEMPERATURES]
    place = int(np.argmin(losses))
    return float(TEMPERATURES[place]), losses[place]


def _held_out(x: Array, labels: Labels, part: Labels) -> Array:
    scores = np.zeros((len(x), len(GENRES)))
    for number in np.unique(part):
        rest = part != number
        scores[~rest] = fit_classifier(x[rest], labels[rest]).scores(x[~rest])
    return scores


def fit_paper_net(x: Array, labels: Labels, seed: int, decay: float) -> PaperNet:
    """Train the paper's network (6 → 12 tanh → softmax 6) to the end of L-BFGS."""
    from scipy.optimize import minimize  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    centre, scale = x.mean(axis=0), x.std(axis=0)
    sizes = ((x.shape[1] + 1, HIDDEN), (HIDDEN + 1, len(PAPER_CLASSES)))
    split = sizes[0][0] * sizes[0][1]

    def net(theta: Array) -> PaperNet:
        return PaperNet(
            centre, scale, theta[:split].reshape(sizes[0]), theta[split:].reshape(sizes[1])
        )

    inputs = np.column_stack([(x - centre) / scale, np.ones(len(x))])
    truth = np.eye(len(PAPER_CLASSES))[labels]

    def loss(theta: Array) -> tuple[float, Array]:
        _, _, hidden, out = net(theta)
        inside = np.tanh(inputs @ hidden)
        scores = inside @ out[:-1] + out[-1]
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        odds /= odds.sum(axis=1, keepdims=True)
        error = (odds - truth) / len(x)
        back = (error @ out[:-1].T) * (1.0 - inside**2)
        gradient = [
            inputs.T @ back,
            np.concatenate([inside.T @ error, error.sum(axis=0, keepdims=True)]),
        ]
        value = -np.log(np.maximum((odds * truth).sum(axis=1), 1e-12)).mean()
        flat = np.concatenate([g.ravel() for g in gradient]) + decay * theta
        return value + 0.5 * decay * float(theta @ theta), flat

    start = rng.normal(0.0, 0.3, split + sizes[1][0] * sizes[1][1])
    return net(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit both and write the weights."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="reference data folder")
    parser.add_argument("--out", type=Path, help="the .safetensors file to write")
    options = parser.parse_args(arguments)
    data = options.data or corpus.data_dir()
    train, valid = genre_data.load(data, "train"), genre_data.load(data, "valid")
    x = train.features()
    temperature, loss = choose_temperature(x, train.labels, SEED)
    print(
        f"temperature {temperature:.3f}, cross-validated log loss {loss:.3f}, {len(train)} tracks"
    )
    ours = fit_classifier(x, train.labels, temperature)
    net = choose_paper_net(train, valid, SEED)
    out = options.out or weights_path(WEIGHTS)
    save_file(tensors_of(ours, net), out)


def tensors_of(
    ours: Classifier, net: PaperNet
) -> dict[str, NDArray[np.float16] | NDArray[np.float32]]:
    """Return the tensors as they are shipped."""
    found = {"centre": ours.centre, "scale": ours.scale, **ours.waves._asdict()}
    found |= {f"paper.{name}": value for name, value in net._asdict().items()}
    tensors: dict[str, NDArray[np.float16] | NDArray[np.float32]] = {
        name: np.ascontiguousarray(value, np.float32) for name, value in found.items()
    }
    large = {"frequencies": ours.waves.frequencies, "weights": ours.waves.weights}
    return {**tensors, **{name: value.astype(np.float16) for name, value in large.items()}}


def choose_paper_net(train: genre_data.Tracks, valid: genre_data.Tracks, seed: int) -> PaperNet:
    """Return the paper's network with the weight decay of least loss on the validation part."""
    nets = [
        fit_paper_net(train.paper_levels_db(), train.paper_labels(), seed, decay)
        for decay in PAPER_DECAYS
    ]
    levels, labels = valid.paper_levels_db(), valid.paper_labels()
    return min(nets, key=lambda net: log_loss(net.scores(levels), labels))


if __name__ == "__main__":
    main()
