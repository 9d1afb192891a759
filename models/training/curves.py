"""Random curves that an equaliser can reach (Nercessian, DAFx 2020) and curves that none can."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from models.band_response import warp
from models.eq import Array, Band, BandKind, Eq

SAMPLE_RATE_HZ = 48000.0
BELLS = 10
_FREQ_HZ = (20.0, 20000.0)
_GAIN_DB = (-10.0, 10.0)
_SHELF_SLOPE = (0.1, 1.0)
_BELL_Q = (0.1, 3.0)
_PLACES = {
    BandKind.LOW_SHELF: (0.1, 0.4),
    BandKind.HIGH_PASS: (0.0, 0.3),
    BandKind.HIGH_SHELF: (0.6, 0.9),
    BandKind.LOW_PASS: (0.75, 1.0),
}
"""Where on the log-frequency axis, as shares of 40 Hz ... 14 kHz; bells anywhere."""
_SHELF_PROBABILITY, _BELL_PROBABILITY = 0.5, 1.0 / 3.0


def linear_bins_hz(fft_size: int = 4096, sample_rate_hz: float = SAMPLE_RATE_HZ) -> Array:
    """Return the paper's K = fft_size/2 + 1 bins from 0 Hz to the Nyquist frequency."""
    return np.linspace(0.0, 0.5 * sample_rate_hz, fft_size // 2 + 1)


def paper_set(number: int, count: int, seed: int) -> tuple[Eq, ...]:
    """Draw `count` equalisers (low shelf, ten bells, high shelf) of the paper's set 1 or 2.

    Set 1 (eq. 11-14): shelf frequencies Beta(0.25, 5) and Beta(4, 5) over 20 Hz ... 20 kHz, bells
    uniform between them; gains +-10 dB by Beta(5, 5), each shelf on with probability 1/2 and each
    bell with 1/3 (eq. 13 read as on * (20 beta - 10), so that an idle band is flat); Q and slope
    by Beta(1, 5) over their ranges. Set 2: everything uniform over its range, all bands on.
    Raises ValueError for another set number.
    """
    if number not in (1, 2):
        raise ValueError(f"the paper has validation sets 1 and 2, not {number!r}")
    rng = np.random.default_rng(seed)
    draw = _draw_set_1 if number == 1 else _draw_set_2
    return tuple(draw(rng) for _ in range(count))


def random_eqs(kinds: tuple[BandKind, ...], count: int, seed: int) -> tuple[Eq, ...]:
    """Draw `count` audible equalisers of given kinds: 40 Hz ... 14 kHz, 2 ... 10 dB either way.

    Bells 0.4 ... 2.5 octaves, low shelves and high passes in the lower third of the range, high
    shelves and low passes in the upper third.
    """
    rng = np.random.default_rng(seed)
    return tuple(Eq(tuple(_random_band(rng, kind) for kind in kinds)) for _ in range(count))


def unreachable_curves(freqs_hz: Array, count: int, seed: int) -> Array:
    """Draw smooth curves (count, F) in dB that no equaliser hits: +-15 dB, rms about 3 dB.

    A sum of Gaussian bumps on the log-frequency axis, from broad tilts to peaks of about Q 6.
    """
    rng = np.random.default_rng(seed)
    octaves = np.log2(np.asarray(freqs_hz) / 20.0)
    return np.stack([_bumps(rng, octaves) for _ in range(count)])


def _bumps(rng: np.random.Generator, octaves: Array) -> Array:
    count = int(rng.integers(18, 30))
    centre = rng.uniform(octaves[0], octaves[-1], count)
    width = np.exp(rng.uniform(np.log(0.12), np.log(2.5), count))
    height = rng.normal(0.0, 2.7, count)
    curve = height @ np.exp(-0.5 * ((octaves - centre[:, None]) / width[:, None]) ** 2)
    curve = curve - np.mean(curve)
    return np.asarray(np.clip(curve * min(1.0, 15.0 / np.abs(curve).max()), -15.0, 15.0))


def _random_band(rng: np.random.Generator, kind: BandKind) -> Band:
    low, high = _PLACES.get(kind, (0.0, 1.0))
    freq_hz = float(40.0 * (14000.0 / 40.0) ** rng.uniform(low, high))
    gain_db = float(rng.choice([-1.0, 1.0]) * rng.uniform(2.0, 10.0)) if kind.has_gain else 0.0
    ends = (0.4, 2.5) if kind is BandKind.BELL else (1.0, 2.0)
    return Band(kind, freq_hz, gain_db, float(np.exp(rng.uniform(*np.log(ends)))))


def _draw_set_1(rng: np.random.Generator) -> Eq:
    low_hz, high_hz = _within(_FREQ_HZ, rng.beta([0.25, 4.0], 5.0))
    between_hz = _within((low_hz, high_hz), rng.uniform(size=BELLS))
    on = rng.uniform(size=BELLS + 2) < np.array(
        [_SHELF_PROBABILITY, *[_BELL_PROBABILITY] * BELLS, _SHELF_PROBABILITY]
    )
    gains_db = np.where(on, _within(_GAIN_DB, rng.beta(5.0, 5.0, BELLS + 2)), 0.0)
    return _assemble([low_hz, *between_hz, high_hz], gains_db, rng.beta(1.0, 5.0, BELLS + 2))


def _draw_set_2(rng: np.random.Generator) -> Eq:
    freqs_hz = _within(_FREQ_HZ, rng.uniform(size=BELLS + 2))
    gains_db = _within(_GAIN_DB, rng.uniform(size=BELLS + 2))
    return _assemble(freqs_hz, gains_db, rng.uniform(size=BELLS + 2))


def _within(ends: tuple[float, float], share: Array) -> Array:
    return np.asarray(ends[0] + (ends[1] - ends[0]) * share)


def _assemble(freqs_hz: ArrayLike, gains_db: Array, shares: Array) -> Eq:
    """Make shelf, bells, shelf; a share is where Q (or a shelf's slope) lies in its range."""
    freqs = np.asarray(freqs_hz)
    q = _within(_BELL_Q, shares)
    widths = 2.0 / np.log(2.0) * np.arcsinh(0.5 / q) / warp(freqs, SAMPLE_RATE_HZ)
    ends = [0, -1]
    widths[ends] = 1.0 / np.sqrt(_within(_SHELF_SLOPE, shares[ends]))
    kinds = [BandKind.LOW_SHELF, *[BandKind.BELL] * BELLS, BandKind.HIGH_SHELF]
    columns = zip(kinds, freqs.tolist(), gains_db.tolist(), widths.tolist(), strict=True)
    return Eq(tuple(Band(*column) for column in columns))
