"""The reference recordings: what there is, its licence and split, and its spectra."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.spectrum import GRID_HZ, Spectrum, listen, measure_file

ROLL_OFF_OCT = 0.25
_NOT_RECORDED = ("soundfont", "synthesised")


@dataclass(frozen=True, slots=True)
class Recording:
    """One clip of the reference data. split: train, valid or test, by source."""

    path: Path
    label: str
    source: str
    kind: str
    remark: str
    licence: str
    split: str
    bandwidth_hz: float

    @property
    def recorded(self) -> bool:
        """Whether it was recorded rather than made by a synthesiser or soundfont."""
        return not any(word in self.remark for word in _NOT_RECORDED)

    @property
    def performance(self) -> bool:
        """Whether it was played as a whole rather than strung together from notes."""
        return self.kind == "performance"


def data_dir() -> Path:
    """Return the folder of reference data: REATONE_DATA, or ../shared/data beside the repository.

    Raises FileNotFoundError when it is not there.
    """
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("REATONE_DATA", beside))
    if not (folder / "audio" / "metadata.csv").is_file():
        raise FileNotFoundError(f"no reference data in {folder}: set REATONE_DATA")
    return folder


def instruments(data: Path, split: str) -> list[Recording]:
    """Return the instrument clips of a split, in the order of their files."""
    return _clips(data, "instruments", split)


def masters(data: Path, split: str) -> list[Recording]:
    """Return the whole mixes of a split, labelled by genre, in the order of their files."""
    return _clips(data, "genre", split)


def _clips(data: Path, folder: str, split: str) -> list[Recording]:
    with (data / "audio" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(f"{folder}/")]
    recordings = (
        Recording(
            path=data / "audio" / row["file"],
            label=row["cls"],
            source=row["source"],
            kind=row["kind"],
            remark=row["sub"],
            licence=row["licence"],
            split=row["split"],
            bandwidth_hz=1000.0 * float(row["bandwidth_khz"]),
        )
        for row in rows
        if row["split"] == split
    )
    return sorted(recordings, key=lambda recording: recording.path)


def spread_over(recordings: Sequence[Recording], count: int) -> list[Recording]:
    """Return about `count` of the recordings, evenly spread over their order."""
    step = max(1, round(len(recordings) / count))
    return list(recordings[::step])


def measured(recordings: Iterable[Recording]) -> list[Spectrum]:
    """Return the spectrum of each recording."""
    return [measure_file(recording.path) for recording in recordings]


def heard(recordings: Iterable[Recording]) -> Iterator[Spectrum]:
    """Yield the spectrum of each recording with its sound, which takes memory."""
    return (listen(recording.path).spectrum for recording in recordings)


def within_bandwidth(spectrum: Spectrum, bandwidth_hz: float) -> Spectrum:
    """Return the spectrum without confidence above the bandwidth that its library delivered.

    It falls over the quarter octave below: there a codec's or resampler's roll-off begins.
    """
    rest = np.clip(np.log2(bandwidth_hz / GRID_HZ) / ROLL_OFF_OCT, 0.0, 1.0)
    return replace(spectrum, confidence=spectrum.confidence * rest)
