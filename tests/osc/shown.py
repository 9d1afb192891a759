"""What a surface has to show of a track, and whether liblo was told so."""

from __future__ import annotations

import math

from bridge.osc.addresses import Argument, state_messages
from bridge.requests import TrackState
from bridge.session import Track
from tests.osc.liblo import Dump, Heard


def of_track(track: Track) -> dict[str, tuple[Argument, ...]]:
    """Return the messages about a track with an EQ of ReaTone's, as REAPER has it."""
    assert track.own is not None
    assert track.memory is not None
    memory, eq = track.memory, track.own.eq
    confidence = memory.extra.get("confidence", 1.0)  # a class that was told is sure
    assert isinstance(confidence, float)
    return dict(
        state_messages(TrackState(track.name, memory.label, confidence, memory.amount, None, eq))
    )


def assert_shown(track: Track, dump: Dump) -> None:
    """What liblo was told last comes to be what is in REAPER, all of it."""
    for address, arguments in of_track(track).items():
        dump.wait(lambda heard, m=(address, arguments): _is_newest(heard, *m))  # type: ignore[misc]


def _is_newest(heard: list[Heard], address: str, arguments: tuple[Argument, ...]) -> bool:
    newest = next((got for at, got in reversed(heard) if at == address), ())
    return len(newest) == len(arguments) and all(map(_same, newest, arguments))


def _same(heard: Argument, meant: Argument) -> bool:
    if isinstance(heard, str) or isinstance(meant, str):
        return heard == meant
    return math.isclose(
        heard, meant, rel_tol=1e-6, abs_tol=1e-4
    )  # a track keeps four digits of some
