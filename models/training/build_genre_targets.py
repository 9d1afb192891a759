"""Build presets/genres/*.yaml: python -m models.training.build_genre_targets.

The long-term spectra of GTZAN's tracks (training and validation part of the filtered split) are
known as the mean of their cepstra: smooth, in mean dB, up to 11 kHz. What that leaves out is
measured on real masters of the reference recordings (not those of the test split): the mean
difference between a master's true spectrum and the one its cepstra give corrects every track,
and the masters' roll-off from 8 kHz on continues it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models import cepstra, excerpts, target_files
from models.audio import info, stream
from models.genre_targets import FOLDER
from models.genres import GENRES, REFERENCE_RMS
from models.resources import presets_dir
from models.spectrum import GRID_HZ, Spectrum, listen
from models.target import Target, from_spectra, smoothed_db
from models.training import corpus, genre_data
from models.training.corpus import Recording

Array = NDArray[np.float64]

FADE_HZ = (7000.0, 10000.0)
"""Up to the first the published features count, from the second on the real masters."""
ANCHOR_HZ = (7000.0, 8000.0)
"""Where the masters' roll-off is joined on."""
RESOLVED_HZ = 160.0
"""Below this 20 cepstra do not tell bands apart: the masters' mean difference does."""
LOW_CONFIDENCE, TOP_CONFIDENCE = 0.5, 0.6
_GRID_WIDTH_DB = 10.0 * np.log10(GRID_HZ)


class Correction(NamedTuple):
    """What the masters tell, all (121,) in dB. top: the level against that at 7 … 8 kHz."""

    difference: Array
    difference_spread: Array
    top: Array
    top_spread: Array
    masters: int
    sources: int


def cepstral_db(mean: Array) -> Array:
    """Return the band levels (N, 121) on the grid that cepstra (N, 20) stand for."""
    envelope = cepstra.envelope_db(mean)
    rows = [np.interp(GRID_HZ, cepstra.MEL_HZ, row) for row in envelope]
    return np.array(rows) + _GRID_WIDTH_DB


def measure_correction(recordings: Sequence[Recording]) -> Correction:
    """Measure real masters both ways; a source counts with the square root of its clips."""
    true_db, from_cepstra = [], []
    for recording in recordings:
        heard = listen(recording.path).spectrum
        cut = excerpts.cut(stream(recording.path), info(recording.path))
        measured = cepstra.measure(cut.at(cepstra.FORMAT.sample_rate_hz, REFERENCE_RMS / cut.rms))
        assert measured is not None
        level = smoothed_db(heard)
        true_db.append(np.where(heard.confidence > 0.1, level, np.nan))
        from_cepstra.append(cepstral_db(measured.mean[None])[0])
    sources = [recording.source for recording in recordings]
    weight = np.array([sources.count(source) ** -0.5 for source in sources])
    true = np.array(true_db)
    difference = true - np.array(from_cepstra)
    difference -= _level(difference, 200.0, FADE_HZ[0])
    top = true - _level(true, *ANCHOR_HZ)
    return Correction(
        *_mean_and_spread(difference, weight),
        *_mean_and_spread(top, weight),
        len(recordings),
        len(set(sources)),
    )


def _level(rows: Array, low_hz: float, high_hz: float) -> Array:
    """Return the mean of each row between two frequencies (N, 1), NaN where nothing is known."""
    inside = rows[:, (low_hz <= GRID_HZ) & (high_hz >= GRID_HZ)]
    count = np.isfinite(inside).sum(axis=1, keepdims=True)
    total = np.nansum(inside, axis=1, keepdims=True)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean_and_spread(rows: Array, weight: Array) -> tuple[Array, Array]:
    share = np.where(np.isfinite(rows), weight[:, None], 0.0)
    filled = np.nan_to_num(rows)
    total = np.maximum(share.sum(axis=0), 1e-9)
    mean = (share * filled).sum(axis=0) / total
    return mean, np.sqrt((share * (filled - mean) ** 2).sum(axis=0) / total)


def corrected(mean: Array, correction: Correction) -> Array:
    """Return the band levels (N, 121) of tracks, corrected and continued above 8 kHz."""
    below = np.array(cepstral_db(mean) + correction.difference)
    above = _level(below, *ANCHOR_HZ) + correction.top
    return np.asarray(below + _fade() * (above - below))


def confidence() -> Array:
    """Return how far each point is known (121,)."""
    low = np.clip(np.log2(GRID_HZ / 40.0) / np.log2(RESOLVED_HZ / 40.0), 0.0, 1.0)
    top = 1.0 - (1.0 - TOP_CONFIDENCE) * _fade()
    beyond = np.clip(1.0 - np.log2(GRID_HZ / 16000.0) / 0.5, 0.3, 1.0)
    return np.asarray((LOW_CONFIDENCE + (1.0 - LOW_CONFIDENCE) * low) * top * beyond)


def _fade() -> Array:
    low, high = FADE_HZ
    return np.asarray(np.clip(np.log(GRID_HZ / low) / np.log(high / low), 0.0, 1.0))


def build(
    genre: str, tracks: genre_data.Tracks, correction: Correction
) -> tuple[Target, dict[str, Any]]:
    """Return a genre's target, and what to say about its source."""
    own = tracks.pick(np.flatnonzero(tracks.labels == GENRES.index(genre)))
    known = confidence()
    spectra = [Spectrum(row, known, 30.0, 30.0) for row in corrected(own.mean, correction)]
    provenance = f"mean of {len(own)} GTZAN tracks, top octave of {correction.masters} masters"
    plain = from_spectra(spectra, name=genre, provenance=provenance)
    fade = _fade()
    unsure = correction.difference_spread**2 * (1.0 - fade) + correction.top_spread**2 * fade
    spread = np.sqrt(plain.spread_db**2 + unsure * (1.0 - known))
    target = Target(plain.curve_db, spread, known, provenance, genre)
    return target, _source(len(own), correction)


def _source(tracks: int, correction: Correction) -> dict[str, Any]:
    masters = f"{correction.masters} masters from {correction.sources} sources"
    return {
        "tracks": tracks,
        "split": "train and valid",
        "points": [
            {
                "from_hz": 20,
                "to_hz": int(RESOLVED_HZ),
                "of": f"level of the genre's GTZAN features, detail of {masters} of all genres",
            },
            {
                "from_hz": int(RESOLVED_HZ),
                "to_hz": int(FADE_HZ[0]),
                "of": f"the genre's GTZAN features, mean dB made dB of the mean by {masters}",
            },
            {
                "from_hz": int(FADE_HZ[0]),
                "to_hz": 20000,
                "of": f"fading to the roll-off of {masters} of all genres",
            },
        ],
        "statistics": "critical-band smoothed long-term spectra; no audio is contained",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Build all targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="reference data folder")
    parser.add_argument("--out", type=Path, help="folder to write to (presets/genres)")
    options = parser.parse_args(arguments)
    data = options.data or corpus.data_dir()
    out = options.out or presets_dir() / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    tracks = genre_data.both(genre_data.load(data, "train"), genre_data.load(data, "valid"))
    masters = [*corpus.masters(data, "train"), *corpus.masters(data, "valid")]
    correction = measure_correction(masters)
    for genre in GENRES:
        target, source = build(genre, tracks, correction)
        path = out / f"{genre}.yaml"
        path.write_text(target_files.dumps(target, source), encoding="utf-8")
        print(f"{path.name}: {target.provenance}, spread {target.spread_db.mean():.1f} dB")


if __name__ == "__main__":
    main()
