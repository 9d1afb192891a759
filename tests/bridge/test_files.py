"""Whole files or nothing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from bridge.files import write_atomic


def test_writes_new_and_replaces_old(tmp_path: Path) -> None:
    path = tmp_path / "song.rpp"
    write_atomic(path, b"one\r\n")
    write_atomic(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["song.rpp"]


def test_existing_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "song.rpp"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomic(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "real.rpp").write_bytes(b"old")
    (tmp_path / "link.rpp").symlink_to(tmp_path / "real.rpp")
    write_atomic(tmp_path / "link.rpp", b"new")
    assert (tmp_path / "link.rpp").is_symlink()
    assert (tmp_path / "real.rpp").read_bytes() == b"new"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_disk_full_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "song.rpp"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["song.rpp"]


def test_a_real_full_disk() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="space"):
        full.write(b"x")  # the error that the simulated disk above imitates


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "none" / "a.rpp", b"x")


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions do not stop an administrator, so the refusal comes from the system call."""
    path = tmp_path / "song.rpp"
    path.write_bytes(b"old")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(PermissionError):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_write_protected_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving a file over another one asks for no permission of that file: it has to be checked."""
    path = tmp_path / "song.rpp"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # an administrator may write everywhere
    with pytest.raises(PermissionError, match=r"write-protected.*song\.rpp"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    write_atomic(tmp_path / "new.rpp", b"new")
    assert (tmp_path / "new.rpp").read_bytes() == b"new"
