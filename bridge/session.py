"""A session with REAPER, live or embedded: what ReaTone asks of it, in typed values.

The work itself is done by `bridge.reaper.inside`; a transport carries requests to wherever that
runs. The values are those of `bridge.exchange`.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from bridge import errors
from bridge.exchange import Hello, Job, OwnEq, ProjectInfo, Receipt, Track, Write
from bridge.memory import Memory
from bridge.reaper import inside, own, reaeq

__all__ = [
    "Hello",
    "Job",
    "Memory",
    "OwnEq",
    "ProjectInfo",
    "ReaperSession",
    "Receipt",
    "Session",
    "Track",
    "Write",
    "embedded",
]

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""A transport: runs a function of `inside.FUNCTIONS` by name and returns its reply."""

_POLL_S = 0.25
_PATIENCE_S = 30.0


class Session(Protocol):
    """What ReaTone asks of REAPER. `tracks`: GUIDs, or None for the selected tracks."""

    def hello(self) -> Hello:
        """Say who is here."""

    def list_tracks(self, *, master: bool = False) -> tuple[Track, ...]:
        """Describe every track of the project, and at the end the master if wanted."""

    def begin_job(
        self,
        tracks: Sequence[str] | None = None,
        *,
        directory: Path | None = None,
        known: Mapping[str, str] | None = None,
    ) -> Job:
        """Describe tracks; given a directory, render what their EQ will act on into it.

        known: GUID → `sound` of tracks heard before: those that still sound so are not rendered.
        """

    def write_eq(self, label: str, writes: Sequence[Write]) -> tuple[Receipt, ...]:
        """Write EQs in one undo step called `label`; one receipt per write."""

    def revert(self, label: str, tracks: Sequence[str] | None = None) -> tuple[Receipt, ...]:
        """Go back to what the user had before ReaTone, in one undo step."""

    def set_bypass(
        self, label: str, on: bool, tracks: Sequence[str] | None = None
    ) -> tuple[Receipt, ...]:
        """Switch ReaTone's instances off (on = True) or on, in one undo step."""

    def undo(self) -> str:
        """Undo REAPER's last step if it is ReaTone's; return its label."""


class ReaperSession:
    """The one implementation of `Session`, over any transport.

    call: the transport. wait: called between looks at a render in the background. patience_s: how
    long such a render may stand still. Raises errors of `bridge.errors`.
    """

    def __init__(
        self,
        call: Call,
        *,
        wait: Callable[[float], None] = time.sleep,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._transport = call
        self._wait = wait
        self._patience_s = patience_s

    def hello(self) -> Hello:
        """Say who is here; raise SessionError when the part inside REAPER is of another version."""
        reply = self._call("hello")
        if reply["api"] != inside.API_VERSION:
            raise errors.SessionError(
                f"ReaTone inside REAPER speaks version {reply['api']} of the interface, "
                f"this is version {inside.API_VERSION}.",
                "Restart REAPER; if that does not help, run `reatone install` again.",
            )
        return Hello(
            reply["api"], reply["reaper"], reply["python"], ProjectInfo(**reply["project"])
        )

    def list_tracks(self, *, master: bool = False) -> tuple[Track, ...]:
        """Describe every track of the project."""
        return tuple(_track(row) for row in self._call("list_tracks", master=master)["tracks"])

    def begin_job(
        self,
        tracks: Sequence[str] | None = None,
        *,
        directory: Path | None = None,
        known: Mapping[str, str] | None = None,
    ) -> Job:
        """Describe tracks and render their stems (32-bit float WAV, project length, pre-fader)."""
        reply = self._call(
            "begin_job",
            tracks=None if tracks is None else list(tracks),
            audio=directory is not None,
            directory=None if directory is None else str(directory.absolute()),
            known=None if known is None else dict(known),
        )
        files = self._finished(reply["render"]) if reply["render"] else {}
        return Job(
            ProjectInfo(**reply["project"]),
            tuple(_track(row, files.get(str(row["number"]))) for row in reply["tracks"]),
            reply["change_count"],
        )

    def write_eq(self, label: str, writes: Sequence[Write]) -> tuple[Receipt, ...]:
        """Write EQs in one undo step; a track that fails is as before and its receipt says why."""
        rows = [
            {
                "guid": write.track.guid,
                "state": own.encode(reaeq.encode(reaeq.from_eq(write.eq))),
                "data": write.memory.to_json(),
                "expected_state": write.track.own and own.encode(write.track.own.state),
                "moved": write.moved,
            }
            for write in writes
        ]
        return _receipts(self._call("write_eq", label=label, writes=rows))

    def revert(self, label: str, tracks: Sequence[str] | None = None) -> tuple[Receipt, ...]:
        """Restore the state that the user made last, to the byte, or remove our instance."""
        guids = None if tracks is None else list(tracks)
        return _receipts(self._call("revert", label=label, tracks=guids))

    def set_bypass(
        self, label: str, on: bool, tracks: Sequence[str] | None = None
    ) -> tuple[Receipt, ...]:
        """Switch ReaTone's instances off (on = True) or on."""
        guids = None if tracks is None else list(tracks)
        return _receipts(self._call("set_bypass", label=label, on=on, tracks=guids))

    def undo(self) -> str:
        """Undo REAPER's last step if it is ReaTone's; return its label."""
        return str(self._call("undo")["undone"])

    def _call(self, name: str, /, **request: Any) -> dict[str, Any]:
        reply = self._transport(name, request)
        if "error" in reply:
            raise errors.from_json(reply["error"])
        return reply

    def _finished(self, render: dict[str, Any]) -> dict[str, str]:
        """Wait for the stems as long as they grow; return their paths by track number."""
        still_s = 0.0
        while not render["ready"]:
            if still_s >= self._patience_s:
                raise errors.RenderFailed(
                    f"REAPER did not finish rendering: {len(render['files'])} of "
                    f"{len(render['numbers'])} tracks are there.",
                    "See whether REAPER shows a message, close it and run again.",
                    render,
                )
            self._wait(_POLL_S)
            keys = ("directory", "token", "numbers")
            now = self._call("render_ready", **{key: render[key] for key in keys})
            still_s = 0.0 if now["bytes"] > render["bytes"] else still_s + _POLL_S
            render = now
        return dict(render["files"])


class Embedded(Protocol):
    """An embedded host."""

    @property
    def api(self) -> Any:
        """The ReaScript functions, RPR_..."""

    def warnings(self, guid: str) -> tuple[str, ...]:
        """Return what a render of this track leaves out."""


def embedded(host: Embedded) -> ReaperSession:
    """Open a session over an embedded host, in this process.

    Everything passes through JSON, as on the wire to a live REAPER. A track with audio also warns
    of what the host could not render.
    """

    def call(name: str, request: dict[str, Any]) -> dict[str, Any]:
        reply = inside.call(host.api, name, json.loads(json.dumps(request, allow_nan=False)))
        if name == "begin_job" and reply.get("render"):
            for row in reply["tracks"]:
                row["warnings"] += host.warnings(row["guid"])
        answer: dict[str, Any] = json.loads(json.dumps(reply, allow_nan=False))
        return answer

    return ReaperSession(call, patience_s=0.0)


def _track(row: Mapping[str, Any], audio: str | None = None) -> Track:
    own = row["own"]
    return Track(
        guid=row["guid"],
        name=row["name"],
        number=row["number"],
        selected=row["selected"],
        depth=row["depth"],
        folder=row["folder"],
        muted=row["muted"],
        channels=row["channels"],
        own=OwnEq(**{**own, "state": base64.b64decode(own["state"])}) if own else None,
        memory=Memory.from_json(row["data"]),
        warnings=tuple(row["warnings"]),
        audio=None if audio is None else Path(audio),
        sound=row.get("sound", ""),
    )


def _receipts(reply: Mapping[str, Any]) -> tuple[Receipt, ...]:
    return tuple(
        Receipt(
            **{
                **row,
                "state": _from_text(row["state"]),
                "before": _from_text(row["before"]),
                "warnings": tuple(row["warnings"]),
                "error": errors.from_json(row["error"]) if row["error"] else None,
            }
        )
        for row in reply["receipts"]
    )


def _from_text(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
