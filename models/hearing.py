"""What the instrument recogniser hears besides the long-term spectrum.

The time structure (`models.timbre`), what pitch tells (`models.pitch`), and what two networks make
of a few seconds that were trained on far more sound than we have: the convolutions (not the tags)
of the music tagger musicnn (Pons & Serra, ISMIR 2019 late breaking), which know attacks, vibrato
and voices, and the features of aiSFX (Ma & Lerch, ISMIR 2022), which sorted sound-effects
libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models import aisfx, musicnn, pitch, timbre
from models.excerpts import Excerpts
from models.mel import MelFormat, mel_power

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

TAGGER = "musicnn_mtt"
"""Trained on MagnaTagATune, whose tags are mostly instruments and voices."""
REFERENCE_RMS = 0.1
"""What is heard is brought to this level: the tagger was trained on music at about it."""
MAX_PATCHES = 3
"""Patches for each network: each takes some 70 ms."""
EXCERPTS = 8
"""Excerpts of three seconds that stand for a long recording."""
FORMATS: tuple[MelFormat, MelFormat, MelFormat] = (timbre.FORMAT, musicnn.FORMAT, aisfx.FORMAT)


class Analysis(NamedTuple):
    """Mel powers (frames, 96) in the three formats, of one or more parts of a sound; its pitch.

    The first two powers at the reference level, the third with a peak of 1. pitch: the features of
    `models.pitch` (68,).
    """

    timbre: Sequence[Samples]
    tagger: Sequence[Samples]
    effects: Sequence[Samples]
    pitch: Array


class Sound:
    """Excerpts of a recording; measured, and let go, when the recogniser first asks."""

    def __init__(self, excerpts: Excerpts) -> None:
        self._excerpts: Excerpts | None = excerpts

    @cached_property
    def evidence(self) -> Array | None:
        """The features (D,), free of gain; None where there is nothing to hear."""
        excerpts, self._excerpts = self._excerpts, None
        return measure(excerpts) if excerpts and excerpts.rms else None


def measure(excerpts: Excerpts) -> Array:
    """Return the features (2483,) of excerpts that are not silent."""
    return features(analyse(excerpts))


def analyse(excerpts: Excerpts) -> Analysis:
    """Return the analysis of excerpts that are not silent; short parts are repeated."""
    peak = max(float(np.abs(part).max(initial=0.0)) for part in excerpts.parts)
    level = REFERENCE_RMS / excerpts.rms
    gains = (level, level, 1.0 / peak)
    sounds = [
        [part for part in excerpts.at(form.sample_rate_hz, gain) if len(part)]
        for form, gain in zip(FORMATS, gains, strict=True)
    ]
    fine, tagger, effects = (
        [_power(part, form) for part in parts] for parts, form in zip(sounds, FORMATS, strict=True)
    )
    _, sound, _ = sounds  # the tagger's, at the rate that pitch is heard at, too
    return Analysis(fine, tagger, effects, pitch.features(sound))


def _power(mono: Samples, form: MelFormat) -> Samples:
    whole = mono if len(mono) >= form.fft_size else np.resize(mono, form.fft_size)
    return mel_power(whole, form)


def features(sound: Analysis, count: int = MAX_PATCHES) -> Array:
    """Return time structure, convolutions, effects' features and pitch, (397 + 1506 + 512 + 68,).

    The networks hear at most `count` patches each: the tagger the loudest, the other, which knows
    pauses between sounds, patches spread evenly.
    """
    structure = timbre.features(np.concatenate(sound.timbre).astype(np.float64))
    tagger = musicnn.load_network(TAGGER)
    frames = [musicnn.log_power(part) for part in sound.tagger]
    patches = loudest(frames, musicnn.PATCH_FRAMES, count)
    effects = aisfx.log_mel(np.concatenate(sound.effects))
    blocks = spread(effects, aisfx.BLOCK_FRAMES, count)
    heard = np.mean([musicnn.pooled_maps(tagger, patch) for patch in patches], axis=0)
    sorted_as = np.mean([aisfx.embed(block) for block in blocks], axis=0)
    return np.concatenate([structure, heard, sorted_as, sound.pitch]).astype(np.float64)


def loudest(parts: Sequence[Samples], frames: int, count: int) -> list[Samples]:
    """Return the loudest patches (frames, 96) of log-mel parts, not overlapping, best first.

    A part that is shorter is repeated.
    """
    long_enough = [np.resize(p, (frames, p.shape[1])) if len(p) < frames else p for p in parts]
    patches = [
        p[i : i + frames] for p in long_enough for i in range(0, len(p) - frames + 1, frames)
    ]
    return sorted(patches, key=lambda patch: -float(patch.sum()))[:count]


def spread(mel: Samples, frames: int, count: int) -> list[Samples]:
    """Return up to `count` patches (frames, 96) spread evenly; a short spectrogram is repeated."""
    if len(mel) < frames:
        return [np.resize(mel, (frames, mel.shape[1]))]
    starts = np.linspace(0, len(mel) - frames, min(count, len(mel) // frames)).astype(int)
    return [mel[start : start + frames] for start in starts]
