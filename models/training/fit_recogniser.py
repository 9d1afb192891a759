"""Fit the instrument recogniser: python -m models.training.fit_recogniser.

Fitted to the training and validation splits, to instruments made by number, and to whole mixes and
noise as "none of these"; the test split stays unseen. Settings were chosen, and temperature and
share fitted, on recordings held out by source and by whole collections: a new recording mostly
comes from a collection that is not known. Takes some forty minutes; --cache keeps the measured
features.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.instruments import (
    CLASSES,
    WEIGHTS,
    Model,
    combined,
    shared_out,
    standardised,
    unit_length,
)
from models.resources import weights_path
from models.training import corpus, discriminant, noises, synthesised
from models.training.corpus import Recording
from models.training.evaluate_instruments import figures, recall
from models.training.recogniser_data import NONE, Example, both_features, collection, example
from models.training.scores import log_loss

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

SEED = 20240917
FOLDS = {"source": 5, "collection": 8}
COMPONENTS = 256
RIDGE = 0.3
CONSTANT, CURVED = 0.2, 1.0
"""Shares of the constant and of the squares in the kernel, beside the linear part's 1."""
SHARES = ((397, 0.22), (1506, 0.44), (512, 0.185), (68, 0.08), (58, 0.075))
"""Numbers of features and share in distances: time structure, tagger, effects, pitch, shape."""
SHARPNESS = 8.0
"""Scores of the regression (0 ... 1) are spread by this before the temperature."""
EVENED = 0.5
"""How far directions are evened out in which recordings of one class differ: 0 not, 1 wholly."""
TEMPERATURES = np.geomspace(0.1, 5.0, 40)
GROWTHS = np.linspace(0.0, 0.9, 10)
DISCRIMINANT_SHARES = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
SYNTHETIC_WEIGHT = 0.5
"""A synthesised clip counts this much of a recorded one."""
_LARGE = ("projection", "linear", "quadratic", "discriminant")
BLEEDING = 80
"""Recordings that may be heard in the background of others."""


class Material(NamedTuple):
    """Features (N, D), class numbers, sources, weights, and which rows are unaltered."""

    inputs: Array
    labels: Labels
    sources: NDArray[np.str_]
    weights: Array
    original: NDArray[np.bool_]

    def rows(self, chosen: NDArray[np.bool_]) -> Material:
        """Return the chosen rows."""
        return Material(
            self.inputs[chosen],
            self.labels[chosen],
            self.sources[chosen],
            self.weights[chosen],
            self.original[chosen],
        )


def clip_weights(labels: Labels, recordings: Sequence[Recording]) -> Array:
    """Return training weights: classes equal, sources by the square root of their clips."""
    keys = [(label, r.source) for label, r in zip(labels.tolist(), recordings, strict=True)]
    counts = Counter(keys)
    weight = np.array([counts[key] ** -0.5 for key in keys])
    weight *= [1.0 if r.recorded else SYNTHETIC_WEIGHT for r in recordings]
    for label in np.unique(labels):
        weight[labels == label] /= weight[labels == label].sum()
    return np.asarray(weight / weight.mean())


def gather(data: Path) -> Material:
    """Measure the recordings, each as it is and altered, on all processors."""
    splits = ("train", "valid")
    recordings = [r for split in splits for r in corpus.instruments(data, split)]
    recordings += [r for split in splits for r in corpus.masters(data, split)]
    recordings += noises.recordings()
    rng = np.random.default_rng(SEED)
    bleeding = [recordings[i] for i in rng.choice(len(recordings), BLEEDING, replace=False)]
    recordings += synthesised.recordings()
    with ProcessPoolExecutor(initializer=_listen_for, initargs=(bleeding,)) as pool:
        seeds = range(SEED, SEED + len(recordings))
        measured = list(pool.map(_measured, recordings, seeds, chunksize=8))
    labels = np.array([label for _, _, label in measured])
    return Material(
        np.array([plain for plain, _, _ in measured] + [changed for _, changed, _ in measured]),
        np.tile(labels, 2),
        np.tile([r.source for r in recordings], 2),
        np.tile(clip_weights(labels, recordings), 2),
        np.repeat([True, False], len(recordings)),
    )


_others: list[Example] = []


def _listen_for(recordings: Sequence[Recording]) -> None:
    """Keep, in a process of its own, what bleeds into other recordings."""
    _others[:] = [example(recording) for recording in recordings]


def _measured(recording: Recording, seed: int) -> tuple[Array, Array, int]:
    one = example(recording)
    return *both_features(one, _others, seed), one.label


def fit(material: Material, components: int = COMPONENTS) -> Model:
    """Return the weighted ridge regression, quadratic in the components, and the discriminant.

    Temperature 1, and no share of the discriminant yet.
    """
    x, weight = material.inputs, material.weights / material.weights.mean()
    share = weight / weight.sum()
    centre = share @ x
    scale = np.sqrt(share @ (x - centre) ** 2) + 1e-3
    standard = standardised(x, centre, scale)
    axes = principal_axes(standard, share, components)
    x = standard @ axes
    even = evening(x, material.labels, weight)
    runs = np.char.add(material.labels.astype(str), material.sources)
    apart = discriminant.fit(standard, material.labels, np.unique(runs, return_inverse=True)[1])
    empty = np.zeros(0)
    model = Model(centre, scale, axes @ even, empty, empty, empty, apart, 1.0, 0.0, 0.0)
    return _regressed(model, unit_length(x @ even), material.labels, weight)


def evening(x: Array, labels: Labels, weight: Array) -> Array:
    """Return a matrix (P, P) that shrinks directions in which rows of one class differ most.

    The inverse square root of the covariance within classes (Hatch et al., "Within-class covariance
    normalization for SVM-based speaker recognition", Interspeech 2006), mixed with a multiple of
    the identity.
    """
    apart = x.copy()
    for label in np.unique(labels):
        own = labels == label
        apart[own] -= (weight[own] @ x[own]) / weight[own].sum()
    within = (apart * (weight / weight.sum())[:, None]).T @ apart
    size = x.shape[1]
    mixed = EVENED * within + (1.0 - EVENED) * np.trace(within) / size * np.eye(size)
    value, axes = np.linalg.eigh(mixed)
    return np.asarray(axes * value**-0.5 @ axes.T)


def principal_axes(standard: Array, share: Array, components: int) -> Array:
    """Return a projection (D, P) of standardised features, each kind of them at its share.

    The mean square of what comes out is 1.
    """
    from scipy.linalg import eigh  # noqa: PLC0415  (slow import)

    known = sum(size for size, _ in SHARES) == standard.shape[1]
    kinds = SHARES if known else ((standard.shape[1], 1.0),)
    gain = np.concatenate([np.full(size, np.sqrt(part / size)) for size, part in kinds])
    weighed = (standard * (gain * np.sqrt(share)[:, None])).astype(np.float32)
    last = standard.shape[1] - 1
    wanted = (max(0, last - components + 1), last)
    value, axes = eigh(weighed.T @ weighed, subset_by_index=wanted, overwrite_a=True)
    axes, size = axes[:, ::-1].astype(np.float64), value.sum(dtype=np.float64)
    return np.asarray(gain[:, None] * axes / np.sqrt(size))


def _regressed(model: Model, x: Array, labels: Labels, weight: Array) -> Model:
    """Return the model with bias, linear and quadratic weights, solved in the dual form.

    That is kernel ridge regression with CONSTANT + x · y + CURVED (x · y)².
    """
    from scipy.linalg import solve  # noqa: PLC0415  (slow import)

    wanted = np.eye(NONE + 1)[labels] - 1.0 / (NONE + 1)
    inner = x @ x.T
    kernel = CONSTANT + inner + CURVED * inner**2
    ridge = RIDGE / np.maximum(weight, 0.05)
    dual = SHARPNESS * solve(kernel + np.diag(ridge), wanted, assume_a="pos")
    upper = np.triu_indices(x.shape[1])
    twice = np.where(upper[0] == upper[1], 1.0, 2.0)
    curved = [(x.T @ (column[:, None] * x))[upper] * twice for column in dual.T]
    return model._replace(
        bias=CONSTANT * dual.sum(axis=0), linear=x.T @ dual, quadratic=CURVED * np.array(curved).T
    )


def folds_of(groups: NDArray[np.str_], count: int) -> Labels:
    """Return the fold of each row: whole groups, folds of about one size; −1 for what has none."""
    sizes = Counter(name for name in groups.tolist() if name)
    filled, fold = [0] * count, {"": -1}
    for name, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        fold[name] = filled.index(min(filled))
        filled[fold[name]] += size
    return np.array([fold[name] for name in groups.tolist()])


def held_out_scores(material: Material, folds: Labels, components: int = COMPONENTS) -> Array:
    """Return the parts' scores (2, N, 23) by models that never heard a row's fold.

    Zeros for rows of no fold.
    """
    scores = np.zeros((2, len(folds), NONE + 1))
    for fold in range(folds.max() + 1):
        model = fit(material.rows(folds != fold), components)
        scores[:, folds == fold] = model.parts(material.inputs[folds == fold])
    return scores


def best_calibration(parts: Array, labels: Labels) -> tuple[float, float, float]:
    """Return temperature, growth and the discriminant's share of least log loss."""
    tried = (
        (float(t), float(g), share)
        for share in DISCRIMINANT_SHARES
        for g in GROWTHS
        for t in TEMPERATURES
    )
    return min(tried, key=lambda c: log_loss(np.log(shared_out(combined(parts, *c))), labels))


def train(data: Path, cache: Path | None = None) -> Model:
    """Return the recogniser, its confidence fitted on what was held out; print what that says."""
    if cache and cache.is_file():
        with np.load(cache) as stored:
            material = Material(**stored)
    else:
        material = gather(data)
        if cache:
            np.savez(cache, **material._asdict())
    collections = np.array([collection(source) for source in material.sources.tolist()])
    known = material.original & (material.labels < NONE) & (collections != "")
    sources = np.where(collections == "", "", material.sources)
    labels = material.labels[known]
    scores = {
        name: held_out_scores(material, folds_of(groups, FOLDS[name]))[:, known]
        for name, groups in (("source", sources), ("collection", collections))
    }
    both = np.concatenate(list(scores.values()), axis=1)
    calibration = best_calibration(both, np.tile(labels, len(scores)))
    for name, held_out in scores.items():
        report(f"held out by {name}", np.log(shared_out(combined(held_out, *calibration))), labels)
    temperature, growth, share = calibration
    print(f"temperature {temperature:.3f}, growth {growth:.2f}, share of the discriminant {share}")
    return fit(material)._replace(temperature=temperature, growth=growth, share=share)


def report(what: str, odds: Array, labels: Labels) -> None:
    """Print the figures of log-confidences (N, 22), and each class's recall."""
    found = figures(odds, labels)
    print(
        f"{what}, n = {len(labels)}: top-1 {found['top1']:.1%}, top-3 {found['top3']:.1%}, "
        f"families {found['family']:.1%}, log loss {found['log_loss']:.3f}, "
        f"calibration error {found['ece']:.3f}"
    )
    for row in recall(odds, labels):
        print(f"    {row['what']}, n = {row['n']}: {row['top1']:.0%} ({row['taken for']})")


def tensors_of(model: Model) -> dict[str, NDArray[np.float16] | NDArray[np.float32]]:
    """Return a model's tensors as they are shipped: the large ones in half precision.

    Contiguous: a transposed array would be saved in the order of its memory.
    """
    tensors: dict[str, NDArray[np.float16] | NDArray[np.float32]] = {}
    for name, value in model._asdict().items():
        array = np.ascontiguousarray(np.atleast_1d(value))
        tensors[name] = array.astype(np.float16) if name in _LARGE else array.astype(np.float32)
    return tensors


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit and write models/weights/instruments.safetensors."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="reference data folder")
    parser.add_argument("--cache", type=Path, help="file (.npz) that keeps the features")
    parser.add_argument("--out", type=Path, default=weights_path(WEIGHTS), help="file to write")
    options = parser.parse_args(arguments)
    model = train(options.data or corpus.data_dir(), options.cache)
    save_file(tensors_of(model), options.out, metadata={"classes": ",".join(CLASSES)})


if __name__ == "__main__":
    main()
