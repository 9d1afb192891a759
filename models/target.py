"""The target value type, and how spectra or targets are averaged into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.spectrum import ERB_WEIGHT, GRID_HZ, Spectrum, erb_smooth

Array = NDArray[np.float64]

_MAX_PULL_DB = 6.0
_MIN_SPREAD_DB, _MAX_DEVIATION_DB = 1.0, 15.0
_ROUNDS = 5


class TargetError(ValueError):
    """A target that does not exist or cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A target spectrum on `GRID_HZ`.

    curve_db: (121,), its mean weighted by ERB and confidence is zero. spread_db: (121,), standard
    deviation of the material around the curve, above 0. confidence: (121,) in 0 ... 1, how surely
    there is energy.
    """

    curve_db: Array
    spread_db: Array
    confidence: Array
    provenance: str
    name: str

    def __post_init__(self) -> None:
        for field in ("curve_db", "spread_db", "confidence"):
            values = np.array(getattr(self, field), dtype=np.float64)
            if values.shape != GRID_HZ.shape or not np.isfinite(values).all():
                raise TargetError(f"target {self.name}: {field} must be {GRID_HZ.size} numbers")
            object.__setattr__(self, field, values)
        if (self.spread_db <= 0.0).any():
            raise TargetError(f"target {self.name}: spread_db must be above 0")
        if (self.confidence < 0.0).any() or (self.confidence > 1.0).any():
            raise TargetError(f"target {self.name}: confidence must be within 0 ... 1")
        curve_db = self.curve_db - weighted_mean(self.curve_db, ERB_WEIGHT * self.confidence)
        object.__setattr__(self, "curve_db", curve_db)
        for field in ("curve_db", "spread_db", "confidence"):
            getattr(self, field).setflags(write=False)


def from_spectra(
    spectra: Sequence[Spectrum],
    *,
    name: str,
    provenance: str,
    groups: Sequence[str] | None = None,
) -> Target:
    """Average spectra into a target, robustly and balanced by group.

    groups: one label per spectrum (its source: a song, singer, library). A group counts with the
    square root of its size, and pulls the curve by no more than 6 dB from the median of all groups.
    Levels are aligned over the bands with energy. Raises TargetError for no spectra.
    """
    if not spectra:
        raise TargetError(f"target {name}: no spectra to average")
    levels = np.array([smoothed_db(spectrum) for spectrum in spectra])
    confidence = np.array([spectrum.confidence for spectrum in spectra])
    labels = list(groups) if groups is not None else [str(i) for i in range(len(spectra))]
    sizes = {label: labels.count(label) for label in labels}
    share = np.array([sizes[label] ** -0.5 for label in labels])
    weight = share[:, None] * confidence
    curve_db = _columns_mean(levels, weight)
    for _ in range(_ROUNDS):
        levels = levels + _offsets(curve_db - levels, confidence)[:, None]
        curve_db = _robust_mean(levels, weight, labels)
    deviation = np.clip(levels - curve_db, -_MAX_DEVIATION_DB, _MAX_DEVIATION_DB)
    spread_db = np.sqrt(_columns_mean(deviation**2, weight))
    return Target(
        curve_db=curve_db,
        spread_db=np.maximum(erb_smooth(spread_db), _MIN_SPREAD_DB),
        confidence=np.clip(weight.sum(axis=0) / share.sum(), 0.0, 1.0),
        provenance=provenance,
        name=name,
    )


def blend(parts: Sequence[tuple[Target, float]], *, name: str | None = None) -> Target:
    """Blend targets by weights (0 or above, not all 0); the spread grows with their disagreement.

    Raises TargetError for bad weights.
    """
    shares = np.array([weight for _, weight in parts], dtype=np.float64)
    if not np.isfinite(shares).all() or (shares < 0.0).any() or not shares.sum() > 0.0:
        raise TargetError("blend weights must be 0 or above, and not all 0")
    shares = shares / shares.sum()
    confidence = np.array([target.confidence for target, _ in parts])
    curves = np.array([target.curve_db for target, _ in parts])
    weight = shares[:, None] * confidence
    curve_db = _columns_mean(curves, weight)
    for _ in range(_ROUNDS):
        curves = curves + _offsets(curve_db - curves, confidence)[:, None]
        curve_db = _columns_mean(curves, weight)
    spreads = np.array([target.spread_db for target, _ in parts])
    variance = _columns_mean(spreads**2 + (curves - curve_db) ** 2, weight)
    ranked = sorted(zip(shares, parts, strict=True), key=lambda item: -item[0])
    listed = ", ".join(f"{target.name} {share:.0%}" for share, (target, _) in ranked if share > 0.0)
    return Target(
        curve_db=curve_db,
        spread_db=np.sqrt(variance),
        confidence=np.clip(weight.sum(axis=0), 0.0, 1.0),
        provenance=f"blend: {listed}",
        name=name or " + ".join(target.name for _, (target, _) in ranked[:3]),
    )


def smoothed_db(spectrum: Spectrum, eq_db: Array | float = 0.0) -> Array:
    """Return the critical-band smoothed levels (121,) after `eq_db`; empty bands are filled in."""
    return erb_smooth(spectrum.level_db + eq_db, weight=spectrum.confidence)


def weighted_mean(values: Array, weight: Array) -> float:
    """Return the mean of `values` under `weight`; 0.0 when all weights are 0."""
    total = float(weight.sum())
    return float((values * weight).sum() / total) if total > 0.0 else 0.0


def _columns_mean(values: Array, weight: Array) -> Array:
    """Return the weighted mean over rows; columns without weight take their neighbours'."""
    total = weight.sum(axis=0)
    known = total > 1e-9
    if not known.any():
        return np.zeros(values.shape[1])
    mean = (values * weight).sum(axis=0)[known] / total[known]
    return np.asarray(np.interp(np.log(GRID_HZ), np.log(GRID_HZ[known]), mean))


def _robust_mean(levels: Array, weight: Array, labels: Sequence[str]) -> Array:
    """Return the weighted mean of the groups' means, each held near the groups' median."""
    groups = sorted(set(labels))
    member = np.array([[label == group for label in labels] for group in groups], dtype=np.float64)
    heaped = member @ weight
    means = (member @ (weight * levels)) / np.maximum(heaped, 1e-9)
    known = np.where(heaped > 1e-9, means, np.nan)
    empty = np.isnan(known).all(axis=0)
    known[:, empty] = 0.0
    centre = np.nanmedian(known, axis=0)
    means = np.clip(means, centre - _MAX_PULL_DB, centre + _MAX_PULL_DB)
    return _columns_mean(means, heaped)


def _offsets(difference: Array, confidence: Array) -> Array:
    """Return the level offset of each row that lines it up with the curve."""
    return np.array(
        [weighted_mean(row, ERB_WEIGHT * c) for row, c in zip(difference, confidence, strict=True)]
    )
