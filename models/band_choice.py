"""Choose kinds and number of bands for a curve: every further band must earn its place.

Bands are added one at a time where they take most from the residual, and all are refined together
after each addition. Of the equalisers on that path the one with the least residual plus price per
band is taken, and the path ends at the tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.band_response import KIND_ORDER, BandResponse
from models.eq import Array, Band, BandKind, Eq
from models.greedy import Dictionary
from models.layout import Layout, Limits, Slot, band_freq_ceiling_hz
from models.layout_fit import Effort
from models.least_squares import Box, Problem

BAND_PRICE_DB = 0.05
"""The root-mean-square residual that a further band must take away to be worth having."""
CANCELLING_OVERLAP = 0.6
"""Two bands of opposite gain whose responses overlap more than this work against each other."""
_LOW_SHELF_BELOW_HZ, _HIGH_SHELF_ABOVE_HZ = 2000.0, 500.0
_SHELF_BANDWIDTH_OCT = (1.0, 2.0)
_HIGH_PASS_BELOW_HZ, _LOW_PASS_ABOVE_HZ = 1000.0, 2000.0
_PASS_BANDWIDTH_OCT = (0.8, 2.5)
_RIDGE = 3e-4
_CANDIDATES, _QUICK_CANDIDATES = 3, 1
_ITERATIONS, _QUICK_ITERATIONS = 25, 12
_FAR_OCTAVES = 0.75
_GOAL_DB = 1e-3


@dataclass(frozen=True, slots=True)
class _Choice:
    """Bands placed so far: a slot and a column of unknowns each, and the residual they leave."""

    slots: tuple[Slot, ...]
    unknowns: Array
    rms_db: float


@dataclass
class BandChooser:
    """Limits seen on one frequency grid with one set of weights; chooses bands curve by curve."""

    limits: Limits
    freqs_hz: Array
    root_weight: Array
    sample_rate_hz: float
    _dictionary: Dictionary | None = field(init=False)

    def __post_init__(self) -> None:
        slots = _offers(self.limits, self.freqs_hz, self.sample_rate_hz)
        self._dictionary = (
            Dictionary.of(Layout(slots), self.freqs_hz, self.sample_rate_hz, self.root_weight)
            if slots
            else None
        )

    def fit(self, target_db: Array, tolerance_db: float, effort: Effort = Effort.NORMAL) -> Eq:
        """Return the equaliser for `target_db` (F,), bands in order of frequency.

        effort: QUICK tries the most useful kind and place for each band alone; there is nothing
        beyond NORMAL.
        """
        low, high = self.limits.gain_db
        target = np.clip(target_db, None if self.limits.passes else low, high)
        choice = best = _Choice((), np.zeros((3, 0)), self._rms(target))
        setbacks = 0
        while (
            best.rms_db > tolerance_db
            and len(choice.slots) < self.limits.max_bands
            and setbacks < 2
        ):
            extended = self._extended(choice, target, quick=effort is Effort.QUICK)
            if extended is None:
                break
            choice = extended
            if _price(choice) < _price(best):
                best, setbacks = choice, 0
            else:
                setbacks += 1
        return self._eq(best)

    def _rms(self, residual: Array) -> float:
        return float(np.linalg.norm(residual * self.root_weight))

    def _extended(self, choice: _Choice, target: Array, *, quick: bool) -> _Choice | None:
        """Return the best choice with one band more, or None where none fits in."""
        dictionary = self._dictionary
        if dictionary is None:
            return None
        residual = target - self._response(choice)
        found = []
        count = _QUICK_CANDIDATES if quick else _CANDIDATES
        iterations = _QUICK_ITERATIONS if quick else _ITERATIONS
        for atom, gain_db in self._candidates(choice, residual, count):
            slot = dictionary.classes[dictionary.owner[atom]]
            column = dictionary.unknowns[atom].copy()
            column[1] = gain_db if _kind(slot).has_gain else 0.0
            slots, unknowns = (*choice.slots, slot), np.c_[choice.unknowns, column]
            longer = self._refined(slots, unknowns, target, iterations)
            if not self._cancels(longer):
                found.append(longer)
        return min(found, key=lambda c: c.rms_db, default=None)

    def _candidates(self, choice: _Choice, residual: Array, count: int) -> list[tuple[int, float]]:
        """Return the most useful further bands (atom, gain), different in kind or place."""
        dictionary = self._dictionary
        assert dictionary is not None
        gain, score = (r[0] for r in dictionary.usefulness((residual * self.root_weight)[None]))
        taken = {kind for slot in choice.slots for kind in slot.kinds if kind is not BandKind.BELL}
        score[[kind in taken for kind in dictionary.kinds]] = -np.inf
        picked: list[tuple[int, float]] = []
        for _ in range(count):
            atom = int(np.argmax(score))
            if not score[atom] > 0.0:
                break
            picked.append((atom, float(gain[atom])))
            near = np.abs(dictionary.unknowns[:, 0] - dictionary.unknowns[atom, 0]) < (
                _FAR_OCTAVES * np.log(2.0)
            )
            same_kind = np.array([kind is dictionary.kinds[atom] for kind in dictionary.kinds])
            score[same_kind & (near | (dictionary.kinds[atom] is not BandKind.BELL))] = -np.inf
        return picked

    def _refined(
        self, slots: tuple[Slot, ...], unknowns: Array, target: Array, iterations: int
    ) -> _Choice:
        order = np.argsort([KIND_ORDER.index(_kind(slot)) for slot in slots], kind="stable")
        slots = tuple(slots[i] for i in order)
        kinds = tuple(_kind(slot) for slot in slots)
        response = BandResponse(kinds, self.freqs_hz, self.sample_rate_hz)
        box = Box.of(slots, kinds, self.sample_rate_hz)
        problem = Problem(response, box, self.root_weight, _RIDGE)
        found, _ = problem.refine(
            target[None],
            unknowns[:, order].reshape(1, -1),
            iterations=iterations,
            goal_db=_GOAL_DB,
        )
        rms_db = self._rms(target - response.response_db(found)[0])
        return _Choice(slots, found[0].reshape(3, -1), rms_db)

    def _response(self, choice: _Choice) -> Array:
        if not choice.slots:
            return np.zeros_like(self.freqs_hz)
        return np.asarray(self._bank(choice).response_db(choice.unknowns.reshape(1, -1))[0])

    def _bank(self, choice: _Choice) -> BandResponse:
        kinds = tuple(_kind(slot) for slot in choice.slots)
        return BandResponse(kinds, self.freqs_hz, self.sample_rate_hz)

    def _cancels(self, choice: _Choice) -> bool:
        eq = self._eq(choice)
        return bool(cancelling_pairs(eq, self.freqs_hz, self.sample_rate_hz))

    def _eq(self, choice: _Choice) -> Eq:
        if not choice.slots:
            return Eq()
        bands = self._bank(choice).bands(choice.unknowns.ravel())
        held = (slot.held(band) for slot, band in zip(choice.slots, bands, strict=True))
        return Eq(tuple(sorted(held, key=lambda band: band.freq_hz)))


def cancelling_pairs(eq: Eq, freqs_hz: Array, sample_rate_hz: float) -> list[tuple[Band, Band]]:
    """Return the pairs of bands that work against each other (`CANCELLING_OVERLAP`)."""
    bands = [band for band in eq.bands if band.kind.has_gain and band.gain_db]
    shapes = [np.abs(Eq((band,)).response_db(freqs_hz, sample_rate_hz)) for band in bands]
    norms = [float(np.linalg.norm(shape)) + 1e-12 for shape in shapes]
    return [
        (bands[i], bands[j])
        for i in range(len(bands))
        for j in range(i)
        if bands[i].gain_db * bands[j].gain_db < 0.0
        and shapes[i] @ shapes[j] > CANCELLING_OVERLAP * norms[i] * norms[j]
    ]


def _price(choice: _Choice) -> float:
    return choice.rms_db + BAND_PRICE_DB * len(choice.slots)


def _kind(slot: Slot) -> BandKind:
    return next(iter(slot.kinds))


def _offers(limits: Limits, freqs_hz: Array, sample_rate_hz: float) -> tuple[Slot, ...]:
    """Return one slot per kind and sign that the limits leave room for within the curve's range."""
    lowest = max(limits.min_freq_hz, float(freqs_hz[0]))
    highest = min(limits.max_freq_hz, float(freqs_hz[-1]), band_freq_ceiling_hz(sample_rate_hz))
    ranges = (
        (BandKind.BELL, lowest, highest),
        (BandKind.LOW_SHELF, lowest, min(highest, _LOW_SHELF_BELOW_HZ)),
        (BandKind.HIGH_SHELF, max(lowest, _HIGH_SHELF_ABOVE_HZ), highest),
    )
    cut, boost = limits.gain_db
    signs = (
        ((cut, 0.0), limits.min_cut_bandwidth_oct),
        ((0.0, boost), limits.min_boost_bandwidth_oct),
    )
    slots = []
    for kind, low, high in ranges:
        for gain_db, narrowest in signs:
            if low > high or gain_db[0] == gain_db[1]:
                continue
            bell_width = (narrowest, limits.max_bandwidth_oct)
            width = bell_width if kind is BandKind.BELL else _SHELF_BANDWIDTH_OCT
            slots.append(Slot(frozenset({kind}), (low, high), gain_db, width))
    passes = (
        (BandKind.HIGH_PASS, lowest, min(highest, _HIGH_PASS_BELOW_HZ)),
        (BandKind.LOW_PASS, max(lowest, _LOW_PASS_ABOVE_HZ), highest),
    )
    slots += [
        Slot(frozenset({kind}), (low, high), (0.0, 0.0), _PASS_BANDWIDTH_OCT)
        for kind, low, high in passes
        if limits.passes and low <= high
    ]
    return tuple(slots)
