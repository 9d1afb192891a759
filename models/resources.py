"""Where the files shipped with the product lie."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def presets_dir() -> Path:
    """Return the folder of shipped presets: inside the package, or beside it in a checkout.

    Raises FileNotFoundError when the installation lacks it.
    """
    for folder in (_PACKAGE / "share" / "presets", _PACKAGE.parent / "presets"):
        if (folder / "targets").is_dir():
            return folder
    raise FileNotFoundError("the shipped presets are missing: install ReaTone again")


def weights_path(name: str) -> Path:
    """Return the path of the shipped weights `name` (without suffix)."""
    return _PACKAGE / "weights" / f"{name}.safetensors"
