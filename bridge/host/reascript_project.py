"""ReaScript functions: the project, rendering, undo, stored values, the application."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bridge.host import render
from bridge.host.calling import PROJECT_TYPE, TABLE, HostError, null, reascript
from bridge.host.ext_state import ExtState

if TYPE_CHECKING:
    from bridge.host.calling import Project
    from bridge.host.host import Host

APP_VERSION = "7.40/embedded"
"""What GetAppVersion answers: the REAPER version whose behaviour is followed."""
WARNINGS_SECTION = "reatone_host"
"""ExtState section where a track's GUID reads, as a JSON list, what a render leaves out of it."""
_RENDER_ACTIONS = frozenset({42230, 41824})
_SAVE_ACTION, _UNDO_ACTION, _REDO_ACTION = 40026, 40029, 40030
_CONFIG = {"renderclosewhendone": "1"}


@reascript("EnumProjects", outs={1: 2})
def _enum_projects(host: Host, index: int, path: str, size: int) -> tuple[str, str]:
    if index in {-1, 0}:
        return host.project_pointer, str(host.path)
    return null(PROJECT_TYPE), ""


@reascript("GetProjectName", outs={1: 2}, void=True)
def _get_project_name(host: Host, project: Project, name: str, size: int) -> str:
    return host.path.name


@reascript("GetProjectLength")
def _get_project_length(host: Host, project: Project) -> float:
    return host.length_s


@reascript("GetSetProjectInfo")
def _get_set_project_info(
    host: Host, project: Project, key: str, value: float, is_set: bool
) -> float:
    """Numbers only: the key of a text (RENDER_FILE …) gives 0 here, as in REAPER."""
    before = host.settings.number(host.project, key)
    if before is None:
        return 0.0
    if is_set:
        host.settings.set_number(host.project, key, value)
        if value != before:
            host.touch()
    return host.settings.number(host.project, key) or 0.0


@reascript("GetSetProjectInfo_String", outs=(2,))
def _get_set_project_info_string(
    host: Host, project: Project, key: str, value: str, is_set: bool
) -> tuple[bool, str]:
    if key == "RENDER_TARGETS":
        paths = render.target_paths(host.project, host.path, host.settings)
        return not is_set, ";".join(str(path) for path in paths)
    if key == "RENDER_STATS":
        return not is_set, host.render_stats
    if key == "PROJECT_NAME":
        return not is_set, host.path.name
    before = host.settings.text(host.project, key)
    if before is None:
        return False, ""
    if is_set:
        host.settings.set_text(host.project, key, value)
        if value != before:
            host.touch()
    return True, host.settings.text(host.project, key) or ""


@reascript("Main_OnCommand")
def _main_on_command(host: Host, command: int, flag: int) -> None:
    _run_action(host, command)


@reascript("Main_OnCommandEx")
def _main_on_command_ex(host: Host, command: int, flag: int, project: Project) -> None:
    _run_action(host, command)


@reascript("Main_SaveProject")
def _main_save_project(host: Host, project: Project, force_save_as: bool) -> None:
    if force_save_as:
        raise HostError("Save as opens a dialog in REAPER.", "Save with Main_SaveProjectEx.")
    host.save()


@reascript("Main_SaveProjectEx")
def _main_save_project_ex(host: Host, project: Project, path: str, options: int) -> None:
    host.save(path or None)


@reascript("MarkProjectDirty")
def _mark_project_dirty(host: Host, project: Project) -> None:
    host.dirty = True


@reascript("IsProjectDirty")
def _is_project_dirty(host: Host, project: Project) -> bool:
    return host.dirty


@reascript("GetProjectStateChangeCount")
def _get_project_state_change_count(host: Host, project: Project) -> int:
    return host.change_count


@reascript("GetSet_LoopTimeRange2", outs=(3, 4), void=True)
def _get_set_loop_time_range2(
    host: Host,
    project: Project,
    is_set: bool,
    is_loop: bool,
    start: float,
    end: float,
    seek: bool,
) -> tuple[float, float]:
    line = host.project.root.line("SELECTION2" if is_loop else "SELECTION")
    if line is None:
        return 0.0, 0.0
    if is_set:
        line.set_number(1, start)
        line.set_number(2, end)
        host.touch()
    return line.number(1), line.number(2)


@reascript("GetPlayState")
def _get_play_state(host: Host) -> int:
    return 0


@reascript("Undo_BeginBlock2")
def _undo_begin_block2(host: Host, project: Project) -> None:
    host.begin_block()


@reascript("Undo_EndBlock2")
def _undo_end_block2(host: Host, project: Project, label: str, flags: int) -> None:
    host.end_block(label, flags)


@reascript("Undo_CanUndo2")
def _undo_can_undo2(host: Host, project: Project) -> str:
    return _label_or_null(host.history.done[-1].label if host.history.done else None)


@reascript("Undo_CanRedo2")
def _undo_can_redo2(host: Host, project: Project) -> str:
    return _label_or_null(host.history.undone[-1].label if host.history.undone else None)


@reascript("Undo_DoUndo2")
def _undo_do_undo2(host: Host, project: Project) -> bool:
    return host.undo()


@reascript("Undo_DoRedo2")
def _undo_do_redo2(host: Host, project: Project) -> bool:
    return host.redo()


@reascript("PreventUIRefresh")
def _prevent_ui_refresh(host: Host, change: int) -> None:
    """Nothing to draw here."""


@reascript("GetExtState")
def _get_ext_state(host: Host, section: str, key: str) -> str:
    if section == WARNINGS_SECTION:
        return host.warnings_json(key)
    return host.ext_state.get((section, key), "")


@reascript("SetExtState")
def _set_ext_state(host: Host, section: str, key: str, value: str, persist: bool) -> None:
    host.ext_state[section, key] = value


@reascript("HasExtState")
def _has_ext_state(host: Host, section: str, key: str) -> bool:
    if section == WARNINGS_SECTION:
        return key in host.tracks
    return (section, key) in host.ext_state


@reascript("DeleteExtState")
def _delete_ext_state(host: Host, section: str, key: str, persist: bool) -> None:
    host.ext_state.pop((section, key), None)


@reascript("GetProjExtState", outs={3: 4})
def _get_proj_ext_state(
    host: Host, project: Project, section: str, key: str, value: str, size: int
) -> tuple[int, str]:
    found = _proj_ext(host, section).get(key)
    return len(found or ""), found or ""


@reascript("SetProjExtState")
def _set_proj_ext_state(host: Host, project: Project, section: str, key: str, value: str) -> int:
    store = _proj_ext(host, section)
    try:
        if value:
            store.set(key, value)
        else:
            store.delete(key)
    except ValueError:
        return 0
    host.touch()
    return len(value)


@reascript("GetAppVersion")
def _get_app_version(host: Host) -> str:
    return APP_VERSION


@reascript("APIExists")
def _api_exists(host: Host, name: str) -> bool:
    return name in TABLE


@reascript("ShowConsoleMsg")
def _show_console_msg(host: Host, message: str) -> None:
    host.console.append(message)


@reascript("time_precise")
def _time_precise(host: Host) -> float:
    return time.perf_counter()


@reascript("ValidatePtr2")
def _validate_ptr2(host: Host, project: Project, pointer: str, kind: str) -> bool:
    key = host.pointers.key(kind, pointer)
    if kind == "MediaTrack*":
        return key == "master" or key in host.tracks
    return key is not None


@reascript("get_config_var_string", outs={1: 2})
def _get_config_var_string(host: Host, name: str, value: str, size: int) -> tuple[bool, str]:
    return name in _CONFIG, _CONFIG.get(name, "")


def _run_action(host: Host, command: int) -> None:
    if command in _RENDER_ACTIONS:
        host.render()
    elif command == _SAVE_ACTION:
        host.save()
    elif command == _UNDO_ACTION:
        host.undo()
    elif command == _REDO_ACTION:
        host.redo()
    else:
        raise HostError(f"Action {command} needs REAPER.", "Run it there.")


def _label_or_null(label: str | None) -> str:
    if label is None:  # REAPER answers NULL and reaper_python.py stumbles over it
        raise AttributeError("'NoneType' object has no attribute 'decode'")
    return label


def _proj_ext(host: Host, section: str) -> ExtState:
    return ExtState(host.project.root, ("EXTSTATE", section))
