from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.errors import UsageError
from bridge.osc import references


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "Music"
    (folder / "Album").mkdir(parents=True)
    (folder / "Album" / "song.wav").write_bytes(b"x")
    (tmp_path / "secret.wav").write_bytes(b"x")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "inner.wav").symlink_to(folder / "Album" / "song.wav")
    os.mkfifo(folder / "pipe.wav")
    return folder


def test_files_in_the_folders_are_found_by_either_name(music: Path, tmp_path: Path) -> None:
    song = music / "Album" / "song.wav"
    folders = [tmp_path / "absent", music]
    for text in ("Album/song.wav", "./Album/../Album/song.wav", str(song), "inner.wav"):
        assert references.find(text, folders) == song.resolve()


@pytest.mark.parametrize(
    "text",
    [
        "../secret.wav",
        "Album/../../secret.wav",
        "/etc/passwd",
        "~/song.wav",
        "link.wav",
        "pipe.wav",
        "Album",
        ".",
        "",
        "absent.wav",
        "x" * 5000,
        "\\\\server\\share\\song.wav",
        "//server/share/song.wav",
        "/dev/zero",
    ],
)
def test_nothing_else_can_be_named_nor_told_from_what_is_not_there(music: Path, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        references.find(text, [music])
    assert refused.value.message == (
        f"There is no recording {text[:80]!r} in the folders for references."
    )


def test_nothing_outside_is_looked_at(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows logs in at \\\\server\\share, with the user's name, as soon as it is looked at."""
    looked: list[Path] = []
    real = Path.resolve

    def resolve(path: Path, strict: bool = False) -> Path:
        looked.append(path)
        return real(path, strict)

    monkeypatch.setattr(Path, "resolve", resolve)
    with pytest.raises(UsageError):
        references.find("//server/share/song.wav", [music])
    assert looked == []


def test_the_music_folder_is_meant_unless_another_is_named() -> None:
    assert references.default_folders()[0].is_absolute()
