"""The picture of a target: its curve, and the band in which most tracks of its kind lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge import curve_plot
from models.spectrum import GRID_HZ
from models.target import Target

_SURE = 0.5


def draw(target: Target, path: Path) -> None:
    """Draw a target into a .png or .svg file; unsure parts are dotted.

    Raises UsageError for another suffix, CannotWrite.
    """
    figure, axes = curve_plot.new_figure((8.0, 4.0))
    sure = np.where(target.confidence >= _SURE, target.curve_db, np.nan)
    low_db, high_db = target.curve_db - target.spread_db, target.curve_db + target.spread_db
    axes.fill_between(GRID_HZ, low_db, high_db, color="#1b6ca8", alpha=0.2, linewidth=0.0)
    axes.plot(GRID_HZ, target.curve_db, color="#1b6ca8", linewidth=1.0, linestyle=":")
    axes.plot(GRID_HZ, sure, color="#1b6ca8", linewidth=2.0)
    curve_plot.scale_to_hz(axes)
    axes.set_ylabel("dB per 1/12 octave")
    axes.set_title(target.name.replace("_", " ").replace("$", r"\$"))
    curve_plot.save(figure, path)
