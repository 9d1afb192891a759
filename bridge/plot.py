"""The report's picture: per track what was heard, what was aimed at, and what the EQ does.

Each panel shows shapes: the target around 0 dB, the track's spectrum before and after laid over it
with one common offset (an equaliser is judged by shape, not level), and below the response of the
bands that were really written.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.errors import CannotWrite, UsageError
from bridge.files import write_atomic
from bridge.plot_card import (
    AFTER,
    BEFORE,
    CORE_HZ,
    EQ,
    FAINT,
    GRID,
    INK,
    PAPER,
    TARGET,
    TrackPlot,
    card_height,
    clean,
    draw_card,
    list_rows,
    shorten,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TrackPlot", "draw"]

SUFFIXES = (".png", ".svg")
DPI = 150
MAX_PIXELS = 60e6
"""Largest PNG; more tracks than fit at 150 dpi are drawn smaller."""

_FONTS = (
    "DejaVu Sans",
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic"),
    *("Hiragino Sans", "PingFang SC", "Noto Emoji", "Segoe UI Emoji", "Segoe UI Symbol"),
)
# Inches.
_HEADER, _GAP, _MARGIN = 0.62, 0.2, 0.25


def draw(panels: Sequence[TrackPlot], path: str | Path, *, heading: str = "ReaTone") -> None:
    """Write a picture of all panels as PNG or SVG, by the suffix of `path`, in one step.

    The same panels give the same bytes. Raises UsageError for another suffix or no panels,
    CannotWrite if the disk refuses, ValueError for curves of unequal length.
    """
    path = Path(path)
    check_path(path)
    if not panels:
        raise UsageError(f"{path}: there is no track to draw.", "Choose at least one track.")
    data = _render(panels, path.suffix.lower()[1:], heading)
    try:
        write_atomic(path, data)
    except OSError as error:
        raise CannotWrite(
            f"{path}: the picture could not be written: {error}.", "Choose another folder."
        ) from error


def check_path(path: Path) -> None:
    """Raise UsageError unless a picture can be written under this name."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path}: pictures are written as PNG or SVG.", "Use a name that ends in .png or .svg."
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no such folder.", "Make it, or choose another.")


def _render(panels: Sequence[TrackPlot], kind: str, heading: str) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415  (slow import, only needed for pictures)
    from matplotlib.font_manager import fontManager  # noqa: PLC0415

    installed = set(fontManager.get_font_names())
    known = [name for name in _FONTS if name in installed]
    buffer = io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        # A character that no font has becomes a box: a track may be called anything.
        warnings.filterwarnings("ignore", message=r"(Glyph|Matplotlib currently does not support)")
        mpl.rcdefaults()
        style: Any = _STYLE | {"font.family": [*known, "sans-serif"]}
        mpl.rcParams.update(style)
        figure = _figure(panels, heading)
        width, height = figure.get_size_inches()
        dpi = min(DPI, math.sqrt(MAX_PIXELS / (width * height)), 60000 / height)
        metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": "ReaTone"}
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


_STYLE: dict[str, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "reatone",
    "path.simplify": False,
    "font.size": 8.0,
    "font.sans-serif": ["DejaVu Sans"],
    "text.color": INK,
    "axes.unicode_minus": True,
    "axes.edgecolor": GRID,
    "axes.labelcolor": FAINT,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
}


def _figure(panels: Sequence[TrackPlot], heading: str) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    count = len(panels)
    columns = 1 if count == 1 else 2 if count <= 4 else 3 if count <= 60 else 5
    rows = -(-count // columns)
    card_width = 8.0 if columns == 1 else 5.0
    listed = max(list_rows(panel.bands, card_width) for panel in panels)
    scale = 1.35 if columns == 1 else 1.0
    height_each = card_height(listed, scale)
    width = 2 * _MARGIN + columns * card_width + (columns - 1) * _GAP
    height = _HEADER + rows * height_each + (rows - 1) * _GAP + _MARGIN
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    FigureCanvasAgg(figure)
    extent = _eq_extent(panels)
    _header(figure, heading)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        left = _MARGIN + column * (card_width + _GAP)
        top = height - _HEADER - row * (height_each + _GAP)
        draw_card(figure, panel, (left, top, card_width, height_each), scale, extent)
    return figure


def _eq_extent(panels: Sequence[TrackPlot]) -> float:
    """Return the half height in dB of all EQ axes: one scale, so that tracks can be compared."""
    peak = 0.0
    for panel in panels:
        freqs, curve = np.asarray(panel.freqs_hz, dtype=np.float64), panel.curve("eq_db")
        core = (freqs >= CORE_HZ[0]) & (freqs <= CORE_HZ[1]) & np.isfinite(curve)
        peak = max(peak, float(np.abs(curve[core]).max(initial=0.0)))
    return 3.0 * math.ceil(min(max(peak * 1.15, 5.0), 24.0) / 3.0)


def _header(figure: Figure, heading: str) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415
    from matplotlib.patches import Patch  # noqa: PLC0415

    width, height = figure.get_size_inches()
    y = 1.0 - 0.5 * _HEADER / height
    title = figure.text((_MARGIN + 0.05) / width, y, clean(heading), size=14, weight="bold")
    title.set_verticalalignment("center")
    shorten(title, width - 6.0)
    figure.legend(
        handles=[
            Line2D([], [], color=BEFORE, lw=1.4, label="before"),
            Line2D([], [], color=AFTER, lw=2.2, label="after"),
            Line2D([], [], color=TARGET, lw=1.3, ls=(0, (4, 2)), label="target"),
            Patch(facecolor=TARGET, alpha=0.16, label="usual range"),
            Line2D([], [], color=EQ, lw=2.0, label="EQ written"),
        ],
        loc="center right",
        bbox_to_anchor=(1.0 - (_MARGIN - 0.05) / width, y),
        ncols=5,
        frameon=False,
        fontsize=8.5,
        handlelength=1.8,
        columnspacing=1.4,
        handletextpad=0.6,
    )
