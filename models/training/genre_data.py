"""What is public of GTZAN: features, tags, and the fault- and artist-filtered split.

Cepstra, levels and tempo of all 1000 tracks (librosa, 22.05 kHz); the tagger's output for the
training and test part of Kereliuk, Sturm & Larsen's split ("Deep learning and music adversaries",
2015), 443 and 290 tracks. There is no audio. The validation part (197) has no tags.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import cepstra, genres

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

NEIGHBOURS = 12
"""Numbers in a run: about as many as the tracks of an artist."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """N tracks. patches: each one's tags (T, 50), empty where there are none. labels: (N,)."""

    names: tuple[str, ...]
    labels: Labels
    patches: tuple[Array, ...]
    mean: Array
    variance: Array
    rms: Array

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, which: NDArray[np.intp]) -> Tracks:
        """Return some of the tracks."""
        return Tracks(
            tuple(self.names[i] for i in which),
            self.labels[which],
            tuple(self.patches[i] for i in which),
            self.mean[which],
            self.variance[which],
            self.rms[which],
        )

    def features(self, rng: np.random.Generator | None = None) -> Array:
        """Return `genres.features`; with `rng`, of a random half of each track's patches."""
        tags = [
            part if rng is None else part[rng.permutation(len(part))[: (len(part) + 1) // 2]]
            for part in self.patches
        ]
        means = np.array([part.mean(axis=0) for part in tags])
        return genres.features(means, self.mean, self.variance)

    def cepstra(self) -> Array:
        """Return the part of `genres.features` (N, 39) that needs no tags."""
        return genres.features(np.zeros((len(self), 0)), self.mean, self.variance)

    def runs(self) -> Labels:
        """Return a number per track for its run of neighbours: GTZAN numbers artists together."""
        places = [int(name.rpartition(".")[2]) for name in self.names]
        return 1000 * self.labels + np.array(places, dtype=np.intp) // NEIGHBOURS

    def paper_levels_db(self) -> Array:
        """Return the paper's input (N, 6)."""
        return np.column_stack([cepstra.band_levels_db(self.mean), 20.0 * np.log10(self.rms)])

    def paper_labels(self) -> Labels:
        """Return the numbers of the paper's six classes."""
        return PAPER_LABEL[self.labels]


PAPER_LABEL = np.array([genres.PAPER_CLASSES.index(genres.PAPER_CLASS[g]) for g in genres.GENRES])


def load(data: Path, split: str) -> Tracks:
    """Return the tracks of "train", "valid" or "test", or "all" 1000, without tags if missing."""
    folder = data / "audio" / "gtzan_features"
    table = np.load(folder / "gtzan_features.npz")
    chosen = np.flatnonzero((split == "all") | (table["split_filtered"] == split))
    names = [str(name).removesuffix(".wav") for name in table["filename"][chosen]]
    tags = _tags(folder, split)
    genre = [name.partition(".")[0].replace("hiphop", "hip_hop") for name in names]
    rms = table["features"][:, list(table["columns"]).index("rms_mean")]
    return Tracks(
        tuple(names),
        np.array([genres.GENRES.index(g) for g in genre]),
        tuple(tags.get(name, np.zeros((0, 50))) for name in names),
        table["mfcc_mean"][chosen].astype(np.float64),
        table["mfcc_var"][chosen].astype(np.float64),
        rms[chosen].astype(np.float64),
    )


def _tags(folder: Path, split: str) -> dict[str, Array]:
    files = {"train": "training", "test": "evaluation"}
    if split not in files:
        return {}
    table = np.load(folder / f"{files[split]}_data_GTZAN_MSDmusicnn_taggram.npz")
    tags, ids = table["X"].astype(np.float64), table["IDS"]
    names = {name: str(name).rpartition("/")[2].removesuffix(".au") for name in np.unique(ids)}
    return {names[name]: tags[ids == name] for name in names}


def both(first: Tracks, second: Tracks) -> Tracks:
    """Return the tracks of two parts together."""
    return Tracks(
        first.names + second.names,
        np.concatenate([first.labels, second.labels]),
        first.patches + second.patches,
        *(
            np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("mean", "variance", "rms")
        ),
    )


def blocks(labels: Labels, parts: int, rng: np.random.Generator) -> Labels:
    """Return a part number per track: each genre cut into runs of neighbours at a random offset.

    GTZAN's neighbours are often of one artist, so runs keep most artists in one part.
    """
    part = np.zeros(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        part[np.roll(own, rng.integers(len(own)))] = np.arange(len(own)) * parts // len(own)
    return part
