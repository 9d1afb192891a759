"""Our matching beside the table of Nercessian (DAFx 2020): errors of the response, two sets."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from models.eq import Array
from models.evaluation_networks import PAPER_ROWS, READINGS, Row
from models.evaluation_networks import rows as network_rows
from models.layout import Layout
from models.matching import Effort, match
from models.training.curves import SAMPLE_RATE_HZ, linear_bins_hz, paper_set

SEEDS = {1: 20200908, 2: 20200909}
_FULL, _QUICK = 1000, 40
_NETWORK_FULL, _NETWORK_QUICK = 8192, 128


def run(quick: bool) -> dict[str, Any]:
    """Match 1000 curves (quick: 40; thorough: a quarter) one at a time; networks 8192 (128)."""
    count = _QUICK if quick else _FULL
    rows: list[dict[str, Any]] = [
        {"set": f"set {number}", "method": f"paper: {method}", "mse_db2": mse, "mae_db": mae}
        for (method, number), (mse, mae) in PAPER_ROWS.items()
    ]
    alone = network_rows(_NETWORK_QUICK if quick else _NETWORK_FULL, (SEEDS[1], SEEDS[2]))
    rows += [_alone(row) for row in alone]
    for number, seed in SEEDS.items():
        rows.append(measure_set(number, count, seed))
        rows.append(measure_set(number, count // 4, seed, Effort.THOROUGH))
    return {
        "paper": "Nercessian, Neural parametric equalizer matching (DAFx 2020)",
        "metric": f"mean over {len(linear_bins_hz())} linear bins at {SAMPLE_RATE_HZ:.0f} Hz; "
        "log_mae_db: mean over 1/24 octaves, 20 Hz ... 20 kHz",
        "rows": rows,
    }


def _alone(row: Row) -> dict[str, Any]:
    """Return the row of a method that does not refine; MSE_v as `models.evaluation_networks`."""
    return {
        "set": row.reading,
        "method": f"ours: {row.method}",
        "mse_db2": row.mse,
        "mae_db": row.mae,
        "mae_p95_db": row.p95,
        "mae_max_db": row.worst,
        "log_mae_db": row.log_mae,
        "mse_v": row.mse_controls,
        "wall_mean_ms": row.ms,
        "n": row.count,
        "seed": SEEDS[READINGS[row.reading]],
    }


def measure_set(
    number: int, count: int, seed: int, effort: Effort = Effort.NORMAL
) -> dict[str, Any]:
    """Return errors in dB and times of one curve in ms over `count` curves of a paper's set.

    What curves on the same bins share is set up before the clock starts, as in a second call.
    """
    bins_hz = linear_bins_hz()
    octaves_hz = 20.0 * 2.0 ** (np.arange(240) / 24.0)
    asked: dict[str, Any] = {
        "layout": Layout.nercessian2020(),
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "effort": effort,
    }
    match(bins_hz, np.zeros(len(bins_hz)), **asked)
    errors, log_errors, cpu_ms, wall_ms = [], [], [], []
    for truth in paper_set(number, count, seed):
        desired_db = truth.response_db(bins_hz, SAMPLE_RATE_HZ)
        cpu, wall = time.process_time(), time.perf_counter()
        found = match(bins_hz, desired_db, **asked)
        cpu_ms.append((time.process_time() - cpu) * 1e3)
        wall_ms.append((time.perf_counter() - wall) * 1e3)
        errors.append(found.response_db(bins_hz, SAMPLE_RATE_HZ) - desired_db)
        log_errors.append(
            found.response_db(octaves_hz, SAMPLE_RATE_HZ)
            - truth.response_db(octaves_hz, SAMPLE_RATE_HZ)
        )
    return {
        "set": f"set {number}",
        "method": f"ReaTone, one curve at a time, {effort}",
        **_errors(np.array(errors), np.array(log_errors)),
        **_times("cpu", np.array(cpu_ms)),
        **_times("wall", np.array(wall_ms)),
        "n": count,
        "seed": seed,
    }


def _errors(errors: Array, log_errors: Array) -> dict[str, float]:
    per_curve = np.mean(np.abs(errors), axis=1)
    return {
        "mse_db2": float(np.mean(errors**2)),
        "mae_db": float(np.mean(per_curve)),
        "mae_p95_db": float(np.quantile(per_curve, 0.95)),
        "mae_p99_db": float(np.quantile(per_curve, 0.99)),
        "mae_max_db": float(np.max(per_curve)),
        "log_mae_db": float(np.mean(np.abs(log_errors))),
    }


def _times(name: str, milliseconds: Array) -> dict[str, float]:
    return {
        f"{name}_median_ms": float(np.median(milliseconds)),
        f"{name}_p95_ms": float(np.quantile(milliseconds, 0.95)),
    }
