"""Compare our reference matching of masters with Matchering's, given the same reference.

python -m models.training.genre_matchering PYTHON: an interpreter of a virtual environment that has
the PyPI package `matchering` (GPLv3, run as it is, nothing of it is in ReaTone). Pairs of real
masters of one genre from different sources; what Matchering did is measured on the audio it wrote.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import targets
from models.audio import load
from models.equalise import Decision
from models.instruments import Guess
from models.mastering import MasterWish, master
from models.spectrum import ERB_WEIGHT, GRID_HZ, listen
from models.target import smoothed_db, weighted_mean
from models.training import corpus
from models.training.corpus import Recording

Array = NDArray[np.float64]
Pair = tuple[Recording, Recording]

WORKER = Path(__file__).resolve().parents[2] / "tests" / "benchmarks" / "matchering_job.py"
NEIGHBOURS = (1, 2)


def pairs(recordings: Sequence[Recording]) -> list[Pair]:
    """Pair each source's middle clip with that of the next two sources of its genre."""
    found: list[Pair] = []
    ordered = sorted(recordings, key=lambda r: (r.label, r.source, r.path))
    for _, genre in groupby(ordered, key=lambda r: r.label):
        sources = [list(clips) for _, clips in groupby(genre, key=lambda r: r.source)]
        middle = [clips[len(clips) // 2] for clips in sources]
        found += [
            (first, middle[(place + step) % len(middle)])
            for place, first in enumerate(middle)
            for step in NEIGHBOURS
            if step < len(middle)
        ]
    return found


def compare(pair: Pair, matched: Path) -> tuple[float, ...]:
    """Return distances to the reference in dB (before, ours 50 %, ours 100 %, Matchering), and how
    the two EQ curves agree: their mean difference in dB, their correlation, the mean size of each.
    """
    target, reference = (recording.path for recording in pair)
    listening = listen(target)
    goal = targets.from_files([reference])
    wish = MasterWish(reference=goal, amount=1.0, max_gain_db=6.0)
    decision = master(listening, [Guess("pop", 1.0)], wish)
    assert isinstance(decision, Decision)
    after = listen(matched).spectrum
    theirs = smoothed_db(after) - smoothed_db(listening.spectrum)
    ours = decision.response_db(decision.eq(1.0))
    inside = (GRID_HZ >= 60.0) & (GRID_HZ <= 12000.0)
    weight = ERB_WEIGHT * goal.confidence * listening.spectrum.confidence * inside
    first, second = (curve - weighted_mean(curve, weight) for curve in (ours, theirs))
    sizes = [weighted_mean(np.abs(curve), weight) for curve in (first, second)]
    shared = weighted_mean(first * second, weight)
    norm = np.sqrt(weighted_mean(first**2, weight) * weighted_mean(second**2, weight))
    return (
        decision.distance_db(),
        decision.distance_db(decision.eq(0.5)),
        decision.distance_db(decision.eq(1.0)),
        targets.distance_db(after, goal),
        weighted_mean(np.abs(first - second), weight),
        float(shared / max(norm, 1e-9)),
        *sizes,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run Matchering on all pairs, compare, print the means."""
    import soundfile  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", type=Path, help="interpreter that has matchering")
    options = parser.parse_args(arguments)
    data = corpus.data_dir()
    chosen = pairs([r for split in ("train", "valid", "test") for r in corpus.masters(data, split)])
    with tempfile.TemporaryDirectory() as folder:
        waves: dict[Path, Path] = {}
        for recording in {one for pair in chosen for one in pair}:
            clip = load(recording.path)
            waves[recording.path] = Path(folder) / f"{len(waves)}.wav"
            soundfile.write(
                waves[recording.path], clip.samples.T, clip.sample_rate_hz, subtype="FLOAT"
            )
        outputs = [Path(folder) / f"matched{i}.wav" for i in range(len(chosen))]
        jobs = [
            [str(waves[one.path]), str(waves[other.path]), str(output)]
            for (one, other), output in zip(chosen, outputs, strict=True)
        ]
        command = [str(options.python), str(WORKER)]
        subprocess.run(command, input=json.dumps(jobs), text=True, check=True)
        rows = np.array([compare(*pair) for pair in zip(chosen, outputs, strict=True)])
    names = ("before", "ours 50 %", "ours 100 %", "Matchering", "difference", "correlation")
    print(f"{len(rows)} pairs of one genre, 60 Hz … 12 kHz, means (standard deviations)")
    for name, column in zip((*names, "our size", "their size"), rows.T, strict=True):
        print(f"{name:12} {column.mean():6.2f} ({column.std():.2f})")


if __name__ == "__main__":
    main()
