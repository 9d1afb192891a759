"""What pitch says: on sounds of which everything is known."""

from __future__ import annotations

import numpy as np
import pytest

from models import pitch
from models.pitch import Array, Samples

RATE = pitch.RATE_HZ
TIME = np.arange(2 * RATE) / RATE
PERIODIC, REGISTER, HARMONY = slice(0, 6), slice(6, 23), slice(23, 48)
CHROMA, NOTES = slice(48, 54), slice(54, 68)
FADE, SHAKE, VIBRATO = 54 + 5, 54 + 10, slice(54 + 12, 54 + 14)


def tone(hz: float | Array, harmonics: int = 8, *, step: int = 1) -> Samples:
    """Return two seconds of 1/h harmonics; hz may change over time; step 2: odd ones alone."""
    phase = 2.0 * np.pi * np.cumsum(np.broadcast_to(hz, TIME.shape)) / RATE
    parts = [np.sin(h * phase) / h for h in range(1, harmonics + 1, step)]
    return (0.1 * np.sum(parts, axis=0)).astype(np.float32)


def noise(seed: int = 1) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(len(TIME))).astype(np.float32)


@pytest.mark.parametrize("hz", [30.9, 41.2, 82.4, 220.0, 659.3, 1318.5])
def test_the_pitch_of_a_tone_is_found(hz: float) -> None:
    found = pitch.track(tone(hz, harmonics=5))
    cents = 1200.0 * (found.octave - np.log2(hz / 55.0))
    assert np.abs(cents).max() < 12.0
    assert found.difference.max() < 0.05


def test_noise_has_no_pitch() -> None:
    values = pitch.features([noise()])
    assert values.shape == (68,)
    assert values[PERIODIC][0] > 0.5
    for part in (REGISTER, HARMONY, NOTES):
        np.testing.assert_array_equal(values[part], 0.0)
    assert values[CHROMA][1] > 2.4  # nearly ln 12: all pitch classes alike


def test_a_missing_fundamental_is_heard() -> None:
    phase = 2.0 * np.pi * 110.0 * TIME
    found = pitch.track(np.sin(np.outer((3, 4, 5, 6), phase)).sum(axis=0).astype(np.float32))
    assert np.median(found.octave) == pytest.approx(1.0, abs=0.01)


def test_gain_changes_nothing() -> None:
    sound = tone(196.0) + 0.01 * noise()
    loud, quiet = (pitch.features([np.float32(gain) * sound]) for gain in (4.0, 0.125))
    np.testing.assert_allclose(loud, quiet, atol=1e-4)


def test_odd_harmonics_alone_are_told_from_all() -> None:
    every, odd = (pitch.features([tone(200.0, 9, step=step)])[HARMONY] for step in (1, 2))
    assert odd[12] < every[12] - 2.0  # the second, beside its neighbours, in tens of dB


def test_an_equaliser_hardly_moves_what_harmonics_say_of_their_neighbours() -> None:
    sound = tone(150.0, 12) + 0.01 * noise()
    spectrum = np.fft.rfft(sound)
    tilt = (np.fft.rfftfreq(len(sound), 1 / RATE) / 1000.0 + 0.05) ** 0.5
    tilted = np.fft.irfft(spectrum * tilt, len(sound)).astype(np.float32)
    before, after = (pitch.features([part]) for part in (sound, tilted))
    np.testing.assert_allclose(after[REGISTER], before[REGISTER], atol=0.01)
    np.testing.assert_allclose(after[HARMONY][:8], before[HARMONY][:8], atol=0.1)
    np.testing.assert_allclose(after[HARMONY][12:19], before[HARMONY][12:19], atol=0.15)


def test_vibrato_is_told_from_a_steady_note() -> None:
    shaken = 440.0 * 2.0 ** (25.0 / 1200.0 * np.sin(2.0 * np.pi * 6.0 * TIME))
    steady, moved = (pitch.features([tone(hz)])[VIBRATO] for hz in (440.0, shaken))
    assert moved[0] > 0.8
    assert np.expm1(2.0 * moved[1]) == pytest.approx(25.0 / np.sqrt(2.0), rel=0.35)
    assert np.expm1(2.0 * steady[1]) < 1.0


def test_a_plucked_note_fades() -> None:
    plucked = tone(220.0) * (10.0 ** (-TIME * 15.0 / 20.0)).astype(np.float32)
    per_frame = 15.0 * 512 / RATE
    assert pitch.features([plucked])[FADE] == pytest.approx(-per_frame, rel=0.1)
    assert pitch.features([tone(220.0)])[FADE] == pytest.approx(0.0, abs=0.02)


def test_notes_end_where_the_pitch_steps() -> None:
    melody = np.repeat([220.0, 261.6, 329.6, 220.0], len(TIME) // 4)
    found = pitch.notes(pitch.track(tone(melody)))
    heard = [55.0 * 2.0 ** (float(np.median(note.cents)) / 1200.0) for note in found]
    assert len(heard) == 4
    np.testing.assert_allclose(heard, [220.0, 261.6, 329.6, 220.0], rtol=0.005)


def test_what_is_far_below_the_loudest_part_does_not_count() -> None:
    loud, quiet = tone(220.0), np.float32(1e-3) * noise()
    np.testing.assert_allclose(
        pitch.features([loud, quiet, np.zeros(RATE, np.float32)]),
        pitch.features([loud]),
        atol=1e-6,
    )


@pytest.mark.parametrize("length", [1, 100, 2047, 2048, 2600])
def test_short_sounds_are_heard(length: int) -> None:
    values = pitch.features([noise()[:length]])
    assert values.shape == (68,)
    assert np.isfinite(values).all()
