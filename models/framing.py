"""Streams cut into batches, and rows over time of bounded number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.audio import Samples

Powers = NDArray[np.float32]


class Framer:
    """Cuts a stream into overlapping batches of one fixed size, whatever the size of its blocks."""

    def __init__(self, channels: int, lead: int, advance: int, overlap: int) -> None:
        self._buffer = np.zeros((channels, advance + overlap), dtype=np.float32)
        self._filled, self._advance = lead, advance

    def push(self, block: Samples) -> Iterator[Samples]:
        start, size = 0, self._buffer.shape[1]
        while start < block.shape[1]:
            n = min(size - self._filled, block.shape[1] - start)
            self._buffer[:, self._filled : self._filled + n] = block[:, start : start + n]
            self._filled, start = self._filled + n, start + n
            if self._filled == size:
                yield self._buffer
                self._buffer[:, : size - self._advance] = self._buffer[:, self._advance :]
                self._filled = size - self._advance

    def flush(self) -> Iterator[Samples]:
        """Yield what is left, twice: the second batch holds what is in the first one's overlap."""
        for _ in range(2):
            self._buffer[:, self._filled :] = 0.0
            yield self._buffer
            self._buffer[:, : -self._advance] = self._buffer[:, self._advance :]
            self._filled = max(self._filled - self._advance, 0)


class History:
    """Rows over time that halve their rate whenever they would become too many."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows, self.factor = max_rows, 1
        self._parts: list[Powers] = []
        self._rest: Powers | None = None
        self._rows = 0

    def add(self, rows: Powers) -> None:
        """Take the next rows (R, B)."""
        if self._rest is not None:
            rows = np.concatenate((self._rest, rows))
        whole = len(rows) // self.factor * self.factor
        self._rest = rows[whole:].copy()
        self._parts.append(_merged(rows[:whole], self.factor))
        self._rows += whole // self.factor
        if self._rows >= self._max_rows:
            self._halve()

    def finish(self, rows: int, factor: int) -> Powers:
        """Return the rows that stand for the first `rows` ones added, `factor` merged into each."""
        while self.factor < factor:
            self._halve()
        everything = np.concatenate(self._parts)
        self._parts = []
        return everything[: -(-rows // self.factor)]

    def _halve(self) -> None:
        everything = np.concatenate(self._parts)
        odd = everything[len(everything) // 2 * 2 :]
        rest = [np.repeat(odd, self.factor, axis=0)]
        self._rest = np.concatenate(rest if self._rest is None else [*rest, self._rest])
        self._parts = [_merged(everything[: len(everything) // 2 * 2], 2)]
        self._rows, self.factor = len(self._parts[0]), 2 * self.factor


def _merged(rows: Powers, count: int) -> Powers:
    return np.asarray(rows.reshape(-1, count, rows.shape[1]).mean(axis=1))
