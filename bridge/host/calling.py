"""How REAPER's Python calls REAPER: argument types, tuple shapes, buffers, pointers.

`reaper_python.py` wraps every function alike: positional arguments only, numbers converted by
ctypes (a wrong type is a TypeError), pointers as texts such as "(MediaTrack*)0x00007F00000001C0",
and for functions with out-parameters a tuple of the result and all arguments. `@reascript` gives a
plain function this face.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.errors import SessionError

if TYPE_CHECKING:
    from bridge.host.host import Host
    from bridge.host.project import Node
    from bridge.host.tracks import TrackView

    Track = TrackView
    Item = Node
    Take = Node
    Project = str
    Guid = str
    Source = str

PROJECT_TYPE, TRACK_TYPE, GUID_TYPE = "ReaProject*", "MediaTrack*", "GUID*"
ITEM_TYPE, TAKE_TYPE, SOURCE_TYPE = "MediaItem*", "MediaItem_Take*", "PCM_source*"
_FIRST_ADDRESS, _STEP = 0x7F0000000040, 0x40


class HostError(SessionError):
    """A call that would crash or block REAPER, or that only REAPER itself can answer."""

    code = "host"


class Pointers:
    """Addresses for the objects of a project; an address never comes back for another object."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], str] = {}
        self._by_text: dict[str, tuple[str, str]] = {}

    def give(self, kind: str, key: str) -> str:
        """Return the pointer text of an object, named by its type and a lasting key."""
        text = self._by_key.get((kind, key))
        if text is None:
            text = f"({kind})0x{_FIRST_ADDRESS + _STEP * len(self._by_key):016X}"
            self._by_key[kind, key] = text
            self._by_text[text] = (kind, key)
        return text

    def key(self, kind: str, text: str) -> str | None:
        """Return the key behind a pointer text, None for one never given or of another type."""
        found = self._by_text.get(text)
        return found[1] if found and found[0] == kind else None


def null(kind: str) -> str:
    """Return the text of a null pointer."""
    return f"({kind})0x{0:016X}"


def as_int(value: object) -> int:
    """Convert as ctypes.c_int does. Raises TypeError."""
    if not isinstance(value, int):
        raise TypeError(f"an integer is required (got type {type(value).__name__})")
    return int(value)


def as_float(value: object) -> float:
    """Convert as ctypes.c_double does. Raises TypeError."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"must be real number, not {type(value).__name__}")
    return float(value)


def as_text(value: object) -> str:
    """Take a text as far as C would read it. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"a string is required (got type {type(value).__name__})")
    return value.partition("\0")[0]


@dataclass(frozen=True)
class Function:
    """A ReaScript function: what runs, its argument types, its out-arguments.

    outs: index of each out-argument → index of the argument with its buffer size (None: no limit).
    void: whether it has no result of its own.
    """

    name: str
    run: Callable[..., Any]
    kinds: tuple[str, ...]
    outs: Mapping[int, int | None]
    void: bool

    def bound(self, host: Host) -> Callable[..., Any]:
        """Return it as code in REAPER calls it: arguments converted, the result shaped."""
        convert = [_PLAIN_KINDS.get(kind) or getattr(host, _LOOKUPS[kind]) for kind in self.kinds]
        run, count, shape = self.run, len(convert), self._shaped if self.outs else _plain

        def call(*arguments: object) -> Any:
            if len(arguments) != count:
                raise TypeError(
                    f"RPR_{self.name}() takes {count} positional arguments "
                    f"but {len(arguments)} were given"
                )
            values = [one(value) for one, value in zip(convert, arguments, strict=True)]
            return shape(run(host, *values), arguments, values)

        return call

    def _shaped(self, result: Any, arguments: tuple[object, ...], values: list[Any]) -> Any:
        """Return the result and all arguments, the out-arguments as they are now."""
        parts = list(result) if isinstance(result, tuple) else [result]
        returned = [] if self.void else [_plain(parts.pop(0))]
        shaped = list(arguments)
        for (index, size), value in zip(self.outs.items(), parts, strict=True):
            shaped[index] = value if size is None else cut(value, values[size])
        return (*returned, *shaped)


TABLE: dict[str, Function] = {}
"""All functions by REAPER's name, without the prefix."""


def reascript(
    name: str, *, outs: Mapping[int, int | None] | Iterable[int] = (), void: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of (host, *arguments) under REAPER's name; its hints are the argument
    types.

    With `outs` it returns (result, *out values), with `void` the out values alone.
    """

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        hints = [p.annotation for p in inspect.signature(run).parameters.values()][1:]
        table = dict(outs) if isinstance(outs, Mapping) else dict.fromkeys(outs)
        TABLE[name] = Function(name, run, tuple(str(hint) for hint in hints), table, void)
        return run

    return register


def cut(text: str, size: int) -> str:
    """Return what fits into a C buffer of `size` bytes."""
    return text.encode("utf-8", "surrogateescape")[: max(size - 1, 0)].decode("utf-8", "ignore")


def _plain(value: object, *_given: object) -> object:
    return int(value) if isinstance(value, bool) else value


_PLAIN_KINDS: dict[str, Callable[[object], Any]] = {
    "int": as_int,
    "bool": lambda value: bool(as_int(value)),
    "float": as_float,
    "str": as_text,
}
_LOOKUPS = {
    "Track": "track_at",
    "Project": "check_project",
    "Guid": "guid_at",
    "Item": "item_at",
    "Take": "take_at",
    "Source": "source_at",
}
"""The host's method for each kind of pointer."""
