"""Accuracy and speed of parametric matching: the paper's sets, and AutoEq on unreachable curves.

python -m tests.benchmarks.matching [--quick] [--autoeq PATH/TO/python]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.eq import BandKind
from models.evaluate import as_text
from models.evaluation_matching import SEEDS, measure_set
from models.layout import Layout, Slot
from models.matching import Effort, match
from models.training.curves import SAMPLE_RATE_HZ, unreachable_curves

GOALS = {
    (1, Effort.NORMAL): (0.001, 15.0),
    (2, Effort.NORMAL): (0.04, 60.0),
    (2, Effort.THOROUGH): (0.015, 300.0),
}
"""Most mean absolute error in dB and most median CPU time in ms, by set and effort."""
CURVES_SEED = 20240703
BANDS = (4, 6, 8, 12)
STOPS = {"stock": 0.002, "tight": 0.0005}
BOUNDS = {
    "min_fc": 20.0,
    "max_fc": 20000.0,
    "min_q": 0.18,
    "max_q": 6.0,
    "min_gain": -20.0,
    "max_gain": 20.0,
}


def main() -> int:
    """Print the tables; return 1 where a goal for the paper's sets is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 curves per set, 8 for AutoEq")
    parser.add_argument("--autoeq", help="a Python interpreter that has the package autoeq")
    options = parser.parse_args()
    count = 40 if options.quick else 1000
    rows = [paper_row(number, count, effort) for number, effort in GOALS]
    print(as_text({"Paper's sets, 12 bands": "one curve at a time", "rows": rows}), flush=True)
    if options.autoeq:
        count = 8 if options.quick else 40
        curves_db = unreachable_curves(grid_hz(), count, CURVES_SEED)
        heading = {
            "\nUnreachable curves against AutoEq": f"n {count}, seed {CURVES_SEED}, "
            f"rms {np.sqrt(np.mean(curves_db**2)):.2f} dB, {len(grid_hz())} points, bounds {BOUNDS}"
        }
        print(as_text({**heading, "rows": autoeq_rows(options.autoeq, curves_db)}))
    else:
        print("\nSKIPPED: AutoEq (name an interpreter that has it: --autoeq PATH/TO/python)")
    return 0 if all(row["goals_met"] for row in rows) else 1


def paper_row(number: int, count: int, effort: Effort) -> dict[str, Any]:
    """Measure one of the paper's sets and hold it to its goals."""
    row = measure_set(number, count, SEEDS[number], effort)
    most_db, most_ms = GOALS[number, effort]
    met = row["mae_db"] <= most_db and row["cpu_median_ms"] <= most_ms
    return {**row, "mae_to_goal": row["mae_db"] / most_db, "goals_met": bool(met)}


def grid_hz() -> np.ndarray:
    """Return the log-frequency grid of the comparison, 1/12 octave from 20 Hz."""
    return 20.0 * 2.0 ** (np.arange(120) / 12.0)


def autoeq_rows(interpreter: str, curves_db: np.ndarray) -> list[dict[str, Any]]:
    """Fit the same curves with both, and compare curve by curve."""
    rows = []
    for bands in BANDS:
        fits = {effort: fit_ours(bands, curves_db, effort) for effort in Effort}
        for stop, min_std in STOPS.items():
            theirs = fit_autoeq(interpreter, bands, curves_db, min_std)
            theirs_db = np.array([result["rmse_db"] for result in theirs])
            theirs_ms = float(np.median([result["cpu_ms"] for result in theirs]))
            for effort, (ours_db, ours_ms) in fits.items():
                excess = ours_db - theirs_db
                rows.append(
                    {
                        "bands": bands,
                        "autoeq_stop": stop,
                        "our_effort": effort.value,
                        "ours_rmse_db": float(np.mean(ours_db)),
                        "autoeq_rmse_db": float(np.mean(theirs_db)),
                        "rmse_ratio": float(np.mean(ours_db) / np.mean(theirs_db)),
                        "curves_above": f"{int(np.sum(excess > 1e-3))} of {len(excess)}",
                        "most_above_db": float(max(np.max(excess), 0.0)),
                        "ours_cpu_ms": ours_ms,
                        "autoeq_cpu_ms": theirs_ms,
                        "speed_ratio": theirs_ms / ours_ms,
                    }
                )
    return rows


def fit_ours(bands: int, curves_db: np.ndarray, effort: Effort) -> tuple[np.ndarray, float]:
    """Return our RMSE per curve and the median CPU ms of a `match`."""
    bell = Slot(
        frozenset({BandKind.BELL}),
        (BOUNDS["min_fc"], BOUNDS["max_fc"]),
        (BOUNDS["min_gain"], BOUNDS["max_gain"]),
        (0.01, 10.0),
        (BOUNDS["min_q"], BOUNDS["max_q"]),
    )
    freqs_hz = grid_hz()
    asked: dict[str, Any] = {
        "layout": Layout((bell,) * bands),
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "effort": effort,
    }
    rmse_db, cpu_ms = [], []
    match(freqs_hz, curves_db[0], **asked)
    for curve_db in curves_db:
        started = time.process_time()
        eq = match(freqs_hz, curve_db, **asked)
        cpu_ms.append((time.process_time() - started) * 1e3)
        error = eq.response_db(freqs_hz, SAMPLE_RATE_HZ) - curve_db
        rmse_db.append(np.sqrt(np.mean(error**2)))
    return np.array(rmse_db), float(np.median(cpu_ms))


def fit_autoeq(
    interpreter: str, bands: int, curves_db: np.ndarray, min_std: float
) -> list[dict[str, float]]:
    """Run AutoEq in its own interpreter."""
    job = {
        "freqs_hz": grid_hz().tolist(),
        "curves_db": curves_db.tolist(),
        "bands": bands,
        "bounds": BOUNDS,
        "min_std": min_std,
        "sample_rate_hz": SAMPLE_RATE_HZ,
    }
    script = Path(__file__).with_name("autoeq_job.py")
    done = subprocess.run(
        [interpreter, str(script)],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"AutoEq failed in {interpreter}:\n{done.stderr.strip()}")
    results: list[dict[str, float]] = json.loads(done.stdout)
    return results


if __name__ == "__main__":
    sys.exit(main())
