"""Fit the baseline recogniser's means and covariance: python -m models.training.fit_recogniser.

Trained on the training split; the shrinkage and the temperature are chosen on the validation split.
Seeded: the result depends on the data alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.instruments import CLASSES, WEIGHTS, Model, features, heard_db
from models.resources import weights_path
from models.spectrum import GRID_HZ
from models.training import corpus
from models.training.corpus import Recording
from models.training.scores import accuracy, log_loss

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

SEED = 20240917
COPIES = 4
SHRINKAGES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75)
TEMPERATURES = np.geomspace(0.5, 20.0, 60)
SYNTHETIC_WEIGHT = 0.5
"""A synthesised clip counts this much of a recorded one."""


def random_eq_db(rng: np.random.Generator, count: int) -> Array:
    """Return random equalisations (count, 121): a tilt of up to ±6 dB and three bells."""
    octave = np.log2(GRID_HZ / 1000.0)
    response = rng.uniform(-6.0, 6.0, (count, 1)) * octave / np.ptp(octave)
    for _ in range(3):
        centre, width = rng.uniform(-4.5, 4.0, (count, 1)), rng.uniform(0.4, 1.8, (count, 1))
        gain = np.clip(rng.normal(0.0, 3.0, (count, 1)), -6.0, 6.0)
        response = response + gain * np.exp(-0.5 * ((octave - centre) / width) ** 2)
    return np.asarray(response)


def random_band_limit_db(rng: np.random.Generator, count: int) -> Array:
    """Return steep band limits (count, 121) at 4 ... 16 kHz for a third of the rows."""
    limit_hz = rng.uniform(4000.0, 16000.0, (count, 1))
    beyond = np.maximum(np.log2(GRID_HZ / limit_hz), 0.0)
    return np.where(rng.random((count, 1)) < 1 / 3, -np.minimum(120.0 * beyond, 80.0), 0.0)


def longer(levels_db: Array, sources: Sequence[str], rng: np.random.Generator) -> Array:
    """Return each spectrum averaged with up to seven others of its source, as longer tracks are."""
    result = levels_db.copy()
    for i, source in enumerate(sources):
        same = [j for j, other in enumerate(sources) if other == source]
        chosen = [i, *rng.choice(same, size=rng.integers(0, 8))]
        result[i] = 10.0 * np.log10(np.mean(10.0 ** (levels_db[chosen] / 10.0), axis=0))
    return result


def clip_weights(recordings: Sequence[Recording]) -> Array:
    """Return training weights: classes equal, sources by the square root of their clips."""
    keys = [(r.label, r.source) for r in recordings]
    weight = np.array([keys.count(key) ** -0.5 for key in keys])
    weight *= [1.0 if r.recorded else SYNTHETIC_WEIGHT for r in recordings]
    labels = np.array([r.label for r in recordings])
    for label in CLASSES:
        weight[labels == label] /= weight[labels == label].sum()
    return np.asarray(weight)


def fit(inputs: Array, labels: Labels, weight: Array, shrinkage: float) -> Model:
    """Return class means in the space whitened by the shrunken within-class covariance."""
    share = weight / weight.sum()
    means = np.array(
        [
            np.average(inputs[labels == c], axis=0, weights=share[labels == c])
            for c in range(len(CLASSES))
        ]
    )
    deviation = inputs - means[labels]
    covariance = (deviation * share[:, None]).T @ deviation
    size = len(covariance)
    even = np.trace(covariance) / size * np.eye(size)
    whitening = np.linalg.inv(np.linalg.cholesky((1.0 - shrinkage) * covariance + shrinkage * even))
    return Model(whitening, means @ whitening.T, 1.0)


def with_temperature(model: Model, inputs: Array, labels: Labels) -> Model:
    """Return the model with the temperature of least log loss on the given material."""
    losses = [log_loss(model._replace(temperature=t).scores(inputs), labels) for t in TEMPERATURES]
    return model._replace(temperature=float(TEMPERATURES[int(np.argmin(losses))]))


def levels_and_labels(recordings: Sequence[Recording]) -> tuple[Array, Labels]:
    """Return the spectra (N, 121) and class numbers (N,) of recordings."""
    levels_db = np.array([heard_db(spectrum) for spectrum in corpus.measured(recordings)])
    return levels_db, np.array([CLASSES.index(r.label) for r in recordings])


def train(data: Path) -> Model:
    """Return the recogniser fitted to `train`, its settings chosen on `valid`."""
    rng = np.random.default_rng(SEED)
    recordings = corpus.instruments(data, "train")
    levels_db, labels = levels_and_labels(recordings)
    keys = [f"{r.label}/{r.source}" for r in recordings]
    copies = [features(levels_db)]
    for _ in range(COPIES - 1):
        changed = longer(levels_db, keys, rng) + random_eq_db(rng, len(labels))
        copies.append(features(changed + random_band_limit_db(rng, len(labels))))
    inputs, weight = np.concatenate(copies), np.tile(clip_weights(recordings), COPIES)
    held_db, held_labels = levels_and_labels(corpus.instruments(data, "valid"))
    held_db = np.concatenate([held_db, held_db + random_eq_db(rng, len(held_db))])
    held, held_labels = features(held_db), np.tile(held_labels, 2)
    best, best_loss = None, np.inf
    for shrinkage in SHRINKAGES:
        model = fit(inputs, np.tile(labels, COPIES), weight, shrinkage)
        model = with_temperature(model, held, held_labels)
        scores = model.scores(held)
        loss = log_loss(scores, held_labels)
        print(
            f"shrinkage {shrinkage:.2f}: valid log loss {loss:.3f}, accuracy "
            f"{accuracy(scores, held_labels):.1%}, temperature {model.temperature:.2f}"
        )
        if loss < best_loss:
            best, best_loss = model, loss
    assert best is not None
    return best


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit and write models/weights/instruments_baseline.safetensors."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="reference data folder")
    parser.add_argument("--out", type=Path, default=weights_path(WEIGHTS), help="file to write")
    options = parser.parse_args(arguments)
    model = train(options.data or corpus.data_dir())
    tensors = {
        "whitening": model.whitening.astype(np.float32),
        "means": model.means.astype(np.float32),
        "temperature": np.array([model.temperature], dtype=np.float32),
    }
    save_file(tensors, options.out, metadata={"classes": ",".join(CLASSES)})


if __name__ == "__main__":
    main()
