"""From what was heard to the equaliser: target, desired change, bands and level.

The one place where the parts of `models` meet: listen → recognise → target → the same adapted to
the track → desired change → match → loudness-neutral output gain. All after `listen` works on small
arrays, in milliseconds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models import instruments, matching, targets
from models.audio import stream
from models.eq import Eq
from models.instruments import Guess
from models.layout import Limits
from models.loudness import exact_change_lu
from models.name_hint import with_name
from models.spectrum import GRID_HZ, Listening
from models.target import Target, smoothed_db

AMOUNTS = tuple(-1.0 + 0.25 * step for step in range(13))
"""Amounts (−100 … 200 %) at which the output gain is worked out, for changes after the run."""
MIN_ACTIVE_S = 0.1
SILENT = "silent: nothing to hear in this track"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for.

    class_name, target: what the track is, instead of recognising it: a class, or a target of any
    make. reference: a sound to come near to, whatever the track is. limits: always kept.
    """

    class_name: str | None = None
    reference: Target | None = None
    limits: Limits = field(default_factory=lambda: Limits(max_boost_db=6.0, max_cut_db=6.0))
    keep_loudness: bool = True
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why a track gets no EQ: a result, not an error."""

    reason: str


@dataclass(frozen=True)
class Decision:
    """What was heard in one track and the EQ that follows from it.

    full: the EQ at amount 1.0, output gain 0 dB. guesses: all classes, best first; name_counted:
    the track's name moved them. confidence: None when the user said what the track is. trim_lu:
    what the predicted loudness change at amount 1.0 misses, as far as it was measured
    (`measured_loudness`).
    """

    listening: Listening
    guesses: tuple[Guess, ...]
    name_counted: bool
    label: str
    confidence: float | None
    target: Target
    full: Eq
    keep_loudness: bool
    warnings: tuple[str, ...]
    trim_lu: float = 0.0

    def eq(self, amount: float) -> Eq:
        """Return the EQ at `amount`, its output gain keeping the BS.1770 loudness unchanged."""
        return replace(self.full.scaled(amount), output_gain_db=self.output_gain_db(amount))

    def output_gain_db(self, amount: float) -> float:
        """Return the gain in dB that undoes the loudness change of the bands at `amount`."""
        if not self.keep_loudness:
            return 0.0
        return -self.loudness_change_lu(self.full.scaled(amount), amount)

    @cached_property
    def gain_table_db(self) -> tuple[float, ...]:
        """Output gain at each of `AMOUNTS`."""
        return tuple(self.output_gain_db(amount) for amount in AMOUNTS)

    def loudness_change_lu(self, eq: Eq, amount: float) -> float:
        """Return the change of integrated loudness that `eq`, at `amount`, causes on the track."""
        predicted_lu = self.listening.loudness.change_lu(eq, self.listening.sample_rate_hz)
        return predicted_lu + self.trim_lu * amount

    @property
    def heard_db(self) -> NDArray[np.float64]:
        """The smoothed spectrum that is compared with the target, on the grid."""
        return smoothed_db(self.listening.spectrum)

    def response_db(self, eq: Eq) -> NDArray[np.float64]:
        """Return the response of `eq` on the grid, flat above the Nyquist frequency."""
        rate_hz = self.listening.sample_rate_hz
        return eq.response_db(np.minimum(GRID_HZ, 0.5 * rate_hz), rate_hz)

    def distance_db(self, eq: Eq | None = None) -> float:
        """Return the distance to the target before, or after `eq` (see `targets.distance_db`)."""
        response_db = None if eq is None else self.response_db(eq)
        return targets.distance_db(self.listening.spectrum, self.target, response_db)


def equalise(
    listening: Listening, wish: Wish | None = None, *, name: str = ""
) -> Decision | Skipped:
    """Decide the EQ of one track from what was heard; its name is a weak hint at what it is."""
    wish = wish or Wish()
    problem = inaudible(listening)
    if problem:
        return Skipped(problem)
    by_ear = instruments.classify_spectrum(listening.spectrum)
    guesses = with_name(by_ear, name)
    target, label, confidence, warnings = _choose_target(guesses, wish)
    tolerance = targets.TOLERANCE
    if wish.reference is None:
        target, tolerance = targets.adapted(target, listening.spectrum), 0.0
    desired_db, weight = targets.desired_change(listening.spectrum, target, tolerance)
    rate_hz = float(listening.sample_rate_hz)
    in_band = np.less(GRID_HZ, 0.49 * rate_hz)
    full = matching.match(
        GRID_HZ[in_band],
        desired_db[in_band],
        weight=weight[in_band],
        limits=wish.limits,
        sample_rate_hz=rate_hz,
    )
    return Decision(
        listening=listening,
        guesses=guesses,
        name_counted=guesses != by_ear,
        label=label,
        confidence=confidence,
        target=target,
        full=full,
        keep_loudness=wish.keep_loudness,
        warnings=(*listening.warnings, *warnings),
    )


def measured_loudness(decision: Decision, path: str | os.PathLike[str], amount: float) -> Decision:
    """Return the decision with the loudness change at `amount` measured on the audio at `path`.

    Worth its time on short recordings, where one block that a gate takes or leaves counts; see
    `loudness.exact_change_lu`. Raises AudioError.
    """
    heard = decision.listening
    if not amount or not decision.keep_loudness:
        return decision
    eq = decision.full.scaled(amount)
    exact_lu = exact_change_lu(stream(path), heard.sample_rate_hz, heard.channels, eq)
    predicted_lu = heard.loudness.change_lu(eq, heard.sample_rate_hz)
    return replace(decision, trim_lu=(exact_lu - predicted_lu) / amount)


def inaudible(listening: Listening) -> str | None:
    """Say why there is too little to hear, or None when there is enough."""
    if listening.duration_s < MIN_ACTIVE_S:
        return f"too short: {listening.duration_s:.2f} s of audio, {MIN_ACTIVE_S} s is the least"
    if listening.active_s <= 0.0:
        return SILENT
    if listening.active_s < MIN_ACTIVE_S:
        return (
            f"too short: {listening.active_s:.2f} s above the noise, {MIN_ACTIVE_S} s is the least"
        )
    return None


def _choose_target(
    guesses: tuple[Guess, ...], wish: Wish
) -> tuple[Target, str, float | None, tuple[str, ...]]:
    best = guesses[0]
    if wish.reference is not None:
        return wish.reference, best.label, best.confidence, ()
    if wish.target is not None:
        return wish.target, wish.target.name, None, ()
    if wish.class_name is not None:
        return targets.for_class(wish.class_name), wish.class_name, None, ()
    target = targets.for_guesses(guesses)
    if best.confidence >= targets.TRUSTED_CONFIDENCE:
        return target, best.label, best.confidence, ()
    doubt = (
        f"Not sure what this is: the target is a {target.provenance}. Name the class to override."
    )
    return target, best.label, best.confidence, (doubt,)
