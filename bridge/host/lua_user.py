"""The person at REAPER, as scripts meet one: dialogs, windows, keys; and the clock on the wall."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from bridge.host.calling import HostError

_T = TypeVar("_T")
OK_ONLY, OK_BUTTON = 0, 1
CLOSED, NO_KEY = -1, 0


@dataclass(frozen=True, slots=True)
class Question:
    """A dialog as it was shown."""

    title: str
    text: str
    default: str = ""


class Clock:
    """REAPER's clocks, in seconds: since 1970, and a steady one."""

    def time(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def precise(self) -> float:
        """Return a steady time that starts anywhere."""
        return time.perf_counter()


class User:
    """Answers the dialogs of scripts and remembers what they showed.

    buttons: answers to message boxes with several buttons (6 yes, 7 no). inputs: texts for input
    dialogs, None cancels. files: for file dialogs, None cancels. choices: menu entries, 1-based, 0
    none. keys: gfx characters, 27 Escape. run: carries out ExecProcess and returns its text, None
    when it fails. A question without an answer left raises HostError: REAPER would wait for ever.
    """

    def __init__(
        self,
        *,
        buttons: Iterable[int] = (),
        inputs: Iterable[str | None] = (),
        files: Iterable[str | None] = (),
        choices: Iterable[int] = (),
        keys: Iterable[int] = (),
        run: Callable[[str], str | None] | None = None,
    ) -> None:
        self.buttons = deque(buttons)
        self.inputs = deque(inputs)
        self.files = deque(files)
        self.choices = deque(choices)
        self.keys = deque(keys)
        self.windows: list[Window] = []
        self.boxes: list[str] = []
        self.tips: list[str] = []
        self.errors: list[str] = []
        self.commands: list[str] = []
        self.questions: list[Question] = []
        self._run = run

    @property
    def messages(self) -> list[str]:
        """Everything that scripts ended with: boxes, tips at the pointer, notes in the window."""
        notes = (note for window in self.windows for note in (*window.notes, window.note) if note)
        return [*self.boxes, *(tip for tip in self.tips if tip), *notes]

    @property
    def window(self) -> Window:
        """The window that was opened last; one that never was, without one."""
        return self.windows[-1] if self.windows else Window(self)

    def message_box(self, text: str, title: str, kind: int) -> int:
        """Show a message box; return the number of the button pressed."""
        if kind == OK_ONLY:
            self.boxes.append(text)
            return OK_BUTTON
        self.questions.append(Question(title, text))
        return self._answer(self.buttons, title)

    def input(self, title: str, caption: str, default: str) -> str | None:
        """Show an input dialog; return its text as joined by its separator, None if cancelled."""
        self.questions.append(Question(title, caption, default))
        return self._answer(self.inputs, title)

    def file(self, start: str, title: str) -> str | None:
        """Show a file dialog; return the path, None if cancelled."""
        self.questions.append(Question(title, "", start))
        return self._answer(self.files, title)

    def choose(self, menu: str) -> int:
        """Show a menu; return the number of the entry chosen, 0 for none."""
        self.questions.append(Question("menu", menu))
        return self._answer(self.choices, menu)

    def execute(self, command: str) -> str | None:
        """Start a program. Raises HostError unless this was allowed for."""
        if self._run is None:
            raise HostError(f"No program is started from here: {command}")
        self.commands.append(command)
        return self._run(command)

    def _answer(self, answers: deque[_T], title: str) -> _T:
        if not answers:
            raise HostError(f"Nobody is there to answer {title!r}; REAPER would wait.")
        return answers.popleft()


class Window:
    """A script's gfx window: what stands in it, and what stood in it at the end."""

    def __init__(self, user: User) -> None:
        self._user = user
        self.is_open = False
        self.opened = 0
        self.has_bar = False
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.frames: list[str] = []
        self._drawn: list[str] = []
        self._boxes = 0

    def open(self) -> int:
        """Open the window; return 1 as gfx.init does."""
        self.is_open = True
        self.opened += 1
        self._user.windows.append(self)
        return 1

    def key(self) -> int:
        """Return the next key that the user presses in it, 0 for none, −1 once it is closed."""
        if not self.is_open:
            return CLOSED
        key = self._user.keys.popleft() if self._user.keys else NO_KEY
        if key == CLOSED:
            self.close()
        return key

    def draw(self, text: str) -> None:
        """Add a text to the frame in the making."""
        self._drawn.append(text)

    def draw_box(self) -> None:
        """Add a rectangle to the frame in the making."""
        self._boxes += 1

    def update(self) -> None:
        """Show the frame."""
        self.lines, self._drawn = self._drawn, []
        self.has_bar, self._boxes = self._boxes > 1, 0
        text = " ".join(self.lines)
        if not self.frames or self.frames[-1] != text:
            self.frames.append(text)

    @property
    def note(self) -> str:
        """What stands in it without a bar of progress: the message at the end."""
        return " ".join(self.lines) if self.is_open and not self.has_bar else ""

    def close(self) -> None:
        """Close the window; what it said last is kept."""
        if self.note:
            self.notes.append(self.note)
        self.is_open = False
        self.lines = []
