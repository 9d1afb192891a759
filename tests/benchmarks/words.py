"""`python -m tests.benchmarks.words`: how long words take to load, and a text to become a curve."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from models import descriptors
from models.spectrum import GRID_HZ

_REPEATS = 20
_LOAD = """
import time
import numpy, models.descriptors
start = time.process_time(); models.descriptors.explain("warm")
print(time.process_time() - start)
"""
_TEXTS = (
    "warmer",
    "velvety",
    "less muddy but not thin, +2 dB at 3 kHz",
    "the snare has an annoying ring around 800 Hz, notch it out, and a bit more body please",
    "sibilense on the vocls",
    "un poco más brillante, menos barro",
)


def main() -> None:
    """Print seconds of processor time: loading in a fresh process, and each text, unseen and seen."""
    loads = [_load_s() for _ in range(5)]
    print(f"load: {1000 * np.median(loads):.0f} ms (goal 100)")
    descriptors.explain("warm")
    said = Path(__file__).parents[1] / "models" / "words_phrases_said.txt"
    lines = said.read_text(encoding="utf-8").splitlines()
    many = [line.split("|")[0] for line in lines if "|" in line and not line.startswith("#")]
    first = np.array([_taken_s(text) for text in many])
    print(
        f"{len(many)} phrases, each for the first time: median {1000 * np.median(first):.2f} ms, "
        f"95 % below {1000 * np.percentile(first, 95):.2f} ms (goal 5)"
    )
    for text in _TEXTS:
        new = _taken_s(text)
        again = np.median([_taken_s(text) for _ in range(_REPEATS)])
        print(f"{1000 * new:6.2f} ms first, {1000 * again:5.2f} ms again: {text}")


def _taken_s(text: str) -> float:
    start = time.process_time()
    descriptors.curve(text, GRID_HZ)
    return time.process_time() - start


def _load_s() -> float:
    done = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()
