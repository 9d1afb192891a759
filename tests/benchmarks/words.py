"""`python -m tests.benchmarks.words`: how long words take to load, and a text to become a curve.

Seconds are of processor time. Other work on the machine only ever adds to them, so that the least
of several runs is the nearest to the truth; the median is printed beside it.
"""

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
_LONG = 10_000


def main() -> None:
    """Print seconds of processor time: loading in a fresh process, and each text, unseen and seen."""
    loads = [1000 * _load_s() for _ in range(7)]
    print(f"load: {min(loads):.0f} ms at least, median {np.median(loads):.0f} ms (goal 100)")
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
        _print_taken(text, text)
    print(f"{_LONG} characters each:")
    for name, text in _long_texts().items():
        _print_taken(name, text[:_LONG])


def _print_taken(name: str, text: str) -> None:
    new = []
    for _ in range(5):
        descriptors.dictionary.cache_clear()
        descriptors.explain("warm")
        new.append(1000 * _taken_s(text))
    again = [1000 * _taken_s(text) for _ in range(_REPEATS)]
    print(
        f"{min(new):6.2f} ms first (median {np.median(new):.2f}), "
        f"{min(again):5.2f} ms again (median {np.median(again):.2f}): {name}"
    )


def _long_texts() -> dict[str, str]:
    """Return texts of every kind that takes long."""
    words = descriptors.dictionary()
    known = [word for word in (words.table.known() if words.table else []) if len(word) > 4]
    rng = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    nonsense = ["".join(rng.choice(letters, rng.integers(4, 12))) for _ in range(2000)]
    slips = [word[:2] + rng.choice(letters) + word[2:] for word in known]
    return {
        "one word": "brighter, " * _LONG,
        "phrases": "".join(f"{text}. " for text in _TEXTS) * 100,
        "engineers' terms": ", ".join(words.terms) * 2,
        "known words": " ".join(known) * 4,
        "known words with slips": " ".join(slips) * 4,
        "nonsense": " ".join(nonsense),
        "numbers": "3 dB at 3 kHz, " * _LONG,
        "commas": "a," * _LONG,
        "emoji": "🔥 " * _LONG,
        "letters that are phrases": "\ufdfa" * _LONG,
    }


def _taken_s(text: str) -> float:
    start = time.process_time()
    descriptors.curve(text, GRID_HZ)
    return time.process_time() - start


def _load_s() -> float:
    done = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()
