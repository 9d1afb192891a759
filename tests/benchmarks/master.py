"""Print what it takes to master a 4-minute mix, file to file, on one core.

    python -m tests.benchmarks.master [--minutes 4] [--runs 5]

The whole command as a user types it, start-up included, in a process of its own that is held to one
core and one thread. Wall-clock time is also the machine's other work; processor time is not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.projects import RATE_HZ, pink_noise

_COMMAND = "from bridge.cli import main; main()"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def write_mix(path: Path, minutes: float) -> None:
    """Write a stereo mix (24 bit): pink noise in beats, a different one in each channel."""
    import numpy as np
    import soundfile

    beat = 0.3 + 0.7 * np.exp(-((np.arange(RATE_HZ) / RATE_HZ) % 0.5) / 0.1)
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_24") as file:
        for second in range(round(60 * minutes)):
            noise = [pink_noise(1.0, seed) for seed in (2 * second, 2 * second + 1)]
            file.write(beat[:, None] * np.stack(noise, axis=1))


def run(mix: Path) -> tuple[float, float]:
    """Master it once; return seconds of wall-clock and of processor time."""
    environment = os.environ | dict.fromkeys(_THREADS, "1")
    command = [sys.executable, "-c", _COMMAND, "master", str(mix), "--overwrite"]
    if hasattr(os, "sched_setaffinity"):  # Linux
        core = min(os.sched_getaffinity(0))
        pin = f"import os; os.sched_setaffinity(0, {{{core}}}); "
        command[2] = pin + _COMMAND
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    wall_s, after = time.perf_counter() - start, os.times()
    spent = after.children_user + after.children_system
    return wall_s, spent - before.children_user - before.children_system


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mix = Path(folder) / "mix.wav"
        write_mix(mix, options.minutes)
        times = [run(mix) for _ in range(options.runs)]
    for name, column in zip(("wall-clock", "processor"), zip(*times, strict=True), strict=True):
        listed = ", ".join(f"{seconds:.2f}" for seconds in sorted(column))
        print(f"{options.minutes:g} minutes of stereo, {name} time: {listed} s")


if __name__ == "__main__":
    main()
