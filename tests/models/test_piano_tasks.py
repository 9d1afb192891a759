"""The end-to-end paper's tasks: its notes, equalisers, frames and loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training import piano_tasks
from models.training.piano_tasks import FRAME, RATE_HZ, TASKS

RNG = np.random.default_rng(2)
FRAMES = RNG.standard_normal((3, FRAME)).astype(np.float32)


def test_loss_of_the_same_is_nothing() -> None:
    assert piano_tasks.loss(FRAMES, FRAMES).total == 0.0


@given(gain=st.floats(0.1, 10.0))
def test_a_gain_changes_level_and_no_shape(gain: float) -> None:
    found = piano_tasks.loss(FRAMES, gain * FRAMES)
    assert found.kl == pytest.approx(0.0, abs=1e-6)
    assert found.mae == pytest.approx(abs(gain - 1.0) * np.abs(FRAMES).mean(), rel=1e-4, abs=1e-7)
    power = np.mean(np.abs(np.fft.rfft(FRAMES)) ** 2)
    assert found.mse == pytest.approx((gain - 1.0) ** 2 * power, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(
    ("task", "low_db", "corner_db", "high_db"),
    [
        ("shelving", 10.0, 5.0, 0.0),
        ("peaking", 0.0, 10.0, 0.0),
        ("low_pass", 0.0, -6.0, -50.0),
        ("high_pass", -37.0, -6.0, 0.0),
    ],
)
def test_the_equalisers_are_the_papers(
    task: str, low_db: float, corner_db: float, high_db: float
) -> None:
    impulse = np.zeros(4096, np.float32)
    impulse[0] = 1.0
    response = np.fft.rfft(piano_tasks.equalised(impulse, task).astype(np.float64))
    gain_db = 20.0 * np.log10(np.abs(response) + 1e-12)
    bins = [round(hz * 4096 / RATE_HZ) for hz in (20.0, 500.0, 6000.0)]
    assert gain_db[bins[1]] == pytest.approx(corner_db, abs=0.6)
    if high_db < -40.0:
        assert gain_db[bins[2]] < high_db
    else:
        assert gain_db[bins[2]] == pytest.approx(high_db, abs=0.6)
    assert gain_db[bins[0]] == pytest.approx(low_db, abs=0.6)


def test_frames_cover_the_signal_from_its_start() -> None:
    signal = np.ones(4 * FRAME, np.float32)
    cut = piano_tasks.frames(signal)
    assert cut.shape == (4 * FRAME // 64 + 1, FRAME)
    assert not cut[0, : FRAME // 2].any()
    np.testing.assert_allclose(cut[10], piano_tasks.hann())


def test_every_semitone_from_a_neighbour_and_b_held_out(data_dir: Path) -> None:
    notes = piano_tasks.notes(data_dir)
    assert len(notes) == 88 * 16
    assert {note.shift for note in notes} == {-1, 0, 1}
    assert all(note.path.is_file() for note in notes)
    held_out = [note for note in notes if note.held_out]
    assert {note.pitch for note in held_out} == {23, 35, 47, 59, 71, 83, 95, 107}
    assert len(held_out) == 8 * 16


def test_unprocessed_shelving_has_the_papers_loss(data_dir: Path) -> None:
    losses = []
    for note in [one for one in piano_tasks.notes(data_dir) if one.held_out][::7]:
        dry = piano_tasks.waveform(note)
        wet = piano_tasks.equalised(dry, "shelving")
        cut = [piano_tasks.frames(signal, FRAME) for signal in (wet, dry)]
        losses.append(piano_tasks.loss(*cut))
    total = piano_tasks.mean_loss(losses).total
    assert total == pytest.approx(piano_tasks.PAPER_UNPROCESSED_LOSS, rel=0.05)


def test_tasks_have_a_figure_in_the_paper() -> None:
    assert set(piano_tasks.PAPER_LOSS) == set(TASKS)
