"""Target spectra: what a well-balanced track of its kind looks like, and how far a track is off.

A target is a long-term spectrum averaged over material of one kind, here with its natural spread
and the confidence that there is energy at all. (Mockenhaupt, Rieber & Nercessian 2024: the mean dB
spectrum of "suitably produced" clips per class, made zero-mean.) All arrays are on
`models.spectrum.GRID_HZ`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from models import target_files
from models.instruments import Guess
from models.resources import presets_dir
from models.spectrum import ERB_WEIGHT, GRID_HZ, Spectrum, measure_file
from models.target import (
    Array,
    Target,
    TargetError,
    blend,
    from_spectra,
    smoothed_db,
    weighted_mean,
)

__all__ = [
    "NEUTRAL",
    "Target",
    "TargetError",
    "adapted",
    "blend",
    "desired_change",
    "distance_db",
    "for_class",
    "for_guesses",
    "from_files",
    "from_heard",
    "from_spectra",
    "names",
    "neutral",
    "weighted_median",
]

NEUTRAL = "neutral"
MAX_CHANGE_DB = 12.0
"""Largest change that is asked for (Mockenhaupt et al. 2024)."""
REACH_DB = 6.0
"""Boost and cut that an EQ is usually allowed."""
CHANGE_RANGE_HZ = (30.0, 16000.0)
"""Nothing is asked for outside of this."""
DISTANCE_RANGE_HZ = (60.0, 12000.0)
TOLERANCE = 0.15
"""Fraction of the natural spread within which a difference is mostly left alone."""
TRUSTED_CONFIDENCE = 0.5
"""A recognised class counts alone from this confidence on; below it the likely ones are blended."""
MIN_SHARE = 0.02
"""Classes less likely than this are left out of a blend."""
FAULT_DB = 5.0
"""How far (rms) a track's EQ is expected to be off, beside what is natural for its kind."""
UNSEEN = 1.4
"""A source outside of a target's material deviates so many times as far as those inside."""
_REST_WEIGHT = 0.4
"""Weight of "no change" where nothing is known: shelves must not lift noise there.

From 0.05 to 0.4 the largest boost of silent bands halves and the way to the target stays the same.
"""
_REFERENCE_SPREAD_DB = 1.0
_TINY = 1e-12
_NAMED = 5
"""So many files of a target are named in its provenance."""


@cache
def names() -> tuple[str, ...]:
    """Return the names of the shipped class targets, without the neutral one."""
    stems = (path.stem for path in (presets_dir() / "targets").glob("*.yaml"))
    return tuple(sorted(stem for stem in stems if stem != NEUTRAL))


def for_class(name: str) -> Target:
    """Return the shipped target of an instrument class (or "neutral").

    Raises TargetError for an unknown name.
    """
    if name != NEUTRAL and name not in names():
        raise TargetError(f"no target named {name!r}: choose one of {', '.join(names())}")
    return _shipped(name)


@cache
def _shipped(name: str) -> Target:
    return target_files.load(presets_dir() / "targets" / f"{name}.yaml")


def neutral() -> Target:
    """Return the target for when nothing is known: an equal blend of all classes."""
    return for_class(NEUTRAL)


def for_guesses(guesses: Sequence[Guess]) -> Target:
    """Return the target that a recogniser's guesses (best first, all classes) call for.

    The best class alone when its confidence is at least `TRUSTED_CONFIDENCE`; otherwise the classes
    blended by their confidences, which is the expected target (neutral when all are equal).
    """
    if guesses[0].confidence >= TRUSTED_CONFIDENCE:
        return for_class(guesses[0].label)
    likely = [(for_class(g.label), g.confidence) for g in guesses if g.confidence >= MIN_SHARE]
    return blend(likely) if likely else neutral()


def from_files(paths: Sequence[str | Path], *, name: str = "reference") -> Target:
    """Make a target from reference audio files: the mean of their spectra, all counting the same.

    Raises TargetError when no file is given or none has energy; AudioError for an unreadable one.
    """
    if not paths:
        raise TargetError("no reference file given: name at least one")
    files = [Path(path) for path in paths]
    spectra = [measure_file(path) for path in files]
    for path, spectrum in zip(files, spectra, strict=True):
        if not spectrum.confidence.any():
            raise TargetError(f"{path}: silent, nothing to match: choose another reference")
    return from_heard([path.name for path in files], spectra, name=name)


def from_heard(titles: Sequence[str], spectra: Sequence[Spectrum], *, name: str) -> Target:
    """Make a target from the spectra of recordings that have energy; titles: what they are called.

    Raises TargetError when there is none.
    """
    listed = ", ".join(titles[:_NAMED])
    rest = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    target = from_spectra(spectra, name=name, provenance=f"reference: {listed}{rest}")
    if len(spectra) > 1:
        return target
    spread_db = np.full_like(target.spread_db, _REFERENCE_SPREAD_DB)
    return Target(target.curve_db, spread_db, target.confidence, target.provenance, target.name)


def adapted(target: Target, spectrum: Spectrum, fault_db: float = FAULT_DB) -> Target:
    """Return the target as it is for one track: what its kind leaves open is the track's own.

    fault_db: how far (rms) the track's EQ is expected to be off.
    Per band the most likely spectrum of this track without its faults, where both nature (spread n)
    and faults (fault_db s) are normal: the track plus s^2 / (s^2 + n^2) of its difference. So the
    notes that are played, quiet lows and a dark or bright make stay, as far as tracks of the class
    differ in them; where all are alike the target is followed. `FAULT_DB` was chosen by
    `python -m models.training.choose_strength`: 4 is best where faults are of 4 dB, 6 to 8 where
    they are of 6 dB; following the whole target is never best.
    """
    natural_db = UNSEEN * target.spread_db
    trust = fault_db**2 / (fault_db**2 + natural_db**2)
    known = spectrum.confidence * target.confidence * _within(CHANGE_RANGE_HZ)
    track_db = smoothed_db(spectrum)
    difference = target.curve_db - track_db
    difference = difference - weighted_mean(difference, ERB_WEIGHT * known * trust)
    return Target(
        curve_db=track_db + trust * difference,
        spread_db=natural_db * np.sqrt(trust),
        confidence=target.confidence,
        provenance=target.provenance,
        name=target.name,
    )


def desired_change(
    spectrum: Spectrum, target: Target, tolerance: float = TOLERANCE
) -> tuple[Array, Array]:
    """Return the change in dB towards the target, and how much each band matters.

    Both (121,) on `GRID_HZ`. Smoothed, zero-centred and at most 12 dB as in Mockenhaupt et al. 2024
    (they scale the whole curve down to 12 dB; here only what exceeds it is cut off, which leaves
    the rest of the spectrum its correction). Differences within `tolerance` times the natural
    spread of the target are mostly left alone; nothing is asked for where track or target has no
    energy, below 30 Hz or above 16 kHz.
    """
    known = spectrum.confidence * target.confidence * _within(CHANGE_RANGE_HZ)
    weight = ERB_WEIGHT * known
    difference = _centred(target.curve_db - smoothed_db(spectrum), weight)
    left_alone = (tolerance * target.spread_db) ** 2 + _TINY
    demand = difference**3 / (difference**2 + left_alone)
    demand = np.clip(demand, -MAX_CHANGE_DB, MAX_CHANGE_DB) * np.sqrt(known)
    return demand, weight + _REST_WEIGHT * ERB_WEIGHT


def _centred(difference: Array, weight: Array) -> Array:
    """Move a difference, whose level is free, to where least of it is beyond an EQ's reach."""
    difference = difference - weighted_mean(difference, weight)
    moved = difference - np.arange(-MAX_CHANGE_DB, MAX_CHANGE_DB + 0.1, 0.25)[:, None]
    beyond = np.maximum(np.abs(moved) - REACH_DB, 0.0)
    cost = (beyond + 0.01 * moved**2) @ weight
    return np.asarray(moved[cost.argmin()])


def distance_db(spectrum: Spectrum, target: Target, eq_db: ArrayLike | None = None) -> float:
    """Return how far a track is from its target in dB, with the response `eq_db` (121,) if given.

    The ERB-weighted mean absolute difference from 60 Hz to 12 kHz where both have energy, after the
    best level offset (the weighted median) is removed. 0.0 when they share no band.
    """
    response_db = 0.0 if eq_db is None else np.asarray(eq_db, dtype=np.float64)
    known = spectrum.confidence * target.confidence * _within(DISTANCE_RANGE_HZ)
    weight = ERB_WEIGHT * known
    if not weight.any():
        return 0.0
    difference = target.curve_db - smoothed_db(spectrum, response_db)
    return weighted_mean(np.abs(difference - weighted_median(difference, weight)), weight)


def _within(range_hz: tuple[float, float]) -> Array:
    low, high = range_hz
    return np.asarray((low <= GRID_HZ) & (high >= GRID_HZ), dtype=np.float64)


def weighted_median(values: Array, weight: Array) -> float:
    """Return the value below which half of the weight lies."""
    order = np.argsort(values)
    heaped = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(heaped, 0.5 * heaped[-1])])
