"""The undo history: whole project files, so that undo restores every byte."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_POINTS = 100
GENERIC_LABEL = "ReaScript: Run"


@dataclass(frozen=True, slots=True)
class Point:
    """One step: its label and the project before and after it."""

    label: str
    before: bytes
    after: bytes


@dataclass(slots=True)
class History:
    """Undo and redo points, and the block that is open now."""

    done: list[Point] = field(default_factory=list)
    undone: list[Point] = field(default_factory=list)
    depth: int = 0
    before: bytes = b""

    def begin(self, now: bytes) -> None:
        """Open a block (they nest: the outermost counts)."""
        if not self.depth:
            self.before = now
        self.depth += 1

    def end(self, label: str, flags: int, now: bytes) -> bool:
        """Close a block; return whether it made a point.

        Assumed of REAPER: with flags the block always makes a point with its label, changed or not;
        with flags 0 there is a point, under a generic label, only when something changed.
        """
        self.depth -= 1
        if self.depth or (not flags and now == self.before):
            return False
        self.add(Point(label if flags else GENERIC_LABEL, self.before, now))
        return True

    def add(self, point: Point) -> None:
        """Append a point; what was undone before can no longer be redone."""
        self.done = [*self.done, point][-MAX_POINTS:]
        self.undone.clear()
