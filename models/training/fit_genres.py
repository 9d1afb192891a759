"""Fit the genre classifier and the paper's network: python -m models.training.fit_genres.

Trained on the training part of GTZAN's filtered split, and on the cepstra of the validation part,
which has no tags; features and settings were chosen there too, by cross-validation over artists and
over runs of neighbours (`models.training.genre_parts`), as the temperatures are.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.genres import PAPER_CLASSES, WEIGHTS, Classifier, PaperNet
from models.resources import weights_path
from models.training import corpus, genre_data, genre_parts
from models.training.genre_parts import SEED, Material
from models.training.scores import log_loss, probabilities

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

CHECKS = 3
"""Seeds of the cross-validation that is printed."""
SHARES = (0.25, 0.5, 0.75, 1.0)
"""How much of the training tracks it learns from in turn."""
HIDDEN = 12
PAPER_DECAYS = (1e-4, 1e-3, 1e-2)


def fit_classifier(some: Material, seed: int) -> Classifier:
    """Return the three parts, each counting as much as cross-validation says."""
    return genre_parts.fit(some).classifier(genre_parts.choose_shares(some, seed))


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
    some = genre_parts.material(train, valid)
    _print_cross_validation(some)
    ours = fit_classifier(some, SEED)
    net = choose_paper_net(train, valid, SEED)
    out = options.out or weights_path(WEIGHTS)
    save_file(tensors_of(ours, net), out)


def _print_cross_validation(some: Material) -> None:
    """Print the errors on held-out runs of neighbours, as they fall with more to learn from."""
    for share in SHARES:
        found = [genre_parts.held_out(some, seed, share) for seed in range(CHECKS)]
        scores = np.concatenate([one for one, _ in found], axis=1)
        labels = np.concatenate([one for _, one in found])
        whole = np.tensordot(genre_parts.shares_of(scores, labels), scores, 1)
        _print_errors(f"{share:.0%} of the runs, the kernel machine alone", scores[0], labels)
        _print_errors(f"{share:.0%} of the runs, all parts", whole, labels)


def _print_errors(what: str, scores: Array, labels: Labels) -> None:
    member = genre_data.PAPER_LABEL[:, None] == np.arange(len(PAPER_CLASSES))
    odds = probabilities(scores / genre_parts.best_temperature(scores, labels))
    ten = (odds.argmax(axis=1) != labels).mean()
    six = ((odds @ member).argmax(axis=1) != genre_data.PAPER_LABEL[labels]).mean()
    print(f"cross-validation, {what}: {ten:.1%} of ten and {six:.1%} of six wrong")


def tensors_of(
    ours: Classifier, net: PaperNet
) -> dict[str, NDArray[np.float16] | NDArray[np.float32]]:
    """Return the tensors as they are shipped."""
    found = {**ours._asdict(), **ours.waves._asdict()}
    del found["waves"]
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
