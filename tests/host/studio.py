"""Small projects with audio of our own, and their renders as arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bridge.host import open_project
from bridge.host.host import Host

RATE = 48000
FLOAT_WAV = "ZXZhdyAAAA=="
PRE_FADER_STEMS, POST_FADER_STEMS, MASTER_MIX = 2 | 8192, 2, 0


def guid(number: int) -> str:
    """The GUID of the n-th track of a test project."""
    return f"{{00000000-0000-4000-8000-{number:012d}}}"


def item(file: str = "a.wav", *lines: str, kind: str = "WAVE", position: float = 0.0,
         length: float = 1.0, source: str = "") -> str:  # fmt: skip
    """One item as REAPER writes it; `lines` replace or extend its lines."""
    fields = {"POSITION": f"POSITION {position}", "LENGTH": f"LENGTH {length}", "NAME": "NAME it"}
    fields |= {line.split()[0]: line for line in lines}
    media = source or f'<SOURCE {kind}\n        FILE "{file}"\n      >'
    body = "\n".join(f"      {line}" for line in fields.values())
    return f"    <ITEM\n{body}\n      {media}\n    >\n"


def track(number: int, *parts: str, selected: bool = True) -> str:
    """One track; `parts` are lines or items."""
    named = any(part.startswith("NAME") for part in parts)
    lines = "".join(p if p.startswith("    <ITEM") else f"    {p}\n" for p in parts)
    name = "" if named else f"    NAME T{number}\n"
    return f"  <TRACK {guid(number)}\n{name}    SEL {int(selected)}\n{lines}  >\n"


def studio(folder: Path, *tracks: str, rate: int = RATE, extra: str = "") -> Host:
    """Write and open a project of these tracks."""
    path = folder / "song.rpp"
    path.write_text(
        '<REAPER_PROJECT 0.1 "7.40/linux-x86_64" 1740000000 0\n'
        '  RENDER_FILE ""\n  RENDER_PATTERN ""\n  RENDER_FMT 0 2 0\n  RENDER_RANGE 1 0 0 0 1000\n'
        "  RENDER_ADDTOPROJ 0\n  RENDER_STEMS 0\n"
        f"  SAMPLERATE {rate} 0 0\n  <RENDER_CFG\n    ZXZhdxgAAQ==\n  >\n{extra}"
        "  MASTER_VOLUME 1 0 -1 -1 1\n  MASTER_FX 1\n  MASTER_SEL 0\n" + "".join(tracks) + ">\n"
    )
    return open_project(path)


def write(folder: Path, samples: NDArray[np.floating], name: str = "a.wav", rate: int = RATE,
          subtype: str | None = "FLOAT") -> NDArray[np.float32]:  # fmt: skip
    """Write (channels, frames) as a sound file; return it as it reads back."""
    soundfile.write(folder / name, samples.T, rate, subtype=subtype)
    back: NDArray[np.float32] = soundfile.read(folder / name, dtype="float32", always_2d=True)[0].T
    return back


def noise(frames: int = RATE, channels: int = 2, seed: int = 1) -> NDArray[np.float32]:
    """White noise well below full scale."""
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal((channels, frames))).astype(np.float32)


def prepare(host: Host, settings: int = PRE_FADER_STEMS, **numbers: float) -> Path:
    """Set a render into a fresh folder; return the folder."""
    folder = host.folder / f"out{len(list(host.folder.glob('out*')))}"
    api = host.api
    for key, value in {"RENDER_SETTINGS": settings, **numbers}.items():
        api.RPR_GetSetProjectInfo(0, key, float(value), True)
    for key, text in {
        "RENDER_FILE": str(folder),
        "RENDER_PATTERN": "s-$tracknumber",
        "RENDER_FORMAT": FLOAT_WAV,
    }.items():
        api.RPR_GetSetProjectInfo_String(0, key, text, True)
    return folder


def render(
    host: Host, settings: int = PRE_FADER_STEMS, **numbers: float
) -> list[NDArray[np.float32]]:
    """Render and read the files in their order, each (channels, frames)."""
    folder = prepare(host, settings, **numbers)
    host.api.RPR_Main_OnCommand(42230, 0)
    return [
        soundfile.read(path, dtype="float32", always_2d=True)[0].T
        for path in sorted(folder.glob("*.wav"))
    ]
