"""The OSC surface in figures: `python -m tests.benchmarks.osc_surface [--seconds 10] [--tracks 1 64]`.

A thousand moves of the amount fader go over UDP to a daemon over the embedded host: how long its
queue grew, how many exact writes there were, how often a second REAPER's own OSC device was sent
updates (it is a counting socket here), and how long the last value took to come back as feedback.
Then a hundred thousand random packets, straight into the surface.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from bridge import jobs
from bridge.host.host import Host
from bridge.osc import wire
from bridge.osc.reaper_device import ReaperDevice
from bridge.osc.surface import SETTLE_S, OscSurface
from bridge.requests import Request
from bridge.session import embedded
from tests.bridge.running import PATIENCE_S, Watcher, running
from tests.osc import abuse
from tests.osc.desk import desk
from tests.projects import pink_noise, write_song

MOVES, PACKETS = 1000, 100_000
Figures = dict[str, float]


class Counter:
    """A socket that counts the values of each parameter, and notes when the amount is 1."""

    def __init__(self) -> None:
        self.values: collections.Counter[str] = collections.Counter()
        self.amount_s = 0.0
        self.back = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.place: tuple[str, int] = self._socket.getsockname()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            for address, arguments in wire.read(self._socket.recv(65536)):
                if address.startswith("/track/") and isinstance(arguments[0], float):
                    self.values[address] += 1
                elif (address, arguments) == ("/reatone/amount", (1.0,)):
                    self.amount_s = time.monotonic()
                    self.back.set()


def fader(tracks: int, seconds: float, folder: Path) -> Figures:
    """Move the fader of so many tracks for some seconds."""
    noise = pink_noise(0.6)
    host = Host.open(write_song(folder, {f"Bass {n}": noise for n in range(tracks)}))
    jobs.auto(embedded(host), jobs.AutoOptions())
    reaper, tablet, ends = Counter(), Counter(), Watcher()
    device = ReaperDevice(reaper.place)
    surface = OscSurface(port=0, fixed=[tablet.place], device=device)
    longest, kinds = 0, []
    with running(lambda: embedded(host), folder, surfaces=[surface, ends], fader=device) as daemon:
        put = daemon.queue.put

        def counted(request: Request) -> None:
            nonlocal longest
            put(request)
            kinds.append(request.kind)
            longest = max(longest, len(daemon.queue))

        daemon.queue.put = counted  # type: ignore[method-assign]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
            start_s, busy_s = time.monotonic(), time.process_time()
            for number in range(MOVES):
                due_s = start_s + number * seconds / MOVES
                threading.Event().wait(max(due_s - time.monotonic(), 0.0))
                hand.sendto(wire.write("/reatone/amount", (number / (MOVES - 1),)), surface.place)
            rested_s, busy_s = time.monotonic(), time.process_time() - busy_s
        while ends.end()[0] != "amount" or len(daemon.queue):
            pass
        tablet.back.wait(PATIENCE_S)
    device.close()
    return {
        "tracks": tracks,
        "moves_per_s": round(MOVES / (rested_s - start_s), 1),
        "longest_queue": longest,
        "exact_writes": kinds.count("amount"),
        "updates_per_s": round(max(reaper.values.values()) / (rested_s - start_s), 1),
        "busy_share": round(busy_s / (rested_s - start_s), 3),
        "rest_to_feedback_s": round(tablet.amount_s - rested_s - SETTLE_S, 3),
    }


def storm() -> Figures:
    """Throw random packets at the surface."""

    async def run() -> float:
        async with desk() as d:
            packets = list(abuse.packets(1, PACKETS))
            start_s = time.monotonic()
            for packet in packets:
                d.surface._receive(packet, ("10.0.0.1", 1))
            return time.monotonic() - start_s

    return {"random_packets": PACKETS, "packets_per_s": round(PACKETS / asyncio.run(run()))}


def main(argv: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--tracks", type=int, nargs="*", default=[1, 8, 64])
    options = parser.parse_args(argv)
    for tracks in options.tracks:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(fader(tracks, options.seconds, Path(folder))))
    print(json.dumps(storm()))


if __name__ == "__main__":
    main()
