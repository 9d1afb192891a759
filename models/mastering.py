"""From a heard master and its mixture of genres to a gentle equaliser.

The same steps as for tracks (`models.equalise`), with the target blended by genre and an EQ as a
mastering engineer's: two shelves and wide bells, a few decibels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models import genre_targets, matching, targets
from models.eq import BandKind, Eq
from models.equalise import Decision, Skipped, inaudible
from models.instruments import Guess
from models.layout import Layout, Limits, Slot
from models.response_limits import held_to_limits
from models.spectrum import GRID_HZ, Listening
from models.target import Target

MAX_GAIN_DB = 3.0
MAX_BANDS = 5
DEFAULT_AMOUNT = 0.5
CERTAIN = 0.5
"""A genre at least this likely is named without doubt."""
TOLERANCE = 0.5
"""Fraction of a genre's spread that is a song's own: finished music is only nudged."""
_LOW = Slot(frozenset({BandKind.LOW_SHELF}), (40.0, 400.0), bandwidth_oct=(1.0, 2.0))
_BELL = Slot(frozenset({BandKind.BELL}), (60.0, 10000.0), bandwidth_oct=(1.0, 3.0))
_HIGH = Slot(frozenset({BandKind.HIGH_SHELF}), (2000.0, 14000.0), bandwidth_oct=(1.0, 2.0))
_SMALLEST_AMOUNT, _LARGEST_AMOUNT = 0.25, 2.0
_INAUDIBLE_DB = 0.15
"""A band that does less at the amount wished for is left out."""
_TOLERANCE_DB = 0.1


@dataclass(frozen=True, slots=True)
class MasterWish:
    """What the user asked for.

    genre, reference: instead of what is heard. amount: at which the EQ will be written; there no
    boost or cut exceeds max_gain_db. max_bands: 2 or more, two of them shelves.
    """

    genre: str | None = None
    reference: Target | None = None
    amount: float = DEFAULT_AMOUNT
    max_gain_db: float = MAX_GAIN_DB
    max_bands: int = MAX_BANDS
    keep_loudness: bool = True


def master(
    listening: Listening, mixture: Sequence[Guess], wish: MasterWish | None = None
) -> Decision | Skipped:
    """Decide the EQ of a master from what was heard. Raises TargetError for an unknown genre."""
    wish = wish or MasterWish()
    problem = inaudible(listening)
    if problem:
        return Skipped(problem)
    target, label, confidence = _target(mixture, wish)
    doubt = confidence is not None and confidence < CERTAIN and wish.reference is None
    warnings = ("No genre stands out: the target is a blend of several.",) if doubt else ()
    return Decision(
        listening=listening,
        guesses=tuple(mixture),
        name_counted=False,
        label=label,
        confidence=confidence,
        target=target,
        full=_fitted(listening, target, wish),
        keep_loudness=wish.keep_loudness,
        warnings=(*listening.warnings, *warnings),
    )


def _target(mixture: Sequence[Guess], wish: MasterWish) -> tuple[Target, str, float | None]:
    if wish.reference is not None:
        return wish.reference, mixture[0].label, mixture[0].confidence
    if wish.genre is not None:
        return genre_targets.for_genre(wish.genre), wish.genre, None
    return genre_targets.for_mixture(mixture), mixture[0].label, mixture[0].confidence


def _fitted(listening: Listening, target: Target, wish: MasterWish) -> Eq:
    """Return the EQ at amount 1.0: shelves and wide bells within what `wish` allows."""
    desired_db, weight = targets.desired_change(listening.spectrum, target, TOLERANCE)
    rate_hz = float(listening.sample_rate_hz)
    inside = np.less(GRID_HZ, 0.49 * rate_hz)
    amount = min(max(abs(wish.amount), _SMALLEST_AMOUNT), _LARGEST_AMOUNT)
    most_db = wish.max_gain_db / amount
    limits = Limits(max_boost_db=most_db, max_cut_db=most_db, max_bands=wish.max_bands)
    layout = Layout((_LOW, *[_BELL] * max(wish.max_bands - 2, 0), _HIGH))
    eq = matching.match(
        GRID_HZ[inside],
        desired_db[inside],
        layout=layout,
        limits=limits,
        weight=weight[inside],
        sample_rate_hz=rate_hz,
        tolerance_db=_TOLERANCE_DB,
    )
    bands = tuple(band for band in eq.bands if amount * abs(band.gain_db) >= _INAUDIBLE_DB)
    return held_to_limits(replace(eq, bands=bands), limits, rate_hz)
