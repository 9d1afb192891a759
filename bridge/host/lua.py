"""Runs ReaTone's Lua actions over an embedded project, in real Lua 5.4.

`Scripts` is REAPER's action list: what is registered, its toggle states, what runs now. A
`LuaAction` is one running script: its main chunk runs at the first `step`, what it deferred at the
next ones. Lua gets no more than REAPER gives it, and less: no modules in C, no programs, files only
below one folder. A script that makes a global variable, or works too long within one tick, ends
with an error.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.action_ids import action_id, stored_path
from bridge.errors import UsageError
from bridge.host.calling import HostError
from bridge.host.lua_api import text_of
from bridge.host.lua_shell import functions, window_functions
from bridge.host.lua_user import Clock, User
from bridge.host.project import dumps
from bridge.host.undo import Point

if TYPE_CHECKING:
    from bridge.host.host import Host

_SHELL = Path(__file__).with_name("lua_shell.lua")
_FIRST_COMMAND = 55000
_END_OLD, _START_NEW = 1, 2
_NO_COMMAND = -1


@dataclass(frozen=True, slots=True)
class Trigger:
    """What started an action: a value of MIDI or OSC, or (all −1) a key, a button, a menu."""

    mode: int = -1
    resolution: int = -1
    value: int = -1


class Scripts:
    """REAPER's scripts over one host, which may be exchanged when another project is opened.

    resource: REAPER's resource folder, below which scripts may read and write files. extensions:
    functions that extensions would bring, name → (argument kinds, function). run_python: runs a
    Python script that is started as an action.
    """

    def __init__(
        self,
        host: Host,
        user: User | None = None,
        *,
        resource: Path,
        clock: Clock | None = None,
        extensions: Mapping[str, tuple[tuple[str, ...], Callable[..., Any]]] | None = None,
        run_python: Callable[[Path], None] | None = None,
    ) -> None:
        self.host = host
        self.user = user or User()
        self.resource = resource
        self.clock = clock or Clock()
        self.extensions = dict(extensions or {})
        self.persisted: set[tuple[str, str]] = set()
        self.running: list[LuaAction] = []
        self._run_python = run_python
        self._commands: dict[int, Path] = {}
        self._toggles: dict[int, int] = {}

    def start(self, path: Path, trigger: Trigger | None = None) -> LuaAction:
        """Run a script as REAPER does when its action is triggered; return it, perhaps at its end.

        Raises HostError when it runs already and has not said what to do then.
        """
        for old in [action for action in self.running if action.path == path]:
            if not old.options & _END_OLD:
                raise HostError(f"{path.name} runs already: REAPER would ask what to do.")
            old.end()
            self.running.remove(old)
            if not old.options & _START_NEW:
                return old
        action = LuaAction(self.host, path, scripts=self, trigger=trigger)
        if action.step():
            self.running.append(action)
        return action

    def step(self) -> bool:
        """Run what was deferred, once; return whether a script runs on."""
        for action in list(self.running):
            if not action.step() and action in self.running:
                self.running.remove(action)
        return bool(self.running)

    def command_of(self, path: Path) -> int:
        """Return the number of a script's action, −1 when it is not in the list."""
        return next((n for n, known in self._commands.items() if known == path), _NO_COMMAND)

    def register(self, is_added: bool, name: str) -> int:
        """Put a script into the action list or take it out; return its number, 0 on failure."""
        path = Path(name)
        number = self.command_of(path)
        if not is_added:
            return 1 if self._commands.pop(number, None) else 0
        if not path.is_file() or path.suffix not in {".lua", ".py"}:
            return 0
        if number == _NO_COMMAND:
            number = _FIRST_COMMAND + len(self._commands)
            self._commands[number] = path
        return number

    def name_of(self, number: int) -> str | None:
        """Return the id of an action, without "_"."""
        path = self._commands.get(number)
        return action_id(stored_path(path, self.resource / "Scripts")) if path else None

    def lookup(self, name: str) -> int:
        """Return the number of an action by its id with "_" in front, 0 if there is none."""
        found = (number for number in self._commands if f"_{self.name_of(number)}" == name)
        return next(found, 0)

    def run_command(self, number: int) -> None:
        """Run an action: a script of the list, or one of REAPER's own that the host knows."""
        path = self._commands.get(number)
        if path is None:
            self.host.api.RPR_Main_OnCommand(number, 0)
        elif path.suffix == ".lua":
            self.start(path)
        elif self._run_python:
            self._run_python(path)
        else:
            raise HostError(f"{path.name} needs Python within REAPER.")

    def set_toggle(self, _section: int, number: int, state: int) -> bool:
        """Set an action's toggle state: 1 on, 0 off, −1 none."""
        self._toggles[number] = state
        return number in self._commands

    def toggle(self, _section: int, number: int) -> int:
        """Return an action's toggle state."""
        return self._toggles.get(number, -1)


class LuaAction:
    """One running script. scripts: the action list that it belongs to; else one of its own.

    Its fields at the end: `error` (None without one) and `work`, the thousands of Lua instructions
    in its busiest tick.
    """

    def __init__(
        self,
        host: Host,
        path: Path | str,
        user: User | None = None,
        *,
        scripts: Scripts | None = None,
        trigger: Trigger | None = None,
    ) -> None:
        self.path = Path(path)
        self.scripts = scripts or Scripts(host, user, resource=self.path.parent)
        self.options = 0
        self.error: str | None = None
        self.work = 0
        self._trigger = trigger or Trigger()
        self._deferred: list[Callable[[], object]] = []
        self._exits: list[Callable[[], object]] = []
        self._shell: Any = None
        self._ended = False

    def step(self) -> bool:
        """Run the script, or what it deferred; return whether it runs on. An error ends it."""
        if self._ended:
            return False
        if self._shell is None:
            self._begin()
        else:
            ready, self._deferred = self._deferred, []
            for function in ready:
                self._call(function)
        if not self._deferred:
            self.end()
        return not self._ended

    def end(self) -> None:
        """End the script, as REAPER does at its end or when it is started anew."""
        exits, self._exits, self._deferred = self._exits, [], []
        self._ended = True
        for function in reversed(exits):
            self._call(function)

    def queue(self, function: Callable[[], object]) -> None:
        """Run a Lua function at the next step."""
        self._deferred.append(function)

    def at_exit(self, function: Callable[[], object]) -> bool:
        """Run a Lua function at the end."""
        self._exits.append(function)
        return True

    def set_options(self, flags: int) -> None:
        """Take 1: end the running script when it is started again, 2: and start anew; 4, 8: lit."""
        self.options = flags & (_END_OLD | _START_NEW)
        if flags & 12:
            number = self.scripts.command_of(self.path)
            self.scripts.set_toggle(0, number, 1 if flags & 4 else 0)

    def context(self) -> tuple[bool, str, int, int, int, int, int, str]:
        """Return what get_action_context says."""
        number = self.scripts.command_of(self.path)
        section = 0 if number != _NO_COMMAND else _NO_COMMAND
        trigger = self._trigger
        return (
            trigger.value >= 0,
            str(self.path),
            section,
            number,
            trigger.mode,
            trigger.resolution,
            trigger.value,
            "",
        )

    def _begin(self) -> None:
        history = self.scripts.host.history
        before = len(history.done)
        self._shell = _shell(self)
        self._call(lambda: self._shell.run(str(self.path).encode()))
        if not self._deferred and len(history.done) == before:
            state = dumps(self.scripts.host.project)
            history.add(Point(f"ReaScript: {self.path.stem}", state, state))

    def _call(self, function: Callable[[], object]) -> None:
        self._shell.rest()
        try:
            function()
        except Exception as error:  # whatever happened in a script ends the script, not its host
            self.error = text_of(error.args[0]) if _has_bytes(error) else str(error)
            self.scripts.user.errors.append(self.error)
            if not self._ended:
                self.end()
        self.work = max(self.work, self._shell.rest())


def _has_bytes(error: Exception) -> bool:
    return bool(error.args) and isinstance(error.args[0], bytes)


@dataclass(frozen=True, slots=True)
class _Shell:
    """The Lua side: run(path) runs a file, rest() returns the work since its last call."""

    run: Callable[[bytes], object]
    rest: Callable[[], int]


def _shell(action: LuaAction) -> _Shell:
    try:
        lupa: Any = importlib.import_module("lupa.lua54")
    except ImportError as error:
        raise UsageError(
            "Lua actions cannot run here without Lua.", "Install it: pip install lupa"
        ) from error
    lua = lupa.LuaRuntime(
        encoding=None,
        unpack_returned_tuples=True,
        register_eval=False,
        register_builtins=False,
        attribute_filter=_refuse,
    )
    make = lua.execute(_SHELL.read_bytes())
    run, rest = make(
        lua.table_from({name.encode(): call for name, call in functions(action).items()}),
        lua.table_from({name.encode(): call for name, call in window_functions(action).items()}),
        lambda path: _is_below(Path(text_of(path)), action.scripts.resource, action.path.parent),
        lambda: int(action.scripts.clock.time()),
    )
    return _Shell(run, rest)


def _refuse(*_: object) -> str:
    raise AttributeError("nothing of Python can be seen from Lua")


def _is_below(path: Path, *folders: Path) -> bool:
    return any(path.resolve().is_relative_to(folder.resolve()) for folder in folders)
