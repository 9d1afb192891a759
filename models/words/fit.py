"""From what words ask for to the equaliser of one track: class-aware, added to what is there.

The move is weighted by where the track has energy and by how much tracks of its class differ from
each other at a frequency, as brighter vocals are not brighter drums. What was asked for in dB is
taken literally.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from models import instruments, matching, targets
from models.eq import Band, Eq
from models.equalise import Decision, Skipped, Wish, inaudible
from models.instruments import Guess
from models.layout import Limits
from models.name_hint import classes_of, with_name
from models.spectrum import ERB_WEIGHT, GRID_HZ, Listening, Spectrum
from models.target import Target, smoothed_db, weighted_mean
from models.words.lexicon import RATE_HZ, Array
from models.words.meaning import Understanding

LEAST_AMOUNT = 0.05
"""Below this nothing can be divided by the amount."""
MOST_BANDS = 10
"""Refining adds bands up to this many."""
_OVER_DB = 0.5
_DEEPEST_DB = 40.0
_SPREAD_RANGE = (0.6, 1.5)
_REST_WEIGHT = 0.05
_AUDIBLE_HZ = (25.0, 17000.0)
_NO_REST = 1e-9
_TOLERANCE_DB = 0.35
"""People who use a word differ by several times as much: fewer bands serve them better."""
_TOLERANCE_SHARE = 0.5
"""Of what is asked for: a small wish is still more than nothing."""


@dataclass(frozen=True, slots=True)
class Present:
    """The EQ a track has: at amount 1.0, and the amount it is at."""

    full: Eq = field(default_factory=Eq)
    amount: float = 1.0


@dataclass(frozen=True, slots=True)
class Move:
    """What is asked of one track, on `GRID_HZ`. relative_db scales with an amount, the rest not."""

    relative_db: Array
    exact_db: Array
    bands: tuple[Band, ...]


def shaped(understanding: Understanding, spectrum: Spectrum, target: Target) -> Move:
    """Fit what was understood to a track: its energy and the natural spread of its class."""
    mean_db = weighted_mean(target.spread_db, ERB_WEIGHT * target.confidence)
    room = np.clip(target.spread_db / max(mean_db, 1e-9), *_SPREAD_RANGE)
    low, high = _AUDIBLE_HZ
    heard = np.sqrt(spectrum.confidence) * ((low <= GRID_HZ) & (high >= GRID_HZ))
    relative_db = understanding.relative_db * room * heard
    return Move(relative_db, understanding.exact_db, understanding.bands)


def decide(
    listening: Listening,
    understanding: Understanding,
    amount: float,
    *,
    wish: Wish | None = None,
    present: Present | None = None,
    name: str = "",
) -> tuple[Decision, float] | Skipped:
    """Return the EQ of one track, and the amount it is to be written at.

    understanding: of this track (`said_of`). present: what is there already and stays, its amount
    with it; None: nothing. What is asked in dB comes out as asked at the amount returned.
    """
    problem = inaudible(listening)
    if problem:
        return Skipped(problem)
    wish = wish or Wish()
    by_ear = instruments.classify_spectrum(listening.spectrum)
    guesses = with_name(by_ear, name)
    label, confidence = heard_as(guesses, wish)
    base = _kind_target(guesses, wish)
    move = shaped(understanding, listening.spectrum, base)
    total = _written_at(present, amount, move)
    before = present.full if present else Eq()
    wanted_db = (
        before.scaled(total).response_db(GRID_HZ, RATE_HZ)
        + (move.relative_db * amount + move.exact_db)
        + Eq(move.bands).response_db(GRID_HZ, RATE_HZ)
    )
    full = _full_eq(move, listening, wish.limits, before, amount, total)
    decision = Decision(
        listening=listening,
        guesses=guesses,
        name_counted=guesses != by_ear,
        label=label,
        confidence=confidence,
        target=_target(listening.spectrum, wanted_db, base, understanding.text),
        full=full,
        keep_loudness=wish.keep_loudness,
        warnings=listening.warnings,
    )
    return decision, total


def heard_as(guesses: tuple[Guess, ...], wish: Wish) -> tuple[str, float | None]:
    """Return what a track is taken for and how surely; None where the user said it."""
    if wish.class_name is not None:
        return wish.class_name, None
    if wish.target is not None:
        return wish.target.name, None
    return guesses[0].label, guesses[0].confidence


def said_of(understanding: Understanding, classes: frozenset[str]) -> Understanding:
    """Return what of it is meant for a track that may be any of `classes`."""
    parts = understanding.parts
    kept = tuple(part for part in parts if not part.classes or part.classes & classes)
    return replace(understanding, parts=kept)


def classes_for(listening: Listening, name: str, wish: Wish) -> frozenset[str]:
    """Return what a track may be taken for when words name an instrument: its name goes first."""
    if wish.class_name is not None:
        return frozenset({wish.class_name})
    by_name = classes_of(name)
    return by_name or frozenset({instruments.classify_spectrum(listening.spectrum)[0].label})


def _kind_target(guesses: tuple[Guess, ...], wish: Wish) -> Target:
    if wish.class_name is not None:
        return targets.for_class(wish.class_name)
    return wish.target or targets.for_guesses(guesses)


def _written_at(present: Present | None, amount: float, move: Move) -> float:
    """Return the amount at which the EQ is written: that of the present one; 1 for plain dB."""
    if present is not None and abs(present.amount) >= LEAST_AMOUNT:
        return present.amount
    return amount if move.relative_db.any() and abs(amount) >= LEAST_AMOUNT else 1.0


def _full_eq(
    move: Move, listening: Listening, limits: Limits, before: Eq, amount: float, total: float
) -> Eq:
    """Return the EQ at amount 1.0: what was there, what the words ask for, what was spelt out.

    The bands that are there stay as they are while there is room; else all are fitted anew.
    """
    said = tuple(_undone(band, total) for band in move.bands)
    asked_db = (move.relative_db * amount + move.exact_db) / total
    if not asked_db.any():
        return Eq((*before.bands, *said))
    peak_db = float(np.abs(move.exact_db).max() / abs(total))
    within = replace(
        limits,
        max_boost_db=max(limits.max_boost_db, peak_db),
        max_cut_db=max(limits.max_cut_db, peak_db),
    )
    added = Eq((*before.bands, *_fitted(asked_db, listening, within).bands))
    gains = Eq(tuple(band for band in before.bands if band.kind.has_gain))
    now_db = gains.response_db(GRID_HZ, RATE_HZ)
    if before.bands and not _has_room(added, now_db + asked_db, within):
        filters = tuple(band for band in before.bands if not band.kind.has_gain)
        added = Eq((*_fitted(now_db + asked_db, listening, within).bands, *filters))
    return Eq((*added.bands, *said))


def _has_room(eq: Eq, response_db: Array, limits: Limits) -> bool:
    low_db, high_db = -limits.max_cut_db - _OVER_DB, limits.max_boost_db + _OVER_DB
    inside = response_db.min() >= low_db and response_db.max() <= high_db
    return len(eq.bands) <= MOST_BANDS and bool(inside)


def _fitted(desired_db: Array, listening: Listening, limits: Limits) -> Eq:
    rate_hz = float(listening.sample_rate_hz)
    in_band = np.less(GRID_HZ, 0.49 * rate_hz)
    weight = ERB_WEIGHT * (listening.spectrum.confidence + _REST_WEIGHT)
    asked_db = float(np.sqrt(np.average(desired_db**2, weights=weight)))
    return matching.match(
        GRID_HZ[in_band],
        desired_db[in_band],
        weight=weight[in_band],
        limits=limits,
        sample_rate_hz=rate_hz,
        tolerance_db=min(_TOLERANCE_DB, _TOLERANCE_SHARE * asked_db),
        effort=matching.Effort.QUICK,
    )


def _undone(band: Band, total: float) -> Band:
    """Return the band that is `band` when it is scaled by `total`."""
    if band.kind.has_gain:
        return replace(band, gain_db=band.gain_db / total)
    if not 0.0 < total < 1.0:
        return band
    rest_hz = band.scaled(_NO_REST).freq_hz
    return replace(band, freq_hz=rest_hz * (band.freq_hz / rest_hz) ** (1.0 / total))


def _target(spectrum: Spectrum, wanted_db: Array, base: Target, text: str) -> Target:
    """Return the target that the words stand for on this track: what it is, and the move."""
    return Target(
        curve_db=smoothed_db(spectrum) + np.clip(wanted_db, -_DEEPEST_DB, _DEEPEST_DB),
        spread_db=base.spread_db,
        confidence=spectrum.confidence,
        provenance=f"words: {text}",
        name=text[:60],
    )
