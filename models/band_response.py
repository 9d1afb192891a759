"""ReaEQ's magnitude response and its derivatives in closed form, for many sets of bands at once.

With y = tan(w/2)**2 every biquad of ReaEQ is a ratio of two quadratics in y:

    |H|**2 = (n0 + n1 y + n2 / y) / (d0 + d1 y + d2 / y)

which needs no complex numbers and loses no digits at low frequencies. Write t = tan(w0/2)**2,
a = 10**(gain/20), h = sinh(ln2/2 * bandwidth * warp) = 1/(2Q), S = 1/bandwidth**2 (RBJ *Audio EQ
Cookbook*, with ReaEQ's bandwidth law):

    bell        n = (4 h^2 a - 2, 1/t, t)            d: the same with 1/a instead of a
    low shelf   n = ((a + 1)(1/S - 1), 1/t, a t)     d: the same with 1/a instead of a
    high shelf  n = ((a + 1)(1/S - 1), a/t, t)       d: the same with 1/a instead of a
    high pass   n = (0, 1/t, 0)                      d = (4 h^2 - 2, 1/t, t)
    low pass    n = (0, 0, t)                        d as for the high pass

so that n0 = p a + q with p and q free of the gain.

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
_NEPERS_PER_DB = np.array([[1.0], [-1.0]]) * (math.log(10.0) / 20.0)  # numerator, denominator
_SMALLEST_TANGENT = 1e-12


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
    _bells: int = field(init=False, repr=False)
    _shelves_end: int = field(init=False, repr=False)
    _low_shelves: int = field(init=False, repr=False)
    _low_passes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tangent = np.tan(np.pi * np.asarray(self.freqs_hz) / self.sample_rate_hz)
        y = np.maximum(np.abs(tangent), _SMALLEST_TANGENT) ** 2
        places = [KIND_ORDER.index(kind) for kind in self.kinds]
        if places != sorted(places):
            raise ValueError(f"kinds must stand in the order of KIND_ORDER, not {self.kinds!r}")
        bells, low_shelves, high_shelves, low_passes, _ = np.bincount(places, minlength=5).tolist()
        object.__setattr__(self, "_basis", np.stack([np.ones_like(y), y, 1.0 / y]))
        object.__setattr__(self, "_bells", bells)
        object.__setattr__(self, "_shelves_end", bells + low_shelves + high_shelves)
        object.__setattr__(self, "_low_shelves", low_shelves)
        object.__setattr__(self, "_low_passes", low_passes)

    def response_db(self, unknowns: Array) -> Array:
        """Return the response (R, F) of rows of unknowns (R, 3 * bands)."""
        values = self._values(self._polynomials(unknowns)[:, :, 0])
        ratio = np.multiply.reduce(values[:, 0] / values[:, 1], axis=1)
        return np.asarray(DB_PER_NEPER * np.log(ratio))

    def each_response_db(self, unknowns: Array) -> Array:
        """Return the response (R, bands, F) of every band alone."""
        values = self._values(self._polynomials(unknowns)[:, :, 0])
        return np.asarray(DB_PER_NEPER * np.log(values[:, 0] / values[:, 1]))

    def weighted_jacobian(self, unknowns: Array, root_weight: Array) -> tuple[Array, Array]:
        """Return the response (R, F) and its derivatives by each unknown times the weight (F,).

        The derivatives have the shape (R, 3 * bands, F), those by frequency first.
        """
        values = self._values(self._polynomials(unknowns))  # (R, 2, 4, bands, F)
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

    def _values(self, polynomials: Array) -> Array:
        flat = np.ascontiguousarray(polynomials).reshape(-1, 3) @ self._basis
        return flat.reshape(*polynomials.shape[:-1], len(self.freqs_hz))

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
        w, gain_db, width = unknowns.reshape(rows, 3, count).transpose(1, 0, 2)
        w, width = np.exp(w) * (2.0 * np.pi / self.sample_rate_hz), np.exp(width)
        gain = np.exp(gain_db[:, None] * _NEPERS_PER_DB)
        gain[..., self._shelves_end :] = 1.0
        sin, cos = np.sin(w), np.cos(w)
        pull = w / sin  # d ln tan(w/2) / d ln w
        out = np.zeros((rows, 2, 4, count, 3))
        self._fill_middle(out[..., 0], gain, _square_width(cos, pull, width), width)
        t = (sin / (1.0 + cos)) ** 2
        np.divide(1.0, t[:, None], out=out[:, :, 0, :, 1])
        out[:, :, 0, :, 2] = t[:, None]
        self._raise_shelves(out, gain)
        if self._shelves_end < count:
            self._open_passes(out[..., self._shelves_end :, :])
        double_pull = 2.0 * pull[:, None]
        np.multiply(out[:, :, 0, :, 1], -double_pull, out=out[:, :, 1, :, 1])
        np.multiply(out[:, :, 0, :, 2], double_pull, out=out[:, :, 1, :, 2])
        return out

    def _fill_middle(
        self, out: Array, gain: Array, factor: tuple[Array, Array, Array], width: Array
    ) -> None:
        """Fill in n0 = p a + q and its derivatives; `factor` is that of bells and passes."""
        value, by_freq, by_gain, by_width = (out[:, :, i] for i in range(4))
        p, p_by_freq, p_by_width = factor
        shelves = slice(self._bells, self._shelves_end)
        excess = width[:, shelves] ** 2
        p_by_width[:, shelves] = 2.0 * excess
        excess -= 1.0
        p[:, shelves] = excess
        p_by_freq[:, shelves] = 0.0
        np.multiply(p[:, None], gain, out=value)
        np.multiply(p_by_freq[:, None], gain, out=by_freq)
        np.multiply(p_by_width[:, None], gain, out=by_width)
        np.multiply(value, _NEPERS_PER_DB, out=by_gain)
        value[..., : self._bells] -= 2.0
        value[..., shelves] += excess[:, None]
        value[..., self._shelves_end :] -= 2.0
        by_width[..., shelves] += p_by_width[:, None, shelves]

    def _raise_shelves(self, out: Array, gain: Array) -> None:
        """Raise n2 of low shelves and n1 of high shelves by the gain."""
        middle = self._bells + self._low_shelves
        for at, column in (
            (slice(self._bells, middle), 2),
            (slice(middle, self._shelves_end), 1),
        ):
            out[:, :, 0, at, column] *= gain[..., at]
            np.multiply(out[:, :, 0, at, column], _NEPERS_PER_DB, out=out[:, :, 2, at, column])

    def _open_passes(self, out: Array) -> None:
        """Turn the bells in the place of low passes, then high passes, into these."""
        out[:, :, 2] = 0.0
        out[:, 0, :, :, 0] = 0.0
        out[:, 0, 0, : self._low_passes, 1] = 0.0
        out[:, 0, 0, self._low_passes :, 2] = 0.0


def _square_width(cos: Array, pull: Array, width: Array) -> tuple[Array, Array, Array]:
    """Return 4 h**2 and its derivatives by ln f and ln bandwidth.

    pull = w/sin(w) is the warp below a quarter of the rate, where it reaches pi/2 and stays.
    """
    u = np.minimum(pull, 0.5 * np.pi) * width
    u *= _HALF_LN2
    h = np.sinh(u)
    square = 4.0 * h * h
    by_width = 8.0 * u * h * np.sqrt(1.0 + h * h)
    by_freq = by_width * (1.0 - pull * cos) * (cos >= 0.0)
    return square, by_freq, by_width
