"""What may be asked of the daemon: requests, their arguments checked, and how jobs stand.

Requests come from REAPER's actions and from control surfaces; both say the same things, so there
is one table of kinds. Nothing that arrives is trusted: unknown kinds, unknown arguments, numbers
out of range and overlong texts are refused with a `UsageError`.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bridge.errors import BridgeError, UsageError
from models.eq import Eq

MIN_AMOUNT, MAX_AMOUNT = -1.0, 2.0
MAX_WORDS = 500
MAX_NAME = 120
MAX_PATH = 4096
QUIET = frozenset({"refresh", "touch"})
"""Kinds that only look: not worth a word. A "touch" (a fader begins to move) comes from within."""

Check = Callable[[str, object], object]


class Cancelled(BridgeError):  # noqa: N818
    """The user has called the job off."""

    code: ClassVar[str] = "cancelled"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do.

    ids: who waits for news of it, as named by REAPER's actions; empty for control surfaces, which
    are told everything. Several when newer requests have been merged into one. name: for the log.
    """

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    def merged(self, newer: Request) -> Request | None:
        """Return one request in place of two in a row, or None when both are to be done.

        Only amounts merge: the newest wins, relative changes add up.
        """
        if self.kind != "amount" or newer.kind != "amount":
            return None
        args = dict(newer.args)
        if "by" in args and "by" in self.args:
            span = MAX_AMOUNT - MIN_AMOUNT
            args["by"] = min(max(self.args["by"] + args["by"], -span), span)
        elif "by" in args:
            args = {**self.args, "set": clamp_amount(self.args["set"] + args["by"])}
        return replace(newer, args=args, ids=self.ids + newer.ids)


@dataclass(frozen=True, slots=True)
class Status:
    """How a job stands. state: queued, running, done or failed. fraction: 0 ... 1."""

    state: str
    step: str = ""
    fraction: float | None = None
    text: str = ""

    @property
    def final(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed")


@dataclass(frozen=True, slots=True)
class TrackState:
    """What a surface shows of the track in hand, as read back from REAPER.

    name: empty when there is no track. eq: None while there is no EQ of ReaTone's on it.
    """

    name: str = ""
    label: str = ""
    confidence: float = 0.0
    amount: float | None = None
    bypassed: bool | None = None
    eq: Eq | None = None


def clamp_amount(value: float) -> float:
    """Return the nearest amount that is allowed."""
    return min(max(value, MIN_AMOUNT), MAX_AMOUNT)


def parse(kind: object, args: object, ids: tuple[str, ...] = ()) -> Request:
    """Check what arrived and return it as a request. Raises UsageError."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise UsageError(f"There is no request {str(kind)[:40]!r}.", f"Known: {', '.join(KINDS)}.")
    if not isinstance(args, Mapping):
        raise UsageError(f"{kind}: the arguments are not an object.", "Update ReaTone's scripts.")
    known, needed = KINDS[kind]
    if unknown := [str(name)[:40] for name in args if name not in known]:
        raise UsageError(f"{kind} has no argument {unknown[0]!r}.", "Update ReaTone's scripts.")
    given = {name: known[name](name, value) for name, value in args.items() if value is not None}
    if needed and len([name for name in needed if name in given]) != 1:
        raise UsageError(f"{kind} needs {' or '.join(needed)}.", "Give it and try again.")
    return Request(kind, given, ids)


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        shown = repr(value)[:40]
        raise UsageError(f"{name} must be a number from {low:g} to {high:g}, not {shown}.")
    return float(value)


def _amount(name: str, value: object) -> float:
    return _number(name, value, MIN_AMOUNT, MAX_AMOUNT)


def _change(name: str, value: object) -> float:
    return _number(name, value, MIN_AMOUNT - MAX_AMOUNT, MAX_AMOUNT - MIN_AMOUNT)


def _flag(name: str, value: object) -> bool:
    if isinstance(value, (bool, int, float)) and math.isfinite(value) and value in (0, 1):
        return bool(value)
    raise UsageError(f"{name} must be 1 or 0, not {repr(value)[:40]}.")


def _text(limit: int) -> Check:
    def check(name: str, value: object) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not 0 < len(text) <= limit or not text.isprintable():
            raise UsageError(f"{name} must be one line of 1 to {limit} characters.")
        return text

    return check


KINDS: dict[str, tuple[dict[str, Check], tuple[str, ...]]] = {
    "auto": ({"amount": _amount, "class": _text(MAX_NAME)}, ()),
    "master": ({"genre": _text(MAX_NAME)}, ()),
    "describe": ({"text": _text(MAX_WORDS)}, ("text",)),
    "match": ({"path": _text(MAX_PATH)}, ("path",)),
    "amount": ({"set": _amount, "by": _change}, ("set", "by")),
    "compare": ({"on": _flag}, ()),
    "revert": ({}, ()),
    "undo": ({}, ()),
    "preset_save": ({"name": _text(MAX_NAME)}, ("name",)),
    "preset_load": ({"name": _text(MAX_NAME)}, ("name",)),
    "refresh": ({}, ()),
    "cancel": ({}, ()),
}
"""Kind → its arguments with their checks, and those of which exactly one is needed."""
