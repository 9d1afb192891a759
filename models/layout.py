"""Which bands an equaliser may use (`Layout`) and what a user allows it to do (`Limits`)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.eq import MAX_FREQ_RATIO, MAX_SLOPE, MIN_BANDWIDTH_OCT, MIN_FREQ_HZ, Band, BandKind

Range = tuple[float, float]

MAX_GAIN_DB = 36.0
"""Largest gain of a fitted band: within it ReaEQ neither clamps it nor changes the type."""
MAX_BANDWIDTH_OCT = 10.0
"""Widest fitted bandwidth: a shelf's slope stops changing there, a bell spans everything."""
SHELF_BANDWIDTH_OCT: Range = (1.0 / math.sqrt(MAX_SLOPE), MAX_BANDWIDTH_OCT)
"""The bandwidths that change a ReaEQ shelf: slope S = 1/bandwidth**2 is held to 0.01 ... 1.2."""
FITTED_KINDS = frozenset(
    {
        BandKind.LOW_SHELF,
        BandKind.HIGH_SHELF,
        BandKind.BELL,
        BandKind.LOW_PASS,
        BandKind.HIGH_PASS,
    }
)
_SHELVES = frozenset({BandKind.LOW_SHELF, BandKind.HIGH_SHELF})


@dataclass(frozen=True, slots=True)
class Slot:
    """One band that a fit may place: its kinds and the range of each parameter (equal ends: fixed).

    freq_hz: 10 ... 192000, held below 0.49 of the sample rate when fitting.
    gain_db: -36 ... 36 (ignored by passes). bandwidth_oct: 0.01 ... 10, ReaEQ's own number; for a
    shelf it is 1/sqrt(S) and acts from 0.913.
    q: an additional range of a bell's or pass's Q = 1/(2 sinh(ln2/2 * bandwidth * warp)), with
    ReaEQ's warp at the band's frequency, so that it means the same up to the Nyquist frequency.
    Raises ValueError for an empty or impossible range.
    """

    kinds: frozenset[BandKind]
    freq_hz: Range = (20.0, 20000.0)
    gain_db: Range = (-12.0, 12.0)
    bandwidth_oct: Range = (0.1, 4.0)
    q: Range = (0.0, math.inf)

    def __post_init__(self) -> None:
        kinds: Iterable[BandKind] = (
            (self.kinds,) if isinstance(self.kinds, BandKind | str) else self.kinds
        )
        object.__setattr__(self, "kinds", frozenset(BandKind(kind) for kind in kinds))
        if not self.kinds or not self.kinds <= FITTED_KINDS:
            names = ", ".join(sorted(FITTED_KINDS))
            raise ValueError(f"a slot's kinds must be one or more of {names}, not {self.kinds!r}")
        _check_range("freq_hz", self.freq_hz, MIN_FREQ_HZ, 192000.0)
        _check_range("gain_db", self.gain_db, -MAX_GAIN_DB, MAX_GAIN_DB)
        _check_range("bandwidth_oct", self.bandwidth_oct, MIN_BANDWIDTH_OCT, MAX_BANDWIDTH_OCT)
        _check_range("q", self.q, 0.0, math.inf)
        if self.kinds & _SHELVES and self.bandwidth_oct[1] < SHELF_BANDWIDTH_OCT[0]:
            raise ValueError(
                f"a shelf's bandwidth_oct must reach {SHELF_BANDWIDTH_OCT[0]:.3f} or more "
                f"(ReaEQ's steepest), not {self.bandwidth_oct!r}"
            )

    def held(self, band: Band) -> Band:
        """Return `band` without the rounding by which exp(ln x) may leave the slot's ranges."""
        return replace(
            band,
            freq_hz=min(max(band.freq_hz, self.freq_hz[0]), self.freq_hz[1]),
            bandwidth_oct=min(
                max(band.bandwidth_oct, self.bandwidth_oct[0]), self.bandwidth_oct[1]
            ),
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """The bands of an equaliser that a fit fills in; the result keeps their order."""

    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", tuple(self.slots))

    @classmethod
    def shelves_and_bells(
        cls,
        n_bells: int,
        *,
        freq_hz: Range = (20.0, 20000.0),
        gain_db: Range = (-12.0, 12.0),
        bandwidth_oct: Range = (0.1, 4.0),
        shelf_bandwidth_oct: Range = (1.0, 2.0),
    ) -> Layout:
        """Low shelf, `n_bells` bells, high shelf; the default shelves never overshoot (S <= 1)."""
        bell = Slot(frozenset({BandKind.BELL}), freq_hz, gain_db, bandwidth_oct)
        low = Slot(frozenset({BandKind.LOW_SHELF}), freq_hz, gain_db, shelf_bandwidth_oct)
        return cls((low, *(bell,) * n_bells, replace(low, kinds=frozenset({BandKind.HIGH_SHELF}))))

    @classmethod
    def shelves_or_bells(cls, count: int) -> Layout:
        """`count` bands, each a low shelf, a bell or a high shelf, whichever suits the curve."""
        kinds = frozenset({BandKind.LOW_SHELF, BandKind.BELL, BandKind.HIGH_SHELF})
        return cls((Slot(kinds),) * count)

    @classmethod
    def reaeq_default(cls) -> Layout:
        """ReaEQ's own start: low shelf, two bells, high shelf, within its parameters' reach."""
        return cls.shelves_and_bells(2, freq_hz=(20.0, 20000.0), gain_db=(-12.0, 12.0))

    @classmethod
    def nercessian2020(cls) -> Layout:
        """Low shelf, ten bells, high shelf with the bounds of Nercessian (DAFx 2020).

        20 Hz ... 20 kHz, +-10 dB, bells of Q 0.1 ... 3, shelves of slope S 0.1 ... 1: within
        ReaEQ's clamps (0.01 ... 1.2), so its shelves contain the paper's. A bell of Q 0.1 is up to
        6.7 octaves wide: ReaEQ plays it from its state, though its bandwidth parameter ends at 4.
        """
        freq_hz, gain_db = (20.0, 20000.0), (-10.0, 10.0)
        bell = Slot(
            frozenset({BandKind.BELL}), freq_hz, gain_db, (0.1, MAX_BANDWIDTH_OCT), (0.1, 3.0)
        )
        low = Slot(frozenset({BandKind.LOW_SHELF}), freq_hz, gain_db, (1.0, math.sqrt(10.0)))
        return cls((low, *(bell,) * 10, replace(low, kinds=frozenset({BandKind.HIGH_SHELF}))))


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user allows; every result keeps to it, each band and the summed response alike.

    max_boost_db, max_cut_db: 0 ... 36, the largest boost and cut (both given as positive numbers).
    min_freq_hz, max_freq_hz: where a band's frequency may lie. max_bands: 0 or more.
    cuts_only: no boost at all. min_boost_bandwidth_oct, min_cut_bandwidth_oct, max_bandwidth_oct:
    narrowest boost, narrowest cut and widest bell (narrow boosts ring, narrow cuts do not).
    passes: high and low passes may be chosen; beyond their corners they cut more than max_cut_db.
    Raises ValueError for a value outside its range.
    """

    max_boost_db: float = 6.0
    max_cut_db: float = 12.0
    min_freq_hz: float = 30.0
    max_freq_hz: float = 16000.0
    max_bands: int = 6
    cuts_only: bool = False
    min_boost_bandwidth_oct: float = 0.5
    min_cut_bandwidth_oct: float = 0.25
    max_bandwidth_oct: float = 4.0
    passes: bool = False

    def __post_init__(self) -> None:
        _check_range("max_boost_db", (self.max_boost_db, self.max_boost_db), 0.0, MAX_GAIN_DB)
        _check_range("max_cut_db", (self.max_cut_db, self.max_cut_db), 0.0, MAX_GAIN_DB)
        _check_range(
            "min_freq_hz ... max_freq_hz",
            (self.min_freq_hz, self.max_freq_hz),
            MIN_FREQ_HZ,
            192000.0,
        )
        if self.max_bands < 0:
            raise ValueError(f"max_bands must be 0 or more, not {self.max_bands!r}")
        for name in ("min_boost_bandwidth_oct", "min_cut_bandwidth_oct"):
            widths = (getattr(self, name), self.max_bandwidth_oct)
            _check_range(
                f"{name} ... max_bandwidth_oct", widths, MIN_BANDWIDTH_OCT, MAX_BANDWIDTH_OCT
            )

    @property
    def gain_db(self) -> Range:
        """The allowed gains, lowest and highest."""
        return -self.max_cut_db, 0.0 if self.cuts_only else self.max_boost_db

    def narrowed(self, layout: Layout) -> Layout:
        """Return `layout` with every slot held to these limits; slots without room are dropped.

        A slot that may boost keeps to the narrowest boost. `max_bands` is not applied here.
        """
        slots = (self._narrowed_slot(slot) for slot in layout.slots)
        return Layout(tuple(slot for slot in slots if slot is not None))

    def _narrowed_slot(self, slot: Slot) -> Slot | None:
        freq_hz = _common(slot.freq_hz, (self.min_freq_hz, self.max_freq_hz))
        gain_db = _common(slot.gain_db, self.gain_db)
        if freq_hz is None or gain_db is None:
            return None
        bandwidth_oct: Range | None = slot.bandwidth_oct
        if BandKind.BELL in slot.kinds:
            narrowest = (
                self.min_boost_bandwidth_oct if gain_db[1] > 0.0 else self.min_cut_bandwidth_oct
            )
            bandwidth_oct = _common(slot.bandwidth_oct, (narrowest, self.max_bandwidth_oct))
        if bandwidth_oct is None:
            return None
        return replace(slot, freq_hz=freq_hz, gain_db=gain_db, bandwidth_oct=bandwidth_oct)


def band_freq_ceiling_hz(sample_rate_hz: float) -> float:
    """Return the highest frequency a fitted band takes: just below ReaEQ's clamp."""
    return MAX_FREQ_RATIO * sample_rate_hz * (1.0 - 1e-9)


def _common(first: Range, second: Range) -> Range | None:
    low, high = max(first[0], second[0]), min(first[1], second[1])
    return (low, high) if low <= high else None


def _check_range(name: str, values: Range, lowest: float, highest: float) -> None:
    low, high = values
    if not lowest <= low <= high <= highest:
        raise ValueError(
            f"{name} must be two ascending numbers within {lowest:g} ... {highest:g}, "
            f"not {low!r} ... {high!r}"
        )
