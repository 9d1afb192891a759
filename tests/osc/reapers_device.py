"""What REAPER's own OSC device does with ReaTone's messages, by the shipped pattern file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.conftest import ROOT
from tests.osc import pattern

FILE = pattern.read(ROOT / "reaper_scripts" / "ReaTone.ReaperOSC")
Param = tuple[int, int, int]
"""Track, FX and parameter as REAPER's functions count them, from 0."""
Set = Callable[[Param, float], object]


def take(messages: Iterable[tuple[str, tuple[object, ...]]], set_param: Set) -> list[Param]:
    """Set what messages set; return the parameters whose touch they end."""
    ended = []
    for address, arguments in messages:
        found = FILE.match(address)
        assert found, f"{address} is in no pattern of the file"
        name, kind, (track, fx, number) = found
        assert (name, kind) == ("FX_PARAM_VALUE", "n")
        param = (track - 1, fx - 1, number - 1)
        (value,) = arguments
        if isinstance(value, float):
            assert 0.0 <= value <= 1.0
            set_param(param, value)
        else:
            assert value == -1
            ended.append(param)
    return ended
