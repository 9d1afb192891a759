"""How well networks and the product's matcher follow real spectral differences.

Mockenhaupt, Rieber & Nercessian (DAFx 2024): four bands (low shelf, two bells, high shelf), mean
absolute error of the response on the differences of recorded tracks to their class's target. Here
on the test split's clips, the mean over 1/12 octaves from 30 Hz to 16 kHz.
python -m models.evaluate differences [--quick]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from models import targets
from models.eq import Array, Band, Eq
from models.layout import Layout, Limits
from models.matching import Effort, match, match_many
from models.matching_net import POINTS_HZ, SAMPLE_RATE_HZ, shipped
from models.spectrum import GRID_HZ, Spectrum
from models.training import corpus
from models.training.differences import INSIDE, differences_db

PAPER_MAE_DB = {"paper: MLP, sampled only": 1.34, "paper: CNN, tuned on real": 1.02}
"""1.02 dB is given, and 24 % below the MLP: the first is worked out."""
NETWORKS = {
    "MLP, sampled only": "matching_four_mlp",
    "MLP, tuned on real": "matching_four_mlp_tuned",
    "CNN, sampled only": "matching_four_cnn",
    "CNN, tuned on real": "matching_four_cnn_tuned",
}
"""The CNNs guess four times."""
HEAD = "4"
PAPERS, OURS = "as in the paper", "as auto asks"
QUICK_CLIPS = 24
_AUTO = Limits(max_boost_db=6.0, max_cut_db=6.0, max_bands=6)
_WIDE = Limits(max_boost_db=12.0, max_cut_db=12.0, max_bands=6, min_boost_bandwidth_oct=0.25)


def run(quick: bool) -> dict[str, Any]:
    """Return the errors of every method over the test split's clips (quick: 24)."""
    recordings = corpus.instruments(corpus.data_dir(), "test")
    if quick:
        recordings = corpus.spread_over(recordings, QUICK_CLIPS)
    spectra = corpus.measured(recordings)
    curves_db = differences_db(recordings, spectra)
    rows = [{"difference": PAPERS, "method": m, "mae_db": v} for m, v in PAPER_MAE_DB.items()]
    rows += [score(PAPERS, name, curves_db, eqs) for name, eqs in _methods(curves_db)]
    asked = [_asked(s, r.label) for r, s in zip(recordings, spectra, strict=True)]
    eqs = [_as_auto(desired_db, weight) for desired_db, weight in asked]
    rows.append(score(OURS, "match, 6 bands of ±6 dB", np.stack([a for a, _ in asked]), eqs))
    return {
        "paper": "Mockenhaupt, Rieber & Nercessian (DAFx 2024)",
        "metric": "mean absolute error of the response in dB over 1/12 octaves, 30 Hz ... 16 kHz",
        "split": "test",
        "mean_difference_db": float(np.abs(curves_db[:, INSIDE]).mean()),
        "rows": rows,
    }


def score(difference: str, method: str, curves_db: Array, eqs: Sequence[Eq]) -> dict[str, Any]:
    """Return the row of one method: mean, 95th percentile and largest error over the clips."""
    errors = errors_db(eqs, curves_db)
    return {
        "difference": difference,
        "method": method,
        "mae_db": float(errors.mean()),
        "mae_p95_db": float(np.quantile(errors, 0.95)),
        "mae_max_db": float(errors.max()),
        "mean_bands": float(np.mean([len(eq.bands) for eq in eqs])),
        "n": len(eqs),
    }


def errors_db(eqs: Sequence[Eq], curves_db: Array) -> Array:
    """Return the mean absolute error (N,) of each equaliser's response to its curve (N, 121)."""
    responses = np.stack([eq.response_db(GRID_HZ, SAMPLE_RATE_HZ) for eq in eqs])
    return np.asarray(np.abs(responses - curves_db)[:, INSIDE].mean(axis=1))


def network_eqs(name: str, curves_db: Array) -> list[Eq]:
    """Return the equalisers that a shipped network fills in for curves (N, 121), unrefined.

    Of several guesses the one whose response is nearest.
    """
    place = np.log(POINTS_HZ)
    seen = np.stack([np.interp(place, np.log(GRID_HZ), curve) for curve in curves_db])
    guesses = shipped(name).guess(HEAD, seen)
    tried = []
    for guess in range(guesses.freq_hz.shape[1]):
        parts = (values[:, guess] for values in (guesses.freq_hz, guesses.gain_db, guesses.width))
        columns = zip(*parts, strict=True)
        tried.append([Eq(tuple(map(Band, guesses.kinds, *map(_floats, c)))) for c in columns])
    nearest = np.argmin([errors_db(eqs, curves_db) for eqs in tried], axis=0)
    return [tried[guess][i] for i, guess in enumerate(nearest)]


def _floats(values: Array) -> list[float]:
    return [float(value) for value in values]


def _methods(curves_db: Array) -> list[tuple[str, Sequence[Eq]]]:
    inside_hz, inside_db = GRID_HZ[INSIDE], curves_db[:, INSIDE]
    found: list[tuple[str, Sequence[Eq]]] = [
        (name, network_eqs(weights, curves_db)) for name, weights in NETWORKS.items()
    ]
    fits: dict[str, Callable[[], Sequence[Eq]]] = {
        "match, 4 bands": lambda: match_many(inside_hz, inside_db, layout=Layout.reaeq_default()),
        "match, 4 bands, thorough": lambda: match_many(
            inside_hz, inside_db, layout=Layout.reaeq_default(), effort=Effort.THOROUGH
        ),
        "match, 6 bands": lambda: match_many(
            inside_hz, inside_db, layout=Layout.shelves_and_bells(4)
        ),
        "match, 6 bands, kinds free": lambda: match_many(
            inside_hz, inside_db, layout=Layout.shelves_or_bells(6)
        ),
        "match, 6 bands, kinds free, thorough": lambda: match_many(
            inside_hz, inside_db, layout=Layout.shelves_or_bells(6), effort=Effort.THOROUGH
        ),
        "match, as few bands as do, up to 6": lambda: match_many(
            inside_hz, inside_db, limits=_WIDE, tolerance_db=0.05
        ),
    }
    return found + [(name, fit()) for name, fit in fits.items()]


def _asked(spectrum: Spectrum, label: str) -> tuple[Array, Array]:
    own = targets.adapted(targets.for_class(label), spectrum)
    return targets.desired_change(spectrum, own, tolerance=0.0)


def _as_auto(desired_db: Array, weight: Array) -> Eq:
    return match(GRID_HZ, desired_db, weight=weight, limits=_AUTO)
