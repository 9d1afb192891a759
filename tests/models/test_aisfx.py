"""The port of aiSFX's network against the original, and its input against librosa's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import aisfx, mel

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "aisfx_reference.npz"
"""Features by the PyPI package aisfx 0.1.2 (torch 2.13): with its own kernels ("original") and
with ours, rounded to 8 bits, in their place ("rounded"); "bank": librosa 0.11's mel filters."""


def made_signal() -> np.ndarray:
    """Return the made signal of the golden file: sweep, square wave and pulsed noise, 3 s."""
    rng, t = np.random.default_rng(7), np.arange(3 * 44100) / 44100
    sweep = 0.3 * np.sin(2 * np.pi * (80 * t + 900 * t**2))
    pulsed = 0.1 * rng.standard_normal(len(t)) * (np.sin(2 * np.pi * 2 * t) > 0)
    square = 0.1 * np.sign(np.sin(2 * np.pi * 220 * t))
    signal = sweep + pulsed + square
    return (signal / np.abs(signal).max()).astype(np.float32)


def block() -> np.ndarray:
    return aisfx.log_mel(aisfx.mel(made_signal())[: aisfx.BLOCK_FRAMES])


def test_features_are_those_of_the_original_network() -> None:
    reference = np.load(GOLDEN)
    features = aisfx.embed(block())
    assert np.abs(features - reference["rounded"]).max() < 1e-4
    # Rounding the kernels to 8 bits costs this, where the features reach up to about 6.
    assert np.abs(features - reference["original"]).max() < 0.15
    assert np.corrcoef(features, reference["original"])[0, 1] > 0.998


def test_mel_filters_are_librosas() -> None:
    np.testing.assert_allclose(mel.filterbank(aisfx.FORMAT), np.load(GOLDEN)["bank"], atol=1e-5)


def test_a_convolution_is_the_sum_of_shifted_products() -> None:
    rng = np.random.default_rng(1)
    maps = rng.standard_normal((5, 4, 3)).astype(np.float32)
    kernel = rng.standard_normal((3, 3, 3, 2)).astype(np.float32)
    bias = rng.standard_normal(2).astype(np.float32)
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
    expected = np.zeros((5, 4, 2))
    for t in range(5):
        for f in range(4):
            expected[t, f] = np.tensordot(padded[t : t + 3, f : f + 3], kernel, axes=3) + bias
    found = aisfx._convolve(aisfx.Layer(kernel, bias), maps)
    np.testing.assert_allclose(found, np.maximum(expected, 0.0), atol=1e-5)


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_features_are_finite(scale: float) -> None:
    features = aisfx.embed(scale * block())
    assert features.shape == (aisfx.SIZE,)
    assert np.isfinite(features).all()
