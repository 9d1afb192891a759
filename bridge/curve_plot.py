"""Plain pictures over frequency: a figure, its frequency axis, and writing it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import CannotWrite
from bridge.files import write_atomic
from bridge.plot import check_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TICKS_HZ = (31, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)


def new_figure(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return a figure of a size in inches, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (slow to import)
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def scale_to_hz(axes: Axes) -> None:
    """Give axes the audible frequencies, on a log scale with octaves marked."""
    axes.set_xscale("log")
    axes.set_xticks(_TICKS_HZ, [f"{hz // 1000}k" if hz >= 1000 else str(hz) for hz in _TICKS_HZ])
    axes.minorticks_off()
    axes.set_xlim(20.0, 20000.0)
    axes.set_xlabel("Hz")


def save(figure: Figure, path: Path) -> None:
    """Write a figure into a .png or .svg file. Raises UsageError and CannotWrite."""
    check_path(path)
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix.lower().lstrip("."), dpi=150)
    try:
        write_atomic(path, picture.getvalue())
    except OSError as error:
        raise CannotWrite(f"{path}: could not be written: {error}.", "Name another.") from error
