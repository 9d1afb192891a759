"""Instruments made by number, for classes that few makers recorded; they only add to recordings.

Synthesisers (`made_synths`), electric guitars (`made_strings`) and percussion (`made_percussion`),
each playing a few bars of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from models.audio import Clip
from models.training.corpus import Recording
from models.training.made_percussion import percussion
from models.training.made_phrases import RATE_HZ, Array
from models.training.made_strings import electric_guitar
from models.training.made_synths import synth

REMARK = "synthesised by number"
COUNTS = {
    "synth": 80,
    "percussion": 70,
    "guitar_electric_clean": 60,
    "guitar_electric_distorted": 20,
}


def recordings() -> list[Recording]:
    """Return what can be made as recordings, all of one source; `clip` makes their sound."""
    return [
        Recording(Path(str(number)), label, REMARK, REMARK, REMARK, "CC0", "train", 22050.0)
        for label, count in COUNTS.items()
        for number in range(count)
    ]


def clip(recording: Recording) -> Clip:
    """Return the sound of one of `recordings`, the same each time."""
    kind = list(COUNTS).index(recording.label)
    rng = np.random.default_rng([20241121, kind, int(recording.path.name)])
    sound = _MAKERS[recording.label](rng)
    return Clip((0.1 * sound / (sound.std() + 1e-12)).astype(np.float32)[None], RATE_HZ)


_MAKERS: dict[str, Callable[[np.random.Generator], Array]] = {
    "synth": synth,
    "percussion": percussion,
    "guitar_electric_clean": lambda rng: electric_guitar(rng, distorted=False),
    "guitar_electric_distorted": lambda rng: electric_guitar(rng, distorted=True),
}
