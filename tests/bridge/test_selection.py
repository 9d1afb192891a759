"""Naming tracks."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bridge.errors import NothingSelected, UsageError
from bridge.selection import select


@dataclass(frozen=True)
class Named:
    guid: str
    name: str
    number: int
    selected: bool


TRACKS = [
    Named("{A}", "Kick", 1, True),
    Named("{B}", "Lead Vocal", 2, False),
    Named("{C}", "Backing Vocal", 3, True),
    Named("{D}", "2-5", 4, False),
    Named("{E}", "", 5, False),
]


@pytest.mark.parametrize(
    ("wanted", "guids"),
    [
        ("all", ("{A}", "{B}", "{C}", "{D}", "{E}")),
        ("selected", ("{A}", "{C}")),
        ("3", ("{C}",)),
        ("1-3", ("{A}", "{B}", "{C}")),
        ("3,1", ("{A}", "{C}")),
        ("kick", ("{A}",)),
        ("* vocal, 5", ("{B}", "{C}", "{E}")),
        ("2-5", ("{D}",)),
    ],
)
def test_tracks_by_number_range_and_name(wanted: str, guids: tuple[str, ...]) -> None:
    assert select(TRACKS, wanted) == guids


@pytest.mark.parametrize("wanted", ["bass", "9", "kick, 7-9", "3-"])
def test_a_part_that_names_no_track_is_refused_with_the_names_that_exist(wanted: str) -> None:
    with pytest.raises(UsageError, match="Lead Vocal"):
        select(TRACKS, wanted)


@pytest.mark.parametrize("wanted", ["selected", "", " , "])
def test_nothing_selected_says_what_to_do(wanted: str) -> None:
    with pytest.raises(NothingSelected, match="--tracks"):
        select([t for t in TRACKS if not t.selected], wanted)
