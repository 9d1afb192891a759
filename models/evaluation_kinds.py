"""Does matching without a layout find the kinds and number of bands that made a curve?

Random equalisers of one to four bands, seen through their response alone. A band counts as found
where the result has one of its kind within 1/3 octave (and 1.5 dB, if it has a gain).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from models.bands import GRID_HZ
from models.eq import Array, Band, BandKind, Eq
from models.layout import Limits
from models.matching import match
from models.training.curves import SAMPLE_RATE_HZ, random_eqs

SEED = 20240911
LIMITS = Limits(
    max_boost_db=24.0,
    max_cut_db=24.0,
    min_freq_hz=20.0,
    max_freq_hz=20000.0,
    min_boost_bandwidth_oct=0.25,
    passes=True,
)
FAMILIES: tuple[tuple[BandKind, ...], ...] = (
    (BandKind.BELL,),
    (BandKind.LOW_SHELF,),
    (BandKind.HIGH_SHELF,),
    (BandKind.HIGH_PASS,),
    (BandKind.LOW_PASS,),
    (BandKind.LOW_SHELF, BandKind.BELL),
    (BandKind.HIGH_PASS, BandKind.BELL),
    (BandKind.LOW_SHELF, BandKind.BELL, BandKind.HIGH_SHELF),
    (BandKind.HIGH_PASS, BandKind.BELL, BandKind.HIGH_SHELF),
    (BandKind.LOW_SHELF, BandKind.BELL, BandKind.BELL, BandKind.HIGH_SHELF),
)
_FULL, _QUICK = 100, 5
_NEAR_OCT, _NEAR_DB = 1.0 / 3.0, 1.5


def run(quick: bool) -> dict[str, Any]:
    """Match random equalisers of every family: 100 curves each (quick: 5)."""
    count = _QUICK if quick else _FULL
    return {
        "task": "kinds and number of bands found from the response alone",
        "metric": "share of curves with exactly the true kinds; share of bands found; "
        "residual on 1/12 octaves",
        "rows": [_row(kinds, count) for kinds in FAMILIES],
    }


def _row(kinds: tuple[BandKind, ...], count: int) -> dict[str, Any]:
    exact, found, bands, residuals = 0, 0, 0, []
    for truth in random_eqs(kinds, count, SEED):
        curve = truth.response_db(GRID_HZ, SAMPLE_RATE_HZ)
        eq = match(GRID_HZ, curve, limits=LIMITS, sample_rate_hz=SAMPLE_RATE_HZ)
        exact += Counter(band.kind for band in eq.bands) == Counter(kinds)
        found += sum(_has(eq, band) for band in truth.bands)
        bands += len(eq.bands)
        residuals.append(_rms(eq.response_db(GRID_HZ, SAMPLE_RATE_HZ) - curve))
    return {
        "made_of": " + ".join(kinds),
        "kinds_exact": exact / count,
        "bands_found": found / (count * len(kinds)),
        "mean_bands": bands / count,
        "median_rms_db": float(np.median(residuals)),
        "n": count,
        "seed": SEED,
    }


def _has(eq: Eq, wanted: Band) -> bool:
    return any(
        band.kind is wanted.kind
        and abs(np.log2(band.freq_hz / wanted.freq_hz)) < _NEAR_OCT
        and abs(band.gain_db - wanted.gain_db) < _NEAR_DB
        for band in eq.bands
    )


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
