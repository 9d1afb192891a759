"""ReaEQ's magnitude response and its derivatives in closed form, for many sets of bands at once.

With y = tan(w/2)**2 every biquad of ReaEQ is a ratio of two quadratics in y:

    |H|**2 = (n0 + n1 y + n2 / y) / (d0 + d1 y + d2 / y)

which needs no complex numbers and loses no digits at low frequencies. Write t = tan(w0/2)**2,
A = 10**(gain/40), h = sinh(ln2/2 * bandwidth * warp) = 1/(2Q), S = 1/bandwidth**2 (RBJ *Audio EQ
Cookbook*, with ReaEQ's bandwidth law):

    bell        n = (4 h^2 A^2 - 2, 1/t, t)                 d = (4 h^2 / A^2 - 2, 1/t, t)
    low shelf   n = A^2 ((A + 1/A)(1/S - 1), 1/(A t), A t)  d = ((A + 1/A)(1/S - 1), A/t, t/A)
    high shelf  the same with A t and t/A exchanged
    high pass   n = (0, 1/t, 0)                             d = (4 h^2 - 2, 1/t, t)
    low pass    n = (0, 0, t)                               d as for the high pass

Unknowns are ReaEQ's own: ln(frequency in Hz), gain in dB, ln(bandwidth). A row of unknowns holds
all frequencies, then all gains, then all bandwidths: shape (3 * bands,). Bands of one kind stand
together (`KIND_ORDER`), so that each formula works on a slice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from models.eq import Array, Band, BandKind

DB_PER_NEPER = 10.0 / math.log(10.0)
"""dB per unit of ln |H|**2."""
KIND_ORDER = (
    BandKind.BELL,
    BandKind.LOW_SHELF,
    BandKind.HIGH_SHELF,
    BandKind.LOW_PASS,
    BandKind.HIGH_PASS,
)
"""The order in which `BandResponse` takes its kinds."""
_HALF_LN2 = 0.5 * math.log(2.0)
_NEPERS_PER_DB = math.log(10.0) / 20.0
_SMALLEST_TANGENT = 1e-12
_BELL_NEPERS = np.array([[_NEPERS_PER_DB], [-_NEPERS_PER_DB]])
_HALF_NEPERS_PER_DB = 0.5 * _NEPERS_PER_DB  # ln A per dB, A = 10**(gain/40)
# On the side that its gain raises, a shelf's numerator goes with A**3, its denominator with 1/A.
_RAISED_NEPERS = np.array([[3.0], [-1.0]]) * _HALF_NEPERS_PER_DB


def warp(freq_hz: Array, sample_rate_hz: float) -> Array:
    """Return ReaEQ's factor on a bandwidth: w/sin(w), frozen above a quarter of the rate."""
    w = np.minimum(2.0 * np.pi * freq_hz / sample_rate_hz, 0.5 * np.pi)
    return np.asarray(w / np.sin(w))


@dataclass(frozen=True)
class BandResponse:
    """The summed response in dB of bands of given kinds (in `KIND_ORDER`) at frequencies (F,)."""

    kinds: tuple[BandKind, ...]
    freqs_hz: Array
    sample_rate_hz: float
    _basis: Array = field(init=False, repr=False)
    _exponents: Array = field(init=False, repr=False)
    _bells: slice = field(init=False, repr=False)
    _shelves: slice = field(init=False, repr=False)
    _passes: slice = field(init=False, repr=False)
    _low_shelves: int = field(init=False, repr=False)
    _low_passes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tangent = np.tan(np.pi * np.asarray(self.freqs_hz) / self.sample_rate_hz)
        y = np.maximum(np.abs(tangent), _SMALLEST_TANGENT) ** 2
        object.__setattr__(self, "_basis", np.stack([np.ones_like(y), y, 1.0 / y]))
        places = [KIND_ORDER.index(kind) for kind in self.kinds]
        if places != sorted(places):
            raise ValueError(f"kinds must stand in the order of KIND_ORDER, not {self.kinds!r}")
        bells, low_shelves, high_shelves, low_passes, _ = np.bincount(places, minlength=5).tolist()
        shelves_end = bells + low_shelves + high_shelves
        object.__setattr__(self, "_bells", slice(0, bells))
        object.__setattr__(self, "_shelves", slice(bells, shelves_end))
        object.__setattr__(self, "_passes", slice(shelves_end, len(places)))
        exponents = np.ones((3, len(places)))
        exponents[1] = _HALF_NEPERS_PER_DB
        exponents[1, :bells] = _NEPERS_PER_DB
        object.__setattr__(self, "_exponents", exponents.ravel())
        object.__setattr__(self, "_low_shelves", low_shelves)
        object.__setattr__(self, "_low_passes", low_passes)

    def response_db(self, unknowns: Array) -> Array:
        """Return the response (R, F) of rows of unknowns (R, 3 * bands)."""
        values = self._polynomials(unknowns)[:, :, 0] @ self._basis
        ratio = np.multiply.reduce(values[:, 0] / values[:, 1], axis=1)
        return np.asarray(DB_PER_NEPER * np.log(ratio))

    def each_response_db(self, unknowns: Array) -> Array:
        """Return the response (R, bands, F) of every band alone."""
        values = self._polynomials(unknowns)[:, :, 0] @ self._basis
        return np.asarray(DB_PER_NEPER * np.log(values[:, 0] / values[:, 1]))

    def weighted_jacobian(self, unknowns: Array, root_weight: Array) -> tuple[Array, Array]:
        """Return the response (R, F) and its derivatives by each unknown times the weight (F,).

        The derivatives have the shape (R, 3 * bands, F), those by frequency first.
        """
        values = self._polynomials(unknowns) @ self._basis  # (R, 2, 4, bands, F)
        inverse = 1.0 / values[:, :, 0]
        response = np.log(np.multiply.reduce(values[:, 0, 0] * inverse[:, 1], axis=1))
        slopes = values[:, :, 1:]
        inverse *= DB_PER_NEPER * root_weight
        slopes *= inverse[:, :, None]
        jacobian = slopes[:, 0]
        jacobian -= slopes[:, 1]
        rows, _, bands, points = jacobian.shape
        response *= DB_PER_NEPER
        return response, jacobian.reshape(rows, 3 * bands, points)

    def bands(self, unknowns: Array) -> tuple[Band, ...]:
        """Return one row of unknowns (3 * bands,) as bands."""
        count = len(self.kinds)
        return tuple(
            Band(
                kind,
                float(np.exp(unknowns[i])),
                float(unknowns[count + i]) if kind.has_gain else 0.0,
                float(np.exp(unknowns[2 * count + i])),
            )
            for i, kind in enumerate(self.kinds)
        )

    def _polynomials(self, unknowns: Array) -> Array:
        """Return (R, n or d, value or derivative by f, gain, bw, bands, factor of 1, y, 1/y)."""
        rows, count = unknowns.shape[0], len(self.kinds)
        powers = np.exp(unknowns * self._exponents)
        w = powers[:, :count] * (2.0 * np.pi / self.sample_rate_hz)
        amplitude, width = powers[:, count : 2 * count], powers[:, 2 * count :]
        sin, cos = np.sin(w), np.cos(w)
        pull = w / sin  # d ln tan(w/2) / d ln w
        out = np.zeros((rows, 2, 4, count, 3))
        bells, shelves, passes = self._bells, self._shelves, self._passes
        if bells.stop > bells.start:
            terms = _square_width(cos[:, bells], pull[:, bells], width[:, bells])
            _fill_bells(out[..., bells, :], amplitude[:, bells], terms)
        if shelves.stop > shelves.start:
            _fill_shelves(
                out[..., shelves, :], self._low_shelves, amplitude[:, shelves], width[:, shelves]
            )
        if passes.stop > passes.start:
            terms = _square_width(cos[:, passes], pull[:, passes], width[:, passes])
            _fill_passes(out[..., passes, :], self._low_passes, terms)
        _tune(out, (sin / (1.0 + cos)) ** 2, pull)
        return out


def _square_width(cos: Array, pull: Array, width: Array) -> tuple[Array, Array, Array]:
    """Return 4 h**2 and its derivatives by ln f and ln bandwidth, each (R, 1, bands).

    pull = w/sin(w) is the warp below a quarter of the rate, where it reaches pi/2 and stays.
    """
    u = np.minimum(pull, 0.5 * np.pi) * width
    u *= _HALF_LN2
    h = np.sinh(u)
    square = 4.0 * h * h
    by_width = 8.0 * u * h * np.sqrt(1.0 + h * h)
    by_freq = by_width * (1.0 - pull * cos) * (cos >= 0.0)
    return square[:, None], by_freq[:, None], by_width[:, None]


def _fill_bells(out: Array, amplitude: Array, squeeze: tuple[Array, Array, Array]) -> None:
    """Fill in bells of given linear gain, A**2."""
    square, by_freq, by_width = squeeze
    factor = np.empty((len(amplitude), 2, amplitude.shape[1]))
    factor[:, 0] = amplitude
    np.divide(1.0, amplitude, out=factor[:, 1])
    part = square * factor
    np.subtract(part, 2.0, out=out[:, :, 0, :, 0])
    np.multiply(by_freq, factor, out=out[:, :, 1, :, 0])
    np.multiply(part, _BELL_NEPERS, out=out[:, :, 2, :, 0])
    np.multiply(by_width, factor, out=out[:, :, 3, :, 0])
    out[:, :, 0, :, 1:] = 1.0


def _fill_shelves(out: Array, low_count: int, a: Array, width: Array) -> None:
    """Fill in low shelves, then high shelves, of given root of the linear gain, A."""
    inverse_slope = width * width
    inverse_a = 1.0 / a
    total, excess = a + inverse_a, inverse_slope - 1.0
    sides = np.ones((len(a), 2, a.shape[1]))
    np.multiply(a, a, out=sides[:, 0])
    middle = sides * (total * excess)[:, None]
    out[:, :, 0, :, 0] = middle
    out[:, :, 2, :, 0] = sides * (_HALF_NEPERS_PER_DB * (a - inverse_a) * excess)[:, None]
    out[:, 0, 2, :, 0] += (2.0 * _HALF_NEPERS_PER_DB) * middle[:, 0]
    out[:, :, 3, :, 0] = sides * (2.0 * total * inverse_slope)[:, None]
    raised = np.empty_like(sides)
    np.multiply(sides[:, 0], a, out=raised[:, 0])
    raised[:, 1] = inverse_a
    raised_slope, plain_slope = raised * _RAISED_NEPERS, _HALF_NEPERS_PER_DB * a[:, None]
    for at, column in ((slice(low_count), 2), (slice(low_count, None), 1)):
        out[:, :, 0, at, column] = raised[..., at]
        out[:, :, 2, at, column] = raised_slope[..., at]
        out[:, :, 0, at, 3 - column] = a[:, None, at]
        out[:, :, 2, at, 3 - column] = plain_slope[..., at]


def _fill_passes(out: Array, low_count: int, squeeze: tuple[Array, Array, Array]) -> None:
    """Fill in low passes, then high passes."""
    square, by_freq, by_width = squeeze
    out[:, 0, 0, :low_count, 2] = 1.0
    out[:, 0, 0, low_count:, 1] = 1.0
    out[:, 1, 0, :, 0] = square[:, 0] - 2.0
    out[:, 1, 1, :, 0] = by_freq[:, 0]
    out[:, 1, 3, :, 0] = by_width[:, 0]
    out[:, 1, 0, :, 1:] = 1.0


def _tune(out: Array, t: Array, pull: Array) -> None:
    """Move polynomials of y/t to y, in place, and add the derivatives by ln f that t brings."""
    t, double_pull = t[:, None, None], 2.0 * pull[:, None]
    out[..., 1] /= t
    out[..., 2] *= t
    out[:, :, 1, :, 1] = out[:, :, 0, :, 1] * -double_pull
    out[:, :, 1, :, 2] = out[:, :, 0, :, 2] * double_pull
