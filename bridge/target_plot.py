"""The picture of a target: its curve, and the band in which most tracks of its kind lie."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from bridge.errors import CannotWrite
from bridge.files import write_atomic
from bridge.plot import check_path
from models.spectrum import GRID_HZ
from models.target import Target

_TICKS_HZ = (31, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)
_SURE = 0.5


def draw(target: Target, path: Path) -> None:
    """Draw a target into a .png or .svg file; unsure parts are dotted.

    Raises UsageError for another suffix, CannotWrite.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (slow to import)
    from matplotlib.figure import Figure  # noqa: PLC0415

    check_path(path)
    figure = Figure(figsize=(8.0, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    sure = np.where(target.confidence >= _SURE, target.curve_db, np.nan)
    low_db, high_db = target.curve_db - target.spread_db, target.curve_db + target.spread_db
    axes.fill_between(GRID_HZ, low_db, high_db, color="#1b6ca8", alpha=0.2, linewidth=0.0)
    axes.plot(GRID_HZ, target.curve_db, color="#1b6ca8", linewidth=1.0, linestyle=":")
    axes.plot(GRID_HZ, sure, color="#1b6ca8", linewidth=2.0)
    axes.set_xscale("log")
    axes.set_xticks(_TICKS_HZ, [f"{hz // 1000}k" if hz >= 1000 else str(hz) for hz in _TICKS_HZ])
    axes.minorticks_off()
    axes.set_xlim(20.0, 20000.0)
    axes.set_xlabel("Hz")
    axes.set_ylabel("dB per 1/12 octave")
    axes.set_title(target.name.replace("_", " ").replace("$", r"\$"))
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix.lower().lstrip("."), dpi=150)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, picture.getvalue())
    except OSError as error:
        raise CannotWrite(f"{path}: could not be written: {error}.", "Name another.") from error
