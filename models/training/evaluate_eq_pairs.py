"""Does ReaTone move a raw track towards what an engineer made of it?

Pairs of MedleyDB's MusicDelta songs: a raw track and the same track as mixed. The raw track is
equalised as `auto` would, at the default amount; the distance is that of spectra, by ERB, with the
level free (`targets.distance_db`). Beside it: doing nothing, the class told, the target followed as
a whole as in the paper, random classes, and the engineer's own result as the reference, which shows
what an equaliser of six bands can do at that amount.
python -m models.evaluate eq_pairs
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import matching, targets
from models.eq import Array
from models.instruments import CLASSES, Guess, classify_spectrum
from models.layout import Limits
from models.spectrum import ERB_WEIGHT, GRID_HZ, Spectrum, listen, measure_file
from models.target import Target, smoothed_db, weighted_mean
from models.training import corpus

AMOUNT, SAMPLE_RATE_HZ = 0.65, 48000.0
SEED, DRAWS = 20241121, 10
LIMITS = Limits(max_boost_db=6.0, max_cut_db=6.0, max_bands=6)
OCTAVES_HZ = 62.5 * 2.0 ** np.arange(8)
SMALL_DB = 0.5
"""A move of an engineer's in an octave counts from here on."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A raw track and the same track as mixed: their spectra, and what the raw one is."""

    name: str
    label: str
    split: str
    raw: Spectrum
    mixed: Spectrum
    guesses: tuple[Guess, ...]

    @property
    def mix(self) -> Target:
        """The engineer's result as a target."""
        ones = np.ones_like(GRID_HZ)
        return Target(smoothed_db(self.mixed), ones, self.mixed.confidence, "the mix", "mix")

    def distance_db(self, eq_db: Array | None = None) -> float:
        """Return the distance of the raw track, equalised by `eq_db`, to the mixed one."""
        return targets.distance_db(self.raw, self.mix, eq_db)


def pairs(data: Path, split: str) -> list[Pair]:
    """Return the pairs of a split in the order of their files."""
    with (data / "audio" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("eq_pairs/")]
    chosen = sorted(r["file"] for r in rows if r["split"] == split and r["sub"].endswith("|raw"))
    labels = {row["file"]: row["sub"].partition("|")[0] for row in rows}
    return [_pair(data / "audio", file, labels[file], split) for file in chosen]


def _pair(folder: Path, file: str, label: str, split: str) -> Pair:
    heard = listen(folder / file).spectrum
    mixed = measure_file(folder / file.replace("-raw", "-stem"))
    name = Path(file).stem.removeprefix("mdb-").removesuffix("-raw_000")
    return Pair(name, label, split, heard, mixed, classify_spectrum(heard))


def proposed_db(spectrum: Spectrum, target: Target, *, as_a_whole: bool = False) -> Array:
    """Return the response (121,) that the EQ towards a target has at the default amount."""
    tolerance = targets.TOLERANCE
    if not as_a_whole:
        target, tolerance = targets.adapted(target, spectrum), 0.0
    desired_db, weight = targets.desired_change(spectrum, target, tolerance)
    eq = matching.match(GRID_HZ, desired_db, weight=weight, limits=LIMITS)
    return eq.scaled(AMOUNT).response_db(GRID_HZ, SAMPLE_RATE_HZ)


def moves_db(pair: Pair, eq_db: Array) -> tuple[Array, Array]:
    """Return the engineer's and our move per octave (8,), each without its mean level."""
    known = ERB_WEIGHT * pair.raw.confidence * pair.mixed.confidence
    theirs = smoothed_db(pair.mixed) - smoothed_db(pair.raw)
    found = []
    for move in (theirs, smoothed_db(pair.raw, eq_db) - smoothed_db(pair.raw)):
        level = move - weighted_mean(move, known)
        near = np.abs(np.log2(GRID_HZ / OCTAVES_HZ[:, None])) <= 0.5
        found.append(np.array([weighted_mean(level, known * octave) for octave in near]))
    return found[0], found[1]


def row(what: str, some: Sequence[Pair], eqs_db: Sequence[Array]) -> dict[str, Any]:
    """Return how far the distance falls over pairs, and how often the signs of moves agree."""
    before = np.array([pair.distance_db() for pair in some])
    after = np.array([pair.distance_db(eq) for pair, eq in zip(some, eqs_db, strict=True)])
    moves = [moves_db(pair, eq) for pair, eq in zip(some, eqs_db, strict=True)]
    theirs, ours = (np.concatenate(side) for side in zip(*moves, strict=True))
    meant = (np.abs(theirs) >= SMALL_DB) & (ours != 0.0)
    agreeing = float((np.sign(theirs) == np.sign(ours))[meant].mean()) if meant.any() else None
    return {
        "what": what,
        "n": len(some),
        "before_db": float(before.mean()),
        "after_db": float(after.mean()),
        "share_nearer": float((after < before).mean()),
        "mean_fall": float((1.0 - after / before).mean()),
        "signs_agree": "" if agreeing is None else agreeing,
        "mean_move_db": float(np.mean([np.abs(eq).mean() for eq in eqs_db])),
    }


def run(quick: bool = False) -> dict[str, Any]:
    """Return the table of the test pairs and of the validation pairs (quick: those alone)."""
    splits = ("valid",) if quick else ("test", "valid")
    rows = [one for split in splits for one in _rows(pairs(corpus.data_dir(), split), split)]
    return {
        "evaluation": "raw track, equalised at the default amount, against the engineer's mix",
        "amount": AMOUNT,
        "signs_agree": f"octaves 62.5 Hz ... 8 kHz that the engineer moved by {SMALL_DB} dB",
        "seed": SEED,
        "random_draws": DRAWS,
        "rows": rows,
    }


def _rows(some: list[Pair], split: str) -> list[dict[str, Any]]:
    ways: dict[str, Callable[[Pair], Array]] = {
        "doing nothing": lambda pair: np.zeros_like(GRID_HZ),
        "auto, class recognised": lambda p: proposed_db(p.raw, targets.for_guesses(p.guesses)),
        "auto, class told": lambda p: proposed_db(p.raw, targets.for_class(p.label)),
        "target as a whole, told": lambda p: proposed_db(
            p.raw, targets.for_class(p.label), as_a_whole=True
        ),
        "the mix as reference": lambda p: proposed_db(p.raw, p.mix, as_a_whole=True),
    }
    found = {what: [way(pair) for pair in some] for what, way in ways.items()}
    rows = [row(f"{split}: {what}", some, eqs) for what, eqs in found.items()]
    rows.append(_random_row(some, split))
    told = found["auto, class recognised"]
    for pair, eq in zip(some, told, strict=True):
        heard = pair.guesses[0]
        title = f"{split}: {pair.name} as {heard.label} {heard.confidence:.0%}"
        rows.append(row(title, [pair], [eq]))
    return rows


def _random_row(some: list[Pair], split: str) -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    drawn = [(p, str(rng.choice(CLASSES))) for p in some for _ in range(DRAWS)]
    eqs = [proposed_db(pair.raw, targets.for_class(name)) for pair, name in drawn]
    return row(f"{split}: a random class", [pair for pair, _ in drawn], eqs)
