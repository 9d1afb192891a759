"""Small REAPER projects with the audio a test wants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.floating]
RATE_HZ = 48000


def write_song(
    folder: Path,
    tracks: Mapping[str, Samples | Path],
    *,
    selected: bool = True,
    seconds: float | None = None,
    muted: tuple[str, ...] = (),
) -> Path:
    """Write song.rpp with one track per entry: samples (frames,) or (frames, channels), or a file.

    seconds: the length of items whose file cannot be measured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = f'<REAPER_PROJECT 0.1 "7.40/linux-x86_64" 1763700000 0\n  SAMPLERATE {RATE_HZ} 0 0\n'
    for number, (name, audio) in enumerate(tracks.items(), start=1):
        if isinstance(audio, Path):
            path = audio
        else:
            path = folder / f"{number}.wav"
            soundfile.write(path, audio, RATE_HZ, subtype="FLOAT")
        length = seconds or soundfile.info(str(path)).duration
        text += _track(number, name, path.name, length, selected, name in muted)
    song = folder / "song.rpp"
    song.write_text(text + ">\n")
    return song


def pink_noise(seconds: float, seed: int = 0) -> Samples:
    """Return pink noise (frames,) at RATE_HZ, −20 dBFS RMS."""
    frames = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(frames))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 1.0))
    noise = np.fft.irfft(spectrum, frames)
    scaled: Samples = 0.1 * noise / np.sqrt(np.mean(noise**2))
    return scaled


def _track(number: int, name: str, file: str, length: float, selected: bool, muted: bool) -> str:
    guid = f"{{{number:08X}-0000-4000-8000-000000000000}}"
    return f"""\
  <TRACK {guid}
    NAME "{name}"
    VOLPAN 1 0 -1 -1 1
    MUTESOLO {int(muted)} 0 0
    ISBUS 0 0
    SEL {int(selected)}
    NCHAN 2
    FX 1
    TRACKID {guid}
    MAINSEND 1 0
    <ITEM
      POSITION 0
      LENGTH {length!r}
      LOOP 0
      <SOURCE {"FLAC" if file.endswith("flac") else "WAVE"}
        FILE "{file}"
      >
    >
  >
"""
