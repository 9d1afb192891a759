"""The ids under which REAPER knows scripts as actions.

REAPER makes an id from the path of a script alone (found by comparing some ten thousand lines of
users' reaper-kb.ini): so it is known before the script is registered.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePath

MAIN_SECTION = 0
_UPPER = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})


def stored_path(script: PurePath, scripts_folder: PurePath) -> str:
    """Return the path as REAPER stores it: relative to the resource folder's Scripts, with "/"
    between its parts, or absolute when the script lies elsewhere.
    """
    if script.is_relative_to(scripts_folder):
        script = script.relative_to(scripts_folder)
    return str(script).replace("\\", "/")


def action_id(stored: str, section: int = MAIN_SECTION) -> str:
    """Return the id of a script, such as "RS1ee9…", by its path as REAPER stores it.

    section: of the action list, 0 the main one. Menus, OSC and NamedCommandLookup put "_" in front.
    Only ASCII letters lose their case.
    """
    path = stored.replace("\\", "/").translate(_UPPER)
    place = f"{section:x}_" if section else ""
    return f"RS{place}{hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()}"


def osc_address(stored: str) -> str:
    """Return the OSC address by which REAPER's own device runs a script of the main section."""
    return f"/action/_{action_id(stored)}"
