"""Two files brought together in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.audio import Clip
from models.pair import PairError, align
from tests.projects import pink_noise

RATE_HZ = 16000


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return pink_noise(seconds, seed)[: round(seconds * RATE_HZ)].astype(np.float32)


@settings(max_examples=12, deadline=None)
@given(delay=st.integers(-3000, 3000), gain=st.sampled_from((1.0, -0.5, 3.0)))
def test_delay_of_either_sign_is_found(delay: int, gain: float) -> None:
    dry = noise(3.0)
    before = Clip(dry[max(0, -delay) :] if delay < 0 else dry, RATE_HZ)
    wet = gain * np.pad(dry, (max(delay, 0), 0))
    pair = align(before if delay >= 0 else Clip(dry, RATE_HZ), Clip(wet[max(0, -delay) :], RATE_HZ))
    assert pair.delay == delay
    np.testing.assert_allclose(pair.after, gain * pair.before, atol=1e-6)


def test_delay_is_found_at_a_rate_above_the_rough_search() -> None:
    dry = pink_noise(4.0).astype(np.float32)
    pair = align(Clip(dry, 48000), Clip(np.pad(dry, (12345, 0)), 48000))
    assert pair.delay == 12345


def test_different_rates_are_refused_with_both_named() -> None:
    with pytest.raises(PairError, match="44100 Hz and AFTER 48000 Hz"):
        align(Clip(noise(2.0), 44100), Clip(noise(2.0), 48000))


def test_silence_and_short_files_are_refused() -> None:
    good = Clip(noise(2.0), RATE_HZ)
    with pytest.raises(PairError, match="AFTER is silent"):
        align(good, Clip(np.zeros((1, 2 * RATE_HZ), np.float32), RATE_HZ))
    with pytest.raises(PairError, match="BEFORE is shorter"):
        align(Clip(noise(0.5), RATE_HZ), good)


def test_unequal_lengths_are_told() -> None:
    dry = noise(4.0)
    pair = align(Clip(dry, RATE_HZ), Clip(dry[: 3 * RATE_HZ], RATE_HZ))
    assert pair.before.shape == pair.after.shape == (1, 3 * RATE_HZ)
    assert "3.00 s they have in common" in pair.notes[0]


def test_mono_and_stereo_are_compared_by_their_means() -> None:
    dry = noise(2.0)
    pair = align(Clip(dry, RATE_HZ), Clip(np.stack((dry, dry)), RATE_HZ))
    assert pair.after.shape[0] == 1
    assert "1 channels and AFTER 2" in pair.notes[0]
