"""Endless training curves for the matching networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.eq import Array, BandKind
from models.matching_net import FFT_SIZE, POINT_BINS, POINTS_HZ, SAMPLE_RATE_HZ
from models.training.biquads import Biquads, Law
from models.training.curves import unreachable_curves

PAPER_KINDS = (BandKind.LOW_SHELF, *[BandKind.BELL] * 10, BandKind.HIGH_SHELF)
PAPER_FREQ_HZ, PAPER_GAIN_DB = (20.0, 20000.0), (-10.0, 10.0)
PAPER_Q, PAPER_SLOPE = (0.1, 3.0), (0.1, 1.0)
_POOL = 4000
_POOL_SEED = 1_000_003  # added to the seed: no curve of an evaluation is trained on
_AUDIBLE_HZ = (19.7, 20160.0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Curves (N, P) in dB at the network's points, how much each point counts, and their makers.

    weight: (P,) or (N, P), sums to 1. controls: frequency, gain, width (N, bands), or none for
    curves that no equaliser made.
    """

    head: str
    curves_db: Tensor
    weight: Tensor
    controls: tuple[Tensor, Tensor, Tensor] | None = None


def linear_weight() -> Array:
    """Return (P,): weights at the points that make a mean over the paper's linear bins."""
    bins = np.arange(FFT_SIZE // 2 + 1)
    nodes = POINT_BINS.astype(np.float64)
    place = np.clip(np.searchsorted(nodes, bins, side="right") - 1, 0, len(nodes) - 2)
    share = np.clip((bins - nodes[place]) / (nodes[place + 1] - nodes[place]), 0.0, 1.0)
    weight = np.bincount(place, 1.0 - share, len(nodes))
    weight += np.bincount(place + 1, share, len(nodes))
    return weight / len(bins)


def log_weight() -> Array:
    """Return (P,): weights that make a mean over log frequency, 19.7 Hz ... 20.2 kHz."""
    heard = (_AUDIBLE_HZ[0] <= POINTS_HZ) & (_AUDIBLE_HZ[1] >= POINTS_HZ)
    weight = np.where(heard, np.gradient(np.log(POINTS_HZ)), 0.0)
    return np.asarray(weight / weight.sum())


def paper_controls(rng: np.random.Generator, number: int, count: int) -> tuple[Array, Array, Array]:
    """Draw the controls (count, 12) of the paper's set 1 or 2 (see `models.training.curves`).

    Returns frequency in Hz, gain in dB, and Q or slope; bells stand in the order of frequency.
    """
    bands = len(PAPER_KINDS)
    uniform = number == 2
    shelf_share = (
        rng.uniform(size=(count, 2)) if uniform else rng.beta([0.25, 4.0], 5.0, (count, 2))
    )
    shelves = _within(PAPER_FREQ_HZ, shelf_share)
    low, high = shelves[:, :1], shelves[:, 1:]
    ends = PAPER_FREQ_HZ if uniform else (low, high)
    bells = np.sort(_within(ends, rng.uniform(size=(count, bands - 2))), axis=1)
    gain_db = _within(PAPER_GAIN_DB, _shares(rng, (5.0, 5.0), (count, bands), uniform))
    if not uniform:
        gain_db *= rng.uniform(size=(count, bands)) < np.array([0.5, *[1 / 3] * 10, 0.5])
    share = _shares(rng, (1.0, 5.0), (count, bands), uniform)
    width = _within(PAPER_Q, share)
    width[:, [0, -1]] = _within(PAPER_SLOPE, share[:, [0, -1]])
    return np.concatenate([low, bells, high], axis=1), gain_db, width


class PaperData:
    """Batches of the paper's training distribution (its set 1)."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._biquads = Biquads(PAPER_KINDS, _tensor(POINTS_HZ), SAMPLE_RATE_HZ, Law.PAPER)
        self._weight = _tensor(linear_weight())

    def batch(self, count: int) -> Batch:
        """Draw the next `count` curves."""
        controls = tuple(map(_tensor, paper_controls(self._rng, 1, count)))
        freq_hz, gain_db, width = controls
        curves = self._biquads.response_db(freq_hz, gain_db, width)
        return Batch("paper", curves, self._weight, (freq_hz, gain_db, width))


class MixedData:
    """Batches for the product's layouts: sampled equalisers and unreachable curves."""

    def __init__(self, heads: Mapping[str, tuple[BandKind, ...]], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        points = _tensor(POINTS_HZ)
        self._heads = dict(heads)
        self._paper = Biquads(PAPER_KINDS, points, SAMPLE_RATE_HZ, Law.PAPER)
        self._own = {
            kinds: Biquads(kinds, points, SAMPLE_RATE_HZ, Law.REAEQ)
            for kinds in {*heads.values(), PAPER_KINDS}
        }
        self._high_pass = Biquads((BandKind.HIGH_PASS,), points, SAMPLE_RATE_HZ, Law.REAEQ)
        heard = np.clip(POINTS_HZ, *_AUDIBLE_HZ)
        self._pool = _tensor(unreachable_curves(heard, _POOL, seed + _POOL_SEED))
        self._log = _tensor(log_weight())
        self._both = 0.5 * (_tensor(linear_weight()) + self._log)
        self._held = _held_points()

    def batch(self, count: int) -> Batch:
        """Draw `count` curves for one head, the fullest layout four times as often as another."""
        names = [*self._heads, "12", "12", "12"]
        head = names[int(self._rng.integers(len(names)))]
        kinds = self._heads[head]
        quarter = count // 4
        own = self._sampled(kinds, quarter)
        if head == "12":
            reachable = [self._from_paper(1, quarter), self._from_paper(2, quarter), own]
        else:
            reachable = [own, self._sampled(PAPER_KINDS, quarter), self._sampled(kinds, quarter)]
        free = self._unreachable(count - 3 * quarter, BandKind.HIGH_PASS in kinds)
        curves = torch.cat([*reachable, free])
        whole = torch.zeros(count, 1, dtype=torch.bool)
        whole[: 2 * quarter] = head == "12"
        curves = torch.where(whole, curves, curves[:, self._held])
        return Batch(head, curves, torch.where(whole, self._both, self._log))

    def _from_paper(self, number: int, count: int) -> Tensor:
        return self._paper.response_db(*map(_tensor, paper_controls(self._rng, number, count)))

    def _sampled(self, kinds: tuple[BandKind, ...], count: int) -> Tensor:
        shape = (count, len(kinds))
        freq_hz = np.exp(self._rng.uniform(np.log(25.0), np.log(18000.0), shape))
        spread = self._rng.uniform(1.0, 6.0, (count, 1))
        gain_db = np.clip(self._rng.normal(size=shape) * spread, -12.0, 12.0)
        gain_db *= self._rng.uniform(size=shape) < 0.7
        width = np.exp(self._rng.uniform(np.log(0.25), np.log(4.0), shape))
        shelves = [i for i, kind in enumerate(kinds) if kind.has_gain and kind is not BandKind.BELL]
        width[:, shelves] = self._rng.uniform(1.0, 2.0, (count, len(shelves)))
        passes = [i for i, kind in enumerate(kinds) if kind is BandKind.HIGH_PASS]
        freq_hz[:, passes], width[:, passes] = self._high_pass_controls(count, len(passes))
        return self._own[kinds].response_db(_tensor(freq_hz), _tensor(gain_db), _tensor(width))

    def _unreachable(self, count: int, passed: bool) -> Tensor:
        pair = self._pool[torch.as_tensor(self._rng.integers(len(self._pool), size=(2, count)))]
        curves = (pair * _tensor(self._rng.uniform(-1.0, 1.0, (2, count, 1)))).sum(dim=0)
        if passed:
            freq_hz, width = map(_tensor, self._high_pass_controls(count, 1))
            curves = curves + self._high_pass.response_db(freq_hz, torch.zeros_like(width), width)
        return curves

    def _high_pass_controls(self, count: int, passes: int) -> tuple[Array, Array]:
        """Draw high passes; half of them lie so low that they do nothing audible."""
        freq_hz = np.exp(self._rng.uniform(np.log(20.0), np.log(400.0), (count, passes)))
        idle = self._rng.uniform(size=(count, passes)) < 0.3
        return np.where(idle, 15.0, freq_hz), self._rng.uniform(1.0, 2.5, (count, passes))


def _held_points() -> Tensor:
    """Return the index of each point, held where the product's curves end."""
    heard = np.flatnonzero((_AUDIBLE_HZ[0] <= POINTS_HZ) & (_AUDIBLE_HZ[1] >= POINTS_HZ))
    return torch.as_tensor(np.clip(np.arange(len(POINTS_HZ)), heard[0], heard[-1]))


def _shares(
    rng: np.random.Generator, beta: tuple[float, float], shape: tuple[int, int], uniform: bool
) -> Array:
    return rng.uniform(size=shape) if uniform else rng.beta(*beta, shape)


def _within(ends: tuple[float | Array, float | Array], share: Array) -> Array:
    return np.asarray(ends[0] + (ends[1] - ends[0]) * share)


def _tensor(values: Array) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
