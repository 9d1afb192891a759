"""The learnt network as it runs and is kept."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from models.end_to_end import LearnedEq, LearnedEqError, Place
from models.level_gain import KNOTS_DB, TIMES_S, LevelGain

RATE_HZ = 16000
RNG = np.random.default_rng(3)
KERNEL = RNG.standard_normal(300) * np.exp(-np.arange(300) / 40.0)
GAIN = LevelGain(RNG.uniform(-0.3, 0.3, (len(TIMES_S), len(KNOTS_DB))))
SIGNAL = (0.2 * RNG.standard_normal((2, 9000))).astype(np.float32)


def networks() -> list[LearnedEq]:
    return [
        LearnedEq(KERNEL, 75, RATE_HZ),
        LearnedEq(KERNEL, 75, RATE_HZ, Place.BEFORE, GAIN),
        LearnedEq(KERNEL, 75, RATE_HZ, Place.BEHIND, GAIN),
    ]


@pytest.mark.parametrize("network", networks(), ids=lambda n: n.place)
@settings(max_examples=10, deadline=None)
@given(sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=8))
def test_block_sizes_make_no_difference(network: LearnedEq, sizes: list[int]) -> None:
    edges = np.minimum(np.cumsum([0, *sizes, SIGNAL.shape[1]]), SIGNAL.shape[1])
    blocks = [SIGNAL[:, a:b] for a, b in pairwise(edges)]
    streamed = np.concatenate(list(network.stream(blocks)), axis=1)
    whole = network.apply(SIGNAL)
    assert streamed.shape == SIGNAL.shape
    np.testing.assert_allclose(streamed, whole, atol=1e-6)


def test_it_is_the_convolution_without_delay() -> None:
    got = LearnedEq(KERNEL, 75, RATE_HZ).apply(SIGNAL)
    wanted = [np.convolve(channel, KERNEL)[75 : 75 + SIGNAL.shape[1]] for channel in SIGNAL]
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    for network in networks():
        path = tmp_path / "eq.safetensors"
        path.write_bytes(network.save())
        loaded = LearnedEq.load(path)
        assert (loaded.lead, loaded.place) == (network.lead, network.place)
        np.testing.assert_allclose(loaded.apply(SIGNAL), network.apply(SIGNAL), atol=1e-5)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "eq.safetensors"
    path.write_bytes(networks()[0].save()[:-100])
    with pytest.raises(LearnedEqError, match="holds no learnt EQ"):
        LearnedEq.load(path)
    save_file({"kernel": np.ones(8, np.float32)}, path)
    with pytest.raises(LearnedEqError, match="another format"):
        LearnedEq.load(path)
    facts = {"format": "1", "lead": "9", "sample_rate_hz": "48000", "place": "none", "about": "{}"}
    save_file({"kernel": np.ones(8, np.float32)}, path, metadata=facts)
    with pytest.raises(LearnedEqError, match="lead of 9"):
        LearnedEq.load(path)
    save_file({"kernel": np.full(8, np.nan, np.float32)}, path, metadata={**facts, "lead": "0"})
    with pytest.raises(LearnedEqError, match="not finite"):
        LearnedEq.load(path)


def test_facts_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "eq.safetensors"
    about = {"name": "Señor Gain", "residual_db": -40.5}
    path.write_bytes(LearnedEq(KERNEL, 0, RATE_HZ, about=about).save())
    assert LearnedEq.load(path).about == json.loads(json.dumps(about))


def test_another_sample_rate_keeps_the_response_and_adds_no_delay() -> None:
    smooth = np.hanning(41) / 20.0
    network = LearnedEq(smooth, 20, 44100)
    turned = network.at_rate(48000)
    freqs_hz = np.array([50.0, 300.0, 800.0])
    for eq in (network, turned):
        times_s = (np.arange(len(eq.kernel)) - eq.lead) / eq.sample_rate_hz
        response = np.exp(-2j * np.pi * freqs_hz[:, None] * times_s) @ eq.kernel
        np.testing.assert_allclose(np.angle(response), 0.0, atol=1e-3)
        if eq is network:
            wanted = np.abs(response)
    np.testing.assert_allclose(np.abs(response), wanted, rtol=1e-3)
