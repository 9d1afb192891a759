"""One panel of the report's picture: a track's spectra, its EQ and its bands."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.eq import Band, BandKind, Eq

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Array = NDArray[np.float64]

_LOW_HZ, _HIGH_HZ = 30.0, 16000.0
CORE_HZ = (60.0, 12000.0)
"""Where shapes are aligned and the EQ's scale is taken; roll-offs beyond may leave the picture."""
_TICKS_HZ = {
    50: "50",
    100: "100",
    200: "200",
    500: "500",
    1000: "1k",
    2000: "2k",
    5000: "5k",
    10000: "10k",
}
# Okabe and Ito's colours: distinct with any colour vision; line styles differ as well.
BEFORE, TARGET, AFTER, EQ = "#8d939c", "#009e73", "#0072b2", "#d55e00"
INK, FAINT, PAPER, GRID = "#20242b", "#69707c", "#f3f4f7", "#e6e8ec"
_SHORT_KIND = {
    BandKind.LOW_SHELF: "low shelf",
    BandKind.HIGH_SHELF: "high shelf",
    BandKind.LOW_PASS: "low pass",
    BandKind.HIGH_PASS: "high pass",
    BandKind.ALL_PASS: "all pass",
    BandKind.NOTCH: "notch",
    BandKind.BAND_PASS: "band pass",
    BandKind.PARALLEL_BAND_PASS: "band pass",
}
_MAX_LISTED = 12
# Inches.
_TITLE, _SPECTRUM, _BETWEEN, _CURVE, _ROW = 0.5, 1.75, 0.16, 1.0, 0.175
_LEFT, _RIGHT, _FOOT = 0.52, 0.2, 0.42


@dataclass(frozen=True, slots=True)
class TrackPlot:
    """One panel: curves in dB over freqs_hz (F,), and the bands written.

    heard_label may be empty and confidence (0 ... 1) None when nothing was recognised. spread_db is
    the target's half width. eq_db is the response of `bands` (and output gain) at the project's
    rate.
    """

    name: str
    heard_label: str
    confidence: float | None
    freqs_hz: ArrayLike
    before_db: ArrayLike
    target_db: ArrayLike
    spread_db: ArrayLike
    after_db: ArrayLike
    eq_db: ArrayLike
    bands: tuple[Band, ...] = ()

    def curve(self, name: str) -> Array:
        """Return one of the curves as a float array (F,), gaps (NaN) where it is not finite."""
        values = np.asarray(getattr(self, name), dtype=np.float64)
        if values.shape != np.shape(self.freqs_hz):
            raise ValueError(f"{name} has shape {values.shape}, freqs_hz {np.shape(self.freqs_hz)}")
        return np.where(np.isfinite(values), values, np.nan)


def card_height(listed: int, scale: float) -> float:
    """Return the height in inches of a card that lists bands in `listed` rows."""
    return _TITLE + (_SPECTRUM + _CURVE) * scale + _BETWEEN + _FOOT + listed * _ROW


def list_rows(bands: Sequence[Band], width: float) -> int:
    """Return in how many rows a card of this width lists the bands."""
    return -(-min(len(bands), _MAX_LISTED) // _list_columns(width))


def draw_card(
    figure: Figure,
    panel: TrackPlot,
    box: tuple[float, float, float, float],
    scale: float,
    extent: float,
) -> None:
    """Draw a panel into `box` (left, top, width, height in inches), its EQ from -extent to +extent.

    scale: factor of the axes' height.
    """
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415

    left, top, width, height = box
    size = figure.get_size_inches()

    def place(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
        return x / size[0], y / size[1], w / size[0], h / size[1]

    backdrop = figure.add_axes(place(0.0, 0.0, size[0], size[1]), zorder=-1)
    backdrop.set(xlim=(0, size[0]), ylim=(0, size[1]))
    backdrop.axis("off")
    backdrop.add_patch(
        FancyBboxPatch(
            (left + 0.08, top - height + 0.08),
            width - 0.16,
            height - 0.16,
            boxstyle="round,pad=0.08,rounding_size=0.1",
            facecolor="white",
            edgecolor="#dcdfe5",
            linewidth=0.8,
        )
    )
    _title(backdrop, panel, left + 0.2, top - 0.28, width)
    inner, bottom = width - _LEFT - _RIGHT, top - _TITLE - _SPECTRUM * scale
    spectrum = figure.add_axes(place(left + _LEFT, bottom, inner, _SPECTRUM * scale))
    bottom -= _BETWEEN + _CURVE * scale
    curve = figure.add_axes(place(left + _LEFT, bottom, inner, _CURVE * scale))
    _draw_spectrum(spectrum, panel)
    _draw_eq(curve, panel, extent, (inner, _CURVE * scale))
    _list_bands(backdrop, panel.bands, left + _LEFT, bottom - 0.38, width)


def _title(axes: Axes, panel: TrackPlot, x: float, y: float, width: float) -> None:
    """Write "Bass — bass guitar (83 %)", the name in bold, shortened to the card."""
    label = clean(panel.heard_label.replace("_", " "))
    sure = "" if panel.confidence is None else f" ({100.0 * panel.confidence:.0f} %)"
    name = axes.text(x, y, clean(panel.name) or "Unnamed track", size=10.5, weight="bold")
    name.set_verticalalignment("center_baseline")
    heard = axes.text(x, y, f" — {label[:40]}{sure}" if label else "", size=10.5, color=FAINT)
    heard.set_verticalalignment("center_baseline")
    used = shorten(name, width - 0.4 - _inches(heard))
    heard.set_x(x + used)


def _draw_spectrum(axes: Axes, panel: TrackPlot) -> None:
    freqs = np.asarray(panel.freqs_hz, dtype=np.float64)
    target, spread = panel.curve("target_db"), panel.curve("spread_db")
    before, after = panel.curve("before_db"), panel.curve("after_db")
    inside = (freqs >= CORE_HZ[0]) & (freqs <= CORE_HZ[1])
    centre, level = _mean(target[inside]), _mean((after - target)[inside])
    target, before, after = target - centre, before - level - centre, after - level - centre
    axes.fill_between(freqs, target - spread, target + spread, color=TARGET, alpha=0.16, lw=0)
    axes.plot(freqs, target, color=TARGET, lw=1.3, ls=(0, (4, 2)))
    axes.plot(freqs, before, color=BEFORE, lw=1.4)
    axes.plot(freqs, after, color=AFTER, lw=2.2)
    seen = (freqs >= _LOW_HZ) & (freqs <= _HIGH_HZ)
    shown = np.concatenate([c[seen] for c in (target - spread, target + spread, before, after)])
    shown = shown[np.isfinite(shown)]
    top = 6.0 * math.ceil((float(shown.max(initial=6.0)) + 2.0) / 6.0)
    low = 6.0 * math.floor((float(shown.min(initial=-6.0)) - 2.0) / 6.0)
    _dress(axes, max(low, top - 60.0), top)
    axes.tick_params(labelbottom=False)


def _draw_eq(axes: Axes, panel: TrackPlot, extent: float, inches: tuple[float, float]) -> None:
    freqs = np.asarray(panel.freqs_hz, dtype=np.float64)
    curve = panel.curve("eq_db")
    axes.axhline(0.0, color="#b9bec7", lw=0.9, zorder=1.5)
    fine = np.geomspace(_LOW_HZ, _HIGH_HZ, 400)
    for band in panel.bands:
        if band.enabled:
            alone = Eq((band,)).response_db(fine, 48000.0)
            axes.fill_between(fine, 0.0, alone, color=EQ, alpha=0.1, lw=0)
    axes.plot(freqs, curve, color=EQ, lw=2.0)
    _dress(axes, -extent, extent)
    _mark_bands(axes, panel, extent, inches)
    axes.set_xticks(list(_TICKS_HZ), list(_TICKS_HZ.values()))


def _mark_bands(axes: Axes, panel: TrackPlot, extent: float, inches: tuple[float, float]) -> None:
    """Put a numbered dot on the curve at each band, moved off it where it would cover another."""
    freqs, curve = np.asarray(panel.freqs_hz, dtype=np.float64), panel.curve("eq_db")
    near_oct = 0.14 / inches[0] * math.log2(_HIGH_HZ / _LOW_HZ)
    step = 0.16 / inches[1] * 2.0 * extent
    placed: list[tuple[float, float]] = []
    for number, band in enumerate(panel.bands[:_MAX_LISTED], start=1):
        x = min(max(band.freq_hz, _LOW_HZ * 1.04), _HIGH_HZ / 1.04)
        on_curve = float(np.interp(math.log(x), np.log(np.maximum(freqs, 1e-3)), curve))
        on_curve = on_curve if math.isfinite(on_curve) else 0.0
        y = min(max(on_curve, step / 2 - extent), extent - step / 2)
        away = step if y <= 0.0 else -step
        while any(abs(math.log2(x / u)) < near_oct and abs(y - v) < step * 0.99 for u, v in placed):
            y += away
        placed.append((x, y))
        axes.plot([x, x], [on_curve, y], color=EQ, lw=0.8, zorder=3)
        face = EQ if band.enabled else BEFORE
        axes.plot(x, y, "o", ms=9.5, mfc=face, mec="white", mew=1.0, zorder=4, clip_on=False)
        label = axes.text(x, y, str(number), ha="center", size=6.3, color="white", zorder=5)
        label.set(weight="bold", verticalalignment="center_baseline")


def _list_columns(width: float) -> int:
    return int(width / 2.4)


def _list_bands(axes: Axes, bands: Sequence[Band], x: float, y: float, width: float) -> None:
    """Write the bands' numbers in columns, read row by row."""
    columns = _list_columns(width)
    for index, band in enumerate(bands[:_MAX_LISTED]):
        row, column = divmod(index, columns)
        more = index == _MAX_LISTED - 1 and len(bands) > _MAX_LISTED
        text = f"and {len(bands) - index} more" if more else _band_text(band)
        at = x + column * (width - _LEFT) / columns, y - row * _ROW
        axes.text(*at, str(index + 1), size=7, weight="bold", color=EQ, va="center_baseline")
        axes.text(at[0] + 0.16, at[1], text, size=7, color=FAINT, va="center_baseline")


def _band_text(band: Band) -> str:
    kind = _SHORT_KIND.get(band.kind, "bell")
    hz = f"{band.freq_hz / 1000:.2f} kHz" if band.freq_hz >= 1000 else f"{band.freq_hz:.0f} Hz"
    gain = f" {_signed_db(band.gain_db)} dB" if band.kind.has_gain else ""
    return f"{kind} {hz}{gain}, {band.bandwidth_oct:.2f} oct" + ("" if band.enabled else ", off")


def _signed_db(value: float, digits: int = 1) -> str:
    text = f"{round(value, digits) + 0.0:+.{digits}f}" if math.isfinite(value) else "-∞"
    return text.replace("-", "−")


def _dress(axes: Axes, low: float, high: float) -> None:
    """Set the common look: log frequency with round numbers, dB to the left, a quiet grid."""
    from matplotlib.ticker import NullLocator  # noqa: PLC0415

    axes.set_xscale("log")
    axes.set(xlim=(_LOW_HZ, _HIGH_HZ), ylim=(low, high), facecolor="none")
    axes.set_xticks(list(_TICKS_HZ), [])
    axes.xaxis.set_minor_locator(NullLocator())
    step = next(step for step in (2, 3, 6, 12, 24, 1000) if (high - low) / step <= 5.0)
    ticks = np.arange(math.floor(low / step) + 1, math.ceil(high / step)) * step
    axes.set_yticks(ticks, [_signed_db(float(tick), 0) if tick else "0" for tick in ticks])
    axes.grid(visible=True, color=GRID, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=7, pad=4)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_ylabel("dB", fontsize=7, labelpad=1)


def _mean(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else 0.0


def clean(text: str) -> str:
    """Drop what no picture can hold: control characters, line breaks, lone surrogates."""
    kept = "".join(
        ch if ch.isprintable() else "" if unicodedata.category(ch) in {"Cf", "Cs"} else " "
        for ch in text
    )
    return " ".join(kept.split())


def _inches(text: Text) -> float:
    figure = text.get_figure(root=True)
    assert figure is not None
    return float(text.get_window_extent().width / figure.dpi)


def shorten(text: Text, inches: float) -> float:
    """Cut a text to at most `inches`, with an ellipsis, and return its width."""
    kept = text.get_text()[:200]
    text.set_text(kept)
    while kept and (width := _inches(text)) > inches:
        kept = kept[: max(int(len(kept) * inches / width), 0)][: len(kept) - 1]
        text.set_text(kept.rstrip() + "…")
    return _inches(text)
