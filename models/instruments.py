"""Which instrument a track holds, from its spectrum, its time structure and two networks' ears.

All features (`models.hearing`) go, standardised, projected on components that tell classes apart
rather than recordings of one class, and brought to unit length, into scores that are quadratic in
them; those of a linear discriminant are added. A temperature that grows with the best score and the
discriminant's share, fitted on recordings of sources and of whole collections that were held out,
make of the scores calibrated confidences. It knows a further class, "none of these": whole mixes
and noise; what goes to it is shared out evenly among the instruments, so that they are all
doubtful.
Figures: models/weights/instruments.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.audio import AudioInfo, Clip
from models.resources import weights_path
from models.spectrum import GRID_HZ, Spectrum, erb_smooth, listen_to

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
WEIGHTS = "instruments"

_SHAPE_RANGE_HZ = (35.0, 13000.0)
_SHAPE_POINTS, _ROUGH_POINTS = 3, 8
_RANGE_DB = 50.0
"""Depth below the strongest band that counts; what lies lower is noise as often as sound."""
_CLIP = 4.0
"""Standard deviations beyond which a feature says no more."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A class and the probability, 0 ... 1, that the track is one."""

    label: str
    confidence: float


class Model(NamedTuple):
    """Two parts added up, each of the features standardised by centre and scale (D,) and limited.

    One is quadratic in x, these times projection (D, P), of length 1: bias + x @ linear +
    products(x) @ quadratic. bias: (23,). linear: (P, 23). quadratic: (P(P + 1) / 2, 23): the
    classes, then "none of these". The other is linear: discriminant (D + 1, 23), the last row for a
    one.
    """

    centre: Array
    scale: Array
    projection: Array
    bias: Array
    linear: Array
    quadratic: Array
    discriminant: Array
    temperature: float
    growth: float
    share: float

    def scores(self, features: Array) -> Array:
        """Return the log-odds (N, 23), up to a constant, of features (N, D)."""
        return combined(self.parts(features), self.temperature, self.growth, self.share)

    def parts(self, features: Array) -> Array:
        """Return the scores (2, N, 23) of both parts, each of its own size."""
        standard = standardised(features, self.centre, self.scale)
        x = unit_length(standard @ self.projection)
        curved = self.bias + x @ self.linear + products(x) @ self.quadratic
        straight = standard @ self.discriminant[:-1] + self.discriminant[-1]
        return np.stack([curved, straight])


def combined(parts: Array, temperature: float, growth: float, share: float) -> Array:
    """Return the sum (N, 23) of the first part, cooled, and a share of the second."""
    return np.asarray(cooled(parts[0], temperature, growth) + share * parts[1])


def cooled(scores: Array, temperature: float, growth: float) -> Array:
    """Return scores (N, 23) over temperature · (best score)^growth: the surest are too sure."""
    best = np.maximum(scores.max(axis=1, keepdims=True), 1.0)
    return np.asarray(scores / (temperature * best**growth))


def unit_length(x: Array) -> Array:
    """Return rows (N, P) of length 1."""
    return np.asarray(x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-12))


def standardised(features: Array, centre: Array, scale: Array) -> Array:
    """Return features (N, D) in standard deviations from the mean, limited."""
    return np.clip((features - centre) / scale, -_CLIP, _CLIP)


def products(x: Array) -> Array:
    """Return the products of all pairs of coordinates (N, P), (N, P(P + 1) / 2)."""
    first, second = np.triu_indices(x.shape[1])
    return np.asarray(x[:, first] * x[:, second])


def classify(clip: Clip) -> tuple[Guess, ...]:
    """Return all classes, best first; their confidences add up to 1."""
    what = AudioInfo(clip.sample_rate_hz, clip.channels, clip.frames)
    return classify_spectrum(listen_to(clip.blocks(), what).spectrum)


def classify_spectrum(spectrum: Spectrum) -> tuple[Guess, ...]:
    """Return all classes, best first; all equal for less than 0.1 s, or without the sound."""
    inputs = features(spectrum) if spectrum.active_s >= MIN_ACTIVE_S else None
    confidence = np.full(len(CLASSES), 1.0 / len(CLASSES))
    if inputs is not None:
        evidence = np.clip(spectrum.active_s / FULL_ACTIVE_S, 0.0, 1.0)
        confidence = shared_out(evidence * load_model().scores(inputs[None]))[0]
    ranked = np.argsort(-confidence, kind="stable")
    return tuple(Guess(CLASSES[i], float(confidence[i])) for i in ranked)


def shared_out(scores: Array) -> Array:
    """Return the confidences (N, 22) of scores (N, 23), none-of-these shared out evenly."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    return np.asarray(odds[:, :-1] + odds[:, -1:] / len(CLASSES))


def features(spectrum: Spectrum) -> Array | None:
    """Return the model's input (D,); None for a spectrum of silence or without its sound."""
    heard = spectrum.sound.evidence if spectrum.sound else None
    if heard is None or not spectrum.confidence.any():
        return None
    return np.concatenate([heard, shape(heard_db(spectrum)[None])[0]])


def heard_db(spectrum: Spectrum) -> Array:
    """Return the levels (121,), bands without energy or above Nyquist at the lowest that counts."""
    empty_db = spectrum.level_db.max() - _RANGE_DB
    return np.where(spectrum.confidence > 0.0, spectrum.level_db, empty_db)


def shape(level_db: Array) -> Array:
    """Return what counts of spectra (N, 121) in dB on `GRID_HZ`: (N, 58), free of gain.

    The critical-band smoothed shape in quarter octaves, and two roughnesses per 2/3 octave: the
    deviation from the smoothed shape and the step from point to point.
    """
    level_db = np.maximum(level_db, level_db.max(axis=-1, keepdims=True) - _RANGE_DB)
    smooth_db = erb_smooth(level_db)
    form = _means(smooth_db, _SHAPE_POINTS)
    rough = np.sqrt(_means((level_db - smooth_db) ** 2, _ROUGH_POINTS))
    steps = np.sqrt(_means(np.diff(level_db, axis=-1, append=level_db[:, -1:]) ** 2, _ROUGH_POINTS))
    return np.concatenate([form - form.mean(axis=-1, keepdims=True), rough, steps], axis=-1)


def _means(values: Array, points: int) -> Array:
    low, high = _SHAPE_RANGE_HZ
    inside = values[:, (low <= GRID_HZ) & (high >= GRID_HZ)]
    count = inside.shape[1] // points
    return np.asarray(inside[:, : count * points].reshape(-1, count, points).mean(axis=-1))


@cache
def load_model() -> Model:
    """Return the shipped recogniser."""
    from safetensors.numpy import load_file  # noqa: PLC0415

    tensors = {name: t.astype(np.float64) for name, t in load_file(weights_path(WEIGHTS)).items()}
    numbers = (float(tensors.pop(name)[0]) for name in ("temperature", "growth", "share"))
    temperature, growth, share = numbers
    return Model(**tensors, temperature=temperature, growth=growth, share=share)
