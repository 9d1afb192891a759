"""The live side in figures: `python -m tests.benchmarks.live_link [--abuse 100000] [--kills 20]`.

Against the stand-in REAPER in a process of its own, 30 ticks a second, with its actions in Lua and
`reatone serve`. Times in milliseconds; a tick's time is what REAPER's main thread is busy. With
--abuse also so many random frames, half from strangers and half from a client that has the token;
with --kills REAPER and the daemon are killed at so many random points of jobs; with --hours eight
hours of idle ticks (some minutes). Exits with an error when anything of that does harm.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bridge.host.stand_in import StandIn
from bridge.memory import Memory
from bridge.reaper import endpoint as way
from bridge.reaper.link import Link
from bridge.session import ReaperSession, Write
from models.eq import Band, BandKind, Eq
from tests.benchmarks.whole_jobs import (
    eight_hours,
    fader,
    many_tracks,
    one_track,
    resident_kib,
    whole_kills,
)
from tests.bridge.small_project import write_project
from tests.live.abuse import random_bytes, random_request
from tests.live.conftest import FAULTY
from tests.live.raw import Raw
from tests.live.test_faults import calls_of_a_job, kill_and_restart, run_job
from tests.projects import write_song

EQ = Eq(tuple(Band(BandKind.BELL, 100.0 * (n + 1), -2.0, 1.0) for n in range(12)))
Figures = dict[str, float]
_JOBS = 5


def spread(name: str, times_s: list[float]) -> Figures:
    """Return median, 95 % point and maximum in milliseconds."""
    times_ms = np.array(times_s) * 1000.0
    points = {"median": 50.0, "p95": 95.0, "max": 100.0}
    return {
        f"{name}_{k}_ms": round(float(np.percentile(times_ms, p)), 3) for k, p in points.items()
    }


def pause(seconds: float) -> None:
    """Let REAPER tick for a while."""
    threading.Event().wait(seconds)


def ticks(reaper: StandIn, name: str, seconds: float) -> Figures:
    """Measure the ticks of a while."""
    reaper.tell("busy")
    pause(seconds)
    return spread(name, reaper.tell("busy"))


def timed(work: Callable[[], object]) -> float:
    """Return how long something takes, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def idle(reaper: StandIn, seconds: float) -> Figures:
    """Measure ticks without work, with 0 connections, with a waiting daemon, with 8 connections."""
    figures = ticks(reaper, "idle_tick", seconds)
    with Link(reaper.endpoint) as link, ThreadPoolExecutor(1) as pool:
        link.connect()
        waiting = pool.submit(link.wait_events, seconds + 1.0)
        figures |= ticks(reaper, "idle_tick_with_daemon", seconds)
        waiting.result()
    crowd = [Raw.known(reaper.endpoint) for _ in range(8)]
    figures |= ticks(reaper, "idle_tick_with_8_connections", seconds)
    for raw in crowd:
        raw.socket.close()
    return figures


def latency(reaper: StandIn) -> Figures:
    """Measure requests: alone, in a burst; and the way of an event from an action to the daemon."""
    rng = random.Random(1)
    figures: Figures = {}
    with Link(reaper.endpoint) as link, ThreadPoolExecutor(1) as pool:
        figures["connect_ms"] = round(timed(link.connect) * 1000.0, 1)
        alone = []
        for _ in range(60):
            pause(rng.uniform(0.05, 0.1))
            alone.append(timed(lambda: link.call("hello", {})))
        figures |= spread("request", alone)
        burst_s = timed(lambda: [link.call("hello", {}) for _ in range(200)])
        figures["burst_per_request_ms"] = round(burst_s / 200 * 1000.0, 3)
        events = []
        for number in range(30):
            waiting = pool.submit(link.wait_events, 5.0)
            pause(rng.uniform(0.05, 0.1))
            event = json.dumps({"id": str(number), "kind": "auto"})
            start = time.perf_counter()
            reaper.call("SetExtState", "ReaTone", "events", event, False)
            waiting.result()
            events.append(time.perf_counter() - start)
        return figures | spread("event", events)


def job(folder: Path, tracks: int) -> Figures:
    """Measure jobs on many tracks, each in a new REAPER: 12 bands written to each track."""
    audio = np.zeros(4800, dtype=np.float32)
    song = write_song(folder / "song", {f"Track {n}": audio for n in range(tracks)})
    runs = [_one_job(song, folder / "reaper.json") for _ in range(_JOBS)]
    name = f"{tracks}_tracks"
    figures = {
        f"{name}_{key}": round(float(np.median([run[key] for run in runs])), 1) for key in runs[0]
    }
    worst = max(run["write_tick_ms"] for run in runs)
    return figures | {f"{name}_write_tick_max_ms": round(worst, 1)}


def _one_job(song: Path, endpoint: Path) -> Figures:
    requests: list[str] = []
    with StandIn(song, endpoint, module=FAULTY) as reaper, Link(reaper.endpoint) as link:

        def call(name: str, request: way.Json) -> way.Json:
            requests.append(name)
            return link.call(name, request)

        session = ReaperSession(call)
        link.connect()
        reaper.tell("busy"), reaper.tell("count")
        seen = session.begin_job()
        look_s, look_calls = max(reaper.tell("busy")), reaper.tell("count")
        reaper.tell("inside")
        eqs = [EQ.scaled(1.0 - n / 1000.0) for n in range(len(seen.tracks))]
        writes = [
            Write(track, eq, Memory(1.0, eq)) for track, eq in zip(seen.tracks, eqs, strict=True)
        ]
        all_s = timed(lambda: session.write_eq("job", writes))
        write_s, write_calls = max(reaper.tell("busy")), reaper.tell("count")
        inside_s = reaper.tell("inside")
    return {
        "requests": len(requests),
        "look_tick_ms": look_s * 1000.0,
        "look_calls": look_calls,
        "write_tick_ms": write_s * 1000.0,
        "write_tick_ours_ms": (write_s - inside_s) * 1000.0,
        "write_calls": write_calls,
        "write_ms": all_s * 1000.0,
    }


def abuse(folder: Path, number: int) -> Figures:
    """Send random frames; then a real job has to work."""
    rng = random.Random(2)
    project = write_project(folder / "abused")
    with StandIn(project, folder / "abused.json", ticks_per_s=1000.0) as reaper:
        endpoint = way.read(reaper.endpoint)
        before = resident_kib(reaper)
        start = time.perf_counter()
        heard = b""
        for _ in range(number // 2):
            with Raw(endpoint) as raw:
                raw.send(random_bytes(rng))
        with Raw.known(reaper.endpoint) as known:
            for _ in range(number - number // 2):
                known.send(random_request(rng))
                assert known.receive() is not None
                heard = known.heard = known.heard[-1000:] if token_free(known) else sys.exit("leak")
        seconds = time.perf_counter() - start
        with Link(reaper.endpoint) as link:
            run_job(link, folder)
        assert reaper.tell("console") == []
        grown = resident_kib(reaper) - before
    assert endpoint.token.encode() not in heard
    return {"abuse_frames": number, "abuse_s": round(seconds, 1), "abuse_memory_kib": grown}


def token_free(raw: Raw) -> bool:
    """Tell whether the token stands nowhere in what was heard."""
    return raw.endpoint.token.encode() not in raw.heard


def kills(folder: Path, number: int) -> Figures:
    """Kill REAPER at random points of a job; each time a new one has to do the job."""
    project = write_project(folder / "killed")
    with StandIn(project, folder / "killed.json", module=FAULTY) as reaper:
        calls = calls_of_a_job(reaper, folder)
    rng = random.Random(3)
    codes = [
        kill_and_restart(project, folder / "killed.json", folder, rng.randint(1, calls))
        for _ in range(number)
    ]
    uncertain = codes.count("outcome_uncertain")
    return {"kills": number, "kills_uncertain": uncertain, "calls_of_a_job": calls}


def main() -> None:
    """Print all figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--abuse", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--hours", action="store_true")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = write_project(folder / "small")
        with StandIn(project, folder / "small.json") as reaper:
            figures = idle(reaper, options.seconds) | latency(reaper)
        for tracks in (1, 64):
            figures |= job(folder / str(tracks), tracks)
        figures |= one_track(folder / "one") | many_tracks(folder / "many")
        figures |= fader(folder / "fader")
        if options.abuse:
            figures |= abuse(folder, options.abuse)
        if options.kills:
            figures |= kills(folder, options.kills)
            figures |= whole_kills(folder / "whole", options.kills)
        if options.hours:
            figures |= eight_hours(folder / "hours")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
