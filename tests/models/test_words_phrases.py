"""Phrases mean what was written down for them before the grammar was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import descriptors
from models.spectrum import GRID_HZ

REGIONS_HZ = {
    "sub": (28, 50),
    "bass": (60, 130),
    "lowmid": (180, 400),
    "mid": (500, 1200),
    "presence": (2000, 4500),
    "treble": (5500, 9000),
    "air": (10500, 15000),
}
CLEAR_DB, NEARLY_DB = 0.25, 0.6


def phrases(file: str = "words_phrases.txt") -> list[tuple[str, list[str]]]:
    lines = (Path(__file__).parent / file).read_text(encoding="utf-8").splitlines()
    rows = [line.rsplit("|", 1) for line in lines if "|" in line and not line.startswith("#")]
    return [(text.strip(), wanted.split()) for text, wanted in rows]


def is_right(text: str, wanted: list[str]) -> bool:
    found = descriptors.explain(text)
    if wanted == ["none"]:
        return not found.parts and bool(found.notes)
    if not found.parts or found.unknown:
        return False
    if wanted == ["flat"]:
        return bool(np.abs(found.curve_db).max() < 1e-9)
    return all(holds(found.curve_db, want) for want in wanted)


def holds(curve_db: np.ndarray, want: str) -> bool:
    low, high = REGIONS_HZ[want[:-1]]
    mean_db = float(curve_db[(low <= GRID_HZ) & (high >= GRID_HZ)].mean())
    return {
        "+": mean_db > CLEAR_DB,
        "-": mean_db < -CLEAR_DB,
        "=": abs(mean_db) < NEARLY_DB,
    }[want[-1]]


@pytest.mark.parametrize(
    ("file", "least", "share"),
    [("words_phrases.txt", 470, 0.98), ("words_phrases_said.txt", 310, 0.975)],
)
def test_phrases_go_the_expected_way_in_every_region(file: str, least: int, share: float) -> None:
    all_phrases = phrases(file)
    wrong = [(text, wanted) for text, wanted in all_phrases if not is_right(text, wanted)]
    assert len(all_phrases) >= least
    assert len(wrong) <= (1 - share) * len(all_phrases), wrong


@pytest.mark.parametrize("want", ["bass+", "bass-", "bass="])
def test_the_check_itself_can_fail(want: str) -> None:
    curve_db = {"bass+": -1.0, "bass-": 1.0, "bass=": 3.0}[want] * np.ones(GRID_HZ.size)
    assert not holds(curve_db, want)
