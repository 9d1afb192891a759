"""What ReaTone keeps in REAPER's ExtState: signs of life, events of actions, states of jobs.

Section "ReaTone", never persistent. Lua actions append to `events` and read `status:<id>`; all
scripts share REAPER's main thread, so nothing interleaves. Runs in REAPER's Python: standard
library only, Python 3.8 and later.
"""

from __future__ import annotations

import json
import re
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

from bridge.reaper.rpr import Refused

if TYPE_CHECKING:
    from bridge.reaper.endpoint import Json

SECTION = "ReaTone"
BEAT_S = 0.5
EVENT_LIFE_S = 30.0
"""After this time nobody expects any more that an action still does something."""
STATUS_LIFE_S = 600.0
_EVENTS_LIMIT = 256
_EVENTS_CHARACTERS = 1 << 18
_ID = re.compile(r"^[A-Za-z0-9_.:{}-]{1,64}$")
_STATES = ("queued", "running", "done", "failed")
_FINAL = ("done", "failed")
_RESTARTED = (
    "ReaTone was started again while it had this request. If something was written, it is one step "
    "in REAPER's undo history. Look at the tracks, and run again if needed."
)
_TEXT_CHARACTERS = 8000


class Mailbox:
    """The ExtState side of the server."""

    def __init__(self, rpr: Any) -> None:
        self._rpr = rpr
        self._events: deque[tuple[float, Json]] = deque()
        self._status_times: dict[str, float] = {}
        self._unfinished: OrderedDict[str, None] = OrderedDict()
        self._daemon = False
        self._daemon_name = ""
        self.next_beat = 0.0

    def drain(self) -> None:
        """Take over the events that actions have appended; drop what has become too old."""
        text = str(self._rpr.RPR_GetExtState(SECTION, "events") or "")
        now = time.monotonic()
        if text:
            self._rpr.RPR_DeleteExtState(SECTION, "events", False)
            for line in text[:_EVENTS_CHARACTERS].splitlines():
                event = _event(line)
                if event is not None and len(self._events) < _EVENTS_LIMIT:
                    self._events.append((now, event))
        while self._events and now - self._events[0][0] > EVENT_LIFE_S:
            late = self._events.popleft()[1]
            note = "Nobody took this up in time. Is ReaTone running? Then try again."
            self.set_status({"id": late["id"], "state": "failed", "text": note})

    def take(self) -> list[Json]:
        """Hand over all events."""
        events = [event for _, event in self._events]
        self._events.clear()
        for event in events:
            self._unfinished[event["id"]] = None
        while len(self._unfinished) > _EVENTS_LIMIT:
            self._unfinished.popitem(last=False)
        return events

    def give_back(self, events: list[Json]) -> None:
        """Take events back that could not be delivered."""
        now = time.monotonic()
        self._events.extendleft((now, event) for event in reversed(events))
        for event in events:
            self._unfinished.pop(event["id"], None)

    def meet(self, daemon: str) -> None:
        """Take note of the daemon that waits for events; another one cannot end what was begun."""
        if daemon in ("", self._daemon_name):
            return
        self._daemon_name = daemon
        for name in list(self._unfinished):
            self.set_status({"id": name, "state": "failed", "text": _RESTARTED})

    def set_status(self, request: Json) -> Json:
        """Publish the state of a job for the action that asked for it. Raises Refused."""
        name = request.get("id")
        if not isinstance(name, str) or not _ID.match(name):
            raise Refused("session", "A status needs the id of an event.")
        if request.get("state") not in _STATES:
            raise Refused("session", f"A status has one of the states {', '.join(_STATES)}.")
        status = {"id": name, "state": request["state"]}
        if status["state"] in _FINAL:
            self._unfinished.pop(name, None)
        for key in ("step", "text"):
            if request.get(key) is not None:
                status[key] = str(request[key])[:_TEXT_CHARACTERS]
        if request.get("fraction") is not None:
            status["fraction"] = min(max(float(request["fraction"]), 0.0), 1.0)
        self._rpr.RPR_SetExtState(SECTION, f"status:{name}", json.dumps(status), False)
        self._status_times[name] = time.monotonic()
        return {}

    def beat(self, daemon: bool) -> None:
        """Show that the server lives, and whether a daemon does; forget states nobody fetched."""
        now = time.monotonic()
        if now < self.next_beat and daemon == self._daemon:
            return
        self.next_beat = now + BEAT_S
        text = f"{time.time():.3f}"
        self._rpr.RPR_SetExtState(SECTION, "heartbeat", text, False)
        if daemon:
            self._rpr.RPR_SetExtState(SECTION, "daemon", text, False)
        elif self._daemon:
            self._rpr.RPR_DeleteExtState(SECTION, "daemon", False)
        self._daemon = daemon
        for name in [n for n, at in self._status_times.items() if now - at > STATUS_LIFE_S]:
            self._rpr.RPR_DeleteExtState(SECTION, f"status:{name}", False)
            del self._status_times[name]

    def clear(self) -> None:
        """Take the signs of life away."""
        for key in ("heartbeat", "daemon"):
            self._rpr.RPR_DeleteExtState(SECTION, key, False)


def alive(rpr: Any) -> bool:
    """Tell whether a server has shown life within the last two seconds."""
    try:
        return abs(time.time() - float(rpr.RPR_GetExtState(SECTION, "heartbeat"))) < 4 * BEAT_S
    except (TypeError, ValueError):
        return False


def _event(line: str) -> Json | None:
    """Return an event as it was written by an action, None for what is none."""
    try:
        event = json.loads(line)
        fits = _ID.match(event["id"]) and isinstance(event["kind"], str)
        fits = fits and isinstance(event.get("args", {}), dict)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return {"args": {}, **event} if fits else None
