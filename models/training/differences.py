"""Real spectral differences: what recorded tracks lack of their class's target spectrum.

As in Mockenhaupt, Rieber & Nercessian (DAFx 2024): target minus track, both smoothed, zero-centred,
scaled so that no value exceeds 12 dB. Where track or target has no energy nothing is asked for,
which the paper leaves open: without it silence below the lowest note would scale all the rest down.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models import targets
from models.eq import Array
from models.instruments import CLASSES
from models.spectrum import ERB_WEIGHT, GRID_HZ, Spectrum
from models.target import Target, smoothed_db, weighted_mean
from models.targets import MAX_CHANGE_DB
from models.training import corpus

RANGE_HZ = (30.0, 16000.0)
"""Where differences are asked for and errors are counted."""
INSIDE = np.clip(GRID_HZ, *RANGE_HZ) == GRID_HZ


def difference_db(spectrum: Spectrum, target: Target) -> Array:
    """Return the paper's spectral difference (121,) of a track and its target, at most 12 dB."""
    known = spectrum.confidence * target.confidence * INSIDE
    difference = target.curve_db - smoothed_db(spectrum)
    difference = difference - weighted_mean(difference, ERB_WEIGHT * known)
    difference = difference * np.sqrt(known)
    difference = difference - INSIDE * difference[INSIDE].mean()
    largest = float(np.abs(difference).max(initial=0.0))
    return np.asarray(difference * min(1.0, MAX_CHANGE_DB / max(largest, 1e-9)))


def to_all_targets(data: Path, split: str) -> Array:
    """Return the differences (N, 22, 121) of a split's clips to all classes, their own first."""
    recordings = corpus.instruments(data, split)
    rows = []
    for recording, spectrum in zip(recordings, corpus.measured(recordings), strict=True):
        known = corpus.within_bandwidth(spectrum, recording.bandwidth_hz)
        order = sorted(CLASSES, key=lambda label: label != recording.label)
        rows.append([difference_db(known, targets.for_class(label)) for label in order])
    return np.array(rows)


def differences_db(recordings: Sequence[corpus.Recording], spectra: Sequence[Spectrum]) -> Array:
    """Return the differences (N, 121) of measured clips to the targets of their classes."""
    return np.stack(
        [
            difference_db(
                corpus.within_bandwidth(spectrum, recording.bandwidth_hz),
                targets.for_class(recording.label),
            )
            for recording, spectrum in zip(recordings, spectra, strict=True)
        ]
    )
