"""Whole jobs in figures, for `tests.benchmarks.live_link`: REAPER, its actions, `reatone serve`."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

from bridge import requests
from bridge.host.stand_in import StandIn
from bridge.reaper.link import Link
from bridge.session import ReaperSession
from tests.bridge.running import running
from tests.live.conftest import eventually
from tests.live.test_whole_faults import (
    calls_of_an_action,
    kill_reaper,
    kill_the_daemon,
    write_noise,
)
from tests.live.whole import Whole, is_whole, reaper_with_actions
from tests.projects import pink_noise, write_song

Figures = dict[str, float]
TICK_S = 1.0 / 30.0
ROUNDS = 7
MOVES, MOVES_S = 1000, 10.0
_PIECES = 96


def timed_action(whole: Whole, name: str, **answers: object) -> Figures:
    """Press a key and wait for the message; the EQs have to be whole. Times in milliseconds.

    written: from the key until the EQs are written and read back. total: until the message. busy: the longest tick, renders not counted. stock: what the calls would take if each had to
    wait for a tick, as with reapy's own server (worked out, not measured).
    """
    for what in ("busy", "count", "rendering", "requests"):
        whole.reaper.tell(what)
    start = time.perf_counter()
    text = whole.do(name, **answers)
    spent_s = time.perf_counter() - start
    # One steady clock for all processes of a machine.
    written_s = whole.reaper.tell("carried_out")["write_eq"] - start
    render_s = whole.reaper.tell("rendering")
    ticks_s = sorted(whole.reaper.tell("busy"))
    ticks_s[-1] -= render_s
    found = {"requests": len(whole.reaper.tell("requests")), "calls": whole.reaper.tell("count")}
    if not all(track.own and is_whole(track) for track in whole.tracks()):
        raise SystemExit(f"{name}: the EQ is not what was said: {text}")
    return {
        **found,
        "total_ms": spent_s * 1000.0,
        "written_ms": written_s * 1000.0,
        "render_ms": render_s * 1000.0,
        "beyond_ms": (spent_s - render_s) * 1000.0,
        "busy_ms": max(ticks_s) * 1000.0,
        "stock_ms": found["calls"] * TICK_S * 1000.0 + render_s * 1000.0,
    }


def summary(name: str, rounds: list[Figures]) -> Figures:
    """Return the medians, and the maxima of what has a limit."""
    figures = {
        f"{name}_{key}": round(statistics.median(row[key] for row in rounds), 1)
        for key in rounds[0]
    }
    for key in ("beyond_ms", "busy_ms", "requests"):
        figures[f"{name}_{key}_max"] = round(max(row[key] for row in rounds), 1)
    ratio = figures[f"{name}_total_ms"] / figures[f"{name}_stock_ms"]
    return figures | {f"{name}_ratio_to_stock": round(ratio, 3)}


def one_track(folder: Path) -> Figures:
    """Measure jobs on one track of 30 s: at first, by words, by amount."""
    project = write_song(folder / "song", {"Bass": pink_noise(30.0)})
    rows: dict[str, list[Figures]] = {"equalise_30s": [], "describe_30s": [], "amount": []}
    with reaper_with_actions(project, folder) as whole:
        whole.start_daemon(folder / "user")
        whole.do("equalise")
        for _ in range(ROUNDS):
            whole.reaper.tell("open", project=str(project))
            rows["equalise_30s"].append(timed_action(whole, "equalise"))
            rows["describe_30s"].append(timed_action(whole, "describe", inputs=["warmer"]))
            rows["amount"].append(timed_action(whole, "up"))
    figures: Figures = {}
    for name, rounds in rows.items():
        figures |= summary(name, rounds)
    return figures


def many_tracks(folder: Path, number: int = 64) -> Figures:
    """Measure one job on many tracks of 2 s."""
    tracks = {f"Track {n}": pink_noise(2.0, n) for n in range(number)}
    with reaper_with_actions(write_song(folder / "song", tracks), folder) as whole:
        whole.start_daemon(folder / "user")
        figures = summary(f"equalise_{number}_tracks", [timed_action(whole, "equalise")])
        figures[f"equalise_{number}_tracks_undo_points"] = len(whole.reaper.tell("undo_points"))
    return figures


def fader(folder: Path) -> Figures:
    """Move the amount a thousand times in ten seconds; the queue must not grow."""
    with (
        reaper_with_actions(write_noise(folder / "song"), folder) as whole,
        Link(whole.reaper.endpoint) as link,
        running(lambda: ReaperSession(link.call), folder / "presets", wire=link) as daemon,
    ):
        whole.wait_for_daemon()
        whole.do("equalise")
        whole.reaper.tell("requests")
        longest, start = 0, time.monotonic()
        for number in range(MOVES):
            amount = {"set": (number + 1) / MOVES}
            daemon.submit(requests.parse("amount", amount, (f"move-{number}",)))
            longest = max(longest, len(daemon.queue))
            time.sleep(max(start + (number + 1) * MOVES_S / MOVES - time.monotonic(), 0.0))
        spent_s = time.monotonic() - start
        last = f"status:move-{MOVES - 1}"
        eventually(lambda: '"done"' in whole.state(last))
        after_s = time.monotonic() - start - spent_s
        amounts = [track.memory and track.memory.amount for track in whole.tracks()]
        writes = whole.reaper.tell("requests").count("write_eq")
    if amounts != [1.0, 1.0]:
        raise SystemExit(f"the last move was lost: {amounts}")
    return {
        "moves": MOVES,
        "moves_s": round(spent_s, 2),
        "moves_longest_queue": longest,
        "moves_writes": writes,
        "moves_last_after_ms": round(after_s * 1000.0, 1),
    }


def whole_kills(folder: Path, number: int) -> Figures:
    """Kill the daemon and then REAPER at random points of an action's job, so many times each."""
    project = write_noise(folder / "song")
    rng = random.Random(7)
    with reaper_with_actions(project, folder) as whole:
        daemon = whole.start_daemon(folder / "user")
        calls = calls_of_an_action(whole)
        for _ in range(number):
            daemon = kill_the_daemon(whole, project, daemon, rng.randint(1, calls))
        whole.reaper.tell("count")
        whole.do("up")
        calls_of_amount = int(whole.reaper.tell("count"))
        whole.reaper.quit()
        for _ in range(number):
            kill_reaper(project, folder, rng.randint(1, calls_of_amount - 2))
    return {"daemon_kills": number, "reaper_kills": number, "calls_of_an_action": calls}


def eight_hours(folder: Path) -> Figures:
    """Run eight hours of idle ticks on a clock of their own, five minutes at a time."""
    with reaper_with_actions(write_noise(folder / "song"), folder) as whole:
        ages = []
        for _ in range(_PIECES):
            ages.append(whole.reaper.tell("age", hours=8.0 / _PIECES, tick_s=TICK_S))
            if len(ages) == 1:
                before = resident_kib(whole.reaper)
        grown = resident_kib(whole.reaper) - before
    return {
        "eight_hours_ticks": sum(age["ticks"] for age in ages),
        "eight_hours_seconds": round(sum(age["seconds"] for age in ages), 1),
        "eight_hours_grown_kib": grown,
    }


def resident_kib(reaper: StandIn) -> int:
    """Return the memory that the stand-in occupies."""
    status = Path(f"/proc/{reaper.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])
