"""Only one daemon per user: a locked file, freed by the system however the process ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bridge.errors import Busy, CannotWrite

_LOCKED_BYTE = 1 << 20
"""Where Windows locks: beyond the text, which others may read."""


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path`. Raises Busy, naming the process, while another one holds it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be used: {error}.", "See who owns that folder, and start again."
        ) from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise Busy(
                f"ReaTone is running already ({_holder(file)}).",
                "Use it, or stop it first: `reatone service status` shows whether it is a service.",
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        file.flush()
        yield


def holder(path: Path) -> int | None:
    """Return the process that holds the lock, None when nobody does."""
    try:
        with path.open("r+b") as file:
            try:
                _lock(file)
            except OSError:
                text = _read(file)
                return int(text) if text.isdecimal() else 0
    except OSError:
        pass
    return None


def _lock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  (Windows only)

        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
    else:
        import fcntl  # noqa: PLC0415  (all others)

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(32).decode("ascii", "replace").strip()


def _holder(file: BinaryIO) -> str:
    return f"process {_read(file) or 'unknown'}"
