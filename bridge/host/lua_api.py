"""REAPER's functions as Lua sees them: its argument checks, several results, opaque pointers.

Python's ReaScript passes buffers and gets all arguments back; Lua has neither. The functions of the
embedded host are translated; those that only scripts in REAPER have (dialogs, the action list) are
added here. Each becomes a callable that returns (True, results …) or (False, message): the Lua side
turns the latter into a Lua error, as REAPER does.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from bridge.errors import BridgeError
from bridge.host.calling import (
    GUID_TYPE,
    PROJECT_TYPE,
    TABLE,
    TRACK_TYPE,
    Function,
    HostError,
    null,
)

if TYPE_CHECKING:
    from bridge.host.host import Host

Call = Callable[..., tuple[Any, ...]]
_POINTERS = {
    "EnumProjects": PROJECT_TYPE,
    "GetTrack": TRACK_TYPE,
    "GetMasterTrack": TRACK_TYPE,
    "GetSelectedTrack": TRACK_TYPE,
    "GetParentTrack": TRACK_TYPE,
}
_GUIDS = frozenset({"GetTrackGUID", "TrackFX_GetFXGUID"})
_OPTIONAL_TEXT = frozenset({"Undo_CanUndo2", "Undo_CanRedo2"})
_KEEPS_OUTS = frozenset(
    {"GetSetMediaTrackInfo_String", "GetSetProjectInfo_String", "GetSet_LoopTimeRange2"}
)
"""Functions whose out-arguments are arguments in Lua as well; elsewhere Lua leaves them out."""
_ELSEWHERE = frozenset({"guidToString", "ValidatePtr2", "APIExists", "time_precise"})
"""Functions whose Lua form differs otherwise; `lua_shell` has them."""
_NOT_FOR_LUA = frozenset({"Item", "Take", "Source"})
"""Kinds of arguments that no action of ours hands over."""
_BUFFER_BYTES = 1 << 20
_BLANK: dict[str, Any] = {"str": "", "int": 0, "float": 0.0, "bool": False}
_INT32 = range(-(1 << 31), 1 << 32)


@dataclass(frozen=True, slots=True)
class Pointer:
    """A REAPER object in a script's hands: userdata of which nothing can be seen."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"userdata: {self.text.partition(')')[2]}"


@cache
def _pointer(kind: str, text: str) -> Pointer:
    """Return the one pointer with this text: Lua compares the objects themselves."""
    return Pointer(kind, text)


class BadArgument(Exception):  # noqa: N818  (the name says what happened)
    """An argument that REAPER refuses; its text is what REAPER says in brackets."""


def text_of(value: bytes) -> str:
    """Return the text of a Lua string; bytes that are no UTF-8 survive a round trip."""
    return value.decode("utf-8", "surrogateescape")


def to_lua(value: Any) -> Any:
    """Return a plain value as Lua takes it."""
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def checked(kind: str, value: object) -> Any:
    """Return a Lua argument as Python takes it. Raises BadArgument.

    As strict as REAPER and a little more: no number is a text, and only true and false are boolean.
    """
    if kind == "str" and isinstance(value, bytes):
        return text_of(value).partition("\0")[0]
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind in {"int", "float"} and isinstance(value, (int, float)) and not isinstance(value, bool):
        if kind == "float":
            return float(value)
        if value != int(value) or int(value) not in _INT32:
            raise BadArgument("number has no integer representation")
        return int(value)
    if kind == "any" or kind == "function" == lua_type(value):
        return value
    name = {"str": "string", "bool": "boolean", "int": "number", "float": "number"}.get(kind, kind)
    raise BadArgument(f"{name} expected, got {lua_type(value)}")


def guarded(name: str, kinds: tuple[str, ...], run: Callable[..., Any]) -> Call:
    """Return a function for Lua that checks its arguments; more than it takes are ignored."""

    def call(*arguments: object) -> tuple[Any, ...]:
        values = []
        for index, kind in enumerate(kinds):
            value = arguments[index] if index < len(arguments) else None
            try:
                values.append(checked(kind, value))
            except BadArgument as error:
                return False, f"bad argument #{index + 1} to '{name}' ({error})".encode()
        return _answered(name, lambda: run(*values))

    return call


def host_functions(host: Callable[[], Host]) -> dict[str, Call]:
    """Return the functions of the embedded host that `host()` gives at each call."""
    names = (
        name
        for name in TABLE
        if name not in _ELSEWHERE and not _NOT_FOR_LUA.intersection(TABLE[name].kinds)
    )
    return {name: _translated(TABLE[name], host) for name in names}


def _translated(function: Function, host: Callable[[], Host]) -> Call:
    left_out = set() if function.name in _KEEPS_OUTS else _outs(function)
    is_flag = str(inspect.signature(function.run).return_annotation) == "bool"

    def call(*arguments: object) -> tuple[Any, ...]:
        given = list(arguments)
        values: list[Any] = []
        position = 0
        for index, kind in enumerate(function.kinds):
            if index in left_out:
                sizes = function.outs.values()
                values.append(_BUFFER_BYTES if index in sizes else _BLANK[kind])
                continue
            value = given[position] if position < len(given) else None
            position += 1
            try:
                values.append(_for_host(host(), kind, value))
            except BadArgument as error:
                return False, f"bad argument #{position} to '{function.name}' ({error})".encode()
        return _answered(function.name, lambda: _shaped(function, host(), values, is_flag))

    return call


def _outs(function: Function) -> set[int]:
    sizes = {size for size in function.outs.values() if size is not None}
    return set(function.outs) | sizes


def _for_host(host: Host, kind: str, value: object) -> Any:
    """Check an argument for a function of the host: pointers become what they point to."""
    if kind == "Project":
        if value is None or (type(value) is int and value == 0):
            return host.project_pointer
        if isinstance(value, Pointer) and value.text == host.project_pointer:
            return value.text
        raise BadArgument("ReaProject expected")
    if kind == "Track":
        if not isinstance(value, Pointer) or value.kind != TRACK_TYPE:
            raise BadArgument("MediaTrack expected")
        try:
            return host.track_at(value.text)
        except HostError as error:
            raise BadArgument("MediaTrack expected") from error
    return checked(kind, value)


def _shaped(function: Function, host: Host, values: list[Any], is_flag: bool) -> Any:
    try:
        result = function.run(host, *values)
    except AttributeError:
        if function.name in _OPTIONAL_TEXT:
            return (None,)
        raise
    parts = list(result) if isinstance(result, tuple) else [result]
    if function.name in _POINTERS:
        kind = _POINTERS[function.name]
        parts[0] = None if parts[0] == null(kind) else _pointer(kind, parts[0])
    elif function.name in _GUIDS:
        parts[0] = None if parts[0] == null(GUID_TYPE) else host.guid_at(parts[0])
    elif is_flag:
        parts[0] = bool(parts[0])
    return tuple(parts)


def _answered(name: str, run: Callable[[], Any]) -> tuple[Any, ...]:
    try:
        result = run()
    except BridgeError as error:
        return False, f"{name}: {error}".encode()
    if result is None:
        return (True,)
    parts = result if isinstance(result, tuple) else (result,)
    return True, *(to_lua(part) for part in parts)


def lua_type(value: object) -> str:
    """Return the name of a value's type in Lua."""
    if value is None:
        return "nil"
    for kind, name in ((bool, "boolean"), (bytes, "string"), ((int, float), "number")):
        if isinstance(value, kind):
            return name
    if isinstance(value, Pointer):
        return "userdata"
    found = re.search(r"Lua (function|table|thread)", repr(value))
    return found[1] if found else "userdata"
