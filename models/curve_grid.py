"""A wanted curve as a fit sees it: checked, and thinned where its bins lie denser than needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.eq import Array

_CELLS_PER_OCTAVE = 12.0
_WIDEST_CELL = 1.0 / 120.0  # of the sample rate: bands crowd towards the Nyquist frequency
_FEWEST_TO_MERGE = 5
_LOWEST_HZ = 1e-3


@dataclass(frozen=True, slots=True)
class CurveGrid:
    """Frequencies (K,), roots of weights that sum to 1 (K,), operator (K, F) from bins to them."""

    freqs_hz: Array
    root_weight: Array
    operator: Array

    @classmethod
    def thinned(cls, freqs_hz: Array, weight: Array, sample_rate_hz: float) -> CurveGrid:
        """Keep bins that have weight and lie below the Nyquist frequency, merged in cells.

        A cell is 1/12 octave wide, or 1/120 of the sample rate where that is less. One of 5 or
        more bins becomes the centre value of a weighted parabola through them, with their summed
        weight: exact for smooth curves, averaging for rough ones.
        """
        used = np.flatnonzero((weight > 0.0) & (freqs_hz <= 0.5 * sample_rate_hz))
        if not used.size:
            return cls(np.empty(0), np.empty(0), np.empty((0, len(freqs_hz))))
        ln_freq, share = np.log(np.maximum(freqs_hz[used], _LOWEST_HZ)), weight[used]
        row, sizes = _rows(ln_freq, sample_rate_hz)
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        total = np.add.reduceat(share, starts)
        centre = np.add.reduceat(share * ln_freq, starts) / total
        operator = np.zeros((len(starts), len(freqs_hz)))
        operator[row, used] = _factors(ln_freq - centre[row], share, row, starts, sizes)
        return cls(np.exp(centre), np.sqrt(total / total.sum()), operator)


def _rows(ln_freq: Array, sample_rate_hz: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the grid row of each bin, and how many bins each row has."""
    per_neper = _CELLS_PER_OCTAVE / np.log(2.0)
    ln_turn = np.log(_WIDEST_CELL * sample_rate_hz * per_neper)  # where both cells are as wide
    beyond = np.maximum(np.exp(ln_freq - ln_turn) - 1.0, 0.0)
    cell = np.floor((np.minimum(ln_freq, ln_turn) + beyond) * per_neper)
    cell_start = np.diff(cell, prepend=np.nan) != 0.0
    number = np.cumsum(cell_start) - 1
    sizes = np.bincount(number)
    row_start = cell_start | (sizes[number] < _FEWEST_TO_MERGE)
    row = np.cumsum(row_start) - 1
    return row, np.bincount(row)


def _factors(
    offset: Array,
    weight: Array,
    row: NDArray[np.intp],
    starts: NDArray[np.intp],
    sizes: NDArray[np.intp],
) -> Array:
    """Return each bin's factor in its row: the centre value of a weighted parabola, or 1 alone."""
    scale = np.maximum(np.maximum.reduceat(np.abs(offset), starts), 1e-9)[row]
    powers = (offset / scale)[:, None] ** np.arange(5)
    moments = np.add.reduceat(weight[:, None] * powers, starts, axis=0)
    merged = sizes > 1
    normal = moments[merged][:, np.arange(3)[:, None] + np.arange(3)]
    wanted = np.zeros((len(normal), 3, 1))
    wanted[:, 0] = 1.0
    polynomial = np.zeros((len(sizes), 3))
    polynomial[merged] = np.linalg.solve(normal, wanted)[..., 0]
    factors = weight * np.sum(polynomial[row] * powers[:, :3], axis=1)
    return np.where(merged[row], factors, 1.0)


def checked_curves(
    freqs_hz: ArrayLike, desired_db: ArrayLike, weight: ArrayLike | None, sample_rate_hz: float
) -> tuple[Array, Array, Array]:
    """Return frequencies (F,), curves (N, F) and weights (F,) or (N, F), or raise ValueError."""
    if not (np.isfinite(sample_rate_hz) and sample_rate_hz > 0.0):
        raise ValueError(f"sample_rate_hz must be a positive number, not {sample_rate_hz!r}")
    freqs = _numbers("freqs_hz", freqs_hz)
    if freqs.ndim != 1 or not freqs.size:
        raise ValueError(f"freqs_hz must be a list of frequencies (F,), not of shape {freqs.shape}")
    if freqs[0] < 0.0 or np.any(np.diff(freqs) <= 0.0):
        raise ValueError("freqs_hz must rise from bin to bin, starting at 0 Hz or above")
    desired = _numbers("desired_db", desired_db)
    if desired.ndim != 2 or desired.shape[1] != len(freqs):
        raise ValueError(
            f"desired_db must hold one value per frequency ({len(freqs)}), "
            f"but has shape {desired.shape}"
        )
    weights = np.ones(len(freqs)) if weight is None else _numbers("weight", weight)
    if weights.shape not in (freqs.shape, desired.shape):
        raise ValueError(
            f"weight must hold one value per frequency ({len(freqs)}), "
            f"but has shape {weights.shape}"
        )
    if np.any(weights < 0.0):
        raise ValueError("weight must be 0 or above in every bin")
    return freqs, desired, weights


def _numbers(name: str, values: ArrayLike) -> Array:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers") from error
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite: it holds NaN or infinity")
    return array
