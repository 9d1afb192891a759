"""Which instrument a track holds: the nearest class by the shape of its long-term spectrum.

A stated baseline: a spectrum becomes a few numbers that a change of gain leaves alone (its smoothed
shape, and how rough it is around that: harmonics against noise), and the classes are ranked by the
Mahalanobis distance to their means under one shrunken covariance (linear discriminant analysis). A
temperature fitted on the validation split turns distances into calibrated confidences. Figures:
models/weights/instruments_baseline.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.audio import Clip
from models.resources import weights_path
from models.spectrum import GRID_HZ, Spectrum, erb_smooth, measure

Array = NDArray[np.float64]

FAMILY = MappingProxyType(
    {
        "bass_guitar": "bass",
        "brass": "brass",
        "cymbals": "cymbals",
        "double_bass": "bass",
        "drums_kit": "drums",
        "electric_piano": "piano",
        "guitar_acoustic": "guitar",
        "guitar_electric_clean": "guitar",
        "guitar_electric_distorted": "guitar",
        "hihat": "cymbals",
        "kick": "drums",
        "organ": "organ",
        "percussion": "percussion",
        "piano": "piano",
        "saxophone": "saxophone",
        "snare": "drums",
        "strings": "strings",
        "synth": "synth",
        "toms": "drums",
        "vocals_female": "vocals",
        "vocals_male": "vocals",
        "woodwinds": "woodwinds",
    }
)
"""The 13 families of the 22 classes."""
CLASSES = tuple(FAMILY)
MIN_ACTIVE_S, FULL_ACTIVE_S = 0.1, 1.0
"""Below the first nothing is concluded; up to the second confidence grows with the material."""
WEIGHTS = "instruments_baseline"

_SHAPE_RANGE_HZ = (35.0, 13000.0)
_SHAPE_POINTS, _ROUGH_POINTS = 3, 8
_RANGE_DB = 50.0
"""Depth below the strongest band that counts; what lies lower is noise as often as sound."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A class and the probability, 0 ... 1, that the track is one."""

    label: str
    confidence: float


class Model(NamedTuple):
    """Nearest-mean classifier: scores are −½ |whitening @ features − means[c]|² / temperature."""

    whitening: Array
    means: Array
    temperature: float

    def scores(self, features: Array) -> Array:
        """Return the log-likelihoods (N, 22), up to a constant, of features (N, D)."""
        offset = (features @ self.whitening.T)[:, None, :] - self.means
        return np.asarray(-0.5 * (offset**2).sum(axis=-1) / self.temperature)


def classify(clip: Clip) -> tuple[Guess, ...]:
    """Return all classes, best first; their confidences add up to 1."""
    return classify_spectrum(measure(clip))


def classify_spectrum(spectrum: Spectrum) -> tuple[Guess, ...]:
    """Return all classes, best first; all equal for less than 0.1 s of sound."""
    evidence = np.clip(spectrum.active_s / FULL_ACTIVE_S, 0.0, 1.0)
    if spectrum.active_s < MIN_ACTIVE_S or not spectrum.confidence.any():
        evidence = 0.0
    scores = evidence * load_model().scores(features(heard_db(spectrum)[None]))[0]
    odds = np.exp(scores - scores.max())
    confidence = odds / odds.sum()
    ranked = np.argsort(-confidence, kind="stable")
    return tuple(Guess(CLASSES[i], float(confidence[i])) for i in ranked)


def heard_db(spectrum: Spectrum) -> Array:
    """Return the levels (121,), bands without energy or above Nyquist at the lowest that counts."""
    empty_db = spectrum.level_db.max() - _RANGE_DB
    return np.where(spectrum.confidence > 0.0, spectrum.level_db, empty_db)


def features(level_db: Array) -> Array:
    """Return what the recogniser sees of spectra (N, 121) in dB on `GRID_HZ`: (N, D), free of gain.

    The critical-band smoothed shape in quarter octaves, and two roughnesses per 2/3 octave: the
    deviation from the smoothed shape and the step from point to point.
    """
    level_db = np.maximum(level_db, level_db.max(axis=-1, keepdims=True) - _RANGE_DB)
    smooth_db = erb_smooth(level_db)
    shape = _means(smooth_db, _SHAPE_POINTS)
    rough = np.sqrt(_means((level_db - smooth_db) ** 2, _ROUGH_POINTS))
    steps = np.sqrt(_means(np.diff(level_db, axis=-1, append=level_db[:, -1:]) ** 2, _ROUGH_POINTS))
    return np.concatenate([shape - shape.mean(axis=-1, keepdims=True), rough, steps], axis=-1)


def _means(values: Array, points: int) -> Array:
    low, high = _SHAPE_RANGE_HZ
    inside = values[:, (low <= GRID_HZ) & (high >= GRID_HZ)]
    count = inside.shape[1] // points
    return np.asarray(inside[:, : count * points].reshape(-1, count, points).mean(axis=-1))


@cache
def load_model() -> Model:
    """Return the shipped recogniser."""
    from safetensors.numpy import load_file  # noqa: PLC0415

    tensors = load_file(weights_path(WEIGHTS))
    return Model(
        tensors["whitening"].astype(np.float64),
        tensors["means"].astype(np.float64),
        float(tensors["temperature"][0]),
    )
