"""The four tasks of the end-to-end paper: piano notes, equalisers, frames and the loss.

Martínez Ramírez & Reiss, *End-to-end equalization with convolutional neural networks*, DAFx 2018:
single notes of the Salamander Grand Piano at 16 kHz, every semitone by pitch shift, 16 velocities,
4 s; the pitch class B is held out. An equaliser is learnt from frames of 1024 samples under a Hann
window, every 64 samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.audio import Clip, load, resample
from models.eq import Array, Band, BandKind

RATE_HZ = 16000
NOTE_FRAMES = 4 * RATE_HZ
FRAME, HOP = 1024, 64
TASKS = ("shelving", "peaking", "low_pass", "high_pass")
CORNER_HZ, GAIN_DB, Q = 500.0, 10.0, 0.707
FIR_TAPS = 51
PAPER_LOSS = {
    "shelving": 0.032083,
    "peaking": 0.032406,
    "low_pass": 0.033420,
    "high_pass": 0.023708,
}
"""The paper's Table 2, column loss."""
PAPER_UNPROCESSED_LOSS = 1.21
"""Its loss of the dry against the wet signal, shelving. With the recordings at their own level, on
which the squared part of the loss hangs, ours is 1.23."""
PAPER_AUTOENCODER_LOSS = 0.104
HELD_OUT = 11
"""B, as a pitch class above C."""
_SAMPLED = {"A": 9, "C": 0, "D#": 3, "F#": 6}
_LOWEST, _HIGHEST = 21, 108
_FLOOR = 1e-7


@dataclass(frozen=True, slots=True)
class Note:
    """One note: its MIDI number, velocity layer 1 ... 16, and the recording it is shifted from."""

    pitch: int
    velocity: int
    path: Path
    shift: int

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the test set."""
        return self.pitch % 12 == HELD_OUT


def notes(data: Path) -> list[Note]:
    """Return the notes A0 ... C8 in 16 velocities, each from the nearest recorded pitch."""
    recorded: dict[int, str] = {}
    for pitch in range(_LOWEST, _HIGHEST + 1):
        for name, degree in _SAMPLED.items():
            if pitch % 12 == degree:
                recorded[pitch] = f"{name.replace('#', 's')}{pitch // 12 - 1}"
    folder = data / "audio" / "piano_notes"
    found = []
    for pitch in range(_LOWEST, _HIGHEST + 1):
        nearest = min(recorded, key=lambda one: abs(one - pitch))
        for velocity in range(1, 17):
            path = folder / f"sal_{recorded[nearest]}v{velocity}_000.opus"
            found.append(Note(pitch, velocity, path, pitch - nearest))
    return found


def waveform(note: Note) -> NDArray[np.float32]:
    """Return a note's samples (64000,) at 16 kHz, silence added where a shift made it shorter."""
    clip = load(note.path)
    mono = clip.samples.mean(axis=0, keepdims=True)
    played_hz = round(clip.sample_rate_hz * 2.0 ** (note.shift / 12.0))
    shifted = resample(Clip(mono, played_hz), RATE_HZ).samples[0, :NOTE_FRAMES]
    return np.pad(shifted, (0, NOTE_FRAMES - len(shifted)))


def equalised(dry: NDArray[np.float32], task: str) -> NDArray[np.float32]:
    """Return `dry` (..., n) through the equaliser of a task.

    Shelving and peaking: second order, +10 dB at 500 Hz, Q 0.707. Low and high pass: windowed FIR
    of order 50 at 500 Hz.
    """
    from scipy.signal import firwin, lfilter  # noqa: PLC0415  (slow import)

    if task in ("shelving", "peaking"):
        kind = BandKind.LOW_SHELF if task == "shelving" else BandKind.BELL
        b, a = Band.from_q(kind, CORNER_HZ, GAIN_DB, q=Q).coefficients(RATE_HZ)
    else:
        b = firwin(FIR_TAPS, CORNER_HZ, fs=RATE_HZ, pass_zero=task == "low_pass")
        a = np.ones(1)
    return np.asarray(lfilter(b, a, dry, axis=-1), dtype=np.float32)


def hann() -> NDArray[np.float32]:
    """Return the periodic Hann window (1024,)."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


def frames(signal: NDArray[np.float32], hop: int = HOP) -> NDArray[np.float32]:
    """Return the windowed frames (n, 1024) of a signal, the first one centred on its start."""
    padded = np.pad(signal, FRAME // 2)
    view = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::hop]
    return np.asarray(view * hann())


@dataclass(frozen=True, slots=True)
class Loss:
    """The paper's loss and its parts, means over frames."""

    kl: float
    mse: float
    mae: float

    @property
    def total(self) -> float:
        """The sum of the parts, each with weight 1."""
        return self.kl + self.mse + self.mae


def loss(wanted: NDArray[np.floating], got: NDArray[np.floating]) -> Loss:
    """Return the loss between frames (n, 1024).

    kl: Kullback-Leibler divergence of the magnitude spectra (1024 points), each normalised to a
    sum of 1. mse: mean square difference of the magnitudes. mae: mean absolute difference of the
    waveforms.
    """
    spectra = [np.abs(np.fft.rfft(np.asarray(each, dtype=np.float64))) for each in (wanted, got)]
    shares = [_normalised(spectrum) for spectrum in spectra]
    divergence = (shares[0] * np.log(shares[0] / shares[1])).sum(axis=-1)
    return Loss(
        kl=float(divergence.mean()),
        mse=float(np.mean((spectra[0] - spectra[1]) ** 2)),
        mae=float(np.mean(np.abs(np.subtract(wanted, got)))),
    )


def _normalised(spectrum: Array) -> Array:
    floored = np.maximum(spectrum, _FLOOR)
    return np.asarray(floored / floored.sum(axis=-1, keepdims=True))


def mean_loss(losses: list[Loss]) -> Loss:
    """Return the mean of losses over equally many frames each."""
    parts = np.mean([(one.kl, one.mse, one.mae) for one in losses], axis=0)
    return Loss(*(float(part) for part in parts))


def held_out(data: Path) -> Iterator[NDArray[np.float32]]:
    """Yield the dry waveforms of the held-out notes."""
    return (waveform(note) for note in notes(data) if note.held_out)
