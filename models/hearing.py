"""What the instrument recogniser hears besides the long-term spectrum.

The time structure (`models.timbre`), and what the music tagger musicnn makes of some three-second
patches: not its tags, but the maxima and means of its convolutions (Pons & Serra, ISMIR 2019 late
breaking), which know attacks, vibrato and voices from far more music than we have.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from models import musicnn, timbre
from models.excerpts import Excerpts
from models.resources import weights_path

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

TAGGER = "musicnn_mtt"
"""Trained on MagnaTagATune, whose tags are mostly instruments and voices."""
REFERENCE_RMS = 0.1
"""What is heard is brought to this level: the tagger was trained on music at about it."""
MAX_PATCHES = 4
"""Each takes some 60 ms."""
EXCERPTS = 8
"""Excerpts of three seconds that stand for a long recording."""


class Sound:
    """Excerpts of a recording; measured, and let go, when the recogniser first asks."""

    def __init__(self, excerpts: Excerpts) -> None:
        self._excerpts: Excerpts | None = excerpts

    @cached_property
    def evidence(self) -> Array | None:
        """The features (D,), free of gain; None where there is nothing to hear."""
        excerpts, self._excerpts = self._excerpts, None
        return measure(excerpts) if excerpts and excerpts.rms else None


def measure(excerpts: Excerpts) -> Array | None:
    """Return time structure and pooled maps of excerpts that are not silent, (397 + 1506,)."""
    gain = REFERENCE_RMS / excerpts.rms
    structure = timbre.measure(excerpts.at(timbre.FORMAT.sample_rate_hz, gain))
    patches = loud_patches(excerpts.at(musicnn.FORMAT.sample_rate_hz, gain))
    if structure is None or not patches:
        return None
    return np.concatenate([structure, np.mean([pooled_maps(p) for p in patches], axis=0)])


def loud_patches(parts: list[Samples], count: int = MAX_PATCHES) -> list[Samples]:
    """Return the loudest log-mel patches (187, 96) of mono parts at 16 kHz, not overlapping."""
    least = musicnn.FORMAT.samples_for(musicnn.PATCH_FRAMES)
    long_enough = [part if len(part) >= least else np.resize(part, least) for part in parts]
    frames = [musicnn.log_mel(part) for part in long_enough if len(part)]
    patches = [patch for mel in frames for patch in musicnn.patches(mel, musicnn.PATCH_FRAMES)]
    return sorted(patches, key=lambda patch: -float(patch.sum()))[:count]


def pooled_maps(patch: Samples) -> Array:
    """Return the maximum and mean over time of the tagger's convolutions, (1506,)."""
    network = load_tagger()
    stem = network["input"]
    frames = patch * stem.scale + stem.shift
    front = np.concatenate(
        [musicnn._timbral(network[name], frames) for name in musicnn.TIMBRAL]
        + [musicnn._temporal(network[name], frames) for name in musicnn.TEMPORAL],
        axis=1,
    )
    maps = [front]
    for number, name in enumerate(musicnn.DENSE):
        found = musicnn._dense_in_time(network[name], maps[-1])
        maps.append(found + maps[-1] if number else found)
    whole = np.concatenate(maps, axis=1)
    return np.stack([whole.max(axis=0), whole.mean(axis=0)], axis=-1).ravel().astype(np.float64)


@cache
def load_tagger() -> Mapping[str, musicnn.Layer]:
    """Return the layers of the tagger by name."""
    from safetensors.numpy import load_file  # noqa: PLC0415

    tensors = load_file(weights_path(TAGGER))
    names = sorted({key.rpartition(".")[0] for key in tensors})
    return {name: musicnn._layer(name, tensors) for name in names}
