"""`python -m models.training.build_words`: make models/weights/words.safetensors.

All drawings are used; the predictor's form and settings are chosen by cross-validation over words.
`--amounts` only prints how many dB engineers set for a word (SAFE data, noise left out).
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Iterator

import numpy as np

from models.eq import Band, BandKind, Eq
from models.resources import weights_path
from models.spectrum import GRID_HZ
from models.training import words_data, words_space, words_table, words_terms
from models.training.words_choice import choose
from models.training.words_predictor import fit
from models.words.table import FILE

_RATE_HZ = 44100.0
_NOISE = re.compile(r"test|asd|qwe|^[^aeiou]+$|^.{1,2}$")


def main() -> None:
    """Build the table, or print amounts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amounts", action="store_true", help="only print engineers' amounts")
    if parser.parse_args().amounts:
        print(amounts())
        return
    from safetensors.numpy import save_file  # noqa: PLC0415

    space, data, terms = words_space.load(), words_data.drawings(), words_terms.shipped()
    choice = choose(space, data, terms)
    settings = choice.settings
    print(
        f"{choice.form}: {settings}: error {choice.error:.4f}, correlation {choice.likeness:.4f} "
        "with held-out words"
    )
    rows = words_table.rows_of(data, fit(space, data, settings, terms), space.listed)
    stored = words_table.pack(rows, list(space.vocabulary))
    path = weights_path(FILE)
    save_file({name: np.ascontiguousarray(array) for name, array in stored.items()}, path)
    known = sum(row.kind == "known" for row in rows)
    print(f"{path}: {len(rows)} words, {known} known, {path.stat().st_size / 1e6:.2f} MB")


def amounts() -> str:
    """Say what engineers set: deviation and reach of their curves in dB, 30 Hz ... 16 kHz."""
    in_range = (GRID_HZ >= 30.0) & (GRID_HZ <= 16000.0)
    curves = np.array([eq.response_db(GRID_HZ[in_range], _RATE_HZ) for eq in _engineers()])
    moved = curves[np.ptp(curves, axis=1) > 0.5]
    deviation, reach = moved.std(axis=1), np.ptp(moved, axis=1)
    return (
        f"{len(moved)} settings that do something: standard deviation "
        f"{np.median(deviation):.2f} dB (quartiles {np.percentile(deviation, 25):.2f} … "
        f"{np.percentile(deviation, 75):.2f}), from lowest to highest {np.median(reach):.1f} dB"
    )


def _engineers() -> Iterator[Eq]:
    path = words_data.descriptors_dir() / "safe_eq.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not _NOISE.search(row["descriptor"].strip().lower()):
                yield _eq(row)


def _eq(row: dict[str, str]) -> Eq:
    def shelf(kind: BandKind, name: str) -> Band:
        return Band.from_q(kind, float(row[f"{name}_hz"]), float(row[f"{name}_gain_db"]), q=0.71)

    def peak(name: str) -> Band:
        q = max(float(row[f"{name}_q"]), 0.05)
        gain_db = float(row[f"{name}_gain_db"])
        return Band.from_q(BandKind.BELL, float(row[f"{name}_hz"]), gain_db, q=q)

    return Eq(
        (
            shelf(BandKind.LOW_SHELF, "low_shelf"),
            *(peak(f"peak{number}") for number in (1, 2, 3)),
            shelf(BandKind.HIGH_SHELF, "high_shelf"),
        )
    )


if __name__ == "__main__":
    main()
