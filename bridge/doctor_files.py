"""`reatone doctor`, what files and open ports tell: it works without a running REAPER."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bridge import install, reaper_ini, shipped
from bridge.action_ids import action_id
from bridge.diagnosis import Check, State
from bridge.install import Kind
from bridge.reaper_ini import Settings
from bridge.serving import PATTERN

STOCK_PORT = 2306
"""Where reapy's own server listens, for the whole network and without a password."""
_PREFERENCES = "Options > Preferences"
_STOCK_STEP = (
    "Remove activate_reapy_server.py from REAPER's action list and start-up, and restart REAPER: "
    f"ReaTone has a safe server of its own. Until then, let your firewall close port {STOCK_PORT}."
)


def settings_of(resource: Path) -> Settings | None:
    """Return REAPER's settings, None when they cannot be read."""
    try:
        return reaper_ini.read(resource / "reaper.ini")
    except OSError:
        return None


def check_scripts(resource: Path) -> Check:
    """Are ReaTone's files installed and those of this version?"""
    name, wanted = "ReaTone's scripts", shipped.files()
    if not install.read_record(resource):
        return Check(name, State.TODO, "not installed there.", "Run `reatone install`.")
    found = install.differences(resource, wanted)
    outdated = [path for kind, paths in found.items() if kind is not Kind.CHANGED for path in paths]
    if outdated:
        text = f"{len(outdated)} of {len(wanted)} files are missing or of another version."
        return Check(name, State.TODO, text, "Run `reatone install`, then restart REAPER.")
    if changed := found.get(Kind.CHANGED):
        text = f"{len(changed)} of {len(wanted)} files were changed: {', '.join(changed[:3])}."
        step = "If that was not you, run `reatone install`: it keeps what is there as .bak."
        return Check(name, State.ADVICE, text, step)
    return Check(name, State.OK, f"{len(wanted)} files, all of this version.")


def check_actions(resource: Path) -> Check:
    """Does REAPER's action list have ReaTone's actions?"""
    name, folder = "Actions", Path(shipped.FOLDER).name
    known = _text(resource / "reaper-kb.ini")
    actions = shipped.action_files()
    there = sum(action_id(f"{folder}/{action}.lua") in known for action in actions)
    if there == len(actions):
        return Check(name, State.OK, f"all {there} are in REAPER's action list.")
    step = (
        "In REAPER: Actions > Show action list > New action > Load ReaScript: choose "
        f"{resource / shipped.FOLDER / 'ReaTone_Register actions.lua'}, and run it."
    )
    text = f"{there} of {len(actions)} are in REAPER's action list."
    return Check(name, State.TODO, text, step)


def check_python(settings: Settings | None, version: str | None) -> Check:
    """Can REAPER run Python? version: of the Python that has answered, None without an answer."""
    name = "Python in REAPER"
    step = f"{_PREFERENCES} > Plug-ins > ReaScript: "
    if version is not None:
        return Check(name, State.OK, f"version {version}.")
    if settings is None:
        return Check(name, State.UNKNOWN, "REAPER's settings cannot be read.")
    if not settings.python_enabled:
        step += "tick “Enable Python for use with ReaScript”, then restart REAPER."
        return Check(name, State.TODO, "not enabled for ReaScript.", step)
    library = settings.python_library
    if library is not None and not library.exists():
        step += "choose the library of a Python 3.8 or newer, then restart REAPER."
        return Check(name, State.TODO, f"the library {library} does not exist.", step)
    return Check(
        name, State.OK, f"enabled ({library or 'no library is named: REAPER looks for one'})."
    )


def check_osc(settings: Settings | None) -> Check:
    """Is there an OSC device that ReaTone can move faders through?"""
    name = "OSC device"
    step = (
        f"Only to hear faders while they move: {_PREFERENCES} > Control/OSC/web > Add > OSC, "
        f"pattern config {PATTERN}, mode “Local port, receive only”, port 8000."
    )
    if settings is None:
        return Check(name, State.UNKNOWN, "REAPER's settings cannot be read.")
    devices = [device for device in settings.osc_devices if device.pattern == PATTERN]
    receiving = [device for device in devices if device.receives]
    if receiving:
        return Check(name, State.OK, f"{receiving[0].name!r}, port {receiving[0].port}.")
    if devices:
        text = f"{devices[0].name!r} does not receive: it is switched off."
        return Check(name, State.ADVICE, text, "Let it receive, if you use control surfaces.")
    return Check(name, State.ADVICE, f"none has the pattern config {PATTERN}.", step)


def check_stock_server(resource: Path | None, open_ports: Iterable[tuple[str, int]]) -> Check:
    """Does reapy's own server run, or is it set up? It obeys anybody on the network."""
    name = "reapy's own server"
    if any(port == STOCK_PORT and _is_public(host) for host, port in open_ports):
        text = f"listens on port {STOCK_PORT} for the whole network: anybody there can run code."
        return Check(name, State.TODO, text, _STOCK_STEP)
    if resource and (
        reaper_ini.has_key(
            _text(resource / "reaper-extstate.ini"), "reapy", "activate_reapy_server"
        )
        or "activate_reapy_server.py" in _text(resource / "reaper-kb.ini")
    ):
        text = "is set up: when started, anybody on the network can run code in REAPER."
        return Check(name, State.ADVICE, text, _STOCK_STEP)
    return Check(name, State.OK, "is not there.")


def check_web(settings: Settings | None) -> Check:
    """Is there a web interface without a password?"""
    name = "Web interface"
    if settings is None:
        return Check(name, State.UNKNOWN, "REAPER's settings cannot be read.")
    unlocked = [web.port for web in settings.web_interfaces if not web.has_password]
    if not unlocked:
        count = len(settings.web_interfaces)
        return Check(name, State.OK, f"{count} with a password." if count else "there is none.")
    text = (
        f"open on port {', '.join(map(str, unlocked))}: anybody on the network, and any web page "
    )
    step = f"Set a user name and password, or remove it: {_PREFERENCES} > Control/OSC/web."
    return Check(name, State.ADVICE, f"{text}you visit, can run actions in REAPER.", step)


def _is_public(host: str) -> bool:
    return not host.startswith("127.") and host != "::1"


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
