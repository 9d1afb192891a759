"""A wanted curve as the fit sees it: checked, and thinned where its bins are denser than a fit needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from models.eq import Array

_CELLS_PER_OCTAVE = 24.0
_FEWEST_TO_MERGE = 5


@dataclass(frozen=True, slots=True)
class CurveGrid:
    """Frequencies (K,), roots of weights that sum to 1 (K,), and the operator (K, F) to this grid."""

    freqs_hz: Array
    root_weight: Array
    operator: Array

    @classmethod
    def thinned(cls, freqs_hz: Array, weight: Array, sample_rate_hz: float) -> CurveGrid:
        """Keep bins that have weight and lie below the Nyquist frequency, merged per 1/24 octave.

        A cell of 5 or more bins becomes the centre value of a weighted parabola through them, with
        their summed weight: exact for smooth curves, averaging for rough ones.
        """
        used = np.flatnonzero((weight > 0.0) & (freqs_hz <= 0.5 * sample_rate_hz))
        position = np.log2(np.maximum(freqs_hz[used], 1e-3)) * _CELLS_PER_OCTAVE
        cells = np.split(used, np.flatnonzero(np.diff(np.floor(position))) + 1) if len(used) else []
        rows: list[tuple[float, float, Array, Array]] = []
        for bins in cells:
            rows += _merge(freqs_hz[bins], weight[bins], bins)
        operator = np.zeros((len(rows), len(freqs_hz)))
        for row, (_, _, bins, factors) in zip(operator, rows, strict=True):
            row[bins.astype(np.intp)] = factors
        total = np.array([row[1] for row in rows])
        return cls(
            np.array([row[0] for row in rows]),
            np.sqrt(total / total.sum()) if len(rows) else total,
            operator,
        )


def _merge(freqs_hz: Array, weight: Array, bins: Array) -> list[tuple[float, float, Array, Array]]:
    """Return (frequency, weight, bins, factors) of each grid point that a cell's bins make."""
    if len(bins) < _FEWEST_TO_MERGE:
        one = np.ones(1)
        return [
            (float(f), float(w), np.array([i]), one)
            for f, w, i in zip(freqs_hz, weight, bins, strict=True)
        ]
    ln_freq = np.log(freqs_hz)
    centre = np.average(ln_freq, weights=weight)
    offset = (ln_freq - centre) / (ln_freq[-1] - ln_freq[0])
    root = np.sqrt(weight)
    design = np.stack([np.ones_like(offset), offset, offset**2], axis=1) * root[:, None]
    factors = np.linalg.pinv(design)[0] * root
    return [(float(np.exp(centre)), float(weight.sum()), bins, factors)]


def checked_curves(
    freqs_hz: ArrayLike, desired_db: ArrayLike, weight: ArrayLike | None, sample_rate_hz: float
) -> tuple[Array, Array, Array]:
    """Return (F,) frequencies, (N, F) curves and (N, F) or (F,) weights; raise ValueError if unusable."""
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
            f"weight must hold one value per frequency ({len(freqs)}), but has shape {weights.shape}"
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
