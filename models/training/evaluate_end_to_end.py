"""How well equalisers are learnt from pairs: the paper's four tasks, random ReaEQs, real engineers.

The paper's tasks (Martínez Ramírez & Reiss 2018, Table 2): the paper's network with the shipped
weights (with torch installed), and ours, learnt from one pair of training notes in a row; both on
the held-out note B. Random ReaEQs: two to six bands on clips of the test split, learnt from as a
user would; the ReaEQ that comes out against the one that went in. Real engineers: the raw and mixed
tracks of `eq_pairs`.
python -m models.evaluate end_to_end [--quick]
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.audio import Clip, load
from models.eq import Array, Band, BandKind, Eq
from models.learning import Learnt, learn
from models.pair import PairError
from models.resources import weights_path
from models.spectrum import GRID_HZ, measure
from models.training import corpus, piano_tasks
from models.training.piano_tasks import FRAME, RATE_HZ, TASKS

SEED = 2018
NOTES = 22
CLIPS, QUICK_CLIPS, NOTES_PER_QUICK = 60, 6, 9
SURE = 0.5
"""The track has energy where its spectrum is at least this confident."""
HIGHEST_HZ = 19000.0
GOAL_DB = 0.2
_KINDS = (
    BandKind.LOW_SHELF,
    BandKind.HIGH_SHELF,
    BandKind.BELL,
    BandKind.BELL,
    BandKind.BELL,
    BandKind.HIGH_PASS,
    BandKind.LOW_PASS,
)
_RANGES_HZ = {
    BandKind.LOW_SHELF: (60.0, 500.0),
    BandKind.HIGH_SHELF: (1500.0, 10000.0),
    BandKind.HIGH_PASS: (25.0, 150.0),
    BandKind.LOW_PASS: (4000.0, 16000.0),
}
DEEP_DB = -30.0
"""Below this a pass filter has left nothing to learn from."""
Process = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def run(quick: bool = False) -> dict[str, Any]:
    """Return the paper's table with our rows, and what was learnt from real tracks."""
    data = corpus.data_dir()
    held_out = list(piano_tasks.held_out(data))[:: NOTES_PER_QUICK if quick else 1]
    rows = [row for task in TASKS for row in task_rows(data, task, held_out)]
    clips = corpus.spread_over(corpus.instruments(data, "test"), QUICK_CLIPS if quick else CLIPS)
    return {
        "evaluation": "equalisers learnt from pairs",
        "held_out_notes": len(held_out),
        "frames": f"{FRAME} samples, every {FRAME}",
        "seed": SEED,
        "rows": [*rows, random_row(clips), *engineer_rows(data, quick)],
    }


def task_rows(
    data: Path, task: str, held_out: list[NDArray[np.float32]]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one of the paper's tasks."""
    yield {"what": task, "who": "paper", "loss": piano_tasks.PAPER_LOSS[task]}
    yield _loss_row(task, "unprocessed", held_out, _frames)
    network = paper_network(task)
    if network:
        yield autoencoder_row(task, held_out)
        yield _loss_row(task, "paper's network, ours", held_out, lambda dry: network(_frames(dry)))
    learnt = learnt_task(data, task)

    def ours(dry: NDArray[np.float32]) -> NDArray[np.float32]:
        # A product takes the delay out; the paper's linear-phase tasks want it.
        late = np.pad(learnt.network.apply(dry[None])[0], (max(learnt.delay, 0), 0))
        return _frames(late[: len(dry)])

    yield _loss_row(task, "our network", held_out, ours)


def autoencoder_row(task: str, held_out: list[NDArray[np.float32]]) -> dict[str, Any]:
    """Return how well the first step gives back the dry and wet frames (paper: 0.104)."""
    network = paper_network(f"{task}_autoencoder")
    if network is None:
        raise FileNotFoundError("the network is there, its autoencoder is not")
    given = [_frames(each) for dry in held_out for each in (dry, piano_tasks.equalised(dry, task))]
    losses = [piano_tasks.loss(frames, network(frames)) for frames in given]
    return _row(task, "autoencoder of the paper's network, ours", losses)


def learnt_task(data: Path, task: str) -> Learnt:
    """Learn a task from one pair: training notes one after the other."""
    notes = [note for note in piano_tasks.notes(data) if not note.held_out]
    dry = np.concatenate([piano_tasks.waveform(note) for note in notes[:: len(notes) // NOTES]])
    return learn(Clip(dry, RATE_HZ), Clip(piano_tasks.equalised(dry, task), RATE_HZ))


def paper_network(run: str) -> Process | None:
    """Return the paper's network with the shipped weights; None without torch or them.

    run: a task, or "…_autoencoder".
    """
    weights = weights_path("end_to_end")
    if not (weights.is_file() and importlib.util.find_spec("torch")):
        return None
    module = importlib.import_module("models.training.end_to_end_net")
    process: Process = module.shipped(weights, run)
    return process


def _frames(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    return piano_tasks.frames(signal, FRAME)


def _loss_row(
    task: str, who: str, held_out: list[NDArray[np.float32]], process: Process
) -> dict[str, Any]:
    losses = [
        piano_tasks.loss(_frames(piano_tasks.equalised(dry, task)), process(dry))
        for dry in held_out
    ]
    return _row(task, who, losses)


def _row(task: str, who: str, losses: list[piano_tasks.Loss]) -> dict[str, Any]:
    mean = piano_tasks.mean_loss(losses)
    parts = {"kl": mean.kl, "mse": mean.mse, "mae": mean.mae, "loss": mean.total}
    return {"what": task, "who": who, "n": len(losses), **parts}


def random_eq(rng: np.random.Generator) -> Eq:
    """Return a ReaEQ of two to six bands, up to 12 dB each, as an engineer might set it."""
    bands = []
    for kind in rng.choice(_KINDS, size=rng.integers(2, 7), replace=False):
        low_hz, high_hz = _RANGES_HZ.get(kind, (80.0, 10000.0))
        freq_hz = low_hz * (high_hz / low_hz) ** rng.uniform()
        gain_db = float(rng.uniform(2.0, 12.0) * rng.choice((-1.0, 1.0)))
        bands.append(Band(kind, float(freq_hz), gain_db, float(rng.uniform(0.5, 2.0))))
    return Eq(tuple(bands), float(rng.uniform(-6.0, 6.0)))


def random_row(clips: list[corpus.Recording]) -> dict[str, Any]:
    """Return the response error of the ReaEQs learnt where the tracks have energy."""
    rng = np.random.default_rng(SEED)
    reaeq_db, kernel_db = [], []
    for recording in clips:
        clip, eq = load(recording.path), random_eq(rng)
        wet = eq.apply(clip.samples, clip.sample_rate_hz).astype(np.float32)
        learnt = learn(clip, Clip(wet, clip.sample_rate_hz))
        curve_db = eq.response_db(learnt.freqs_hz, clip.sample_rate_hz)
        heard = _heard(clip, learnt.freqs_hz) & (curve_db > DEEP_DB)
        ours_db = learnt.eq.response_db(learnt.freqs_hz, clip.sample_rate_hz)
        reaeq_db.append(float(np.abs(ours_db - curve_db)[heard].mean()))
        kernel_db.append(float(np.abs(learnt.curve_db - curve_db)[heard].mean()))
    return {
        "what": "random ReaEQ on test tracks",
        "who": "learnt ReaEQ, mean absolute error in dB",
        "n": len(clips),
        **_spread(reaeq_db),
        "network_mean_db": float(np.mean(kernel_db)),
        "share_within_goal": float(np.mean(np.array(reaeq_db) <= GOAL_DB)),
    }


def _heard(clip: Clip, freqs_hz: Array) -> NDArray[np.bool_]:
    sure = np.interp(np.log(freqs_hz), np.log(GRID_HZ), measure(clip).confidence)
    return np.asarray((sure >= SURE) & (freqs_hz <= HIGHEST_HZ))


def engineer_rows(data: Path, quick: bool) -> Iterator[dict[str, Any]]:
    """Yield what is learnt from each raw and mixed track of real engineers."""
    raws = sorted((data / "audio" / "eq_pairs").glob("*-raw_*.opus"))
    for raw in raws[: 2 if quick else None]:
        name = raw.stem.replace("-raw_000", "").removeprefix("mdb-")
        row: dict[str, Any] = {"what": f"engineer: {name}", "who": "learnt", "n": 1}
        try:
            learnt = learn(load(raw), load(raw.with_name(raw.name.replace("-raw_", "-stem_"))))
        except PairError as error:
            yield {**row, "verdict": error.problem}
            continue
        yield {
            **row,
            "bands": len(learnt.eq.bands),
            "eq_residual_db": learnt.residuals.eq_db,
            "filter_residual_db": learnt.residuals.kernel_db,
            "network_residual_db": learnt.residuals.network_db,
            "verdict": "an EQ" if learnt.only_eq else "not only an EQ",
        }


def _spread(errors_db: list[float]) -> dict[str, float]:
    return {
        "mean_db": float(np.mean(errors_db)),
        "median_db": float(np.median(errors_db)),
        "p95_db": float(np.percentile(errors_db, 95.0)),
        "max_db": float(np.max(errors_db)),
    }
