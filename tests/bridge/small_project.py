"""A small REAPER project with real audio, made for tests, and an api that fails on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bridge.host import project as project_file
from bridge.host.tracks import TrackView
from bridge.reaper import reaeq
from models.eq import Band, BandKind, Eq

RATE_HZ = 48000
SECONDS = 0.5
USER_EQS = (
    Eq((Band(BandKind.BELL, 700.0, 5.0, 1.3), Band(BandKind.HIGH_PASS, 60.0, 0.0, 1.9)), -1.5),
    Eq((Band(BandKind.HIGH_SHELF, 6000.0, -3.0, 1.0),)),
)
"""The EQs of the user's two ReaEQs on the first track."""
NAMES = ("Vocal", "Gtr; $track/{1}", "", "Vocal", "Drums \"loud\" 'n' low")
_RENDER_LINES = """\
  RENDER_FILE "mixes/final"
  RENDER_PATTERN "$project - $track"
  RENDER_FMT 0 6 44100
  RENDER_RANGE 2 0.25 0.4 18 1234
  RENDER_STEMS 1
  RENDER_ADDTOPROJ 1
  RENDER_DITHER 3
  SELECTION 0.1 0.3
  SAMPLERATE 48000 1 0
  <RENDER_CFG
    bDNwbUABAAABAAAABwAAAP////8EAAAAQAEAAAAAAAA=
  >
  <RENDER_CFG2
    ZXZhdxgAAA==
  >
"""


def guid(number: int) -> str:
    """Return the GUID of the track with this 1-based number."""
    return "{%08X-0000-4000-8000-000000000000}" % number  # noqa: UP031  (braces)


def noise(number: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the audio (frames, 2) of the track with this number, float32 values."""
    rng = np.random.default_rng(number)
    frames = rng.uniform(-0.5, 0.5, (round(SECONDS * RATE_HZ), 2))
    return frames.astype(np.float32).astype(np.float64)


def write_project(folder: Path, selected: tuple[int, ...] = (1, 2)) -> Path:
    """Write a project of five tracks (2 to 4 in a folder below 2), each with its own noise."""
    folder.mkdir(parents=True, exist_ok=True)
    text = '<REAPER_PROJECT 0.1 "7.28/linux-x86_64" 1700000000\n' + _RENDER_LINES
    text += "  MASTER_SEL 1\n"
    for number, name in enumerate(NAMES, start=1):
        soundfile.write(folder / f"{number}.wav", noise(number), RATE_HZ, subtype="FLOAT")
        text += _track_text(number, name, number in selected)
    project = project_file.loads((text + ">\n").encode())
    chain = project.tracks[0].fx_chain
    for eq in USER_EQS:
        chain.append_reaeq(reaeq.encode(reaeq.from_eq(eq)))
    path = folder / "song.rpp"
    path.write_bytes(project_file.dumps(project))
    return path


def plug_in(track: TrackView, names: Sequence[str], index: int | None = None) -> None:
    """Add flat plug-ins of these names to a track, at the end or before an index."""
    flat = reaeq.encode(reaeq.from_eq(Eq(())))
    for name in names:
        fx = track.fx_chain.append_reaeq(flat, index=index)
        assert fx.block.head
        fx.block.head.set_string(1, name)


def _track_text(number: int, name: str, selected: bool) -> str:
    quoted = f"`{name}`" if '"' in name else f'"{name}"'
    depth = {2: "1 1", 4: "2 -1"}.get(number, "0 0")
    return f"""\
  <TRACK {guid(number)}
    NAME {quoted}
    VOLPAN 0.5 0 -1 -1 1
    MUTESOLO 0 0 0
    ISBUS {depth}
    SEL {int(selected)}
    NCHAN 2
    FX 1
    TRACKID {guid(number)}
    <ITEM
      POSITION 0
      LENGTH {SECONDS}
      LOOP 0
      <SOURCE WAVE
        FILE "{number}.wav"
      >
    >
  >
"""


@dataclass
class Watched:
    """An api that counts every call, and fails before or after the call number `fail_at`.

    counts: how often each function ran. open_blocks, ui_locks: how far Undo_BeginBlock2 and
    PreventUIRefresh are out of balance.
    """

    api: Any
    fail_at: int = -1
    after: bool = False
    calls: int = 0
    open_blocks: int = 0
    ui_locks: int = 0

    def __post_init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.names: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self.api, name)

        def run(*arguments: Any) -> Any:
            here = self.calls
            self.calls += 1
            self.names.append(name)
            if here == self.fail_at and not self.after:
                raise OSError(f"injected before {name}")
            result = function(*arguments)
            self.counts[name] += 1
            self.open_blocks += (name == "RPR_Undo_BeginBlock2") - (name == "RPR_Undo_EndBlock2")
            self.ui_locks += arguments[0] if name == "RPR_PreventUIRefresh" else 0
            if here == self.fail_at:
                raise OSError(f"injected after {name}")
            return result

        return run
