"""Targets by name: the classes that ship, the user's own, and mixtures of them.

The user's own are YAML presets of kind "target" in the user's folder of presets, as
`models.target_files` writes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.errors import CannotWrite, PresetError, UnreadableAudio, UsageError
from bridge.files import write_atomic
from bridge.presets import default_folders, list_presets, slug
from models import target_files, targets
from models.audio import AudioError
from models.equalise import Wish
from models.target import Target, TargetError

MAX_NAME = 60
_FORBIDDEN = set(":,/\\<>|?*\"'")


@dataclass(frozen=True, slots=True)
class OwnTarget:
    """A target of the user's: its name, its file, and what is wrong with the file, if anything."""

    name: str
    path: Path
    problem: str | None = None


def folder() -> Path:
    """Return the user's folder of presets."""
    return default_folders()[-1]


def own() -> list[OwnTarget]:
    """Return the user's own targets in the order of their files, broken ones with their problem."""
    found = []
    for entry in list_presets([folder()]):
        if entry.kind != "target":
            continue
        try:
            found.append(OwnTarget(target_files.load(entry.path).name, entry.path))
        except TargetError as error:
            found.append(OwnTarget(entry.name, entry.path, str(error)))
    return found


def named(name: str) -> Target:
    """Return a class's target or the user's own by its name, however it is written.

    Raises UsageError for an unknown name, PresetError for a bad file.
    """
    label = _label(name)
    if label in (*targets.names(), targets.NEUTRAL):
        return targets.for_class(label)
    one = _own(name)
    try:
        return target_files.load(one.path)
    except TargetError as error:
        raise PresetError(
            str(error), "Learn the target again, or move the file away.", file=str(one.path)
        ) from error


def told(text: str) -> Target:
    """Return what a text names: a target, or a mixture such as "piano:0.7, organ:0.3".

    Parts without a number count 1. Raises UsageError, PresetError.
    """
    parts = [_part(part) for part in text.split(",")]
    if len(parts) == 1:
        return named(parts[0][0])
    total = sum(weight for _, weight in parts)
    found = [(named(name), weight) for name, weight in parts]
    shares = (f"{target.name} {weight / total:.0%}" for target, weight in found)
    return targets.blend(found, name=" + ".join(shares))


def as_told(wish: Wish, text: str | None) -> Wish:
    """Return a wish that knows what the tracks are told to be: a class, or a target of any make.

    Raises UsageError, PresetError.
    """
    if text is None:
        return wish
    target = told(text)
    if target.name in (*targets.names(), targets.NEUTRAL):
        return replace(wish, class_name=target.name)
    return replace(wish, target=target)


def learn(name: str, files: Sequence[Path], *, overwrite: bool = False) -> tuple[Target, Path]:
    """Make a target of recordings and keep it under a name; return it and its file.

    Raises as `place` and `keep` do, and UnreadableAudio naming the file.
    """
    name = name.strip()
    place(name, overwrite=overwrite)
    try:
        target = targets.from_files(files, name=name)
    except (AudioError, TargetError) as error:
        raise UnreadableAudio(str(error)) from error
    return target, keep(target, [file.name for file in files], overwrite=overwrite)


def place(name: str, *, overwrite: bool = False) -> Path:
    """Return the file that a target of this name goes to.

    Raises UsageError for a name that cannot be used, PresetError when it is taken.
    """
    path = folder() / f"{slug(_usable(name))}.yaml"
    if path.exists() and not overwrite:
        raise PresetError(
            f"there is a preset or target {name!r} already; it was kept.",
            "Choose another name, or add --overwrite.",
            file=str(path),
        )
    return path


def keep(target: Target, titles: Sequence[str], *, overwrite: bool = False) -> Path:
    """Write a target under its name and return its file; an older one is kept as .bak.

    titles: what the recordings behind it are called. Raises as `place` does, and CannotWrite.
    """
    path = place(target.name, overwrite=overwrite)
    source = {"clips": len(titles), "files": list(titles)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            write_atomic(path.with_suffix(".yaml.bak"), path.read_bytes())
        write_atomic(path, target_files.dumps(target, source).encode("utf-8"))
    except OSError as error:
        raise CannotWrite(f"{path}: the target could not be written: {error}.") from error
    return path


def remove(name: str) -> Path:
    """Take one of the user's own targets away, keeping its file as .bak; return that file.

    Raises UsageError for a class or an unknown name, CannotWrite.
    """
    if _label(name) in (*targets.names(), targets.NEUTRAL):
        raise UsageError(f"{name!r} comes with ReaTone and stays.", "Only your own can be removed.")
    one = _own(name)
    kept = one.path.with_name(f"{one.path.name}.bak")
    try:
        one.path.replace(kept)
    except OSError as error:
        raise CannotWrite(f"{one.path}: could not be removed: {error}.") from error
    return kept


def _own(name: str) -> OwnTarget:
    known = own()
    for one in known:
        if _label(one.name) == _label(name):
            return one
    yours = f" Yours: {', '.join(one.name for one in known)}." if known else ""
    raise UsageError(
        f"There is no class or target {name.strip()!r}.",
        f"Classes are: {', '.join(targets.names())}.{yours}",
    )


def _part(text: str) -> tuple[str, float]:
    name, colon, number = text.rpartition(":")
    if not colon:
        name, number = text, "1"
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not name.strip() or not 0.0 < weight < math.inf:
        raise UsageError(
            f"{text.strip()!r} is no part of a mixture.", 'Write it as "piano:0.7, organ:0.3".'
        )
    return name, weight


def _usable(name: str) -> str:
    """Return the name of a new target, or say why it cannot be used."""
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or not name[0].isalnum():
        raise UsageError(
            f"{name[:MAX_NAME]!r} cannot be a target's name.",
            f"Use 1 to {MAX_NAME} characters, a letter or digit first.",
        )
    if bad := sorted(_FORBIDDEN & set(name)):
        raise UsageError(f"A target's name cannot hold {' '.join(bad)}.", "Choose another name.")
    if _label(name) in (*targets.names(), targets.NEUTRAL):
        raise UsageError(f"{name!r} is the name of a class.", "Choose another name.")
    return name


def _label(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
