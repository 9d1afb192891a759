"""Genre recognition on GTZAN's filtered test part, and on the random split, marked as optimistic.

`run(quick)` gives the table of `python -m models.evaluate genres`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import genres
from models.genres import GENRES, PAPER_CLASSES
from models.training import corpus, genre_data, genre_parts
from models.training.evaluate_masters import real_masters
from models.training.fit_genres import choose_paper_net, fit_classifier, fit_paper_net
from models.training.genre_data import PAPER_LABEL, Tracks
from models.training.scores import calibration_error, interval, probabilities

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
Row = dict[str, Any]

SEEDS = 10
PAPER = {"what": "paper (six classes, its own random split)", "error": 0.27}
TEST_SHARE = 0.3
_RANDOM_DECAY = 1e-3


def run(quick: bool) -> dict[str, Any]:
    """Evaluate the paper's network and ours; one seed and no real masters when `quick`."""
    data = corpus.data_dir()
    train, valid, test = (genre_data.load(data, split) for split in ("train", "valid", "test"))
    seeds = range(1 if quick else SEEDS)
    shipped = genres.load_classifier().scores(test.features())
    six = _pooled(shipped)
    net = genres.load_paper_net().scores(test.paper_levels_db())
    majority = float((test.paper_labels() != 0).mean())
    rows: list[Row] = [
        PAPER,
        {"what": "six: always the majority, filtered split", "n": len(test), "error": majority},
        _spread("six: paper's network, filtered split", *_paper(train, valid, test, seeds)),
        _figures("six: paper's network as shipped, filtered split", net, test.paper_labels()),
        _spread("six: paper's network, RANDOM split (optimistic)", *_paper_random(data, seeds)),
        _figures("six: ours as shipped, filtered split", six, test.paper_labels()),
        _figures("ten: ours as shipped, filtered split", shipped, test.labels),
        *_ours(train, valid, test, seeds),
        *_ours_random(genre_data.both(train, test), valid, seeds),
        *_confusion(shipped, test.labels),
    ]
    if not quick:
        rows += real_masters(data)
    return {
        "what": "error is top-1; GTZAN, training part 443 tracks; mean and standard deviation "
        "over seeds where there are some",
        "split": "test part of the fault- and artist-filtered split unless marked",
        "n": len(test),
        "seeds": len(seeds),
        "rows": rows,
    }


def _figures(what: str, scores: Array, labels: Labels) -> Row:
    error = float((scores.argmax(axis=1) != labels).mean())
    low, high = interval(error, len(labels))
    return {
        "what": what,
        "n": len(labels),
        "error": error,
        "low95": low,
        "high95": high,
        "ece": calibration_error(scores, labels),
    }


def _spread(what: str, errors: list[float], eces: list[float], count: int) -> Row:
    return {
        "what": what,
        "n": count,
        "error": float(np.mean(errors)),
        "sd": float(np.std(errors)),
        "ece": float(np.mean(eces)),
    }


def _pooled(scores: Array) -> Array:
    """Return log-probabilities of the paper's classes (N, 6) for scores of the ten (N, 10)."""
    member = PAPER_LABEL[:, None] == np.arange(len(PAPER_CLASSES))
    return np.asarray(np.log(probabilities(scores) @ member + 1e-12))


def _error(scores: Array, labels: Labels) -> float:
    return float((scores.argmax(axis=1) != labels).mean())


def _collect(
    scored: list[tuple[Array, Labels]],
) -> tuple[list[float], list[float], int]:
    return (
        [_error(*pair) for pair in scored],
        [calibration_error(*pair) for pair in scored],
        len(scored[0][1]),
    )


def _paper(
    train: Tracks, valid: Tracks, test: Tracks, seeds: range
) -> tuple[list[float], list[float], int]:
    nets = [choose_paper_net(train, valid, seed) for seed in seeds]
    levels, labels = test.paper_levels_db(), test.paper_labels()
    return _collect([(net.scores(levels), labels) for net in nets])


def _paper_random(data: Any, seeds: range) -> tuple[list[float], list[float], int]:
    """The paper's way: tracks drawn at random, so that an artist may be on both sides."""
    every = genre_data.load(data, "all")
    levels, labels = every.paper_levels_db(), every.paper_labels()
    scored = []
    for seed in seeds:
        rest, held = _random_parts(len(every), seed)
        net = fit_paper_net(levels[rest], labels[rest], seed, _RANDOM_DECAY)
        scored.append((net.scores(levels[held]), labels[held]))
    return _collect(scored)


def _ours(train: Tracks, valid: Tracks, test: Tracks, seeds: range) -> list[Row]:
    """Each seed hears a random half of each training track's patches, and cuts folds anew."""
    ten, six = [], []
    for seed in seeds:
        x = train.features(np.random.default_rng(seed))
        ours = fit_classifier(genre_parts.material(train, valid, x), seed)
        scores = ours.scores(test.features())
        ten.append((scores, test.labels))
        six.append((_pooled(scores), test.paper_labels()))
    return [
        _spread("six: ours, filtered split", *_collect(six)),
        _spread("ten: ours, filtered split", *_collect(ten)),
    ]


def _ours_random(tracks: Tracks, valid: Tracks, seeds: range) -> list[Row]:
    ten, six = [], []
    for seed in seeds:
        rest, held = (tracks.pick(part) for part in _random_parts(len(tracks), seed))
        scores = fit_classifier(genre_parts.material(rest, valid), seed).scores(held.features())
        ten.append((scores, held.labels))
        six.append((_pooled(scores), held.paper_labels()))
    return [
        _spread("six: ours, RANDOM split (optimistic)", *_collect(six)),
        _spread("ten: ours, RANDOM split (optimistic)", *_collect(ten)),
    ]


def _random_parts(count: int, seed: int) -> tuple[Labels, Labels]:
    order = np.random.default_rng(seed).permutation(count)
    held = round(TEST_SHARE * count)
    return np.sort(order[held:]), np.sort(order[:held])


def _confusion(scores: Array, labels: Labels) -> list[Row]:
    guessed = scores.argmax(axis=1)
    rows: list[Row] = []
    for number, genre in enumerate(GENRES):
        own = labels == number
        wrong = Counter(GENRES[g] for g in guessed[own] if g != number)
        rows.append(
            {
                "what": f"ten: {genre}",
                "n": int(own.sum()),
                "error": _error(scores[own], labels[own]),
                "taken for": ", ".join(f"{other} {n}" for other, n in wrong.most_common()),
            }
        )
    return rows
