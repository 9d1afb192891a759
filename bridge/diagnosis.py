"""What `reatone doctor` finds: checks, each with the next step, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_WIDTH = 20
_INDENT = " " * (_WIDTH + 11)


class State(StrEnum):
    """How a check came out. ADVICE can wait; UNKNOWN could not be looked at."""

    OK = "ok"
    ADVICE = "advice"
    TODO = "to do"
    UNKNOWN = "not tried"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. name: what. text: how it is. step: what to do now, empty for nothing."""

    name: str
    state: State
    text: str
    step: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the JSON form."""
        state = self.state.name.lower()
        return {"check": self.name, "state": state, "text": self.text, "step": self.step}

    def as_text(self) -> str:
        """Return one line, and a second one for the step."""
        line = f"{self.name:{_WIDTH}} {self.state:9} {self.text}"
        return f"{line}\n{_INDENT}-> {self.step}" if self.step else line


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All checks, in the order in which they are to be seen to."""

    checks: tuple[Check, ...]
    answers: bool

    @property
    def exit_code(self) -> int:
        """0 all is well, 1 something must be done, 3 REAPER does not answer."""
        if not self.answers:
            return 3
        return int(any(check.state is State.TODO for check in self.checks))

    def as_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "ok": self.exit_code == 0,
            "reaper_answers": self.answers,
            "checks": [check.as_json() for check in self.checks],
        }

    def as_text(self) -> str:
        """Return the page for people."""
        return "\n".join([*(check.as_text() for check in self.checks), "", self._verdict()])

    def _verdict(self) -> str:
        count = sum(check.state is State.TODO for check in self.checks)
        if count > 1:
            return f"{count} things are to be done, the first one first."
        if count:
            return "One thing is to be done."
        advised = any(check.state is State.ADVICE for check in self.checks)
        return "Nothing has to be done; see the advice." if advised else "All is well."
