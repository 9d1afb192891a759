"""The embedded REAPER host: real project files, ReaScript functions over them, and their audio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.host.host import Host


def open_project(path: Path | str) -> Host:
    """Open a REAPER project file without REAPER. Raises NoSuchFile and NotAProject."""
    from bridge.host.host import Host  # noqa: PLC0415  (the host loads the audio engine)

    return Host.open(path)
