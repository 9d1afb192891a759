"""What the mixing engine plays: strips with their items, effects, sends and faders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bridge.host.fades import NO_FADE, Fade
from bridge.host.sources import Media
from models.eq import Eq

MASTER = -1
"""Index of the master strip as a parent or as a target."""


class Stage(Enum):
    """Where in a strip the signal is taken."""

    PRE_FX = 1
    PRE_FADER = 3
    POST_FADER = 0


@dataclass(frozen=True, slots=True)
class Region:
    """One sounding take on the time line. gain: linear, negative inverts; pan −1 … 1."""

    media: Media
    position_s: float
    length_s: float
    gain: float = 1.0
    pan: float = 0.0
    fade_in: Fade = NO_FADE
    fade_out: Fade = NO_FADE
    channel_mode: int = 0


@dataclass(frozen=True, slots=True)
class Inlet:
    """A send that arrives from strip `source`; channels None: no audio, else (first, count)."""

    source: int
    stage: Stage
    volume: float = 1.0
    pan: float = 0.0
    inverted: bool = False
    source_channels: tuple[int, int] = (0, 2)
    target_channels: tuple[int, int] = (0, 2)


@dataclass(frozen=True, slots=True)
class Strip:
    """One track as the engine needs it. effects: heard EQs with the channels each acts on."""

    regions: tuple[Region, ...] = ()
    effects: tuple[tuple[Eq, int], ...] = ()
    channels: int = 2
    volume: float = 1.0
    pan: float = 0.0
    inverted: bool = False
    muted: bool = False
    heard: bool = True
    parent: int | None = MASTER
    inlets: tuple[Inlet, ...] = ()
