"""Which recordings control surfaces may name: those in the folders meant for them.

Anybody who reaches the OSC port can send a path. So a path leads nowhere but into these folders,
the answer to one outside is that of one that does not exist, and nothing outside is even looked
at: a path such as \\\\server\\share would make Windows log in there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from bridge.errors import UsageError


def default_folders() -> tuple[Path, ...]:
    """Return the user's music folder."""
    return (Path(platformdirs.user_music_path()),)


def find(text: str, folders: Sequence[Path]) -> Path:
    """Return the file that a surface names, by a path in one of the folders or relative to one.

    Raises UsageError.
    """
    for folder in folders:
        path = Path(os.path.normpath(folder.absolute() / text))
        if not path.is_relative_to(folder.absolute()):
            continue
        real = path.resolve()  # a link may still lead out
        if real.is_relative_to(folder.resolve()) and os.path.isfile(real):  # noqa: PTH113
            return real
    raise UsageError(
        f"There is no recording {text[:80]!r} in the folders for references.",
        "Put it into one of them: " + ", ".join(str(folder) for folder in folders) + ".",
    )
