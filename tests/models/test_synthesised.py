"""Instruments made by number: the same each time, of the pitch they say, and no two alike."""

from __future__ import annotations

import numpy as np
import pytest

from models.instruments import CLASSES
from models.training import made_percussion, made_phrases, made_strings, made_synths, synthesised
from models.training.made_phrases import RATE_HZ, Array, Note
from models.training.recogniser_data import collection


def loudest_hz(sound: Array) -> float:
    """The frequency of the strongest partial, to 1 Hz or so."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 2**17))
    return float(spectrum.argmax() * RATE_HZ / 2**17)


def test_each_class_has_as_many_recordings_as_promised_and_all_are_known_classes() -> None:
    labels = [recording.label for recording in synthesised.recordings()]
    assert {label: labels.count(label) for label in labels} == synthesised.COUNTS
    assert set(labels) <= set(CLASSES)
    assert not any(recording.recorded for recording in synthesised.recordings())


@pytest.mark.parametrize("label", list(synthesised.COUNTS))
def test_recordings_of_one_class_are_of_one_level_and_no_two_alike(label: str) -> None:
    own = [r for r in synthesised.recordings() if r.label == label]
    clip, other = synthesised.clip(own[3]), synthesised.clip(own[4])
    assert clip.samples.shape == (1, made_phrases.FRAMES)
    assert clip.samples.std() == pytest.approx(0.1, rel=0.01)
    assert abs(np.corrcoef(clip.samples[0], other.samples[0])[0, 1]) < 0.5


def test_a_recording_sounds_the_same_each_time() -> None:
    recording = next(r for r in synthesised.recordings() if r.label == "percussion")
    first, again = synthesised.clip(recording), synthesised.clip(recording)
    np.testing.assert_array_equal(first.samples, again.samples)


@pytest.mark.parametrize("pitch", [33.0, 57.0, 70.0])
def test_a_string_sounds_at_its_pitch(pitch: float) -> None:
    tone = made_strings._string(np.random.default_rng(2), muted=False)
    hz = made_phrases.hz_of(pitch)
    partial = loudest_hz(tone(pitch, 1.0, 0.8)) / hz
    assert partial == pytest.approx(round(partial), abs=0.02)
    assert round(partial) >= 1


def test_a_bar_rings_at_its_modes() -> None:
    tone = made_percussion._struck("marimba", np.random.default_rng(4))(69.0, 1.0, 1.0)
    assert loudest_hz(tone[2000:]) == pytest.approx(440.0, rel=0.04)


def test_a_synthesiser_voice_has_its_pitch_and_its_filter_closes() -> None:
    voice = made_synths._filtered_voice(np.random.default_rng(3))(220.0, 2 * RATE_HZ, 1.0)
    nearest = loudest_hz(voice) / 220.0
    assert nearest == pytest.approx(round(nearest), abs=0.03)


def test_notes_start_when_they_say() -> None:
    notes = [Note(0.5, 0.1, (60.0,), 1.0), Note(2.0, 0.1, (60.0, 64.0), 0.5)]
    sound = made_phrases.played(notes, lambda pitch, length_s, loud: np.ones(10), spread_s=0.1)
    expected = np.zeros(made_phrases.FRAMES)
    for start_s, level in ((0.5, 1.0), (2.0, 0.5), (2.1, 0.5)):
        start = round(start_s * RATE_HZ)
        expected[start : start + 10] += level
    np.testing.assert_array_equal(sound, expected)


def test_what_runs_over_the_end_is_cut() -> None:
    late = Note(made_phrases.SECONDS - 0.001, 1.0, (60.0,), 1.0)
    sound = made_phrases.played([late], lambda pitch, length_s, loud: np.ones(RATE_HZ))
    assert len(sound) == made_phrases.FRAMES
    assert sound[-1] == 1.0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("mdb-Beatles", "mdb"),
        ("x-waf-chaos", "waf"),
        ("shinyguitar-mic", "karoryfer"),
        ("x-gretsch-anniversary", "karoryfer"),
        ("x-vsco2-horn", "versilian"),
        ("salamander", "salamander"),
        (synthesised.REMARK, ""),
    ],
)
def test_sources_of_one_maker_are_one_collection(source: str, expected: str) -> None:
    assert collection(source) == expected
