"""Speed and memory of `reatone auto`: `python -m tests.benchmarks.main_job [--tracks 10]`.

Ten stereo tracks of three minutes are written, equalised by a fresh process, and compared with a
peer in the same run: reading the same files with soundfile and taking one scipy.signal.welch per
channel. A second run with ten times the length of one track shows how memory grows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from tests.projects import RATE_HZ, pink_noise, write_song

PEER = """
import sys, soundfile
from scipy.signal import welch
for path in sys.argv[1:]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    welch(samples.T, rate, nperseg=8192)
"""
MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wall_s": time.perf_counter() - start, "cpu_s": usage.ru_utime + usage.ru_stime,
                  "peak_mb": usage.ru_maxrss / 1024, "code": done.returncode}))
"""


def measured(*command: str) -> dict[str, float]:
    """Run a command in its own process; return wall_s, cpu_s and peak_mb."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, sys.executable, *command],
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    if result["code"]:
        raise SystemExit(f"{command} failed")
    return result


def song(folder: Path, tracks: int, minutes: float) -> Path:
    """Write a project of stereo 24-bit tracks, each coloured differently."""
    audio: dict[str, Path] = {}
    folder.mkdir()
    frames = round(minutes * 60 * RATE_HZ)
    for number in range(1, tracks + 1):
        piece = np.stack([pink_noise(20.0, seed=2 * number + side) for side in (0, 1)], axis=1)
        piece = np.convolve(piece[:, 0], np.hanning(number + 2), "same")[:, None] * [1.0, 0.8]
        path = folder / f"{number}.wav"
        with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_24") as file:
            for start in range(0, frames, len(piece)):
                file.write(0.1 * piece[: frames - start] / np.abs(piece).max())
        audio[f"Track {number}"] = path
    return write_song(folder, audio)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tracks", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reatone-bench-") as name:
        folder = Path(name)
        project = song(folder / "short", options.tracks, options.minutes)
        files = sorted(str(path) for path in (folder / "short").glob("*.wav"))
        rows = []
        for _ in range(options.runs):
            job = measured("-m", "bridge.cli", "auto", str(project))
            rows.append((job, measured("-c", PEER, *files)))
        long = measured(
            "-m", "bridge.cli", "auto", str(song(folder / "long", 1, 10 * options.minutes))
        )
        one = measured("-m", "bridge.cli", "auto", str(song(folder / "one", 1, options.minutes)))
        start = [startup() for _ in range(5)]
    print(f"{options.tracks} stereo tracks of {options.minutes:g} min, {options.runs} runs, median")
    for key in ("wall_s", "cpu_s", "peak_mb"):
        ours, peers = (statistics.median(row[i][key] for row in rows) for i in (0, 1))
        print(f"{key:8} reatone auto {ours:8.1f}   welch {peers:8.1f}   ratio {ours / peers:5.2f}")
    print(
        f"peak_mb  one track of {options.minutes:g} min {one['peak_mb']:.0f}, of "
        f"{10 * options.minutes:g} min {long['peak_mb']:.0f}, "
        f"ratio {long['peak_mb'] / one['peak_mb']:.2f}"
    )
    print(f"reatone --help {statistics.median(start):.2f} s (median of {len(start)})")


def startup() -> float:
    """Return the wall time of `reatone --help` in seconds."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bridge.cli", "--help"], stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
