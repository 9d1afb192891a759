from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.osc import pattern

OURS = ROOT / "reaper_scripts" / "ReaTone.ReaperOSC"


@pytest.fixture(scope="module")
def ours() -> pattern.PatternFile:
    return pattern.read(OURS)


def test_every_line_is_one_that_reaper_understands(ours: pattern.PatternFile) -> None:
    assert ours.bad == []
    text = OURS.read_bytes()
    assert text.isascii()
    assert b"\r" not in text


def test_no_message_adds_an_eq(ours: pattern.PatternFile) -> None:
    """REAPER's default inserts a ReaEQ wherever an EQ message arrives."""
    assert ours.settings["DEVICE_EQ"] == "EXISTING"


def test_tracks_keep_their_numbers_whatever_the_user_does(ours: pattern.PatternFile) -> None:
    follows = {name: value for name, value in ours.settings.items() if name.endswith("_FOLLOWS")}
    assert follows == {
        "REAPER_TRACK_FOLLOWS": "REAPER",
        "DEVICE_TRACK_FOLLOWS": "DEVICE",
        "DEVICE_TRACK_BANK_FOLLOWS": "DEVICE",
        "DEVICE_FX_FOLLOWS": "DEVICE",
    }
    assert not any("BANK" in name for name, _, _ in ours.patterns)


def test_it_takes_moves_of_parameters_and_nothing_else(ours: pattern.PatternFile) -> None:
    """Anybody can send to REAPER's device: with ACTION any action of REAPER's could be run."""
    assert ours.patterns == [("FX_PARAM_VALUE", "n", "/track/@/fx/@/fxparam/@/value")]


@pytest.mark.data
def test_its_names_are_those_of_reapers_own_file(ours: pattern.PatternFile, data_dir: Path) -> None:
    files = sorted((data_dir / "reaper" / "osc").glob("*.ReaperOSC"))
    assert files
    for path in files:
        theirs = pattern.read(path)
        assert theirs.bad == [], path.name
        assert set(ours.patterns) <= set(theirs.patterns)
        assert ours.settings.keys() == theirs.settings.keys()
