"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

_NEW_FILE_MODE = 0o644


def write_atomic(path: Path | str, data: bytes) -> None:
    """Write `data` to `path` in one step: the old file or the whole new one, never a part.

    Writes a temporary file in the same folder, flushes it to disk and moves it over `path`, which
    keeps its permissions. A link is followed. Raises OSError (disk full, read-only folder …) with
    the old file untouched and nothing left behind. A write-protected file is refused, too.
    """
    target = Path(path).resolve()
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "The file is write-protected", str(target))
    handle, name = tempfile.mkstemp(
        prefix=f".{target.name[:50]}.", suffix=".tmp", dir=target.parent
    )
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode_of(target))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode_of(path: Path) -> int:
    """The permissions of an existing file, or those of an ordinary new one."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return _NEW_FILE_MODE
