"""Does the network's start earn its place? `python -m models.training.compare_starts [--quick]`.

Matches the same curves, one at a time, with the product's matcher as it is and with the network
taken out of it; prints error and time of both, and for how many curves the refined guess was
enough.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np

from models.curve_grid import CurveGrid
from models.eq import Array
from models.layout import Layout
from models.layout_fit import LayoutFit
from models.matching import LAYOUT_TOLERANCE_DB
from models.network_start import NetworkStart
from models.training.curves import (
    SAMPLE_RATE_HZ,
    linear_bins_hz,
    paper_set,
    random_eqs,
    unreachable_curves,
)

SEEDS = (20200908, 20200909, 20240905)
_FULL, _QUICK = 300, 20


def curve_sets(count: int) -> Iterator[tuple[str, Array, Array, Layout]]:
    """Yield name, bins, curves and layout of every comparison."""
    bins = linear_bins_hz()
    for number in (1, 2):
        eqs = paper_set(number, count, SEEDS[number - 1])
        curves = np.array([eq.response_db(bins, SAMPLE_RATE_HZ) for eq in eqs])
        yield f"set {number}", bins, curves, Layout.nercessian2020()
    octaves = 20.0 * 2.0 ** (np.arange(240) / 24.0)
    for bands in (4, 6, 8, 12):
        layout = Layout.shelves_and_bells(bands - 2, gain_db=(-15.0, 15.0))
        kinds = tuple(kind for slot in layout.slots for kind in slot.kinds)
        eqs = random_eqs(kinds, count, SEEDS[2])
        curves = np.array([eq.response_db(octaves, SAMPLE_RATE_HZ) for eq in eqs])
        yield f"reachable, {bands} bands", octaves, curves, layout
    curves = unreachable_curves(octaves, count, SEEDS[2])
    for bands in (4, 6, 8, 12):
        layout = Layout.shelves_and_bells(bands - 2, gain_db=(-15.0, 15.0))
        yield f"unreachable, {bands} bands", octaves, curves, layout


def compare(name: str, bins: Array, curves: Array, layout: Layout) -> None:
    """Print a line without and a line with the network."""
    grid = CurveGrid.thinned(bins, np.ones(len(bins)), SAMPLE_RATE_HZ)
    seen = (layout, grid.freqs_hz, grid.root_weight, SAMPLE_RATE_HZ)
    for label, network in (("without", None), ("with", NetworkStart.of(layout))):
        fit = LayoutFit(*seen, network)
        fit.fit(grid.operator @ curves[0], LAYOUT_TOLERANCE_DB)
        fit.guesses_enough = 0
        errors, spent = [], []
        for curve in curves:
            began = time.process_time()
            eq = fit.fit(grid.operator @ curve, LAYOUT_TOLERANCE_DB)
            spent.append(1e3 * (time.process_time() - began))
            errors.append(np.abs(eq.response_db(bins, SAMPLE_RATE_HZ) - curve).mean())
        print(
            f"{name:22} {label:8} MAE {np.mean(errors):.5f}  p99 {np.quantile(errors, 0.99):.4f}"
            f"  CPU ms median {np.median(spent):5.1f}  mean {np.mean(spent):5.1f}"
            f"  guess enough {fit.guesses_enough / len(curves):.0%}",
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
