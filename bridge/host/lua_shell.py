"""What only scripts within REAPER have: dialogs, windows, the action list, deferred functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.host.calling import TABLE, HostError
from bridge.host.lua_api import Call, Pointer, guarded, host_functions
from bridge.host.lua_user import Window

if TYPE_CHECKING:
    from bridge.host.lua import LuaAction

_MAX_INPUTS = 16
_PLATFORM = "Other"


def functions(action: LuaAction) -> dict[str, Call]:
    """Return all functions of the table `reaper` for one running script."""
    shell = _Shell(action)
    own = {
        name: guarded(name, kinds, run)
        for part in (_dialogs(shell), _list(shell), _world(shell), action.scripts.extensions)
        for name, (kinds, run) in part.items()
    }
    table = {**host_functions(lambda: action.scripts.host), **own}
    names = frozenset(table)
    table["APIExists"] = guarded("APIExists", ("str",), lambda name: name in names | _BUILT_IN)
    return table


def window_functions(action: LuaAction) -> dict[str, Call]:
    """Return the functions of the table `gfx`; its variables are plain fields of the table."""
    user = action.scripts.user
    window = Window(user)
    return {
        "init": guarded("init", (), window.open),
        "quit": guarded("quit", (), window.close),
        "getchar": guarded("getchar", (), window.key),
        "update": guarded("update", (), window.update),
        "drawstr": guarded("drawstr", ("str",), window.draw),
        "rect": guarded("rect", ("float",) * 4, lambda *_: window.draw_box()),
        "set": guarded("set", ("float",) * 3, lambda *_: None),
        "setfont": guarded("setfont", ("int", "str", "int"), lambda *_: 1),
        "measurestr": guarded("measurestr", ("str",), lambda text: (8.0 * len(text), 16.0)),
        "showmenu": guarded("showmenu", ("str",), user.choose),
    }


_BUILT_IN = frozenset(TABLE)
_Table = Mapping[str, tuple[tuple[str, ...], Callable[..., Any]]]


class _Shell:
    """The functions that need more than a line."""

    def __init__(self, action: LuaAction) -> None:
        self.action = action
        self.scripts = action.scripts
        self.user = action.scripts.user

    def get_user_inputs(
        self, title: str, count: int, captions: str, defaults: str
    ) -> tuple[bool, str]:
        """Take `count` captions; those behind them say extrawidth=… and separator=…."""
        if not 1 <= count <= _MAX_INPUTS:
            raise HostError(f"an input dialog has 1 to {_MAX_INPUTS} fields, not {count}")
        fields = captions.split(",")
        extra = fields[count:]
        if len(fields) < count or any("=" not in field for field in extra):
            raise HostError(f"the captions {captions!r} are not {count} and options")
        options = dict(field.split("=", 1) for field in extra)
        separator = options.get("separator", ",")[:1]
        caption = ", ".join(fields[:count])
        answer = self.user.input(title, caption, defaults)
        if answer is not None and count == 1 and separator in answer:
            raise HostError(f"{answer!r} cannot be told from several answers by {separator!r}")
        return answer is not None, defaults if answer is None else answer

    def get_file(self, start: str, title: str, _extension: str) -> tuple[bool, str]:
        """Take a start that may be empty; a cancelled dialog gives it back."""
        answer = self.user.file(start, title)
        return answer is not None, start if answer is None else answer

    def set_ext_state(self, section: str, key: str, value: str, persist: bool) -> None:
        """Refuse what a line of reaper-extstate.ini cannot hold."""
        if persist and any(mark in value for mark in "\r\n"):
            raise HostError(f"the persistent value {section}/{key} holds a line break")
        self.scripts.host.api.RPR_SetExtState(section, key, value, persist)
        if persist:
            self.scripts.persisted.add((section, key))

    def defer(self, function: Any) -> bool:
        """Queue a function for the next tick."""
        self.action.queue(function)
        return True

    def file_exists(self, path: str) -> bool:
        """Tell whether there is such a file."""
        return Path(path).is_file()

    def enumerate_files(self, folder: str, index: int) -> str | None:
        """Return the name of the n-th file of a folder, None beyond the last."""
        path = Path(folder)
        names = sorted(each.name for each in path.iterdir() if each.is_file())
        return names[index] if 0 <= index < len(names) else None

    def validate_pointer(self, _project: object, pointer: object, kind: str) -> bool:
        """Tell whether a pointer still points to an object of the kind named."""
        text = pointer.text if isinstance(pointer, Pointer) else ""
        return bool(self.scripts.host.api.RPR_ValidatePtr2(0, text, kind))

    def guid_to_string(self, guid: str, _buffer: str) -> str:
        """Return it: in Lua a GUID is its text."""
        return guid


def _dialogs(shell: _Shell) -> _Table:
    user = shell.user
    return {
        "MB": (("str", "str", "int"), user.message_box),
        "ShowMessageBox": (("str", "str", "int"), user.message_box),
        "GetUserInputs": (("str", "int", "str", "str"), shell.get_user_inputs),
        "GetUserFileNameForRead": (("str", "str", "str"), shell.get_file),
        "TrackCtl_SetToolTip": (
            ("str", "int", "int", "bool"),
            lambda text, *_: user.tips.append(text),
        ),
        "GetMousePosition": ((), lambda: (640, 400)),
        "ExecProcess": (("str", "int"), lambda command, _wait: user.execute(command)),
    }


def _list(shell: _Shell) -> _Table:
    scripts, action = shell.scripts, shell.action
    return {
        "get_action_context": ((), action.context),
        "set_action_options": (("int",), action.set_options),
        "SetToggleCommandState": (("int", "int", "int"), scripts.set_toggle),
        "GetToggleCommandStateEx": (("int", "int"), scripts.toggle),
        "RefreshToolbar2": (("int", "int"), lambda *_: None),
        "NamedCommandLookup": (("str",), scripts.lookup),
        "ReverseNamedCommandLookup": (("int",), scripts.name_of),
        "AddRemoveReaScript": (
            ("bool", "int", "str", "bool"),
            lambda is_added, _section, path, _commit: scripts.register(is_added, path),
        ),
        "Main_OnCommand": (("int", "int"), lambda command, _flag: scripts.run_command(command)),
    }


def _world(shell: _Shell) -> _Table:
    scripts, action = shell.scripts, shell.action
    return {
        "defer": (("function",), shell.defer),
        "runloop": (("function",), shell.defer),
        "atexit": (("function",), action.at_exit),
        "time_precise": ((), scripts.clock.precise),
        "GetResourcePath": ((), lambda: str(scripts.resource)),
        "GetOS": ((), lambda: _PLATFORM),
        "SetExtState": (("str", "str", "str", "bool"), shell.set_ext_state),
        "file_exists": (("str",), shell.file_exists),
        "EnumerateFiles": (("str", "int"), shell.enumerate_files),
        "ValidatePtr2": (("any", "any", "str"), shell.validate_pointer),
        "guidToString": (("str", "str"), shell.guid_to_string),
    }
