"""The learnt convolution."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from models import kernel_fit
from models.eq import Band, BandKind, Eq
from tests.projects import pink_noise

RATE_HZ = 16000
EQ = Eq((Band(BandKind.BELL, 300.0, 8.0, 1.0), Band(BandKind.HIGH_SHELF, 3000.0, -5.0, 1.2)), 2.0)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return pink_noise(seconds, seed)[None, : round(seconds * RATE_HZ)]


def response_error_db(kernel: kernel_fit.Kernel, eq: Eq) -> np.ndarray:
    size = 4 * len(kernel.taps)
    ours_db = 20.0 * np.log10(np.abs(kernel.response(size))[1:])
    return ours_db - eq.response_db(np.fft.rfftfreq(size, 1.0 / RATE_HZ)[1:], RATE_HZ)


def test_an_equaliser_is_learnt_from_an_excerpt_cut_out_of_the_middle() -> None:
    dry = noise(4.0)
    wet = EQ.apply(dry, RATE_HZ)
    middle = slice(RATE_HZ, 3 * RATE_HZ)
    kernel = kernel_fit.fit(dry[:, middle], wet[:, middle], 1024)
    assert np.abs(response_error_db(kernel, EQ)[20:]).max() < 0.05
    left = wet[:, 2048:-2048] - kernel.convolve(dry)[:, 2048:-2048]
    assert np.sum(left**2) < 1e-6 * np.sum(wet**2)


def test_a_linear_phase_filter_reaches_before_time_zero() -> None:
    dry, taps = noise(2.0), np.hanning(33)
    wet = np.array([np.convolve(dry[0], taps)[16 : 16 + dry.shape[1]]])
    kernel = kernel_fit.fit(dry, wet, 256)
    middle = kernel.taps[kernel.lead - 16 : kernel.lead + 17]
    np.testing.assert_allclose(middle, taps, atol=1e-3)


def test_it_stays_flat_where_the_track_has_nothing() -> None:
    sos = butter(12, 2000.0, fs=RATE_HZ, output="sos")
    dry = sosfilt(sos, noise(4.0), axis=-1)
    wet = EQ.apply(dry, RATE_HZ) + 1e-5 * np.random.default_rng(1).standard_normal(dry.shape)
    kernel = kernel_fit.fit(dry, wet, 1024)
    error_db = response_error_db(kernel, EQ)
    bins_hz = np.fft.rfftfreq(4096, 1.0 / RATE_HZ)[1:]
    heard = (bins_hz > 60.0) & (bins_hz < 1500.0)
    assert np.abs(error_db[heard]).max() < 0.1
    gain_db = 20.0 * np.log10(np.abs(kernel.response(4096))[1:])
    assert np.ptp(gain_db[bins_hz > 6000.0]) < 0.5
    trust = kernel.at(4096, kernel.trust)[1:]
    assert trust[heard].min() > 0.9
    assert trust[bins_hz > 6000.0].max() < 0.1


def test_channels_share_one_kernel() -> None:
    dry = np.concatenate((noise(2.0, 1), noise(2.0, 2)))
    wet = lfilter([0.5, 0.25], [1.0], dry, axis=-1)
    kernel = kernel_fit.fit(dry, wet, 256)
    np.testing.assert_allclose(kernel.taps[kernel.lead : kernel.lead + 2], [0.5, 0.25], atol=1e-3)


def test_taps_follow_the_length_of_the_pair() -> None:
    assert kernel_fit.taps_for(60 * 48000, 48000) == 8192
    assert kernel_fit.taps_for(48000, 48000) == 4096
    assert kernel_fit.taps_for(100, 48000) == kernel_fit.MIN_TAPS
