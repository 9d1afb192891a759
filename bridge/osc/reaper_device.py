"""Moves that are heard while a fader moves, through REAPER's own OSC device.

A write through ReaTone's link is exact and one undo step, but too slow and too much history for a
fader on its way. REAPER's OSC device takes parameter values many times a second:
`/track/@/fx/@/fxparam/@/value`, a float 0 ... 1; the integer −1 ends the touch (as REAPER's own
source of its OSC device has it). When the fader rests, the amount is written once, exactly.

REAPER counts tracks from the start of the device's bank: the pattern file ReaTone.ReaperOSC has no
way to move that bank. It takes bundles, but no bundle within a bundle and no message of more than
1024 bytes.
"""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from bridge.osc import wire
from bridge.osc.outbox import Place
from bridge.reaper import reaeq
from bridge.reaper.reaeq import BAND_PARAMS, ParamKind, normalised_from_raw, raw_from_stored
from bridge.session import Track
from models.eq import Eq

DEFAULT_PORT = 8000
"""REAPER's own suggestion for a device's port."""
FASTEST_S, SLOWEST_S = 1.0 / 60.0, 1.0 / 30.0
"""Time between two updates while a fader moves: how much there is to compute decides."""
_SHARE = 0.25
"""Share of the time that updates may take before they come less often."""
_END_OF_TOUCH = -1
Param = tuple[int, int, int]
"""Track, FX and parameter as REAPER's device counts them, from 1."""


class ReaperDevice:
    """Sends moves to REAPER's OSC device at `place`.

    The tracks to move become known shortly after the first move (`begin`, from the worker's
    thread); until then moves are only remembered.
    """

    def __init__(
        self,
        place: Place,
        now: Callable[[], float] = time.monotonic,
        send: Callable[[bytes, Place], object] | None = None,
    ) -> None:
        self._place = place
        self._now = now
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._send = send or self._socket.sendto
        self._tracks: tuple[Track, ...] | None = None
        self._moved: set[str] = set()
        self._sent: dict[Param, float] = {}
        self._active = False
        self._amount = 0.0
        self._due_s = -math.inf

    def move(self, amount: float) -> bool:
        """Let the EQs act by `amount` now; return whether the tracks are asked for (`begin`)."""
        with self._lock:
            self._amount = amount
            begins, self._active = not self._active, True
            if begins:
                self._tracks = None
            self._send_moves()
            return begins

    def begin(self, tracks: Sequence[Track]) -> None:
        """Take note of the tracks whose EQs a fader moves, and catch up with it."""
        with self._lock:
            self._tracks = tuple(track for track in tracks if self._movable(track))
            self._sent.clear()
            if self._active:
                self._due_s = -math.inf
                self._send_moves()

    def release(self) -> None:
        """The fader rests: end the touch of all parameters that were moved."""
        with self._lock:
            self._put(wire.write(_address(param), (_END_OF_TOUCH,)) for param in self._sent)
            self._sent.clear()
            self._active = False

    def moved(self) -> frozenset[str]:
        """Return the GUIDs of the tracks moved since the last exact write."""
        with self._lock:
            return frozenset(self._moved)

    def written(self) -> None:
        """Take note that the amount was written exactly; a fader on its way again counts anew."""
        with self._lock:
            if not self._active:
                self._moved.clear()

    def close(self) -> None:
        """Send nothing any more."""
        self._socket.close()

    def _movable(self, track: Track) -> bool:
        if track.own is None or track.memory is None:
            return False
        try:
            bands = len(reaeq.decode(track.own.state).bands)
        except reaeq.ReaEqError:
            return False
        if bands != len(track.memory.full.bands):
            return False
        return track.guid in self._moved or not track.own.edited_by_hand

    def _send_moves(self) -> None:
        start_s = self._now()
        if not self._tracks or start_s < self._due_s:
            return
        messages = []
        for track in self._tracks:
            for param, value in _moves(track, self._amount):
                if self._sent.get(param) != value:
                    self._sent[param] = value
                    self._moved.add(track.guid)
                    messages.append(_head(param) + struct.pack(">f", value))
        self._put(messages)
        spent_s = self._now() - start_s
        interval_s = min(max(spent_s / _SHARE, FASTEST_S), SLOWEST_S)
        # What came a little late is made up for: a fader as fast as this loses nothing.
        self._due_s = max(self._due_s, start_s - interval_s) + interval_s

    def _put(self, messages: Iterable[bytes]) -> None:
        for packet in wire.bundles(messages):
            try:
                self._send(packet, self._place)
            except OSError:  # nobody listens, or the buffer is full: the exact write follows
                return


def _address(param: Param) -> str:
    track, fx, number = param
    return f"/track/{track}/fx/{fx}/fxparam/{number}/value"


@lru_cache(maxsize=4096)
def _head(param: Param) -> bytes:
    """Return the message that sets a parameter, without the four bytes of its value."""
    return wire.write(_address(param), (0.0,))[:-4]


def _moves(track: Track, amount: float) -> Iterator[tuple[Param, float]]:
    """Yield the parameters that an amount changes, on the scale of REAPER's device."""
    assert track.own is not None
    assert track.memory is not None
    for number, param, kind, stored in _values(track.memory.eq(amount)):
        raw = raw_from_stored(kind, stored)
        knob = (track.number, track.own.fx + 1, number * len(BAND_PARAMS) + param + 1)
        yield knob, _unit(normalised_from_raw(kind, raw))


def _values(eq: Eq) -> Iterator[tuple[int, int, ParamKind, float]]:
    """Yield (band, parameter, kind, stored value) of what depends on the amount."""
    for number, band in enumerate(eq.bands):
        if band.kind.has_gain:
            yield number, 1, ParamKind.GAIN, band.amplitude
        elif band.enabled:
            yield number, 0, ParamKind.FREQ, band.freq_hz
    yield len(eq.bands), 0, ParamKind.OUTPUT, 10.0 ** (eq.output_gain_db / 20.0)


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)
