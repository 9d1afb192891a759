"""How near the automatic EQ brings real tracks to their targets.

For each track: measure, recognise, adapt the target, desired change, match with at most six bands
and ±6 dB at full amount, and the distance to the target before and as predicted after; beside it
the distance to the mean of the class, which is not asked for. Audio is not filtered here.
python -m models.evaluate autoeq [--quick]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import matching, targets
from models.instruments import classify_spectrum
from models.layout import Limits
from models.spectrum import GRID_HZ, Spectrum, listen
from models.targets import Target
from models.training import corpus

LIMITS = Limits(max_boost_db=6.0, max_cut_db=6.0, max_bands=6)
GOAL = 0.4
"""The share of the distance that should go."""
QUICK_CLIPS = 24
SAMPLE_RATE_HZ = 48000.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One track's distances to its target in dB, and the number of bands that it took.

    mean_before_db, mean_after_db: to the target as it is before it was adapted to the track.
    """

    track: str
    label: str
    target: str
    before_db: float
    after_db: float
    bands: int
    mean_before_db: float
    mean_after_db: float

    @property
    def reduction(self) -> float:
        """The share of the distance that is gone."""
        return 1.0 - self.after_db / self.before_db if self.before_db > 0.0 else 1.0


def run(quick: bool = False) -> dict[str, Any]:
    """Return distances before and after for the test split's clips and the demo stems."""
    data = corpus.data_dir()
    recordings = corpus.instruments(data, "test")
    if quick:
        recordings = corpus.spread_over(recordings, QUICK_CLIPS)
    spectra = list(corpus.heard(recordings))
    tracks = [(f"{r.label}/{r.path.stem}", r.label) for r in recordings]
    clips = list(zip(tracks, spectra, strict=True))
    recognised = [
        outcome(name, label, spectrum, targets.for_guesses(classify_spectrum(spectrum)))
        for (name, label), spectrum in clips
    ]
    told = [
        outcome(name, label, spectrum, targets.for_class(label))
        for (name, label), spectrum in clips
    ]
    demo = [] if quick else [demo_outcome(path) for path in demo_stems(data)]
    return {
        "evaluation": "distance to the target in dB before and after (predicted), at full amount",
        "split": "test",
        "bands": LIMITS.max_bands,
        "max_gain_db": LIMITS.max_boost_db,
        "rows": [
            {"what": "all clips, class recognised", **summary(recognised)},
            {"what": "all clips, class told", **summary(told)},
            *({"what": label, **row} for label, row in per_class(told).items()),
            *({"what": f"demo {o.track} as {o.target}", **summary([o])} for o in demo),
            *(
                {"what": f"short of the goal: {o.track} as {o.target}", **summary([o])}
                for o in recognised
                if o.reduction < GOAL
            ),
        ],
    }


def outcome(track: str, label: str, spectrum: Spectrum, target: Target) -> Outcome:
    """Return what the automatic EQ does to one track."""
    own = targets.adapted(target, spectrum)
    desired_db, weight = targets.desired_change(spectrum, own, tolerance=0.0)
    eq = matching.match(
        GRID_HZ, desired_db, sample_rate_hz=SAMPLE_RATE_HZ, limits=LIMITS, weight=weight
    )
    response_db = eq.response_db(GRID_HZ, SAMPLE_RATE_HZ)
    return Outcome(
        track=track,
        label=label,
        target=target.name,
        before_db=targets.distance_db(spectrum, own),
        after_db=targets.distance_db(spectrum, own, response_db),
        bands=len(eq.bands),
        mean_before_db=targets.distance_db(spectrum, target),
        mean_after_db=targets.distance_db(spectrum, target, response_db),
    )


def demo_stems(data: Path) -> list[Path]:
    """Return the audio files of the demo songs."""
    return sorted(p for p in (data / "demo").rglob("*") if p.suffix in (".mp3", ".ogg", ".wav"))


def demo_outcome(path: Path) -> Outcome:
    """Return what the automatic EQ does to a demo stem, recognised as it would be in a project."""
    spectrum = listen(path).spectrum
    guesses = classify_spectrum(spectrum)
    label = f"{guesses[0].label} {guesses[0].confidence:.0%}"
    return outcome(f"{path.parent.name}/{path.stem}", label, spectrum, targets.for_guesses(guesses))


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return n, mean distances, mean and median reduction and the share that reaches the goal."""
    reductions = np.array([o.reduction for o in outcomes])
    return {
        "n": len(outcomes),
        "before_db": float(np.mean([o.before_db for o in outcomes])),
        "after_db": float(np.mean([o.after_db for o in outcomes])),
        "mean_reduction": float(reductions.mean()),
        "median_reduction": float(np.median(reductions)),
        "share_reaching_goal": float((reductions >= GOAL).mean()),
        "mean_bands": float(np.mean([o.bands for o in outcomes])),
        "class_mean_before_db": float(np.mean([o.mean_before_db for o in outcomes])),
        "class_mean_after_db": float(np.mean([o.mean_after_db for o in outcomes])),
    }


def per_class(outcomes: Iterable[Outcome]) -> dict[str, dict[str, Any]]:
    """Return the summary of each class."""
    by_label: dict[str, list[Outcome]] = {}
    for each in outcomes:
        by_label.setdefault(each.label, []).append(each)
    return {label: summary(some) for label, some in sorted(by_label.items())}
