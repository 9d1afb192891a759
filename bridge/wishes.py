"""What people wish for, in their words, made into what `models` understands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bridge.errors import UnreadableAudio, UsageError
from models import targets
from models.audio import AudioError
from models.target import Target


def known_class(name: str | None) -> str | None:
    """Accept a class as people write it ("Bass guitar"); raise UsageError naming the classes."""
    if name is None:
        return None
    label = name.strip().lower().replace(" ", "_").replace("-", "_")
    if label not in (*targets.names(), targets.NEUTRAL):
        raise UsageError(
            f"There is no class {name!r}.", f"Classes are: {', '.join(targets.names())}."
        )
    return label


def reference_target(files: Sequence[Path]) -> Target:
    """Return the target that recordings stand for. Raises UnreadableAudio."""
    try:
        return targets.from_files(files)
    except (AudioError, targets.TargetError) as error:
        raise UnreadableAudio(str(error)) from error
