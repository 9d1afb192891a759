"""How far to follow a target: `python -m models.training.choose_strength`.

Recorded clips of the training split are put through a random smooth curve, a fault of 1 ... 6 dB
rms, and equalised towards a target made from the other sources of their class. What is left of the
fault afterwards, over the fault, tells whether the target helps (below 1) or harms. The target is
followed as a whole (the paper) and by `targets.adapted` with several FAULT_DB. Nothing of the
validation or test split is used. Before that, what `targets.UNSEEN` stands for: how far a clip of
an unseen source lies from the target, in spreads of the target's own material; and how much nearer
it is with more sources.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models import targets
from models.eq import Array
from models.instruments import CLASSES
from models.spectrum import ERB_WEIGHT, GRID_HZ, Spectrum
from models.target import Target, from_spectra, smoothed_db, weighted_mean
from models.training import build_targets, corpus

SEED, FOLDS, AMOUNT = 20241121, 5, 0.65
FAULTS_DB = (1.0, 2.0, 4.0, 6.0)
STRENGTHS_DB: tuple[float | None, ...] = (None, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""FAULT_DB to try; None: the target as a whole."""
SHARES = (0.25, 0.5, 1.0)
_REACH_DB = 6.0
_FAR = 4.0
"""Spreads beyond which a deviation counts no further."""
_COUNTED = np.clip(GRID_HZ, *targets.DISTANCE_RANGE_HZ) == GRID_HZ


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A clip's spectrum and a target made without its source."""

    spectrum: Spectrum
    target: Target


def held_out(
    recordings: Sequence[corpus.Recording], spectra: Sequence[Spectrum], share: float = 1.0
) -> list[HeldOut]:
    """Return every clip beside a target of the other folds of its class; folds are sources.

    share: of the sources of these folds, drawn at random.
    """
    found = []
    for label in CLASSES:
        own = [(r, s) for r, s in zip(recordings, spectra, strict=True) if r.label == label]
        chosen = {r.path for r in build_targets.choose([r for r, _ in own])[1]}
        found += list(_of_class([(r, s) for r, s in own if r.path in chosen], share))
    return found


def _of_class(
    clips: Sequence[tuple[corpus.Recording, Spectrum]], share: float
) -> Iterator[HeldOut]:
    rng = np.random.default_rng(SEED)
    sources = sorted({recording.source for recording, _ in clips})
    fold = {source: number % FOLDS for number, source in enumerate(sources)}
    for number in range(min(FOLDS, len(sources))):
        others = [source for source in sources if fold[source] != number]
        count = max(1, round(share * len(others)))
        kept = set(rng.permutation(others)[:count].tolist())
        rest = [clip for clip in clips if clip[0].source in kept]
        if not rest:
            continue
        within = [corpus.within_bandwidth(s, r.bandwidth_hz) for r, s in rest]
        target = from_spectra(
            within, name="held out", provenance="", groups=[r.source for r, _ in rest]
        )
        for recording, spectrum in clips:
            if fold[recording.source] == number:
                known = corpus.within_bandwidth(spectrum, recording.bandwidth_hz)
                yield HeldOut(known, target)


def smooth_curves(count: int, rng: np.random.Generator) -> Array:
    """Draw curves (count, 121) of 1 dB rms; half bends within an octave, half in three."""
    octaves = np.log2(GRID_HZ)
    distance = octaves[:, None] - octaves
    covariance = sum(0.5 * np.exp(-0.5 * (distance / length) ** 2) for length in (1.0, 3.0))
    return rng.multivariate_normal(np.zeros(len(octaves)), covariance, count, method="eigh")


def left_over(one: HeldOut, fault_db: Array, strength_db: float | None) -> float:
    """Return what is left of a fault after equalising at the default amount: mean |dB|, by ERB."""
    faulty = replace(one.spectrum, level_db=one.spectrum.level_db + fault_db)
    target, tolerance = one.target, targets.TOLERANCE
    if strength_db is not None:
        target, tolerance = targets.adapted(target, faulty, strength_db), 0.0
    change_db = targets.desired_change(faulty, target, tolerance)[0]
    return size_db(one.spectrum, fault_db + AMOUNT * np.clip(change_db, -_REACH_DB, _REACH_DB))


def size_db(spectrum: Spectrum, curve_db: Array) -> float:
    """Return the mean absolute value of a curve whose level is free, where there is energy."""
    weight = ERB_WEIGHT * spectrum.confidence * _COUNTED
    return weighted_mean(np.abs(curve_db - targets.weighted_median(curve_db, weight)), weight)


def distance_db(clips: Sequence[HeldOut]) -> float:
    """Return how far held-out clips lie from their targets: mean |dB|, by ERB."""
    curves = ((one.spectrum, smoothed_db(one.spectrum) - one.target.curve_db) for one in clips)
    return float(np.mean([size_db(spectrum, curve) for spectrum, curve in curves]))


def unseen(clips: Sequence[HeldOut]) -> float:
    """Return how many spreads (rms) a clip of an unseen source lies from the target of the rest."""
    squares = []
    for one in clips:
        weight = ERB_WEIGHT * one.spectrum.confidence * one.target.confidence * _COUNTED
        away = smoothed_db(one.spectrum) - one.target.curve_db
        away = (away - weighted_mean(away, weight)) / one.target.spread_db
        squares.append(weighted_mean(np.clip(away, -_FAR, _FAR) ** 2, weight))
    return float(np.sqrt(np.mean(squares)))


def run(clips: Sequence[HeldOut]) -> list[dict[str, float | str]]:
    """Return a row per strength: what is left over the fault, by the fault's size."""
    faults = smooth_curves(len(clips), np.random.default_rng(SEED))
    before = {
        size: np.mean([size_db(c.spectrum, size * f) for c, f in zip(clips, faults, strict=True)])
        for size in FAULTS_DB
    }
    rows = []
    for strength in STRENGTHS_DB:
        name = "target as a whole" if strength is None else f"{strength:g}"
        row: dict[str, float | str] = {"FAULT_DB": name}
        for size in FAULTS_DB:
            left = [left_over(c, size * f, strength) for c, f in zip(clips, faults, strict=True)]
            row[f"{size:g} dB"] = float(np.mean(left) / before[size])
        rows.append(row)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    recordings = corpus.instruments(corpus.data_dir(), "train")
    spectra = corpus.measured(recordings)
    clips = held_out(recordings, spectra)
    for share in SHARES:
        some = held_out(recordings, spectra, share)
        print(f"with {share:.0%} of the sources: {distance_db(some):.2f} dB from the target")
    print(f"a clip of an unseen source lies {unseen(clips):.2f} spreads from its target (rms)")
    print(f"what is left of a fault / the fault; {len(clips)} clips, seed {SEED}")
    for row in run(clips):
        cells = (f"{k} {v:.2f}" if isinstance(v, float) else f"{v:>17}" for k, v in row.items())
        print("   ".join(cells))


if __name__ == "__main__":
    main()
