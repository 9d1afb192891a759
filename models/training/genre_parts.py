"""The parts of the genre classifier, fitted one by one, and how much each of them counts.

Three parts that err differently: a kernel machine on tags and cepstra; a discriminant on the tags'
log-odds; a discriminant on the cepstra alone, which also learns from tracks that have no tags.
Each is brought to its own temperature, weighted, and the sum brought to a common one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models import random_features
from models.genres import GENRES, Classifier, with_log_odds
from models.musicnn import TAGS
from models.random_features import Waves
from models.training import discriminant, genre_data
from models.training.scores import log_loss

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

SEED = 20250211
PAIRS = 4096
"""Random frequencies, each a cosine and a sine: as many as leave nothing to their draw."""
WIDTHS, RIDGES = np.array([0.03, 0.1, 0.3]), np.array([0.03, 0.1, 0.3])
WEIGHTS = (1.0, 1.0, 0.6)
"""How much each part's log-probabilities count."""
TEMPERATURES = np.geomspace(0.05, 50.0, 139)
CUTS = (5, 4, 3)


class Material(NamedTuple):
    """What is learnt from: N tracks, features (N, 89), and M without tags, cepstra (M, 39).

    runs: of neighbours, often of one artist.
    """

    x: Array
    labels: Labels
    runs: Labels
    more_x: Array
    more_labels: Labels
    more_runs: Labels

    def pick(self, which: NDArray[np.bool_]) -> Material:
        """Return it with some of the N tracks."""
        return self._replace(x=self.x[which], labels=self.labels[which], runs=self.runs[which])

    def pick_more(self, which: NDArray[np.bool_]) -> Material:
        """Return it with some of the M tracks without tags."""
        return self._replace(
            more_x=self.more_x[which],
            more_labels=self.more_labels[which],
            more_runs=self.more_runs[which],
        )


class Parts(NamedTuple):
    """The parts as fitted, each with scores of its own size."""

    centre: Array
    scale: Array
    waves: Waves
    tags: Array
    cepstra: Array

    def scores(self, x: Array) -> Array:
        """Return the scores (3, N, 10) of features (N, 89)."""
        return np.array([self.classifier(share).scores(x) for share in np.eye(3)])

    def classifier(self, shares: Array) -> Classifier:
        """Return the sum of the parts, each times its share (3,)."""
        curved = self.waves._replace(weights=shares[0] * self.waves.weights)
        linear = np.vstack([shares[1] * self.tags[:-1], shares[2] * self.cepstra])
        linear[-1] += shares[1] * self.tags[-1]
        return Classifier(self.centre, self.scale, curved, linear)


def material(
    tracks: genre_data.Tracks, more: genre_data.Tracks, x: Array | None = None
) -> Material:
    """Return tagged tracks, and `more` without tags, as what is learnt from.

    x: features of the tracks, if not those of all their patches.
    """
    return Material(
        tracks.features() if x is None else x,
        tracks.labels,
        tracks.runs(),
        more.cepstra(),
        more.labels,
        more.runs(),
    )


def fit(some: Material) -> Parts:
    """Fit all three parts.

    The kernel machine is the mean of ridge regressions, over all widths and ridges, on one-hot
    targets: averaging them did better than choosing one in cross-validation.
    """
    x, count = some.x, len(TAGS)
    centre, scale = x.mean(axis=0), x.std(axis=0)
    targets = np.eye(len(GENRES))[some.labels] - 1.0 / len(GENRES)
    frequencies = random_features.draw(x.shape[1], PAIRS, SEED)
    ridges = np.repeat(RIDGES[:, None], len(x), axis=1)
    waves = random_features.fit((x - centre) / scale, targets, frequencies, WIDTHS, ridges)
    mean = waves._replace(weights=waves.weights / (len(WIDTHS) * len(RIDGES)))
    tags = discriminant.fit(with_log_odds(x)[:, :count], some.labels, some.runs)
    cepstra = discriminant.fit(
        np.concatenate([x[:, count:], some.more_x]),
        np.concatenate([some.labels, some.more_labels]),
        np.concatenate([some.runs, some.more_runs]),
    )
    return Parts(centre, scale, mean, tags, cepstra)


def choose_shares(some: Material, seed: int) -> Array:
    """Return how much each part counts (3,), from cross-validation."""
    return shares_of(*held_out(some, seed))


def shares_of(scores: Array, labels: Labels) -> Array:
    """Return how much each part counts (3,), from held-out scores (3, N, 10) and labels (N,)."""
    own = np.array([best_temperature(part, labels) for part in scores])
    shares = np.array(WEIGHTS) / own
    temperature = best_temperature(np.tensordot(shares, scores, 1), labels)
    return np.asarray(shares / temperature)


def held_out(some: Material, seed: int, share: float = 1.0) -> tuple[Array, Labels]:
    """Return each part's scores (3, N, 10) and the labels (N,) of held-out tracks, several times.

    Held out are runs of neighbouring tracks, so that most artists are on one side. share: of the
    other runs, drawn at random in each genre, that are learnt from.
    """
    rng = np.random.default_rng(seed)
    cuts = [genre_data.blocks(some.labels, parts, rng) for parts in CUTS]
    scores = np.concatenate([_held_out(some, part, share, rng) for part in cuts], axis=1)
    return scores, np.tile(some.labels, len(cuts))


def best_temperature(scores: Array, labels: Labels) -> float:
    """Return the temperature of least log loss of scores (N, 10)."""
    losses = [log_loss(scores / t, labels) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _held_out(some: Material, part: Labels, share: float, rng: np.random.Generator) -> Array:
    scores = np.zeros((len(WEIGHTS), len(some.x), len(GENRES)))
    for number in np.unique(part):
        rest = part != number
        learnt = thinned(some.pick(rest), share, rng)
        scores[:, ~rest] = fit(learnt).scores(some.x[~rest])
    return scores


def thinned(some: Material, share: float, rng: np.random.Generator) -> Material:
    """Return a share of each genre's runs, at least one, of both kinds of track."""
    kept = _some_of(some.runs, some.labels, share, rng)
    return some.pick(kept).pick_more(_some_of(some.more_runs, some.more_labels, share, rng))


def _some_of(
    runs: Labels, labels: Labels, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    chosen: list[int] = []
    for label in np.unique(labels):
        own = rng.permutation(np.unique(runs[labels == label]))
        chosen += own[: max(1, round(share * len(own)))].tolist()
    return np.isin(runs, chosen)
