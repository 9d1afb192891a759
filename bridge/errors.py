"""Every error that ReaTone shows to people.

Each carries a stable `code`, a `message` (what happened, to what), a `remedy` (what to do now) and
`details` for programs. They become text, OSC messages and exit codes at the outermost border only.

* BridgeError
  * UsageError               the request itself is wrong (exit code 2)
  * SessionError             REAPER, or the host that stands in for it
    * NotConnected           nobody answers (exit code 3)
    * Busy                   another job has the project
    * StaleTrack             a track or its EQ is not what it was when ReaTone listened
    * NothingSelected        no track to work on
    * RenderFailed           the audio of the tracks could not be had
    * WriteFailed            the EQ could not be written; everything is as it was before
    * NothingToUndo          the last step in REAPER's undo history is not ReaTone's
    * OutcomeUncertain       a write got no answer, or something could not be put back
  * ProjectError             a file of the project
    * NoSuchFile
    * NotAProject            the file is there and holds something else, or is damaged
    * CannotWrite            read-only folder, disk full ...
  * AudioProblem             a recording that cannot be judged
    * UnreadableAudio        corrupt, or a format ReaTone does not know
    * SilentAudio
    * TooShortAudio
  * PresetError              a preset file, with file, line and field
"""

# ruff: noqa: N818  (the names say what happened; "Error" would add nothing)

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

Json = dict[str, object]


class BridgeError(Exception):
    """Base of all errors meant for people.

    message: what happened, to what. remedy: what to do now. details: JSON-like facts for programs.
    str() gives message and remedy in one line.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, remedy: str = "", details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy
        self.details: Json = dict(details or {})

    def to_json(self) -> Json:
        """Return the one JSON form: code, message, remedy, details."""
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "details": self.details,
        }


class UsageError(BridgeError):
    """The request itself is wrong."""

    code = "usage"
    exit_code = 2


class SessionError(BridgeError):
    """Something went wrong in or on the way to REAPER."""

    code = "session"


class NotConnected(SessionError):
    """Nobody answers."""

    code = "not_connected"
    exit_code = 3


class Busy(SessionError):
    """Another job has the project."""

    code = "busy"


class StaleTrack(SessionError):
    """A track or its EQ is not what it was when ReaTone listened."""

    code = "stale_track"


class NothingSelected(SessionError):
    """There is no track to work on."""

    code = "nothing_selected"


class RenderFailed(SessionError):
    """The audio of the tracks could not be had."""

    code = "render_failed"


class WriteFailed(SessionError):
    """The EQ could not be written and everything is as it was before."""

    code = "write_failed"


class NothingToUndo(SessionError):
    """The last step in REAPER's undo history is not ReaTone's."""

    code = "nothing_to_undo"


class OutcomeUncertain(SessionError):
    """What was asked may or may not have happened; look before trying again."""

    code = "outcome_uncertain"


class ProjectError(BridgeError):
    """Something is wrong with a file of the project."""

    code = "project"


class NoSuchFile(ProjectError):
    """The file is not there."""

    code = "no_such_file"


class NotAProject(ProjectError):
    """The file holds something other than a REAPER project, or is damaged."""

    code = "not_a_project"


class CannotWrite(ProjectError):
    """The file could not be written."""

    code = "cannot_write"


class AudioProblem(BridgeError):
    """A recording cannot be judged."""

    code = "audio"


class UnreadableAudio(AudioProblem):
    """The recording is corrupt or of an unknown format."""

    code = "unreadable_audio"


class SilentAudio(AudioProblem):
    """There is nothing to hear."""

    code = "silent_audio"


class TooShortAudio(AudioProblem):
    """There is too little to hear."""

    code = "too_short_audio"


class PresetError(BridgeError):
    """A preset file is wrong at one place.

    file, line (1-based; 0: the file as a whole) and field (dotted path, may be empty) say where;
    they are put in front of the message and into the details.
    """

    code = "preset"

    def __init__(
        self, message: str, remedy: str = "", *, file: str, line: int = 0, field: str = ""
    ) -> None:
        place = ":".join(part for part in (file, str(line) if line else "", field) if part)
        details = {"file": file, "line": line, "field": field}
        super().__init__(f"{place}: {message}", remedy, details)
        self.file = file
        self.line = line
        self.field = field


def from_json(data: Mapping[str, object]) -> BridgeError:
    """Rebuild an error from its JSON form; an unknown code becomes a SessionError that names it."""
    code = str(data.get("code", ""))
    message, remedy = str(data.get("message", "")), str(data.get("remedy", ""))
    given = data.get("details")
    details = {str(k): v for k, v in given.items()} if isinstance(given, Mapping) else {}
    kind = _BY_CODE.get(code)
    if kind is None:
        return SessionError(message or "REAPER reported an unknown problem.", remedy, details)
    return kind(message, remedy, details)


def _with_descendants(kind: type[BridgeError]) -> list[type[BridgeError]]:
    return [kind, *(k for child in kind.__subclasses__() for k in _with_descendants(child))]


_BY_CODE = {kind.code: kind for kind in _with_descendants(BridgeError) if kind is not PresetError}
