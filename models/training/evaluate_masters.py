"""The recogniser and the master EQ on real masters that are not GTZAN's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from models import genre_targets, genres, targets
from models.audio import info, stream
from models.equalise import Decision
from models.excerpts import Cutter
from models.instruments import Guess
from models.mastering import DEFAULT_AMOUNT, MasterWish, master
from models.spectrum import Listening, listen_to
from models.training import corpus
from models.training.corpus import Recording

GENRE_OF = {
    "blues": "blues",
    "hiphop": "hip_hop",
    "jazz": "jazz",
    "metal": "metal",
    "orchestral": "classical",
    "pop": "pop",
    "reggae": "reggae",
    "rock": "rock",
}
"""The genre that a label of the reference recordings means; there is none for electronic, folk."""


class Master(NamedTuple):
    """One real master, heard."""

    recording: Recording
    genre: str | None
    mixture: tuple[Guess, ...]
    listening: Listening


def hear(recording: Recording) -> Master:
    """Listen to one recording."""
    what = info(recording.path)
    cutter = Cutter(what)
    listening = listen_to(cutter.watch(stream(recording.path)), what)
    mixture = genres.guesses(genres.evidence(cutter.excerpts()))
    return Master(recording, GENRE_OF.get(recording.label), mixture, listening)


def real_masters(data: Path) -> list[dict[str, Any]]:
    """Return rows: top-1 of the mapped labels, what fails, and distances before and after.

    None of these recordings trained the recogniser; those of the train and valid splits shaped
    the targets' top octave, so that distances are of the test split alone.
    """
    heard = [
        hear(recording)
        for split in ("train", "valid", "test")
        for recording in corpus.masters(data, split)
    ]
    mapped = [one for one in heard if one.genre]
    rows = [_recognised("real masters, all mapped labels", mapped)]
    for label in dict.fromkeys(one.recording.label for one in heard):
        rows.append(
            _recognised(
                f"real masters: {label}", [one for one in heard if one.recording.label == label]
            )
        )
    tested = [one for one in mapped if one.recording.split == "test"]
    return [*rows, _distances("real masters, test split: EQ to their own genre", tested)]


def _recognised(what: str, some: list[Master]) -> dict[str, Any]:
    guessed = [one.mixture[0].label for one in some]
    wrong = Counter(g for g, one in zip(guessed, some, strict=True) if g != one.genre)
    row: dict[str, Any] = {"what": what, "n": len(some)}
    if some[0].genre:
        row["error"] = sum(wrong.values()) / len(some)
    sources = len({one.recording.source for one in some})
    listed = ", ".join(f"{other} {n}" for other, n in wrong.most_common(4))
    return {**row, "sources": sources, "taken for": listed}


def _distances(what: str, some: list[Master]) -> dict[str, Any]:
    """Compare the distance to the own genre's target before and after the EQ, in dB.

    "own genre": the genre was told; "as heard": the EQ went to the mixture's blend.
    """
    before: list[float] = []
    told: list[float] = []
    heard: list[float] = []
    for one in some:
        assert one.genre
        own = genre_targets.for_genre(one.genre)
        before.append(targets.distance_db(one.listening.spectrum, own))
        for wish, found in ((MasterWish(one.genre), told), (MasterWish(), heard)):
            decision = master(one.listening, one.mixture, wish)
            assert isinstance(decision, Decision)
            response_db = decision.response_db(decision.eq(DEFAULT_AMOUNT))
            found.append(targets.distance_db(one.listening.spectrum, own, response_db))
    closer = float(np.mean(np.array(told) < np.array(before)))
    return {
        "what": what,
        "n": len(some),
        "before_db": float(np.mean(before)),
        "after_db": float(np.mean(told)),
        "as_heard_db": float(np.mean(heard)),
        "closer": closer,
    }
