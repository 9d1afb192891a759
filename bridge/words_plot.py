"""Pictures of words: a phrase's curve, and the map of words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge import curve_plot
from models.spectrum import ERB_WEIGHT, GRID_HZ
from models.words.dictionary import Dictionary, Sense
from models.words.meaning import Understanding

_COLOURS = {"authored": "#1b6ca8", "user": "#7a3e9d", "known": "#b0532a"}
_MEANINGS = {
    "authored": "engineers' terms",
    "known": "drawn by people",
    "user": "your own words",
}
_LETTER, _LINE = 0.0165, 0.024
"""Room that a letter and a line take on the map."""
_MANY = 3


def draw_curve(found: Understanding, path: Path) -> None:
    """Draw what a phrase asks for, whole and part by part. Raises UsageError, CannotWrite."""
    figure, axes = curve_plot.new_figure((8.0, 4.0))
    for part in found.parts:
        axes.plot(GRID_HZ, part.curve_db, linewidth=1.0, alpha=0.6, label=part.as_text())
    axes.plot(GRID_HZ, found.curve_db, color="black", linewidth=2.2, label=found.text[:50])
    axes.axhline(0.0, color="grey", linewidth=0.6)
    curve_plot.scale_to_hz(axes)
    axes.set_ylabel("dB")
    axes.legend(fontsize=8)
    curve_plot.save(figure, path)


def draw_map(words: Dictionary, path: Path) -> int:
    """Draw authored and known words by their curves; return how many are named in the picture.

    The two directions in which curves differ most (principal components, every curve of the same
    size), with what they mean written at their ends.
    """
    senses = _mapped(words)
    curves = np.array([_unit(sense) for sense in senses])
    directions = np.linalg.svd(curves, full_matrices=False)[2][:2]
    directions *= np.sign(directions[:, -20:].sum(axis=1))[:, None]
    places = curves @ directions.T
    figure, axes = curve_plot.new_figure((11.0, 9.0))
    taken: list[tuple[float, float, float]] = []
    kinds = set()
    for sense, (x, y) in zip(senses, places, strict=True):
        kind = "known" if not hasattr(sense, "bands") else "user" if sense.user else "authored"
        kinds.add(kind)
        axes.plot(x, y, ".", color=_COLOURS[kind], markersize=3)
        width = _LETTER * len(sense.name)
        if all(x + width < left or x > right or abs(y - at) > _LINE for left, right, at in taken):
            axes.annotate(
                sense.name,
                (x, y),
                (2.5, 2.5),
                textcoords="offset points",
                fontsize=7,
                color=_COLOURS[kind],
            )
            taken.append((x, x + width, y))
    for kind in sorted(kinds):
        axes.plot([], [], ".", color=_COLOURS[kind], label=_MEANINGS[kind])
    axes.legend(loc="center", fontsize=8, frameon=False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("← " + _ends(directions[0])[0] + "      " + _ends(directions[0])[1] + " →")
    axes.set_ylabel("← " + _ends(directions[1])[0] + "      " + _ends(directions[1])[1] + " →")
    axes.set_title("Words by the change of spectrum they ask for")
    curve_plot.save(figure, path)
    return len(taken)


def _mapped(words: Dictionary) -> list[Sense]:
    """Return each term once, then the words that several people drew."""
    terms: list[Sense] = list({term.name: term for term in words.terms.values()}.values())
    if words.table:
        for word in words.table.known():
            entry = words.table.find(word)
            if entry and entry.people >= _MANY and word not in words.terms:
                terms.append(entry)
    return terms


def _unit(sense: Sense) -> NDArray[np.float64]:
    weighted = (sense.curve_db - sense.curve_db.mean()) * np.sqrt(ERB_WEIGHT)
    return np.asarray(weighted / max(float(np.linalg.norm(weighted)), 1e-9))


def _ends(direction: NDArray[np.float64]) -> tuple[str, str]:
    """Say where a direction cuts most, and where it lifts most."""
    hertz = [GRID_HZ[direction.argmax()], GRID_HZ[direction.argmin()]]
    lifts, cuts = (f"{hz:.0f} Hz" if hz < 1000 else f"{hz / 1000:.1f} kHz" for hz in hertz)
    return f"more {cuts}", f"more {lifts}"
