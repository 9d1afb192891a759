"""The equaliser's value types and ReaEQ's exact response.

Conventions: frequencies in Hz, gains in dB, bandwidths in octaves as ReaEQ stores them (for a shelf
the number is 1/sqrt(S) of the RBJ slope S, not a width). Formulas are the closed forms measured on
the plug-in itself (REAPER 5.7 to 7.65), which are Robert Bristow-Johnson's *Audio EQ Cookbook*
filters with ReaEQ's own clamps and bandwidth law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.sections import filter_block

Array = NDArray[np.float64]

MIN_FREQ_HZ = 10.0
"""Lower clamp of a band's effective frequency."""
MAX_FREQ_RATIO = 0.49
"""Upper clamp of a band's effective frequency, as a fraction of the sample rate."""
MAX_AMPLITUDE = 64.0
"""Upper clamp of a band's effective linear gain (+36.12 dB)."""
MIN_BANDWIDTH_OCT = 0.01
MIN_SLOPE, MAX_SLOPE = 0.01, 1.2
"""Clamps of the RBJ shelf slope S = 1/bandwidth_oct**2."""
_SHELF_TO_PASS_AMPLITUDE = 0.01
_BELL_TO_NOTCH_AMPLITUDE = 0.001
_ALT_FLOOR_AMPLITUDE = 3e-5
_SILENCE_DB = -300.0


class BandKind(StrEnum):
    """A band's filter type."""

    LOW_SHELF = "low_shelf"
    HIGH_SHELF = "high_shelf"
    BELL = "bell"
    BELL_ALT = "bell_alt"
    BELL_ALT2 = "bell_alt2"
    LOW_PASS = "low_pass"
    HIGH_PASS = "high_pass"
    ALL_PASS = "all_pass"
    NOTCH = "notch"
    BAND_PASS = "band_pass"
    PARALLEL_BAND_PASS = "parallel_band_pass"

    @property
    def has_gain(self) -> bool:
        """Whether the band's gain does anything."""
        return self in _KINDS_WITH_GAIN


_SHELVES = frozenset({BandKind.LOW_SHELF, BandKind.HIGH_SHELF})
_BELLS = frozenset({BandKind.BELL, BandKind.BELL_ALT, BandKind.BELL_ALT2})
_KINDS_WITH_GAIN = _SHELVES | _BELLS


@dataclass(frozen=True, slots=True)
class Band:
    """One filter of the equaliser, in ReaEQ's own units.

    freq_hz: 0 or above; ReaEQ acts on 10 Hz ... 0.49 of the sample rate.
    gain_db: any finite value or -inf; ReaEQ acts on up to +36.12 dB. Ignored by kinds without gain.
    bandwidth_oct: 0 or above; ReaEQ acts on 0.01 or more.
    Raises ValueError when a value is not in its range.
    """

    kind: BandKind
    freq_hz: float
    gain_db: float = 0.0
    bandwidth_oct: float = 1.0
    enabled: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", BandKind(self.kind))
        if not (math.isfinite(self.freq_hz) and self.freq_hz >= 0.0):
            raise ValueError(f"freq_hz must be a finite number of 0 or above, not {self.freq_hz!r}")
        if math.isnan(self.gain_db) or self.gain_db == math.inf:
            raise ValueError(f"gain_db must be a finite number or -inf, not {self.gain_db!r}")
        if not (math.isfinite(self.bandwidth_oct) and self.bandwidth_oct >= 0.0):
            raise ValueError(
                f"bandwidth_oct must be a finite number of 0 or above, not {self.bandwidth_oct!r}"
            )

    @classmethod
    def from_q(
        cls, kind: BandKind, freq_hz: float, gain_db: float = 0.0, *, q: float, enabled: bool = True
    ) -> Band:
        """Make a band from its analogue-prototype Q, RBJ: 1/Q = 2 sinh(ln2/2 bw).

        For a shelf the RBJ relation 1/Q^2 = (A + 1/A)(1/S - 1) + 2 gives the slope S, and
        bandwidth_oct = 1/sqrt(S); S is limited to ReaEQ's 0.01 ... 1.2. Raises ValueError unless
        q > 0.
        """
        if not q > 0.0:
            raise ValueError(f"q must be above 0, not {q!r}")
        if BandKind(kind) in _SHELVES:
            bandwidth_oct = _shelf_bandwidth_from_q(q, gain_db)
        else:
            bandwidth_oct = 2.0 / math.log(2.0) * math.asinh(0.5 / q)
        return cls(kind, freq_hz, gain_db, bandwidth_oct, enabled)

    @property
    def q(self) -> float:
        """The analogue-prototype Q of this bandwidth (for a shelf: of its slope and gain)."""
        if self.kind in _SHELVES:
            spread = _spread(10.0 ** (self.gain_db / 40.0))
            return 1.0 / math.sqrt(spread * (1.0 / _slope(self.bandwidth_oct) - 1.0) + 2.0)
        return 0.5 / math.sinh(0.5 * math.log(2.0) * max(self.bandwidth_oct, MIN_BANDWIDTH_OCT))

    @property
    def amplitude(self) -> float:
        """The gain as a linear factor."""
        return math.pow(10.0, self.gain_db / 20.0)

    def coefficients(self, sample_rate_hz: float) -> tuple[Array, Array]:
        """Return ReaEQ's biquad (b, a), each of shape (3,), a[0] = 1."""
        b, a = _biquad(self, sample_rate_hz)
        return b / a[0], a / a[0]

    def scaled(self, amount: float) -> Band:
        """Return the band at a fraction of its effect (see `Eq.scaled`)."""
        if self.kind.has_gain:
            return replace(self, gain_db=_scaled_db(self.gain_db, amount))
        if amount <= 0.0:
            return replace(self, enabled=False)
        rest_hz = _REST_HZ.get(self.kind)
        if rest_hz is None or amount >= 1.0 or self.freq_hz <= 0.0:
            return self
        return replace(self, freq_hz=rest_hz * (self.freq_hz / rest_hz) ** amount)


def _scaled_db(gain_db: float, amount: float) -> float:
    """Scale a gain; silence (-inf) stays silence, and has no inverse."""
    if gain_db == -math.inf:
        return gain_db if amount > 0.0 else 0.0
    return gain_db * amount if amount else 0.0


_REST_HZ = {BandKind.HIGH_PASS: MIN_FREQ_HZ, BandKind.LOW_PASS: 24000.0}
"""Where a pass filter has next to no effect: the end point of its scaling."""


@dataclass(frozen=True, slots=True)
class Eq:
    """A chain of bands and an output gain, as one ReaEQ instance holds them."""

    bands: tuple[Band, ...] = ()
    output_gain_db: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands", tuple(self.bands))
        if math.isnan(self.output_gain_db) or self.output_gain_db == math.inf:
            raise ValueError(
                f"output_gain_db must be a finite number or -inf, not {self.output_gain_db!r}"
            )

    def response(self, freqs_hz: ArrayLike, sample_rate_hz: float) -> NDArray[np.complex128]:
        """Return the complex response at `freqs_hz` (F,), output gain included.

        H = gain * product(bands) * (sum of parallel band passes, or 1 if there is none), the law
        measured on ReaEQ. Disabled bands are neutral.
        """
        delay = np.exp(-2j * np.pi * np.asarray(freqs_hz, dtype=np.float64) / sample_rate_hz)
        product = np.full(delay.shape, 10.0 ** (self.output_gain_db / 20.0), dtype=np.complex128)
        parallel = np.zeros(delay.shape, dtype=np.complex128)
        for band in self._enabled():
            b, a = band.coefficients(sample_rate_hz)
            h = _evaluate(b, delay) / _evaluate(a, delay)
            if band.kind is BandKind.PARALLEL_BAND_PASS:
                parallel += h
            else:
                product *= h
        return product * parallel if self._has_parallel() else product

    def response_db(self, freqs_hz: ArrayLike, sample_rate_hz: float) -> Array:
        """Return the magnitude response in dB at `freqs_hz` (F,); -300 dB stands for silence."""
        magnitude = np.abs(self.response(freqs_hz, sample_rate_hz))
        return np.asarray(20.0 * np.log10(np.maximum(magnitude, 10.0 ** (_SILENCE_DB / 20.0))))

    def scaled(self, amount: float) -> Eq:
        """Return this EQ at a fraction of its effect: 0 flat, 1 as it is, -1 inverse, 2 double.

        Gains scale in dB. A high or low pass moves its corner towards the end of the spectrum and
        is switched off at 0 and below (it has no inverse); other kinds without gain are on or off.
        """
        bands = tuple(band.scaled(amount) for band in self.bands)
        return Eq(bands, _scaled_db(self.output_gain_db, amount))

    def apply(self, samples: NDArray[np.floating], sample_rate_hz: float) -> NDArray[np.float64]:
        """Filter `samples` (channels, frames) from rest and return float64 of the same shape."""
        return EqFilter(self, sample_rate_hz, samples.shape[0]).process(samples)

    def _enabled(self) -> list[Band]:
        return [band for band in self.bands if band.enabled]

    def _has_parallel(self) -> bool:
        return any(band.kind is BandKind.PARALLEL_BAND_PASS for band in self._enabled())


@dataclass(slots=True)
class EqFilter:
    """An `Eq` with memory: filters a stream block by block, every channel alike."""

    eq: Eq
    sample_rate_hz: float
    channels: int
    _series: Array = field(init=False)
    _parallel: list[Array] = field(init=False)
    _states: list[Array] = field(init=False)

    def __post_init__(self) -> None:
        bands = self.eq._enabled()
        parallel = [b for b in bands if b.kind is BandKind.PARALLEL_BAND_PASS]
        self._series = self._sections([b for b in bands if b not in parallel])
        self._parallel = [self._sections([b]) for b in parallel]
        chains = [self._series, *self._parallel]
        self._states = [np.zeros((len(sos), self.channels, 2)) for sos in chains]

    def process(self, block: NDArray[np.floating]) -> NDArray[np.float64]:
        """Filter the next block (channels, frames)."""
        out = self._run(0, self._series, np.asarray(block, dtype=np.float64))
        if self._parallel:
            dry = out
            out = np.zeros_like(dry)
            for i, sos in enumerate(self._parallel, start=1):
                out += self._run(i, sos, dry)
        gain: float = 10.0 ** (self.eq.output_gain_db / 20.0)
        return out * gain

    def _sections(self, bands: list[Band]) -> Array:
        rows = [np.concatenate(band.coefficients(self.sample_rate_hz)) for band in bands]
        return np.array(rows, dtype=np.float64).reshape(len(rows), 6)

    def _run(self, chain: int, sos: Array, block: Array) -> Array:
        if not len(sos) or not block.shape[-1]:
            return block.copy()
        filtered, self._states[chain] = filter_block(sos, block, self._states[chain])
        return filtered


def _evaluate(polynomial: Array, delay: NDArray[np.complex128]) -> NDArray[np.complex128]:
    c0, c1, c2 = polynomial
    return np.asarray(c0 + delay * (c1 + delay * c2))


def _slope(bandwidth_oct: float) -> float:
    return min(max(1.0 / max(bandwidth_oct, MIN_BANDWIDTH_OCT) ** 2, MIN_SLOPE), MAX_SLOPE)


def _spread(root_amplitude: float) -> float:
    return root_amplitude + 1.0 / root_amplitude if root_amplitude > 0.0 else math.inf


def _shelf_bandwidth_from_q(q: float, gain_db: float) -> float:
    inverse_slope = (1.0 / q**2 - 2.0) / _spread(10.0 ** (gain_db / 40.0)) + 1.0
    return math.sqrt(min(max(inverse_slope, 1.0 / MAX_SLOPE), 1.0 / MIN_SLOPE))


def _alpha(w0: float, bandwidth_oct: float) -> float:
    """RBJ's bandwidth law with ReaEQ's twist: the frequency warp is frozen above fs/4."""
    warp = w0 / math.sin(w0) if w0 <= 0.5 * math.pi else 0.5 * math.pi
    half_width = 0.5 * math.log(2.0) * max(bandwidth_oct, MIN_BANDWIDTH_OCT)
    return math.sin(w0) * math.sinh(half_width * warp)


def _biquad(band: Band, sample_rate_hz: float) -> tuple[Array, Array]:
    """Return the unnormalised RBJ coefficients after ReaEQ's clamps and type switches."""
    kind = band.kind
    amplitude = min(band.amplitude, MAX_AMPLITUDE)
    freq_hz = min(max(band.freq_hz, MIN_FREQ_HZ), MAX_FREQ_RATIO * sample_rate_hz)
    w0 = 2.0 * math.pi * freq_hz / sample_rate_hz
    if kind in _SHELVES and amplitude < _SHELF_TO_PASS_AMPLITUDE:
        kind = BandKind.HIGH_PASS if kind is BandKind.LOW_SHELF else BandKind.LOW_PASS
    elif kind is BandKind.BELL and amplitude < _BELL_TO_NOTCH_AMPLITUDE:
        kind = BandKind.NOTCH
    if kind in _SHELVES:
        return _shelf(kind, w0, amplitude, _slope(band.bandwidth_oct))
    if kind in _BELLS:
        amplitude = max(amplitude, _ALT_FLOOR_AMPLITUDE)
        return _bell(kind, w0, amplitude, _alpha(w0, band.bandwidth_oct))
    return _without_gain(kind, w0, _alpha(w0, band.bandwidth_oct))


def _shelf(kind: BandKind, w0: float, amplitude: float, slope: float) -> tuple[Array, Array]:
    """RBJ cookbook, lowShelf and highShelf, with alpha from the slope S."""
    root = math.sqrt(amplitude)
    cos, sin = math.cos(w0), math.sin(w0)
    alpha = 0.5 * sin * math.sqrt((root + 1.0 / root) * (1.0 / slope - 1.0) + 2.0)
    edge = 2.0 * math.sqrt(root) * alpha
    up, down = root + 1.0, root - 1.0
    sign = 1.0 if kind is BandKind.LOW_SHELF else -1.0
    turn = sign * cos
    b = root * np.array(
        [up - down * turn + edge, 2 * sign * (down - up * turn), up - down * turn - edge]
    )
    a = np.array([up + down * turn + edge, -2 * sign * (down + up * turn), up + down * turn - edge])
    return b, a


def _bell(kind: BandKind, w0: float, amplitude: float, alpha: float) -> tuple[Array, Array]:
    """RBJ peakingEQ; "Band (alt 2)" keeps the poles constant."""
    centre = -2.0 * math.cos(w0)
    if kind is BandKind.BELL_ALT2:
        wide, narrow = alpha * amplitude, alpha
    else:
        root = math.sqrt(amplitude)
        wide, narrow = alpha * root, alpha / root
    return (
        np.array([1.0 + wide, centre, 1.0 - wide]),
        np.array([1.0 + narrow, centre, 1.0 - narrow]),
    )


def _without_gain(kind: BandKind, w0: float, alpha: float) -> tuple[Array, Array]:
    """RBJ LPF, HPF, APF, notch and BPF (constant 0 dB peak)."""
    cos = math.cos(w0)
    a = np.array([1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    low, high = 1.0 - cos, 1.0 + cos
    match kind:
        case BandKind.LOW_PASS:
            b = np.array([0.5 * low, low, 0.5 * low])
        case BandKind.HIGH_PASS:
            b = np.array([0.5 * high, -high, 0.5 * high])
        case BandKind.ALL_PASS:
            b = a[::-1].copy()
        case BandKind.NOTCH:
            b = np.array([1.0, -2.0 * cos, 1.0])
        case _:
            b = np.array([alpha, 0.0, -alpha])
    return b, a
