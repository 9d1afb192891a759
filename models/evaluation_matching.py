"""Our matching beside the table of Nercessian (DAFx 2020): errors of the response, two sets."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from models.eq import Array
from models.layout import Layout
from models.matching import match
from models.training.curves import SAMPLE_RATE_HZ, linear_bins_hz, paper_set

SEEDS = {1: 20200908, 2: 20200909}
_FULL, _QUICK = 1000, 40
_PAPER = (
    ("paper: convex baseline", {1: (0.1679, 0.2457), 2: (10.03, 2.119)}),
    ("paper: proposed MLP", {1: (0.0782, 0.1072), 2: (7.021, 1.842)}),
)


def run(quick: bool) -> dict[str, Any]:
    """Match 1000 curves of each of the paper's sets (quick: 40), one at a time."""
    count = _QUICK if quick else _FULL
    rows: list[dict[str, Any]] = []
    for number, seed in SEEDS.items():
        rows += [
            {
                "set": number,
                "method": name,
                "mse_db2": figures[number][0],
                "mae_db": figures[number][1],
            }
            for name, figures in _PAPER
        ]
        rows.append(measure_set(number, count, seed))
    return {
        "paper": "Nercessian, Neural parametric equalizer matching (DAFx 2020)",
        "metric": f"mean over {len(linear_bins_hz())} linear bins at {SAMPLE_RATE_HZ:.0f} Hz; "
        "log_mae_db: mean over 1/24 octaves, 20 Hz ... 20 kHz",
        "rows": rows,
    }


def measure_set(number: int, count: int, seed: int) -> dict[str, Any]:
    """Return errors in dB and times of one curve in ms over `count` curves of a paper's set."""
    bins_hz = linear_bins_hz()
    octaves_hz = 20.0 * 2.0 ** (np.arange(240) / 24.0)
    layout = Layout.nercessian2020()
    errors, log_errors, cpu_ms, wall_ms = [], [], [], []
    for truth in paper_set(number, count, seed):
        desired_db = truth.response_db(bins_hz, SAMPLE_RATE_HZ)
        cpu, wall = time.process_time(), time.perf_counter()
        found = match(bins_hz, desired_db, layout=layout, sample_rate_hz=SAMPLE_RATE_HZ)
        cpu_ms.append((time.process_time() - cpu) * 1e3)
        wall_ms.append((time.perf_counter() - wall) * 1e3)
        errors.append(found.response_db(bins_hz, SAMPLE_RATE_HZ) - desired_db)
        log_errors.append(
            found.response_db(octaves_hz, SAMPLE_RATE_HZ)
            - truth.response_db(octaves_hz, SAMPLE_RATE_HZ)
        )
    return {
        "set": number,
        "method": "ReaTone, one curve at a time",
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
