"""The ReaScript functions over an embedded project: the object that code written for REAPER calls.

Names, argument rules and tuple shapes are those of REAPER's own `reaper_python.py`; what would
crash REAPER (stale pointers) or block it (dialogs) raises HostError instead, and a function the
host does not have is an AttributeError, as in a REAPER that lacks it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.host import (
    reascript_eq,
    reascript_fx,
    reascript_items,
    reascript_project,
    reascript_tracks,
)
from bridge.host.calling import TABLE

if TYPE_CHECKING:
    from bridge.host.host import Host

PREFIX = "RPR_"
GROUPS = (reascript_tracks, reascript_items, reascript_fx, reascript_eq, reascript_project)
"""The modules whose functions fill the table."""


class Api:
    """All functions as attributes RPR_…, positional arguments only."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = TABLE.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
        if function is None:
            raise AttributeError(f"the embedded host has no function {name}")
        call = self.__dict__[name] = function.bound(self._host)
        return call

    def __dir__(self) -> list[str]:
        return [PREFIX + name for name in TABLE]
