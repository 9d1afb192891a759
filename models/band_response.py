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

Unknowns are ReaEQ's own: ln(frequency in Hz), gain in dB, ln(bandwidth). A row of unknowns holds all
frequencies, then all gains, then all bandwidths: shape (3 * bands,). Bands of one kind stand together
(`KIND_ORDER`), so that each formula works on a slice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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
_SIGNS = np.array([[1.0], [-1.0]])
# A shelf's numerator and denominator hold A to these powers (raised side; the other side is A**1).
_RAISED_NEPERS = np.array([[3.0], [-1.0]]) * (0.5 * _NEPERS_PER_DB)
_PLAIN_NEPERS = np.array([[1.0], [1.0]]) * (0.5 * _NEPERS_PER_DB)


def warp(freq_hz: Array, sample_rate_hz: float) -> Array:
    """Return ReaEQ's factor on a bandwidth: w/sin(w), frozen at pi/2 above a quarter of the rate."""
    w = np.minimum(2.0 * np.pi * freq_hz / sample_rate_hz, 0.5 * np.pi)
    return np.asarray(w / np.sin(w))


@dataclass(frozen=True)
class BandResponse:
    """The summed response in dB of bands of given kinds (in `KIND_ORDER`) at frequencies (F,)."""

    kinds: tuple[BandKind, ...]
    freqs_hz: Array
    sample_rate_hz: float
    _basis: Array = field(init=False, repr=False)
    _at: dict[BandKind, slice] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tangent = np.tan(np.pi * np.asarray(self.freqs_hz) / self.sample_rate_hz)
        y = np.maximum(np.abs(tangent), _SMALLEST_TANGENT) ** 2
        object.__setattr__(self, "_basis", np.stack([np.ones_like(y), y, 1.0 / y]))
        places = [KIND_ORDER.index(kind) for kind in self.kinds]
        if places != sorted(places):
            raise ValueError(f"kinds must stand in the order of KIND_ORDER, not {self.kinds!r}")
        ends = [sum(place <= i for place in places) for i in range(len(KIND_ORDER))]
        slices = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        object.__setattr__(self, "_at", dict(zip(KIND_ORDER, slices, strict=True)))

    def response_db(self, unknowns: Array) -> Array:
        """Return the response (R, F) of rows of unknowns (R, 3 * bands)."""
        values = self._polynomials(unknowns)[:, :, 0] @ self._basis
        return DB_PER_NEPER * np.log(np.prod(values[:, 0] / values[:, 1], axis=1))

    def each_response_db(self, unknowns: Array) -> Array:
        """Return the response (R, bands, F) of every band alone."""
        values = self._polynomials(unknowns)[:, :, 0] @ self._basis
        return DB_PER_NEPER * np.log(values[:, 0] / values[:, 1])

    def response_and_jacobian(self, unknowns: Array) -> tuple[Array, Array]:
        """Return the response (R, F) and its derivatives by each unknown (R, 3 * bands, F)."""
        values = self._polynomials(unknowns) @ self._basis  # (R, 2, 4, bands, F)
        inverse = 1.0 / values[:, :, 0]
        response = np.log(np.prod(values[:, 0, 0] * inverse[:, 1], axis=1))
        slopes = values[:, :, 1:]
        inverse *= DB_PER_NEPER
        slopes *= inverse[:, :, None]
        jacobian = slopes[:, 0] - slopes[:, 1]
        rows, _, bands, points = jacobian.shape
        return DB_PER_NEPER * response, jacobian.reshape(rows, 3 * bands, points)

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
        """Return (R, 2, 4, bands, 3): numerator and denominator; value, d/dln f, d/dgain, d/dln bw."""
        rows, count = unknowns.shape[0], len(self.kinds)
        freq, gain, width = unknowns.reshape(rows, 3, count).transpose(1, 0, 2)
        w = (2.0 * np.pi / self.sample_rate_hz) * np.exp(freq)
        pull = w / np.sin(w)  # d ln tan(w/2) / d ln w
        out = np.zeros((rows, 2, 4, count, 3))
        for kind, at in self._at.items():
            if at.start == at.stop:
                continue
            if kind is BandKind.BELL:
                _fill_bells(out[..., at, :], gain[:, at], _square_width(w, pull, width, at))
            elif kind.has_gain:
                raised = 1 if kind is BandKind.HIGH_SHELF else 2
                _fill_shelves(out[..., at, :], raised, gain[:, at], width[:, at])
            else:
                passed = 1 if kind is BandKind.HIGH_PASS else 2
                _fill_passes(out[..., at, :], passed, _square_width(w, pull, width, at))
        _tune(out, np.tan(0.5 * w) ** 2, pull)
        return out


def _square_width(w: Array, pull: Array, ln_width: Array, at: slice) -> tuple[Array, Array, Array]:
    """Return 4 h**2 and its derivatives by ln f and ln bandwidth, (R, 1, bands in the slice)."""
    w, pull, ln_width = w[:, None, at], pull[:, None, at], ln_width[:, None, at]
    below = w <= 0.5 * np.pi
    u = _HALF_LN2 * np.exp(ln_width) * np.where(below, pull, 0.5 * np.pi)
    h = np.sinh(u)
    square = 4.0 * h * h
    by_width = 8.0 * u * h * np.sqrt(1.0 + h * h)
    by_freq = by_width * np.where(below, 1.0 - pull * np.cos(w), 0.0)
    return square, by_freq, by_width


def _fill_bells(out: Array, gain: Array, squeeze: tuple[Array, Array, Array]) -> None:
    square, by_freq, by_width = squeeze
    factor = np.exp(_NEPERS_PER_DB * _SIGNS * gain[:, None])
    part = square * factor
    out[:, :, 0, :, 0] = part - 2.0
    out[:, :, 1, :, 0] = by_freq * factor
    out[:, :, 2, :, 0] = (_NEPERS_PER_DB * _SIGNS) * part
    out[:, :, 3, :, 0] = by_width * factor
    out[:, :, 0, :, 1:] = 1.0


def _fill_shelves(out: Array, raised: int, gain: Array, ln_width: Array) -> None:
    """Fill in shelves; column `raised` of (1, y, 1/y) holds the side that the gain raises."""
    half_nepers = 0.5 * _NEPERS_PER_DB  # ln A per dB
    inverse_slope = np.exp(2.0 * ln_width)
    a = np.exp(half_nepers * gain)
    total, spread = a * a, (a + 1.0 / a) * (inverse_slope - 1.0)
    spread_by_gain = half_nepers * (a - 1.0 / a) * (inverse_slope - 1.0)
    spread_by_width = 2.0 * (a + 1.0 / a) * inverse_slope
    out[:, 0, 0, :, 0] = total * spread
    out[:, 0, 2, :, 0] = total * (2.0 * half_nepers * spread + spread_by_gain)
    out[:, 0, 3, :, 0] = total * spread_by_width
    out[:, 1, 0, :, 0] = spread
    out[:, 1, 2, :, 0] = spread_by_gain
    out[:, 1, 3, :, 0] = spread_by_width
    for column, nepers in ((raised, _RAISED_NEPERS), (3 - raised, _PLAIN_NEPERS)):
        values = np.exp(nepers * gain[:, None])
        out[:, :, 0, :, column] = values
        out[:, :, 2, :, column] = nepers * values


def _fill_passes(out: Array, passed: int, squeeze: tuple[Array, Array, Array]) -> None:
    """Fill in passes; column `passed` of (1, y, 1/y) holds the side that is let through."""
    square, by_freq, by_width = squeeze
    out[:, 0, 0, :, passed] = 1.0
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
