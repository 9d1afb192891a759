"""Differentiable biquads say what the equaliser does, and their gradients are right."""

from __future__ import annotations

import numpy as np
import pytest

from models.eq import Band, BandKind, Eq

torch = pytest.importorskip("torch", reason="torch is absent: install the extra `train`")

from models.training.biquads import Biquads, Law  # noqa: E402

FREQS_HZ = np.geomspace(5.0, 23900.0, 300)
KINDS = (
    BandKind.LOW_SHELF,
    BandKind.BELL,
    BandKind.BELL,
    BandKind.HIGH_SHELF,
    BandKind.HIGH_PASS,
    BandKind.LOW_PASS,
)


def _controls(rng, count, widest, *, fs=48000.0):
    freq_hz = np.exp(rng.uniform(np.log(12.0), np.log(0.485 * fs), (count, len(KINDS))))
    gain_db = rng.uniform(-24.0, 24.0, (count, len(KINDS)))
    width = np.exp(rng.uniform(np.log(0.05), np.log(widest), (count, len(KINDS))))
    return freq_hz, gain_db, width


def _torch_response(law, controls, dtype=torch.float64, fs=48000.0):
    biquads = Biquads(KINDS, torch.as_tensor(FREQS_HZ, dtype=dtype), fs, law)
    return biquads.response_db(*(torch.as_tensor(c, dtype=dtype) for c in controls)).numpy()


@pytest.mark.parametrize("fs", [44100.0, 48000.0, 96000.0])
def test_reaeq_law_equals_the_equaliser(fs):
    freqs, gains, widths = _controls(np.random.default_rng(1), 60, 9.0, fs=fs)
    expected = [
        Eq(tuple(map(Band, KINDS, f, g, w))).response_db(FREQS_HZ[0.499 * fs > FREQS_HZ], fs)
        for f, g, w in zip(freqs, gains, widths, strict=True)
    ]
    got = _torch_response(Law.REAEQ, (freqs, gains, widths), fs=fs)
    audible = np.array(expected) > -150.0
    error = np.abs(got[:, 0.499 * fs > FREQS_HZ] - expected)[audible]
    assert error.max() < 1e-4


def test_reaeq_law_keeps_reaeqs_clamps():
    controls = (
        [[1.0, 300.0, 5e4, 3e4, 2.0, 1e5]],
        [[6.0] * 6],
        [[0.1, 0.001, 2.0, 30.0, 1.0, 1.0]],
    )
    eq = Eq(tuple(map(Band, KINDS, *(c[0] for c in controls))))
    expected = eq.response_db(FREQS_HZ, 48000.0)
    assert np.abs(_torch_response(Law.REAEQ, controls)[0] - expected).max() < 1e-4


def test_paper_law_is_the_cookbook_with_q_and_slope():
    rng = np.random.default_rng(2)
    freq_hz, gain_db, _ = _controls(rng, 40, 1.0)
    gain_db /= 2.4
    q = rng.uniform(0.1, 3.0, freq_hz.shape)
    slope_or_q = np.where([k.has_gain and k is not BandKind.BELL for k in KINDS], q / 3.0, q)
    got = _torch_response(Law.PAPER, (freq_hz, gain_db, slope_or_q))
    z = np.exp(-2j * np.pi * FREQS_HZ / 48000.0)
    for row in range(len(freq_hz)):
        h = np.ones_like(z)
        for kind, f, g, w in zip(KINDS, freq_hz[row], gain_db[row], slope_or_q[row], strict=True):
            b, a = _cookbook(kind, 2.0 * np.pi * f / 48000.0, 10.0 ** (g / 40.0), w)
            h = h * np.polyval(b[::-1], z) / np.polyval(a[::-1], z)
        expected = 20.0 * np.log10(np.abs(h))
        audible = expected > -150.0
        assert np.abs(got[row] - expected)[audible].max() < 1e-4


def _cookbook(kind, w0, amp, width):
    """Robert Bristow-Johnson's formulas as he wrote them: b and a of one filter."""
    cos, sin = np.cos(w0), np.sin(w0)
    if kind is BandKind.BELL:
        alpha = sin / (2.0 * width)
        return (
            [1 + alpha * amp, -2 * cos, 1 - alpha * amp],
            [1 + alpha / amp, -2 * cos, 1 - alpha / amp],
        )
    if kind in (BandKind.HIGH_PASS, BandKind.LOW_PASS):
        alpha = sin / (2.0 * width)
        a = [1 + alpha, -2 * cos, 1 - alpha]
        if kind is BandKind.HIGH_PASS:
            return [(1 + cos) / 2, -(1 + cos), (1 + cos) / 2], a
        return [(1 - cos) / 2, 1 - cos, (1 - cos) / 2], a
    alpha = sin / 2.0 * np.sqrt((amp + 1 / amp) * (1 / width - 1) + 2)
    edge, up, down = 2 * np.sqrt(amp) * alpha, amp + 1, amp - 1
    if kind is BandKind.LOW_SHELF:
        return (
            [
                amp * (up - down * cos + edge),
                2 * amp * (down - up * cos),
                amp * (up - down * cos - edge),
            ],
            [up + down * cos + edge, -2 * (down + up * cos), up + down * cos - edge],
        )
    return (
        [
            amp * (up + down * cos + edge),
            -2 * amp * (down + up * cos),
            amp * (up + down * cos - edge),
        ],
        [up - down * cos + edge, 2 * (down - up * cos), up - down * cos - edge],
    )


@pytest.mark.parametrize("law", list(Law))
def test_gradients_equal_finite_differences(law):
    freqs = torch.tensor([40.0, 310.0, 2000.0, 9000.0, 19000.0], dtype=torch.float64)
    biquads = Biquads(KINDS, freqs, 48000.0, law)
    nepers = torch.log(torch.tensor([80.0, 300.0, 1000.0, 8000.0, 40.0, 16000.0]).double())
    gain = torch.tensor([3.0, -5.0, 0.0, 6.0, 0.0, 0.0]).double()
    width = torch.tensor([0.95, 0.7, 2.0, 0.93, 1.2, 1.9]).double()
    inputs = [t.clone().requires_grad_() for t in (nepers, gain, width)]

    def response(ln_freq, gain_db, wide):
        return biquads.response_db(torch.exp(ln_freq), gain_db, wide)

    assert torch.autograd.gradcheck(response, inputs, eps=1e-6, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("law", list(Law))
def test_float32_is_good_enough_to_train(law):
    controls = _controls(np.random.default_rng(3), 50, 4.0)
    narrow_enough = np.clip(controls[2], 0.1, 3.0)
    controls = (controls[0], controls[1] / 2.0, narrow_enough)
    exact = _torch_response(law, controls)
    error = np.abs(_torch_response(law, controls, torch.float32) - exact)[exact > -100.0]
    assert error.max() < 0.02
    assert np.isfinite(exact).all()


def test_a_kind_without_formula_is_refused():
    biquads = Biquads((BandKind.NOTCH,), torch.tensor([100.0]), 48000.0, Law.REAEQ)
    one = torch.ones(1, 1)
    with pytest.raises(ValueError, match="notch"):
        biquads.response_db(100.0 * one, one, one)
