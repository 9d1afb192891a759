"""What a pair teaches: equalisers, and what is more than one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter, oaconvolve

from models.audio import Clip
from models.end_to_end import Place
from models.eq import Band, BandKind, Eq
from models.learning import Learnt, learn
from models.pair import PairError
from tests.projects import pink_noise

RATE_HZ = 16000
EQ = Eq(
    (
        Band(BandKind.LOW_SHELF, 150.0, 5.0, 1.2),
        Band(BandKind.BELL, 900.0, -6.0, 1.0),
        Band(BandKind.BELL, 4000.0, 4.0, 0.7),
    ),
    -3.0,
)


def track(seconds: float = 3.0) -> np.ndarray:
    """Return noise whose level swings by 30 dB, twice a second."""
    dry = pink_noise(seconds)[: round(seconds * RATE_HZ)]
    swing_db = 15.0 * np.sin(2.0 * np.pi * 2.0 * np.arange(len(dry)) / RATE_HZ)
    return (dry * 10.0 ** (swing_db / 20.0))[None]


def compressed(signal: np.ndarray) -> np.ndarray:
    keep = np.exp(-1.0 / (0.02 * RATE_HZ))
    power = lfilter([1.0 - keep], [1.0, -keep], signal[0] ** 2)
    over_db = np.minimum(0.0, -30.0 - 10.0 * np.log10(power + 1e-9)) * 0.75
    return signal * 10.0 ** (over_db / 20.0)


def learnt(wet: np.ndarray) -> Learnt:
    clips = [Clip(signal.astype(np.float32), RATE_HZ) for signal in (track(), wet)]
    return learn(*clips)


def error_db(found: Learnt, eq: Eq) -> float:
    wanted_db = EQ.response_db(found.freqs_hz, RATE_HZ)
    ours_db = eq.response_db(found.freqs_hz, RATE_HZ)
    return float(np.abs(ours_db - wanted_db)[found.weight > 0.5].mean())


def test_an_eq_becomes_the_same_bands() -> None:
    found = learnt(EQ.apply(track(), RATE_HZ))
    assert found.only_eq
    assert found.residuals.kernel_db < -60.0
    assert found.network.place is Place.NONE
    assert error_db(found, found.eq) < 0.1
    assert len(found.eq.bands) <= 5


def test_delay_and_polarity_are_told_and_taken_out() -> None:
    wet = EQ.apply(track(), RATE_HZ)
    found = learnt(-np.pad(wet, ((0, 0), (777, 0))))
    assert (found.delay, found.inverted) == (777, True)
    assert found.only_eq
    got = found.network.apply(track().astype(np.float32))
    assert np.sum((got - wet) ** 2) < 1e-3 * np.sum(wet**2)


def test_doing_nothing_is_learnt_as_nothing() -> None:
    found = learnt(track())
    assert found.eq == Eq()
    assert found.residuals.eq_db < -100.0


@pytest.mark.parametrize(
    "process",
    [
        lambda x: compressed(EQ.apply(x, RATE_HZ)),
        lambda x: EQ.apply(np.tanh(20.0 * x) / 10.0, RATE_HZ),
    ],
    ids=["compressed after the EQ", "saturated before it"],
)
def test_dynamics_are_no_eq_and_a_level_dependent_gain_helps(process: object) -> None:
    assert callable(process)
    found = learnt(process(track()))
    assert not found.only_eq
    assert found.network.place is not Place.NONE
    assert found.residuals.network_db < found.residuals.kernel_db - 5.0


def test_reverb_is_no_eq() -> None:
    rng = np.random.default_rng(5)
    tail = rng.standard_normal(RATE_HZ // 5) * np.exp(-np.arange(RATE_HZ // 5) / (0.04 * RATE_HZ))
    tail *= 0.05
    tail[0] = 1.0
    found = learnt(oaconvolve(track(), tail[None], axes=-1)[:, : track().shape[1]])
    assert not found.only_eq
    assert found.residuals.kernel_db < found.residuals.eq_db - 6.0


def test_unrelated_files_are_refused() -> None:
    with pytest.raises(PairError, match="does not sound like BEFORE"):
        learnt(pink_noise(4.0, seed=9)[None, : 3 * RATE_HZ])
