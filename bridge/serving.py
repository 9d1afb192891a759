"""`reatone serve`: the daemon with everything it needs around it."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge import reaper_ini, reaper_places
from bridge.daemon import Daemon, serve
from bridge.errors import BridgeError, UsageError
from bridge.osc.outbox import Place
from bridge.osc.reaper_device import ReaperDevice
from bridge.osc.surface import DEFAULT_PORT, LOOPBACK, OscSurface
from bridge.presets import default_folders
from bridge.reaper import endpoint as way
from bridge.reaper.link import Link
from bridge.session import ReaperSession
from bridge.single import only_one

log = logging.getLogger("reatone")

PATTERN = "ReaTone"
"""The pattern file of the OSC device in REAPER that ReaTone moves faders through."""
_LOG_BYTES, _LOGS_KEPT = 1 << 20, 2


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    osc_port: 0 for no control surfaces. feedback: surfaces ("host:port") that are sent everything
    without asking. references: folders of the recordings that surfaces may name, None for the
    user's music. reaper_osc_port: of REAPER's own OSC device, 0 for none, None to look it up in
    REAPER's settings.
    """

    osc_host: str = LOOPBACK
    osc_port: int = DEFAULT_PORT
    feedback: Sequence[str] = ()
    references: Sequence[Path] | None = None
    reaper_osc_port: int | None = None


def lock_path() -> Path:
    """Return the file that keeps a second daemon from starting beside the first."""
    return way.default_path().with_name("daemon.lock")


def run(options: Options) -> None:
    """Serve until told to stop. Raises Busy when ReaTone runs already, UsageError, SessionError."""
    fixed = [place_of(text) for text in options.feedback]
    with only_one(lock_path()), Link() as link:
        device = _device(options.reaper_osc_port)
        surfaces = []
        if options.osc_port:
            surfaces = [
                OscSurface(options.osc_host, options.osc_port, fixed, device, options.references)
            ]
        if options.osc_port and options.osc_host != LOOPBACK:
            log.warning("OSC from %s is taken: anybody in reach can send it", options.osc_host)
        daemon = Daemon(
            lambda: ReaperSession(link.call),
            link,
            surfaces,
            preset_folder=default_folders()[-1],
            fader=device,
        )
        try:
            asyncio.run(serve(daemon))
        finally:
            if device:
                device.close()


def write_log(folder: Path) -> Path:
    """Log to standard error and to a file in `folder`; return the file."""
    path = folder / "reatone.log"
    handlers: list[logging.Handler] = []
    if sys.stderr is not None:  # there is none in a program without a console
        handlers.append(logging.StreamHandler())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(
            logging.handlers.RotatingFileHandler(
                path, maxBytes=_LOG_BYTES, backupCount=_LOGS_KEPT, encoding="utf-8"
            )
        )
    except OSError as error:
        log.warning("no log file: %s", error)
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    for handler in handlers:
        handler.setFormatter(form)
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    return path


def place_of(text: str) -> Place:
    """Return the place that "host:port" names. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(f"{text!r} is no place on the network.", "Write 192.168.1.20:9000.")
    return host, int(port)


def _device(port: int | None) -> ReaperDevice | None:
    """Return REAPER's own OSC device; faders are followed through it."""
    if port is None:
        port = _port_in_reaper()
    return ReaperDevice((LOOPBACK, port)) if port else None


def _port_in_reaper() -> int:
    try:
        settings = reaper_ini.read(reaper_places.find_resource() / reaper_places.INI)
    except (BridgeError, OSError):
        return 0
    ports = [d.port for d in settings.osc_devices if d.receives and d.pattern == PATTERN]
    return ports[0] if ports else 0
