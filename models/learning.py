"""Learn an equaliser from a track before and after: the network, and the same curve as a ReaEQ.

The pair is brought together in time, the long convolution is fitted, and a level-dependent gain
before or behind it is kept if it lowers the error on stretches it was not fitted to. What the
convolution does to magnitudes becomes bands by `models.matching`. How much of the pair each
explains is a residual in dB relative to AFTER.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models import kernel_fit, level_gain, matching
from models.audio import Clip
from models.end_to_end import LearnedEq, Place
from models.eq import Array, Eq
from models.kernel_fit import Kernel
from models.layout import Limits
from models.level_gain import LevelGain
from models.matching import Effort
from models.pair import Pair, PairError, align
from models.spectrum import GRID_HZ, measure

EQ_EXPLAINS_DB = -25.0
"""With a residual up to this the pair was an EQ."""
UNRELATED_DB = -1.5
"""With a residual above this AFTER is no processed BEFORE."""
LIMITS = Limits(
    max_boost_db=24.0,
    max_cut_db=30.0,
    min_freq_hz=15.0,
    max_freq_hz=20000.0,
    max_bands=10,
    min_boost_bandwidth_oct=0.1,
    min_cut_bandwidth_oct=0.1,
    passes=True,
)
_LEVELS = 13
_TOLERANCE_DB = 0.03
_BAND_PRICE_DB = 0.05
_HIGHEST_RATIO = 0.45
_HEARD = 1e-7
_STAGE_S, _HELD_OUT_S, _HELD_OUT_EVERY = 12.0, 0.5, 4
_FACTORS = (0.05, 20.0)
_WORTH_DB, _EXPLAINED_DB = 1.0, -60.0
_ROUNDS = 2
_GRID_BAND_OCT = 1.0 / 12.0


@dataclass(frozen=True, slots=True)
class Residuals:
    """What stays unexplained, in dB relative to AFTER.

    eq: by the ReaEQ (magnitudes; its phase is forgiven). kernel: by any linear filter of its
    length. network: by the network with its level-dependent gain, on stretches held out; the same
    as kernel where it has none.
    """

    eq_db: float
    kernel_db: float
    network_db: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a pair taught. curve_db at freqs_hz (F,), weight 0 ... 1: how sure it is."""

    network: LearnedEq
    eq: Eq
    freqs_hz: Array
    curve_db: Array
    weight: Array
    residuals: Residuals
    delay: int
    inverted: bool
    notes: tuple[str, ...]

    @property
    def only_eq(self) -> bool:
        """Whether the ReaEQ explains the pair."""
        return self.residuals.eq_db <= EQ_EXPLAINS_DB


def learn(before: Clip, after: Clip) -> Learnt:
    """Learn what was done to a track. Raises models.pair.PairError."""
    pair = align(before, after)
    rate_hz = pair.sample_rate_hz
    pair, kernel, inverted = _in_phase(pair)
    kernel_db = residual_db(pair.after, kernel.convolve(pair.before))
    if kernel_db > UNRELATED_DB:
        raise PairError(
            "AFTER does not sound like BEFORE processed.",
            "Render the same passage of the same track twice, with and without the processing.",
        )
    network, network_db = LearnedEq(kernel.taps, kernel.lead, rate_hz), kernel_db
    linear = kernel
    if kernel_db > _EXPLAINED_DB:
        found = _with_level_gain(pair, kernel)
        if found:
            network, linear, network_db = found
    freqs_hz, curve_db, weight = _curve(pair, linear)
    eq = _as_reaeq(freqs_hz, curve_db, weight, rate_hz)
    left_db = _power_db(_energy_left(eq, kernel, rate_hz) + 10.0 ** (kernel_db / 10.0))
    return Learnt(
        network,
        eq,
        freqs_hz,
        curve_db,
        weight,
        Residuals(left_db, kernel_db, network_db),
        pair.delay,
        inverted,
        pair.notes,
    )


def residual_db(wanted: Array, got: Array) -> float:
    """Return the energy of the difference in dB relative to `wanted`."""
    energy = float((wanted**2).sum())
    return _power_db(float(((wanted - got) ** 2).sum()) / energy if energy else 1.0)


def _power_db(ratio: float) -> float:
    return float(10.0 * np.log10(max(ratio, 1e-14)))


def _in_phase(pair: Pair) -> tuple[Pair, Kernel, bool]:
    """Move AFTER to where the processing is nearest minimum phase, and turn back its polarity."""
    taps = kernel_fit.taps_for(pair.before.shape[1], pair.sample_rate_hz)
    kernel = kernel_fit.fit(pair.before, pair.after, taps)
    size = 4 * taps
    response = kernel.response(size)
    weight = kernel.at(size, kernel.power) > _HEARD * kernel.power.max()
    turn = response * np.conj(_minimum_phase(np.abs(response)))
    turn /= np.maximum(np.abs(turn), np.finfo(float).tiny)
    match = np.fft.irfft(turn * weight, size)
    lag = int(np.argmax(np.abs(match)))
    inverted = bool(match[lag] < 0.0)
    lag -= size if lag > size // 2 else 0
    if lag == 0 and not inverted:
        return pair, kernel, False
    pair = pair.shifted(lag)
    pair = replace(pair, after=-pair.after) if inverted else pair
    return pair, kernel_fit.fit(pair.before, pair.after, taps), inverted


def _minimum_phase(magnitude: Array) -> NDArray[np.complex128]:
    """Return the minimum-phase response of a magnitude (size // 2 + 1,), by the real cepstrum."""
    floor = 1e-5 * float(magnitude.max())
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, floor)))
    half = len(cepstrum) // 2
    cepstrum[1:half] *= 2.0
    cepstrum[half + 1 :] = 0.0
    return np.asarray(np.exp(np.fft.rfft(cepstrum)))


def _with_level_gain(pair: Pair, kernel: Kernel) -> tuple[LearnedEq, Kernel, float] | None:
    """Return the best network with a level-dependent gain, its kernel and residual; None for none.

    It must lower the error on the stretches held out.
    """
    rate_hz = pair.sample_rate_hz
    most = round(_STAGE_S * rate_hz)
    start = max(0, pair.before.shape[1] - most) // 2
    cut = slice(start, start + most)
    short = Pair(pair.before[:, cut], pair.after[:, cut], rate_hz, pair.delay)
    used = _used(short.before.shape[1], rate_hz, len(kernel.taps))
    plain = LearnedEq(kernel.taps, kernel.lead, rate_hz)
    least_db, best = _held_out_db(short, plain, used) - _WORTH_DB, None
    for place in (Place.BEFORE, Place.BEHIND):
        gain, linear = _alternated(short, kernel, place, used)
        network = LearnedEq(linear.taps, linear.lead, rate_hz, place, gain)
        held_out_db = _held_out_db(short, network, used)
        if held_out_db < least_db:
            least_db, best = held_out_db, (network, linear, held_out_db)
    return best


def _used(frames: int, rate_hz: int, edge: int) -> NDArray[np.int8]:
    """Return for every sample 1: to fit to, 0: held out, -1: too near an end."""
    stretch = np.arange(frames) // round(_HELD_OUT_S * rate_hz)
    used = (stretch % _HELD_OUT_EVERY != 0).astype(np.int8)
    edge = min(edge, frames // 8)
    used[:edge] = used[frames - edge :] = -1
    return np.asarray(used)


def _held_out_db(pair: Pair, network: LearnedEq, used: NDArray[np.int8]) -> float:
    got = network.apply(pair.before.astype(np.float32))
    return residual_db(pair.after[:, used == 0], got[:, used == 0].astype(np.float64))


def _alternated(
    pair: Pair, kernel: Kernel, place: Place, used: NDArray[np.int8]
) -> tuple[LevelGain, Kernel]:
    """Fit the gain to the kernel and the kernel to the gain in turn."""
    rate_hz = pair.sample_rate_hz
    taps = min(len(kernel.taps), kernel_fit.taps_for(pair.before.shape[1], rate_hz))
    for _ in range(_ROUNDS):
        if place is Place.BEFORE:
            gain = level_gain.fit(pair.before, pair.after, used == 1, rate_hz, kernel.convolve)
            kernel = kernel_fit.fit(gain.process(pair.before, rate_hz), pair.after, taps)
            continue
        inner = kernel.convolve(pair.before)
        gain = level_gain.fit(inner, pair.after, used == 1, rate_hz)
        factor = gain.process(inner, rate_hz) / np.where(inner == 0.0, 1.0, inner)
        undone = pair.after / np.clip(factor, *_FACTORS)
        kernel = kernel_fit.fit(pair.before, undone, taps)
    if place is Place.BEHIND:
        gain = level_gain.fit(kernel.convolve(pair.before), pair.after, used == 1, rate_hz)
    return gain, kernel


def _curve(pair: Pair, kernel: Kernel) -> tuple[Array, Array, Array]:
    """Return the grid, the kernel's gain in dB in its bands, and how sure it is there."""
    rate_hz = pair.sample_rate_hz
    freqs_hz = GRID_HZ[_HIGHEST_RATIO * rate_hz >= GRID_HZ]
    size = 16 * len(kernel.taps)
    bins_hz = np.asarray(np.fft.rfftfreq(size, 1.0 / rate_hz), dtype=np.float64)
    power = kernel.at(size, kernel.power) + np.finfo(float).tiny
    passed = power * np.abs(kernel.response(size)) ** 2
    edge = 2.0 ** (0.5 * _GRID_BAND_OCT)
    gain = _between(passed, bins_hz, freqs_hz / edge, freqs_hz * edge) / _between(
        power, bins_hz, freqs_hz / edge, freqs_hz * edge
    )
    clip = Clip(pair.before.astype(np.float32), rate_hz)
    sure = measure(clip).confidence[: len(freqs_hz)]
    trust = np.interp(freqs_hz, bins_hz, kernel.at(size, kernel.trust))
    return freqs_hz, np.asarray(10.0 * np.log10(np.maximum(gain, 1e-12))), np.asarray(sure * trust)


def _between(values: Array, bins_hz: Array, low_hz: Array, high_hz: Array) -> Array:
    """Return the integral of a density over frequency between pairs of limits."""
    total = np.concatenate(([0.0], np.cumsum(0.5 * (values[1:] + values[:-1]))))
    return np.asarray(np.interp(high_hz, bins_hz, total) - np.interp(low_hz, bins_hz, total))


def _as_reaeq(freqs_hz: Array, curve_db: Array, weight: Array, rate_hz: int) -> Eq:
    """Return the bands and output gain for a curve: few bands that come close.

    Which output gain the bands stand on is not known: several are tried, ever closer to the best.
    """
    if not weight.any():
        return Eq()

    def matched(level_db: float, effort: Effort) -> tuple[float, float, Eq]:
        eq = matching.match(
            freqs_hz,
            curve_db - level_db,
            sample_rate_hz=float(rate_hz),
            limits=LIMITS,
            weight=weight,
            tolerance_db=_TOLERANCE_DB,
            effort=effort,
        )
        error_db = eq.response_db(freqs_hz, rate_hz) + level_db - curve_db
        rms_db = float(np.sqrt(weight @ error_db**2 / weight.sum()))
        return rms_db + _BAND_PRICE_DB * len(eq.bands), level_db, eq

    heard_db = curve_db[weight > 0.0]
    low_db, high_db = float(heard_db.min()), float(heard_db.max())
    _, best_db, _ = min(
        (matched(level, Effort.QUICK) for level in np.linspace(low_db, high_db, _LEVELS)),
        key=_price,
    )
    step_db = (high_db - low_db) / (_LEVELS - 1)
    near = np.linspace(best_db - step_db, best_db + step_db, _LEVELS)
    _, best_db, _ = min((matched(level, Effort.QUICK) for level in near), key=_price)
    _, level_db, eq = min((matched(level, Effort.NORMAL) for level in (0.0, best_db)), key=_price)
    return replace(eq, output_gain_db=round(level_db, 2))


def _price(tried: tuple[float, float, Eq]) -> float:
    return tried[0]


def _energy_left(eq: Eq, kernel: Kernel, rate_hz: int) -> float:
    """Return the energy by which the ReaEQ's magnitudes miss the kernel's, of AFTER's."""
    size = 2 * len(kernel.taps)
    bins_hz = np.linspace(0.0, 0.5 * rate_hz, len(kernel.power))
    learnt = np.abs(kernel.response(size))
    ours = np.abs(eq.response(bins_hz, rate_hz))
    passed = float(kernel.power @ learnt**2)
    return float(kernel.power @ (learnt - ours) ** 2) / passed if passed else 0.0
