"""From a report to its picture."""

from __future__ import annotations

from pathlib import Path

from bridge import plot
from bridge.errors import UsageError
from bridge.report import Report, TrackReport
from models.eq import Eq
from models.equalise import Decision
from models.spectrum import GRID_HZ


def draw(report: Report, path: Path) -> None:
    """Draw before, target and after of every equalised track into a PNG or SVG file.

    Raises UsageError when no track was equalised or the suffix is unknown.
    """
    panels = [
        _panel(track, track.decision, track.eq)
        for track in report.tracks
        if track.decision is not None and track.eq is not None
    ]
    if not panels:
        raise UsageError("No track was equalised: there is nothing to draw.", "See the report.")
    plot.draw(panels, path)


def _panel(track: TrackReport, decision: Decision, eq: Eq) -> plot.TrackPlot:
    eq_db = decision.response_db(eq)
    return plot.TrackPlot(
        name=track.name,
        heard_label=decision.label.replace("_", " "),
        confidence=decision.confidence,
        freqs_hz=GRID_HZ,
        before_db=decision.heard_db,
        target_db=decision.target.curve_db,
        spread_db=decision.target.spread_db,
        after_db=decision.heard_db + eq_db,
        eq_db=eq_db,
        bands=eq.bands,
    )
