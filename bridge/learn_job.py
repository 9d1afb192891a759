"""`reatone learn-eq`: from a track before and after to a network and an editable ReaEQ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bridge import learned
from bridge.errors import UnreadableAudio, UsageError
from bridge.plot_card import TrackPlot
from bridge.presets import EqPreset
from bridge.report import bands_json, describe_bands
from models.audio import AudioError, Clip, load
from models.end_to_end import Place
from models.learning import Learnt, learn
from models.pair import PairError
from models.spectrum import GRID_HZ, measure

_REVERB_GAP_DB = 6.0
"""A long filter that explains this much more than an EQ: echoes or reverb."""


@dataclass(frozen=True, slots=True)
class LearnReport:
    """What was learnt from two files, and where it was put."""

    name: str
    before: Path
    after: Path
    learnt: Learnt
    dry: Clip
    saved: tuple[Path, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        learnt = self.learnt
        return {
            "job": "learn-eq",
            "name": self.name,
            "only_eq": learnt.only_eq,
            "eq_residual_db": round(learnt.residuals.eq_db, 2),
            "filter_residual_db": round(learnt.residuals.kernel_db, 2),
            "network_residual_db": round(learnt.residuals.network_db, 2),
            "level_gain": learnt.network.place.value,
            "delay_samples": learnt.delay,
            "inverted": learnt.inverted,
            "bands": bands_json(learnt.eq),
            "output_gain_db": round(learnt.eq.output_gain_db, 3),
            "notes": list(learnt.notes),
            "saved": [str(path) for path in self.saved],
        }

    def as_text(self) -> str:
        """Return the report for people."""
        learnt = self.learnt
        eq = f"{describe_bands(learnt.eq)}; output {learnt.eq.output_gain_db:+.1f} dB"
        lines = [f"{self.name}: {verdict(learnt)}", f"    EQ {eq}"]
        lines += [f"    {note}" for note in _alignment(learnt)]
        lines += [f"Saved {path}" for path in self.saved]
        return "\n".join(lines)

    def panel(self) -> TrackPlot:
        """Return the picture: BEFORE, BEFORE with what was learnt, and with the ReaEQ."""
        learnt = self.learnt
        before_db = measure(self.dry).level_db
        curve_db = np.interp(GRID_HZ, learnt.freqs_hz, learnt.curve_db)
        eq_db = learnt.eq.response_db(GRID_HZ, learnt.network.sample_rate_hz)
        return TrackPlot(
            name=self.name,
            heard_label="",
            confidence=None,
            freqs_hz=GRID_HZ,
            before_db=before_db,
            target_db=before_db + curve_db,
            spread_db=np.zeros(len(GRID_HZ)),
            after_db=before_db + eq_db,
            eq_db=eq_db,
            bands=learnt.eq.bands,
        )


def run(
    before: Path,
    after: Path,
    name: str | None = None,
    *,
    overwrite: bool = False,
    dry_run: bool = False,
) -> LearnReport:
    """Learn from two files and save it. Raises UnreadableAudio, UsageError and CannotWrite."""
    name = name or after.stem
    if name.endswith(learned.SUFFIX):
        raise UsageError(f"{name!r} is a file's name.", "Give a plain --name.")
    if not (overwrite or dry_run):
        learned.check_absent(name)
    try:
        dry, wet = load(before), load(after)
        learnt = learn(dry, wet)
    except AudioError as error:
        raise UnreadableAudio(str(error)) from error
    except PairError as error:
        raise UsageError(error.problem, error.remedy) from error
    report = LearnReport(name, before, after, learnt, dry)
    if dry_run:
        return report
    source = {
        "before": before.name,
        "after": after.name,
        "residual_db": round(learnt.residuals.eq_db, 2),
        "only_eq": learnt.only_eq,
    }
    network = replace(learnt.network, about={"name": name, **source})
    return replace(report, saved=learned.save(name, network, EqPreset(name, learnt.eq, source)))


def verdict(learnt: Learnt) -> str:
    """Say how much of the pair an EQ explains, and what else it may have been."""
    left = learnt.residuals
    if learnt.only_eq:
        return f"an EQ explains it, {_left(left.eq_db)} is left"
    text = f"this was not only an EQ: the ReaEQ leaves {_left(left.eq_db)}"
    if learnt.network.place is not Place.NONE:
        return (
            f"{text}; with a gain that follows the level (compression, saturation) "
            f"{_left(left.network_db)} is left"
        )
    if left.eq_db - left.kernel_db > _REVERB_GAP_DB:
        return (
            f"{text}, a long filter {_left(left.kernel_db)}: "
            "echo, reverb or a comb filter, or a finer EQ than ten bands"
        )
    return f"{text}: what else was done to it, or added, is not learnt"


def _left(residual_db: float) -> str:
    """Return a residual as dB and as a share of the amplitude."""
    share = 100.0 * 10.0 ** (residual_db / 20.0)
    shown = f"{share:.0f}" if share >= 1.0 else f"{share:.1g}"
    return f"{residual_db:.1f} dB ({shown} % of its amplitude)"


def _alignment(learnt: Learnt) -> list[str]:
    notes = list(learnt.notes)
    if learnt.delay:
        late = "late" if learnt.delay > 0 else "early"
        ms = 1000.0 * abs(learnt.delay) / learnt.network.sample_rate_hz
        notes.append(f"AFTER is {abs(learnt.delay)} samples ({ms:.1f} ms) {late}: taken out")
    if learnt.inverted:
        notes.append("AFTER has the opposite polarity: learnt without that")
    return notes
