"""Which genre a recording is: a mixture of ten, from its tags and its cepstra.

The tagger musicnn (see `models.musicnn`) says what three-second excerpts spread over the recording
sound like; the mean of its 50 tags, and means and variances of 20 cepstral coefficients, go into a
calibrated classifier over the ten genres of GTZAN: a kernel machine (`models.random_features`) and
linear discriminants, added up. Beside it stands the network of DuBray & Mohammadi ("Using Neural
Networks to Apply Intelligent Genre-Specific Equalization to Audio Masters"): levels of five bands
and of the whole → 12 tanh units → softmax over six classes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models import cepstra, excerpts, musicnn
from models.audio import AudioInfo, Clip, Samples, info, stream
from models.instruments import Guess
from models.random_features import Waves
from models.resources import weights_path

Array = NDArray[np.float64]

GENRES = (
    *("blues", "classical", "country", "disco", "hip_hop"),
    *("jazz", "metal", "pop", "reggae", "rock"),
)
POOLED = "rock_pop_blues_reggae_metal"
PAPER_CLASSES = (POOLED, "classical", "country", "disco", "hip_hop", "jazz")
PAPER_CLASS = {genre: genre if genre in PAPER_CLASSES else POOLED for genre in GENRES}
"""The paper's class of each genre."""
WEIGHTS = "genres"
REFERENCE_RMS = 0.1225
"""Median of GTZAN's tracks: what is heard is brought to it, so that the level does not matter."""
MIN_HEARD_S = 0.1
_MIN_VARIANCE, _MIN_TAG = 1e-3, 1e-3


class Evidence(NamedTuple):
    """What the classifiers see. tags: (50,) means. rms: as recorded; the cepstra are levelled."""

    tags: Array
    cepstra: cepstra.Cepstra
    rms: float


class Classifier(NamedTuple):
    """A regression on random Fourier features of the standardised input, and a linear map.

    linear: (D + 1, 10), from the input with its tags as log-odds, and a one.
    """

    centre: Array
    scale: Array
    waves: Waves
    linear: Array

    def scores(self, features: Array) -> Array:
        """Return the log-odds (N, 10), up to a constant, of features (N, D)."""
        curved = self.waves.scores((features - self.centre) / self.scale)
        return curved + _with_one(with_log_odds(features)) @ self.linear


class PaperNet(NamedTuple):
    """The paper's network: softmax(out @ tanh(hidden @ x)), x the standardised levels."""

    centre: Array
    scale: Array
    hidden: Array
    out: Array

    def scores(self, levels_db: Array) -> Array:
        """Return the log-odds (N, 6), up to a constant, of levels (N, 6)."""
        inside = np.tanh(_with_one((levels_db - self.centre) / self.scale) @ self.hidden)
        return np.asarray(_with_one(inside) @ self.out)


def classify(clip: Clip) -> tuple[Guess, ...]:
    """Return all ten genres, best first; their confidences add up to 1."""
    what = AudioInfo(clip.sample_rate_hz, clip.channels, clip.frames)
    return guesses(hear(clip.blocks(), what))


def classify_file(path: str | os.PathLike[str]) -> tuple[Guess, ...]:
    """Return all ten genres of a file, read in blocks, best first. Raises AudioError."""
    return guesses(hear(stream(path), info(path)))


def hear(blocks: Iterable[Samples], what: AudioInfo) -> Evidence | None:
    """Listen to a stream of blocks; None when there is less than 0.1 s of sound."""
    return evidence(excerpts.cut(blocks, what))


def evidence(cut: excerpts.Excerpts) -> Evidence | None:
    """Return what the classifiers see of excerpts; None of less than 0.1 s of sound."""
    if sum(map(len, cut.parts)) < MIN_HEARD_S * cut.sample_rate_hz or not cut.rms:
        return None
    gain = REFERENCE_RMS / cut.rms
    measured = cepstra.measure(cut.at(cepstra.FORMAT.sample_rate_hz, gain))
    if measured is None:
        return None
    least = musicnn.FORMAT.samples_for(musicnn.PATCH_FRAMES)
    parts = cut.at(musicnn.FORMAT.sample_rate_hz, gain)
    long_enough = [part if len(part) >= least else np.resize(part, least) for part in parts]
    patches = (patch for part in long_enough for patch in musicnn.patches(musicnn.log_mel(part)))
    tags = musicnn.hear(patches).tags.mean(axis=0, dtype=np.float64)
    return Evidence(tags, measured, cut.rms)


def guesses(seen: Evidence | None) -> tuple[Guess, ...]:
    """Return all ten genres, best first; all equal where nothing was heard."""
    if seen is None:
        return _ranked(GENRES, np.zeros(len(GENRES)))
    x = features(seen.tags[None], seen.cepstra.mean[None], seen.cepstra.variance[None])
    return _ranked(GENRES, load_classifier().scores(x)[0])


def pooled(ten: Sequence[Guess]) -> tuple[Guess, ...]:
    """Return the paper's six classes of a mixture of ten genres, best first."""
    share = dict.fromkeys(PAPER_CLASSES, 0.0)
    for guess in ten:
        share[PAPER_CLASS[guess.label]] += guess.confidence
    return tuple(Guess(*pair) for pair in sorted(share.items(), key=lambda pair: -pair[1]))


def paper_guesses(seen: Evidence) -> tuple[Guess, ...]:
    """Return what the paper's network makes of it: six classes, best first."""
    return _ranked(PAPER_CLASSES, load_paper_net().scores(paper_levels_db(seen)[None])[0])


def features(tags: Array, mean: Array, variance: Array) -> Array:
    """Return the classifier's input (N, 89): tags (N, 50), cepstra (N, 20) without the level."""
    return np.concatenate([tags, mean[:, 1:], np.log(np.maximum(variance, _MIN_VARIANCE))], axis=1)


def with_log_odds(features: Array) -> Array:
    """Return features (N, D) with the tags, the first 50, as log-odds, none beyond ± 6.9."""
    count = len(musicnn.TAGS)
    tags = features[:, :count]
    odds = np.log((tags + _MIN_TAG) / (1.0 - tags + _MIN_TAG))
    return np.concatenate([odds, features[:, count:]], axis=1)


def paper_levels_db(seen: Evidence) -> Array:
    """Return the paper's input (6,): the levels of five bands and of the whole, in dB."""
    rms_db = 20.0 * np.log10(seen.rms)
    shift_db = rms_db - 20.0 * np.log10(REFERENCE_RMS)
    bands_db = cepstra.band_levels_db(seen.cepstra.mean) + shift_db
    return np.append(bands_db, rms_db)


@cache
def load_classifier() -> Classifier:
    """Return the shipped classifier."""
    t = _tensors()
    waves = Waves(*(t[name] for name in Waves._fields))
    return Classifier(t["centre"], t["scale"], waves, t["linear"])


@cache
def load_paper_net() -> PaperNet:
    """Return the shipped network of the paper."""
    t = _tensors()
    return PaperNet(*(t[f"paper.{name}"] for name in PaperNet._fields))


@cache
def _tensors() -> Mapping[str, Array]:
    from safetensors.numpy import load_file  # noqa: PLC0415

    loaded = load_file(weights_path(WEIGHTS))
    return {name: value.astype(np.float64) for name, value in loaded.items()}


def _with_one(x: Array) -> Array:
    return np.concatenate([x, np.ones((len(x), 1))], axis=1)


def _ranked(labels: Sequence[str], scores: Array) -> tuple[Guess, ...]:
    odds = np.exp(scores - scores.max())
    confidence = odds / odds.sum()
    order = np.argsort(-confidence, kind="stable")
    return tuple(Guess(labels[i], float(confidence[i])) for i in order)
