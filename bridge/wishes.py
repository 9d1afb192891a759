"""What people wish for, in their words, made into what `models` understands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import PresetError, UnreadableAudio, UsageError
from models import targets
from models.audio import AudioError
from models.target import Target

if TYPE_CHECKING:
    from models.words.dictionary import Dictionary
    from models.words.meaning import Understanding


def reference_target(files: Sequence[Path]) -> Target:
    """Return the target that recordings stand for. Raises UnreadableAudio."""
    try:
        return targets.from_files(files)
    except (AudioError, targets.TargetError) as error:
        raise UnreadableAudio(str(error)) from error


def understood(text: str) -> Understanding:
    """Return what a text about the sound asks for.

    Raises UsageError when nothing of it was understood, PresetError for a bad file of own words.
    """
    from models.words.meaning import understand  # noqa: PLC0415  (loads words, for few jobs only)

    found = understand(text, dictionary())
    if not found.parts:
        message, _, remedy = found.as_text().replace("\n", " ").partition(" Try:")
        raise UsageError(message, f"Try:{remedy}" if remedy else "Say it another way.")
    return found


def dictionary() -> Dictionary:
    """Return all words. Raises PresetError for a bad file among the user's own."""
    from models import descriptors  # noqa: PLC0415

    try:
        return descriptors.dictionary()
    except descriptors.WordsError as error:
        raise PresetError(
            str(error), "Correct the file, or move it away.", file=str(descriptors.own_folder())
        ) from error
