"""Fit curves with AutoEq; runs in an interpreter that has `autoeq`, JSON in and out.

AutoEq's own loss averages everything above 10 kHz and penalises steep filters; here it minimises
the plain RMSE instead, which is the metric that is compared.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
from autoeq.peq import PEQ


class PlainPEQ(PEQ):
    """AutoEq's optimiser with the plain RMSE as its loss."""

    def _optimizer_loss(self, params, parse=True):
        if parse:
            self._parse_optimizer_params(params)
        return np.sqrt(np.mean(np.square(self.target - self.fr)))


def main() -> None:
    """Read a job from standard input, write one result per curve to standard output."""
    warnings.simplefilter("ignore")
    job = json.load(sys.stdin)
    freqs_hz = np.array(job["freqs_hz"])
    bell = {"type": "PEAKING", **job["bounds"]}
    results = []
    for curve_db in np.array(job["curves_db"]):
        config = {
            "optimizer": {
                "min_f": freqs_hz[0],
                "max_f": freqs_hz[-1],
                "min_std": job["min_std"],
            },
            "filters": [dict(bell) for _ in range(job["bands"])],
        }
        started = time.process_time()
        peq = PlainPEQ.from_dict(config, freqs_hz, job["sample_rate_hz"], target=curve_db)
        peq.optimize()
        cpu_ms = (time.process_time() - started) * 1e3
        rmse_db = float(np.sqrt(np.mean((peq.fr - curve_db) ** 2)))
        results.append({"rmse_db": rmse_db, "cpu_ms": cpu_ms})
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
