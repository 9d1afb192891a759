"""How well the matching networks and the convex baseline follow the paper's curves on their own.

Rows for the tables of Nercessian (DAFx 2020): mean square and mean absolute error in dB over the
2049 linear bins, mean square error of the controls (MSE_v), and beside them the mean absolute error
on log frequency (20 Hz ... 20 kHz), the 95th percentile and the largest error of a curve. MSE_v is
our reading, as the paper's scale is unknown: log frequency, gain and log Q or slope as shares of
their ranges, bells of guess and truth paired in the order of frequency.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.band_response import KIND_ORDER, BandResponse, warp
from models.eq import Array, BandKind, Eq
from models.matching_net import POINT_BINS, SAMPLE_RATE_HZ, shipped
from models.training import convex_baseline
from models.training.curves import linear_bins_hz, paper_set

PAPER_ROWS = {
    ("convex baseline", 1): (0.1679, 0.2457),
    ("MLP", 1): (0.0782, 0.1072),
    ("MLP, parameter loss", 1): (1.495, 0.871),
    ("convex baseline", 2): (10.03, 2.119),
    ("MLP", 2): (7.021, 1.842),
    ("MLP, parameter loss", 2): (25.29, 3.881),
}
"""The paper's MSE and MAE, by method and set."""
NETWORKS = {
    "MLP": ("matching_paper_mlp", "paper"),
    "MLP, parameter loss": ("matching_parameter_loss", "paper"),
    "CNN": ("matching_cnn", "paper"),
    "product network": ("matching_product", "12"),
}
BASELINE = "convex baseline"
READINGS = {"set 1": 1, "set 2": 2, "set 2, bells between the shelves": 2}
"""Both readings of set 2: bells anywhere in 20 Hz ... 20 kHz, or between the shelves."""
_CHUNK = 128
_LN_FREQ, _GAIN_DB = np.log([20.0, 20000.0]), (-10.0, 10.0)
_LN_Q, _LN_SLOPE = np.log([0.1, 3.0]), np.log([0.1, 1.0])

Matcher = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Row:
    """One method on one set of curves; errors in dB, time per curve when `count` go together."""

    reading: str
    method: str
    count: int
    mse: float
    mae: float
    mse_controls: float
    log_mae: float
    p95: float
    worst: float
    ms: float


def rows(count: int, seeds: tuple[int, int]) -> list[Row]:
    """Score every method on `count` curves of each reading; seeds for set 1 and set 2."""
    return [row for reading in READINGS for row in _rows_of(reading, count, seeds)]


def between_shelves(eq: Eq) -> Eq:
    """Move a set-2 equaliser's bells, keeping their order and Q, to between its shelves."""
    ends = sorted((eq.bands[0].freq_hz, eq.bands[-1].freq_hz))
    bands = list(eq.bands)
    for i, band in enumerate(bands[1:-1], start=1):
        freq_hz = float(np.interp(band.freq_hz, (20.0, 20000.0), ends))
        old, new = warp(np.array([band.freq_hz, freq_hz]), SAMPLE_RATE_HZ)
        bands[i] = replace(
            band, freq_hz=freq_hz, bandwidth_oct=band.bandwidth_oct * float(old / new)
        )
    return Eq(tuple(bands))


def _rows_of(reading: str, count: int, seeds: tuple[int, int]) -> list[Row]:
    number = READINGS[reading]
    eqs = paper_set(number, count, seeds[number - 1])
    if reading.endswith("shelves"):
        eqs = tuple(map(between_shelves, eqs))
    truth = np.stack([_unknowns(eq) for eq in eqs])
    methods: dict[str, Matcher] = {BASELINE: _baseline}
    methods |= {method: _network(*source) for method, source in NETWORKS.items()}
    return [_score(reading, method, matcher, truth) for method, matcher in methods.items()]


def _baseline(curves_db: Array) -> Array:
    bins = linear_bins_hz()
    fits = (convex_baseline.fit(bins, curve, SAMPLE_RATE_HZ) for curve in curves_db)
    return np.stack([_unknowns(eq) for eq in fits])


def _network(name: str, head: str) -> Matcher:
    net = shipped(name)

    def guess(curves_db: Array) -> Array:
        guesses = net.guess(head, curves_db[:, POINT_BINS])
        all_rows = guesses.unknowns()
        order = np.argsort([KIND_ORDER.index(kind) for kind in guesses.kinds], kind="stable")
        count, number = all_rows.shape[:2]
        all_rows = all_rows.reshape(count, number, 3, -1)[..., order].reshape(count, number, -1)
        if number == 1:
            return np.asarray(all_rows[:, 0])
        return np.asarray(all_rows[np.arange(count), _best(all_rows, curves_db)])

    return guess


def _best(all_rows: Array, curves_db: Array) -> NDArray[np.intp]:
    """Return which guess (N,) of (N, G, unknowns) comes nearest on the network's own points."""
    response = _response(POINT_BINS)
    nearest = [
        np.abs(response.response_db(guesses) - curve[POINT_BINS]).mean(axis=1).argmin()
        for guesses, curve in zip(all_rows, curves_db, strict=True)
    ]
    return np.array(nearest)


def _score(reading: str, method: str, matcher: Matcher, truth: Array) -> Row:
    response = _response()
    log_weight = _log_weight()
    squares, errors, log_errors, controls = [], [], [], []
    spent = 0.0
    for start in range(0, len(truth), _CHUNK):
        wanted = truth[start : start + _CHUNK]
        curves = response.response_db(wanted)
        began = time.perf_counter()
        found = matcher(curves)
        spent += time.perf_counter() - began
        error = np.abs(response.response_db(found) - curves)
        squares.append((error * error).mean(axis=1))
        errors.append(error.mean(axis=1))
        log_errors.append(error @ log_weight)
        controls.append(((_shares(found) - _shares(wanted)) ** 2).mean(axis=(1, 2)))
    error_of_curve = np.concatenate(errors)
    return Row(
        reading,
        method,
        len(truth),
        float(np.concatenate(squares).mean()),
        float(error_of_curve.mean()),
        float(np.concatenate(controls).mean()),
        float(np.concatenate(log_errors).mean()),
        float(np.quantile(error_of_curve, 0.95)),
        float(error_of_curve.max()),
        1e3 * spent / len(truth),
    )


def _response(bins: NDArray[np.intp] | slice = slice(None)) -> BandResponse:
    kinds = (*[BandKind.BELL] * 10, BandKind.LOW_SHELF, BandKind.HIGH_SHELF)
    return BandResponse(kinds, linear_bins_hz()[bins], SAMPLE_RATE_HZ)


def _log_weight() -> Array:
    """Return (2049,): the share of the log-frequency axis, 20 Hz ... 20 kHz, of each linear bin."""
    bins = linear_bins_hz()
    half = 0.5 * (bins[1] - bins[0])
    edges = np.log(np.clip(np.stack([bins - half, bins + half]), 20.0, 20000.0))
    return np.asarray((edges[1] - edges[0]) / (edges[1] - edges[0]).sum())


def _unknowns(eq: Eq) -> Array:
    """Return a row of unknowns (36,), bells first (`KIND_ORDER`)."""
    bands = sorted(eq.bands, key=lambda band: KIND_ORDER.index(band.kind))
    columns = [(np.log(b.freq_hz), b.gain_db, np.log(b.bandwidth_oct)) for b in bands]
    return np.array(columns).T.ravel()


def _shares(unknowns: Array) -> Array:
    """Return the controls (N, 3, 12) as shares of their ranges, bells in order of frequency."""
    ln_freq, gain_db, ln_width = unknowns.reshape(len(unknowns), 3, -1).transpose(1, 0, 2)
    stretch = np.log(warp(np.exp(ln_freq), SAMPLE_RATE_HZ))
    ln_q = np.log(0.5 / np.sinh(0.5 * np.log(2.0) * np.exp(ln_width + stretch)))
    shelf = np.arange(ln_freq.shape[1]) >= 10
    low, high = np.where(shelf, _LN_SLOPE[:, None], _LN_Q[:, None])
    width = (np.where(shelf, -2.0 * ln_width, ln_q) - low) / (high - low)
    freq = (ln_freq - _LN_FREQ[0]) / np.ptp(_LN_FREQ)
    gain = (gain_db - _GAIN_DB[0]) / np.ptp(_GAIN_DB)
    order = np.argsort(np.where(shelf, np.inf, ln_freq), axis=1, kind="stable")
    return np.stack([np.take_along_axis(v, order, axis=1) for v in (freq, gain, width)], axis=1)
