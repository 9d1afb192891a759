"""The learnt equalisers of the user: one network file and one YAML preset under each name."""

from __future__ import annotations

from pathlib import Path

from bridge import presets
from bridge.errors import CannotWrite, NoSuchFile, UnreadableAudio, UsageError
from bridge.files import write_atomic
from models.end_to_end import LearnedEq, LearnedEqError

SUFFIX = ".safetensors"


def folder() -> Path:
    """Return where the networks are kept."""
    from platformdirs import user_data_path  # noqa: PLC0415  (only needed here)

    return user_data_path("reatone", appauthor=False) / "learned"


def network_path(name: str) -> Path:
    """Return the file of a network by its name, or by its path if it ends in .safetensors."""
    return Path(name) if name.endswith(SUFFIX) else folder() / f"{presets.slug(name)}{SUFFIX}"


def preset_path(name: str) -> Path:
    """Return the file of the ReaEQ preset learnt under a name."""
    return presets.default_folders()[-1] / f"{presets.slug(name)}.yaml"


def check_absent(name: str) -> None:
    """Raise UsageError where something of this name was learnt before."""
    for path in (network_path(name), preset_path(name)):
        if path.exists():
            raise UsageError(
                f"{path} exists.", "Choose another --name, or add --overwrite to replace it."
            )


def save(name: str, network: LearnedEq, preset: presets.EqPreset) -> tuple[Path, Path]:
    """Write network and preset, replacing older ones; return their paths. Raises CannotWrite."""
    path = network_path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, network.save())
    except OSError as error:
        raise CannotWrite(
            f"{path} could not be written: {error}.", "Check the folder's permissions."
        ) from error
    presets.save(preset_path(name), preset, overwrite=True)
    return path, preset_path(name)


def load(name: str) -> LearnedEq:
    """Read a network by name or path. Raises NoSuchFile and UnreadableAudio."""
    path = network_path(name)
    try:
        return LearnedEq.load(path)
    except FileNotFoundError as error:
        known = ", ".join(sorted(found.stem for found in folder().glob(f"*{SUFFIX}"))) or "none yet"
        raise NoSuchFile(
            f"Nothing was learnt under the name {name!r}.",
            f"Learnt so far: {known}. Learn with `reatone learn-eq BEFORE AFTER --name NAME`.",
        ) from error
    except (LearnedEqError, OSError) as error:
        raise UnreadableAudio(f"{error}.", "Learn it again.") from error
