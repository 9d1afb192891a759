"""Speed of learnt equalisers: applied, against SciPy's overlap-add; and learnt.

python -m tests.benchmarks.end_to_end [--seconds 60]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.audio import BLOCK_FRAMES, Clip, Samples
from models.end_to_end import LearnedEq, Place
from models.eq import Band, BandKind, Eq
from models.evaluate import as_text
from models.kernel_fit import TAPS_S, taps_for
from models.learning import learn
from models.level_gain import KNOTS_DB, TIMES_S, LevelGain

RATE_HZ, CHANNELS, RUNS = 48000, 2, 5
SEED = 8
EQ = Eq((Band(BandKind.BELL, 300.0, 6.0), Band(BandKind.HIGH_SHELF, 6000.0, -5.0)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    rng = np.random.default_rng(SEED)
    signal = (0.1 * rng.standard_normal((CHANNELS, round(seconds * RATE_HZ)))).astype(np.float32)
    taps = taps_for(signal.shape[1], RATE_HZ)
    kernel = rng.standard_normal(taps) * np.exp(-np.arange(taps) / 400.0)
    gain = LevelGain(rng.uniform(-0.2, 0.2, (len(TIMES_S), len(KNOTS_DB))))
    peer_s = cpu_s(lambda: overlap_add(signal, kernel))
    rows = [row("scipy.signal.oaconvolve", peer_s, peer_s, seconds)]
    for name, network in (
        ("network, convolution alone", LearnedEq(kernel, taps // 4, RATE_HZ)),
        ("network with a level gain", LearnedEq(kernel, 0, RATE_HZ, Place.BEHIND, gain)),
    ):
        rows.append(row(name, cpu_s(lambda n=network: run(n, signal)), peer_s, seconds))
    wet = EQ.apply(signal, RATE_HZ).astype(np.float32)
    clips = Clip(signal, RATE_HZ), Clip(wet, RATE_HZ)
    rows.append({"what": "learn-eq of an EQ", "cpu_s": cpu_s(lambda: learn(*clips), runs=1)})
    driven = Clip(np.tanh(8.0 * wet) / 4.0, RATE_HZ)
    rows.append(
        {
            "what": "learn-eq of EQ and saturation",
            "cpu_s": cpu_s(lambda: learn(clips[0], driven), runs=1),
        }
    )
    heading = f"{seconds:g} s, {CHANNELS} channels, {RATE_HZ} Hz, {taps} taps ({TAPS_S} s at most)"
    print(as_text({"Learnt equalisers": heading, "runs": RUNS, "rows": rows}))


def run(network: LearnedEq, signal: Samples) -> None:
    """Stream the signal through a network as a file is."""
    blocks = (signal[:, i : i + BLOCK_FRAMES] for i in range(0, signal.shape[1], BLOCK_FRAMES))
    for _ in network.stream(blocks):
        pass


def overlap_add(signal: Samples, kernel: np.ndarray) -> None:
    """Convolve by SciPy, whole."""
    from scipy.signal import oaconvolve

    oaconvolve(signal.astype(np.float64), kernel[None], axes=-1)


def cpu_s(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the median CPU time of some runs."""
    spent = []
    for _ in range(runs):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return statistics.median(spent)


def row(what: str, spent_s: float, peer_s: float, seconds: float) -> dict[str, object]:
    """Return one line of the table."""
    return {
        "what": what,
        "cpu_s": spent_s,
        "times_real_time": seconds / spent_s,
        "ratio_to_scipy": peer_s / spent_s,
    }


if __name__ == "__main__":
    main()
