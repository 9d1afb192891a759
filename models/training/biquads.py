"""Differentiable biquads: band controls to log-magnitude response, in torch.

With s = sin^2(w/2), c = cos^2(w/2) every biquad's squared magnitude is a ratio of two quadratics

    |H|^2 = (n0 s c + n1 s^2 + n2 c^2) / (d0 s c + d1 s^2 + d2 c^2)

whose coefficients follow from the controls without the cancellation that b and a suffer at low
frequencies, so float32 is good enough to train with. The formulas are those of
`models.band_response`, scaled by s0 c0 at the band's own frequency.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import torch
from torch import Tensor

from models.eq import (
    MAX_FREQ_RATIO,
    MAX_SLOPE,
    MIN_BANDWIDTH_OCT,
    MIN_FREQ_HZ,
    MIN_SLOPE,
    BandKind,
)
from models.matching_net import PAPER_LAW, REAEQ_LAW

_DB_PER_NEPER = 10.0 / math.log(10.0)
_HALF_LN2 = 0.5 * math.log(2.0)
_SMALLEST_SQUARE = 1e-30  # keeps the logarithm of a high pass at 0 Hz finite


class Law(StrEnum):
    """What a band's width means.

    PAPER: Q of a bell or pass (alpha = sin w0 / 2Q), slope S of a shelf: the cookbook filters of
    Nercessian (DAFx 2020, table 1 without the surplus factor in the shelves' a1).
    REAEQ: ReaEQ's own bandwidth, clamps included; for gains within +-36 dB, where no kind changes.
    """

    PAPER = PAPER_LAW
    REAEQ = REAEQ_LAW


class Biquads:
    """The summed response in dB of bands of given kinds at frequencies (F,), differentiable."""

    def __init__(
        self,
        kinds: Sequence[BandKind],
        freqs_hz: Tensor,
        sample_rate_hz: float,
        law: Law,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.law = law
        self._at = {
            kind: torch.tensor([i for i, k in enumerate(kinds) if k is kind])
            for kind in dict.fromkeys(kinds)
        }
        sin2, cos2 = _squares(math.pi / sample_rate_hz * freqs_hz)
        basis = torch.stack([sin2 * cos2, sin2 * sin2, cos2 * cos2])
        self._basis = basis.clamp(min=_SMALLEST_SQUARE)

    def response_db(self, freq_hz: Tensor, gain_db: Tensor, width: Tensor) -> Tensor:
        """Return (..., F) from controls (..., bands) in the order of the kinds."""
        numerator, denominator = self.coefficients(freq_hz, gain_db, width)
        ratio = (numerator @ self._basis) / (denominator @ self._basis)
        return _DB_PER_NEPER * torch.log(ratio).sum(dim=-2)

    def coefficients(
        self, freq_hz: Tensor, gain_db: Tensor, width: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return numerators and denominators (..., bands, 3), bands grouped by kind."""
        parts = [
            self._of_kind(kind, freq_hz[..., at], gain_db[..., at], width[..., at])
            for kind, at in self._at.items()
        ]
        return torch.cat([n for n, _ in parts], dim=-2), torch.cat([d for _, d in parts], dim=-2)

    def _of_kind(
        self, kind: BandKind, freq_hz: Tensor, gain_db: Tensor, width: Tensor
    ) -> tuple[Tensor, Tensor]:
        if self.law is Law.REAEQ:
            freq_hz = freq_hz.clamp(MIN_FREQ_HZ, MAX_FREQ_RATIO * self.sample_rate_hz)
        half_w = math.pi / self.sample_rate_hz * freq_hz
        if kind in (BandKind.LOW_SHELF, BandKind.HIGH_SHELF):
            return _shelf(kind, half_w, gain_db, self._inverse_slope(width))
        square = self._square_width(2.0 * half_w, width)
        if kind is BandKind.BELL:
            return _bell(half_w, gain_db, square)
        if kind in (BandKind.LOW_PASS, BandKind.HIGH_PASS):
            return _pass(kind, half_w, square)
        raise ValueError(f"no differentiable filter for {kind}")

    def _inverse_slope(self, width: Tensor) -> Tensor:
        if self.law is Law.PAPER:
            return 1.0 / width
        return (width * width).clamp(1.0 / MAX_SLOPE, 1.0 / MIN_SLOPE)

    def _square_width(self, w: Tensor, width: Tensor) -> Tensor:
        """Return (1/Q)^2 = 4 h^2."""
        if self.law is Law.PAPER:
            return 1.0 / (width * width)
        below = w.clamp(max=0.5 * math.pi)  # ReaEQ freezes the frequency warp above fs/4
        warp = below / torch.sin(below)
        half_width = _HALF_LN2 * width.clamp(min=MIN_BANDWIDTH_OCT) * warp
        return 4.0 * torch.sinh(half_width) ** 2


def _squares(half_w: Tensor) -> tuple[Tensor, Tensor]:
    return torch.sin(half_w) ** 2, torch.cos(half_w) ** 2


def _amplitude(gain_db: Tensor, per_db: float) -> Tensor:
    return torch.exp(math.log(10.0) * per_db * gain_db)


def _bell(half_w: Tensor, gain_db: Tensor, square: Tensor) -> tuple[Tensor, Tensor]:
    sin2, cos2 = _squares(half_w)
    amplitude = _amplitude(gain_db, 1.0 / 20.0)
    cross, ends = sin2 * cos2, (cos2 * cos2, sin2 * sin2)
    numerator = torch.stack([(square * amplitude - 2.0) * cross, *ends], dim=-1)
    denominator = torch.stack([(square / amplitude - 2.0) * cross, *ends], dim=-1)
    return numerator, denominator


def _shelf(
    kind: BandKind, half_w: Tensor, gain_db: Tensor, inverse_slope: Tensor
) -> tuple[Tensor, Tensor]:
    sin2, cos2 = _squares(half_w)
    root = _amplitude(gain_db, 1.0 / 40.0)
    middle = (root + 1.0 / root) * (inverse_slope - 1.0) * sin2 * cos2
    falling = [middle, cos2 * cos2 / root, sin2 * sin2 * root]
    rising = [middle, cos2 * cos2 * root, sin2 * sin2 / root]
    numerator, denominator = falling, rising
    if kind is BandKind.HIGH_SHELF:
        numerator, denominator = rising, falling
    up = (root * root)[..., None]
    return up * torch.stack(numerator, dim=-1), torch.stack(denominator, dim=-1)


def _pass(kind: BandKind, half_w: Tensor, square: Tensor) -> tuple[Tensor, Tensor]:
    sin2, cos2 = _squares(half_w)
    nothing = torch.zeros_like(sin2)
    high, low = cos2 * cos2, sin2 * sin2
    passed = [nothing, high, nothing] if kind is BandKind.HIGH_PASS else [nothing, nothing, low]
    denominator = [(square - 2.0) * sin2 * cos2, high, low]
    return torch.stack(passed, dim=-1), torch.stack(denominator, dim=-1)
