"""Print what listening costs and how exact it is.

    python tests/benchmarks/listening.py [speed] [recognition] [memory] [loudness]

speed: one 3-minute stereo file (24 bit, 48 kHz), best of three, beside SciPy's Welch spectrum and
pyloudnorm on the same file. recognition: the same file heard and recognised, beside hearing alone,
and the first time, when the networks are read. memory: peak resident memory of a process that listens to 3 and to 30
minutes. loudness: predicted against exact loudness change on real clips (needs REATONE_DATA or
../shared/data): random EQs of six bands with gains up to 6 dB and up to 12 dB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

RATE_HZ = 48000
SEED = 20240907


def write_music(path: Path, minutes: float) -> Path:
    """Write a stereo file of coloured noise that swells and pauses."""
    import soundfile

    rng = np.random.default_rng(SEED)
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "PCM_24") as file:
        for second in range(round(60 * minutes)):
            noise = np.cumsum(rng.standard_normal((RATE_HZ, 2)), axis=0)
            noise = 0.001 * (noise - noise.mean(axis=0)) * (second % 5 != 4)
            file.write(np.clip(noise, -0.99, 0.99))
    return path


def best_of(runs: int, work: Callable[[], object]) -> float:
    """Return the shortest of several wall-clock times in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def speed(folder: Path) -> None:
    """Time one pass beside the peers that do a part of it."""
    import pyloudnorm
    import scipy.signal
    import soundfile

    from models.spectrum import listen

    path = write_music(folder / "three.wav", 3.0)
    ours = best_of(3, lambda: listen(path))
    read = best_of(3, lambda: soundfile.read(path, dtype="float32"))

    def welch() -> object:
        samples, rate = soundfile.read(path, dtype="float32")
        return scipy.signal.welch(samples, rate, nperseg=2**15, axis=0)

    def loudness() -> object:
        samples, rate = soundfile.read(path)
        return pyloudnorm.Meter(rate).integrated_loudness(samples)

    print(f"listen, 3 min stereo 48 kHz   {ours:6.2f} s   ({180 / ours:.0f} x real time)")
    print(f"  reading alone               {read:6.2f} s")
    for name, peer in (("scipy.signal.welch", welch), ("pyloudnorm", loudness)):
        seconds = best_of(3, peer)
        print(f"  {name:20s}        {seconds:6.2f} s   {seconds / ours:.2f} x ours")
    profile = listen(path).loudness
    from models.eq import Band, BandKind, Eq

    eq = Eq((Band(BandKind.BELL, 1000.0, 6.0),))
    seconds = best_of(5, lambda: profile.change_lu(eq, RATE_HZ))
    print(f"change_lu, 3 min              {seconds * 1000:6.2f} ms")


def recognition(folder: Path) -> None:
    """Time hearing and recognising in one, on one thread if OMP_NUM_THREADS says so."""
    from models.instruments import classify_spectrum
    from models.spectrum import listen

    path = write_music(folder / "three.wav", 3.0)
    alone = best_of(3, lambda: listen(path))

    def whole() -> object:
        return classify_spectrum(listen(path).spectrum)

    first, seconds = best_of(1, whole), best_of(3, whole)
    print(f"listen and recognise, 3 min   {seconds:6.2f} s   {seconds / alone:.2f} x listening")
    print(f"  the first time              {first:6.2f} s")


def memory(folder: Path) -> None:
    """Print the peak resident memory of fresh processes."""
    script = (
        "import re, sys; from models.spectrum import listen; listen(sys.argv[1]); "
        "print(int(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]) / 1024)"
    )
    short = write_music(folder / "short.wav", 0.05)
    for name, path in (
        ("0.05 min", short),
        ("3 min", write_music(folder / "three.wav", 3.0)),
        ("30 min", write_music(folder / "thirty.wav", 30.0)),
    ):
        command = [sys.executable, "-c", script, str(path)]
        out = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        print(f"peak memory, {name:9s} {float(out.stdout):7.1f} MB")


def loudness(_: Path) -> None:
    """Compare predicted with exact loudness changes on real clips."""
    from models.audio import Clip, load
    from models.loudness import integrated_lufs, profile

    data = Path(os.environ.get("REATONE_DATA", ROOT.parent / "shared" / "data"))
    rng = np.random.default_rng(SEED)
    clips = sorted((data / "audio" / "instruments").glob("*/*.opus"))
    paths = [clips[i] for i in rng.permutation(len(clips))[:60]] + sorted(data.glob("demo/*/*.*"))
    errors: dict[float, list[float]] = {6.0: [], 12.0: []}
    before: list[float] = []
    for path in paths:
        if path.suffix == ".md":
            continue
        clip = load(path)
        measured, exact = profile(clip), integrated_lufs(clip)
        before.append(measured.integrated_lufs - exact)
        for limit, found in errors.items():
            eq = random_eq(rng, limit)
            samples = eq.apply(clip.samples, clip.sample_rate_hz).astype(np.float32)
            change = integrated_lufs(Clip(samples, clip.sample_rate_hz)) - exact
            found.append(measured.change_lu(eq, clip.sample_rate_hz) - change)
    rows = [("loudness itself", before)]
    rows += [(f"change, gains to {limit:g} dB", found) for limit, found in errors.items()]
    for name, found in rows:
        size = np.abs(found)
        p50, p95, p99 = np.percentile(size, [50, 95, 99])
        over = (size > 0.1).mean()
        print(
            f"{name:24s} n {len(size)}  mean {size.mean():.3f}  median {p50:.3f}  95 % {p95:.3f}"
            f"  99 % {p99:.3f}  worst {size.max():.3f} LU  over 0.1 LU: {100 * over:.1f} %"
        )


def random_eq(rng: np.random.Generator, limit_db: float) -> object:
    """Draw two shelves and four bells."""
    from models.eq import Band, BandKind, Eq

    def gain() -> float:
        return float(rng.uniform(-limit_db, limit_db))

    shelves = [
        Band(BandKind.LOW_SHELF, float(rng.uniform(60, 300)), gain(), 1.5),
        Band(BandKind.HIGH_SHELF, float(rng.uniform(2000, 8000)), gain(), 1.5),
    ]
    freqs = np.exp(rng.uniform(np.log(40.0), np.log(12000.0), 4))
    bells = [Band(BandKind.BELL, float(f), gain(), float(rng.uniform(0.4, 2.0))) for f in freqs]
    return Eq((*shelves, *bells))


def main() -> None:
    """Run the benchmarks named on the command line, all by default."""
    parts = {"speed": speed, "recognition": recognition, "memory": memory, "loudness": loudness}
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or parts:
            parts[name](Path(folder))


if __name__ == "__main__":
    main()
