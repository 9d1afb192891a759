"""What a job heard, decided and wrote: one value, shown as text, as JSON and as a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from models.eq import Band, BandKind, Eq

if TYPE_CHECKING:
    from models.equalise import Decision
    from models.instruments import Guess


class Outcome(StrEnum):
    """How a track came out of a job."""

    WRITTEN = "written"
    PLANNED = "planned"
    SKIPPED = "skipped"
    FAILED = "failed"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class TrackReport:
    """One track's part of a report; None where a field does not apply.

    name_counted: the track's name moved the guess. distance_..._db: to the target, before, after
    the EQ as written, and at amount 1.0.
    eq: as read back, or as planned. decision: everything behind it, for pictures.
    """

    name: str
    outcome: Outcome
    label: str | None = None
    confidence: float | None = None
    name_counted: bool = False
    target: str | None = None
    distance_before_db: float | None = None
    distance_after_db: float | None = None
    loudness_change_lu: float | None = None
    distance_at_full_db: float | None = None
    eq: Eq | None = None
    message: str = ""
    warnings: tuple[str, ...] = ()
    decision: Decision | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the track in the form shared by `--json`, OSC, Lua and the log."""
        return {
            "name": self.name,
            "status": self.outcome.value,
            "class": self.label,
            "confidence": _rounded(self.confidence),
            "name_counted": self.name_counted,
            "target": self.target,
            "distance_before_db": _rounded(self.distance_before_db),
            "distance_after_db": _rounded(self.distance_after_db),
            "distance_at_full_db": _rounded(self.distance_at_full_db),
            "loudness_change_lu": _rounded(self.loudness_change_lu),
            "bands": bands_json(self.eq) if self.eq else [],
            "output_gain_db": _rounded(self.eq.output_gain_db) if self.eq else None,
            "message": self.message,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What one job did. undo: the label of its undo point, or None when nothing was written."""

    job: str
    tracks: tuple[TrackReport, ...]
    amount: float | None = None
    undo: str | None = None
    saved_to: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a track failed, or none of the tracks came out as asked."""
        outcomes = {track.outcome for track in self.tracks}
        return Outcome.FAILED in outcomes or outcomes <= {Outcome.SKIPPED}

    def as_json(self) -> dict[str, Any]:
        """Return the report in the form shared by `--json`, OSC, Lua and the log."""
        return {
            "job": self.job,
            "amount": self.amount,
            "undo": self.undo,
            "saved_to": self.saved_to,
            "seconds": {step: round(spent, 3) for step, spent in self.seconds.items()},
            "warnings": list(self.warnings),
            "tracks": [track.as_json() for track in self.tracks],
        }

    def as_text(self) -> str:
        """Return the report for people, in plain text."""
        return "\n".join([*_lines(self)])


@dataclass(frozen=True, slots=True)
class Heard:
    """What an audio file was taken for; problem: why nothing could be told."""

    file: str
    guesses: tuple[Guess, ...] = ()
    loudness_lufs: float | None = None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: the best guess, and all of them best first."""
        best = None if self.problem or not self.guesses else self.guesses[0]
        return {
            "file": self.file,
            "class": best.label if best else None,
            "confidence": _rounded(best.confidence) if best else None,
            "guesses": [
                {"class": guess.label, "confidence": _rounded(guess.confidence)}
                for guess in (self.guesses if best else ())
            ],
            "loudness_lufs": _finite(self.loudness_lufs),
            "problem": self.problem or None,
        }

    def as_text(self) -> str:
        """Return the best guesses for people, in one line."""
        if self.problem or not self.guesses:
            return f"{self.file}: {self.problem}"
        listed = ", ".join(
            f"{guess.label.replace('_', ' ')} {guess.confidence:.0%}" for guess in self.guesses[:3]
        )
        return f"{self.file}: {listed}"


def bands_json(eq: Eq) -> list[dict[str, Any]]:
    """Return the enabled bands of `eq` as plain values."""
    return [
        {
            "kind": band.kind.value,
            "freq_hz": round(band.freq_hz, 2),
            "gain_db": round(band.gain_db, 3),
            "bandwidth_oct": round(band.bandwidth_oct, 4),
        }
        for band in eq.bands
        if band.enabled
    ]


def describe_bands(eq: Eq) -> str:
    """Return the bands in one line, as an engineer would say them.

    "low shelf +2.0 dB at 120 Hz, -2.5 dB at 320 Hz": bells go without saying.
    """
    bands = sorted(eq.bands, key=lambda band: band.freq_hz)
    return ", ".join(_band_words(band) for band in bands if band.enabled) or "flat"


def _band_words(band: Band) -> str:
    kind = "" if band.kind is BandKind.BELL else f"{band.kind.value.replace('_', ' ')} "
    gain = f"{band.gain_db:+.1f} dB " if band.kind.has_gain else ""
    return f"{kind}{gain}at {_hertz(band.freq_hz)}"


def _lines(report: Report) -> Iterable[str]:
    for track in report.tracks:
        yield _headline(track)
        if track.eq is not None:
            yield f"    EQ {describe_bands(track.eq)}; output {track.eq.output_gain_db:+.1f} dB"
        yield from (f"    ! {warning}" for warning in track.warnings)
    yield from (f"! {warning}" for warning in report.warnings)
    if report.saved_to:
        yield f"Saved {report.saved_to}"
    if report.undo:
        yield f"One undo step: {report.undo}"


def _headline(track: TrackReport) -> str:
    parts = [f"{track.name or 'unnamed track'}: {track.message or track.outcome.value}"]
    if track.label is not None and track.confidence is not None:
        hint = ", its name counted" if track.name_counted else ""
        parts.append(f"heard {track.label.replace('_', ' ')} ({track.confidence:.0%}{hint})")
    if track.distance_before_db is not None and track.distance_after_db is not None:
        parts.append(
            f"distance to target {track.distance_before_db:.1f} → {track.distance_after_db:.1f} dB"
        )
    if track.loudness_change_lu is not None:
        parts.append(f"loudness {round(track.loudness_change_lu, 2) + 0.0:+.2f} LU")
    return ", ".join(parts)


def _hertz(freq_hz: float) -> str:
    return f"{freq_hz / 1000.0:.3g} kHz" if freq_hz >= 1000.0 else f"{freq_hz:.0f} Hz"


def _finite(value: float | None) -> float | None:
    return round(value, 2) if value is not None and math.isfinite(value) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
