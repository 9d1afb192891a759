"""Does a network start earn its place? `python -m models.training.compare_starts [--quick]`.

Matches the same curves, one at a time, with the product's matcher as it is and with a network's
best guess refined first where it is near; prints error and time of both. A network belongs in the
product only if it wins here.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np

from models.curve_grid import CurveGrid
from models.eq import Array, BandKind, Eq
from models.layout import Layout
from models.layout_fit import LayoutFit
from models.matching import LAYOUT_TOLERANCE_DB
from models.matching_net import POINTS_HZ, SAMPLE_RATE_HZ, MatchingNet, shipped
from models.training.curves import linear_bins_hz, paper_set, unreachable_curves

NETWORKS = ("none", "matching_paper_mlp", "matching_product")
SEEDS = (20200908, 20200909, 20240905)
_FULL, _QUICK = 300, 20
_PROMISING_DB, _NEAR_DB = 0.5, 0.05
_FIRST_ITERATIONS, _MORE_ITERATIONS = 12, 60


class NetworkFirstFit:
    """A layout fit that refines the network's best guess before it opens the tournament."""

    def __init__(self, fit: LayoutFit, net: MatchingNet, head: str) -> None:
        self._fit, self._net, self._head = fit, net, head
        self._kinds: tuple[BandKind, ...] = net.heads[head].kinds
        self.enough = 0

    def fit(self, target_db: Array, tolerance_db: float) -> Eq:
        """Return the network's guess refined to the tolerance, else what the tournament finds."""
        fit, kinds = self._fit, [self._kinds]
        row = self._best_guess(target_db)
        if row is not None:
            row, cost = fit._refined(kinds, row, target_db, _FIRST_ITERATIONS, tolerance_db)
            if tolerance_db**2 < cost[0] <= _NEAR_DB**2:
                row, cost = fit._refined(kinds, row, target_db, _MORE_ITERATIONS, tolerance_db)
            if cost[0] <= tolerance_db**2:
                self.enough += 1
                return fit._eq(self._kinds, row[0])
        return fit.fit(target_db, tolerance_db)

    def _best_guess(self, target_db: Array) -> Array | None:
        """Return the nearest guess (1, unknowns), or none where even that is far away."""
        curve = np.interp(np.log(POINTS_HZ), np.log(self._fit.freqs_hz), target_db)
        rows = self._net.guess(self._head, curve[None]).unknowns()[0]
        problem, order = self._fit._problem(self._kinds)
        sorted_rows = rows.reshape(len(rows), 3, -1)[:, :, order].reshape(len(rows), -1)
        response = problem.response.response_db(problem.box.project(sorted_rows)[0])
        rms_db = np.linalg.norm((response - target_db) * self._fit.root_weight, axis=1)
        best = int(np.argmin(rms_db))
        return rows[[best]] if rms_db[best] <= _PROMISING_DB else None


def curve_sets(count: int) -> Iterator[tuple[str, Array, Array, Layout, str]]:
    """Yield name, bins, curves, layout and network head of every comparison."""
    bins = linear_bins_hz()
    for number in (1, 2):
        eqs = paper_set(number, count, SEEDS[number - 1])
        curves = np.array([eq.response_db(bins, SAMPLE_RATE_HZ) for eq in eqs])
        yield f"set {number}", bins, curves, Layout.nercessian2020(), "12"
    octaves = 20.0 * 2.0 ** (np.arange(240) / 24.0)
    curves = unreachable_curves(octaves, count, SEEDS[2])
    for bands in (4, 6, 8, 12):
        layout = Layout.shelves_and_bells(bands - 2, gain_db=(-15.0, 15.0))
        yield f"unreachable, {bands} bands", octaves, curves, layout, str(bands)


def compare(name: str, bins: Array, curves: Array, layout: Layout, head: str) -> None:
    """Print one line per network that has a head for the layout."""
    grid = CurveGrid.thinned(bins, np.ones(len(bins)), SAMPLE_RATE_HZ)
    plain = LayoutFit(layout, grid.freqs_hz, grid.root_weight, SAMPLE_RATE_HZ)
    for network in NETWORKS:
        matcher: LayoutFit | NetworkFirstFit = plain
        if network != "none":
            net = shipped(network)
            chosen = head if head in net.heads else "paper"
            if len(net.heads[chosen].kinds) != len(layout.slots):
                continue
            matcher = NetworkFirstFit(plain, net, chosen)
        errors, spent = [], []
        for curve in curves:
            began = time.process_time()
            eq = matcher.fit(grid.operator @ curve, LAYOUT_TOLERANCE_DB)
            spent.append(1e3 * (time.process_time() - began))
            errors.append(np.abs(eq.response_db(bins, SAMPLE_RATE_HZ) - curve).mean())
        enough = matcher.enough / len(curves) if isinstance(matcher, NetworkFirstFit) else 0.0
        print(
            f"{name:24} {network:20} MAE {np.mean(errors):.5f}  p99 {np.quantile(errors, 0.99):.4f}"
            f"  CPU ms median {np.median(spent):5.1f}  mean {np.mean(spent):5.1f}"
            f"  network enough {enough:.0%}",
            flush=True,
        )


def main() -> None:
    """Compare on every set."""
    parser = argparse.ArgumentParser(prog="python -m models.training.compare_starts")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} curves instead of {_FULL}")
    count = _QUICK if parser.parse_args().quick else _FULL
    print(f"n {count} curves a set, seeds {SEEDS}, tolerance {LAYOUT_TOLERANCE_DB} dB")
    for curve_set in curve_sets(count):
        compare(*curve_set)


if __name__ == "__main__":
    main()
