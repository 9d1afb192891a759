"""What has to lie beside the start-up script, so that REAPER's own Python can run the server.

A copy, and not a path into ReaTone's installation: REAPER's Python is often another version, and
the installation may be moved, updated or invisible from REAPER's sandbox.
"""

from __future__ import annotations

from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

FOLDER = "python"
"""The folder's name beside the start-up script."""
MODULES = (
    "bridge/__init__.py",
    "bridge/reaper/__init__.py",
    "bridge/reaper/calibrate.py",
    "bridge/reaper/endpoint.py",
    "bridge/reaper/inside.py",
    "bridge/reaper/mailbox.py",
    "bridge/reaper/own.py",
    "bridge/reaper/peer.py",
    "bridge/reaper/rpr.py",
    "bridge/reaper/server.py",
    "bridge/reaper/sound.py",
    "bridge/reaper/stems.py",
    "bridge/reaper/writes.py",
)
"""The modules of ours that are loaded inside REAPER: Python 3.8, standard library and reapy."""


def files() -> dict[str, Path]:
    """Return what to copy: path below the folder, with "/" → where it is now.

    ReaTone's modules, and reapy with its licence.
    """
    root = Path(__file__).resolve().parents[2]
    found = {name: root / name for name in MODULES}
    spec = find_spec("reapy")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    for path in sorted(package.rglob("*.py")):
        found[f"reapy/{path.relative_to(package).as_posix()}"] = path
    for file in distribution("python-reapy").files or ():
        if file.name.startswith("LICENSE"):
            found[f"reapy/{file.name}"] = Path(str(file.locate()))
    return found


def install(folder: Path) -> None:
    """Copy everything into `folder`. Raises OSError."""
    for name, source in files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
