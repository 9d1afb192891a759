"""Values that scripts keep in a project: per track (P_EXT) or in a section of the whole project."""

from __future__ import annotations

from bridge.host.chunk import Line, quote, tokenise
from bridge.host.project import Node


class ExtState:
    """Key → value lines in a block: a track's P_EXT or a section of the project's state.

    REAPER keeps a track's values as `key value` lines in `<EXT` within <TRACK. Known at second hand
    only, so reading is generous: several blocks, and values that are not in quotes.
    """

    __slots__ = ("node", "path")

    def __init__(self, node: Node, path: tuple[str, ...]) -> None:
        self.node = node
        self.path = path

    def get(self, key: str) -> str | None:
        """Return the value, None when there is none."""
        found = self._find(key)
        return _value(found[1]) if found else None

    def set(self, key: str, value: str) -> None:
        """Store a value; an empty one deletes, as in REAPER.

        Raises ValueError for text that one line cannot hold exactly.
        """
        if not value:
            self.delete(key)
            return
        written = quote(value)
        if not key or any(c in key for c in " \t\"'`<>"):
            raise ValueError(f"{key!r} cannot be the name of a stored value")
        if all(mark in value for mark in "\"'`"):
            raise ValueError("a stored value cannot hold all three of the quotes \" ' and `")
        found = self._find(key)
        if found is None:
            block = self._require()
            block.children.append(block.new_line(f"{quote(key)} {written}"))
        elif _value(found[1]) != value:
            found[1].text = f"{found[1].indent}{found[1].value(0)} {written}"

    def delete(self, key: str) -> None:
        """Remove a value, and the block with the last one. No error when there is none."""
        found = self._find(key)
        if found is None:
            return
        *parents, block = found[0]
        block.children.remove(found[1])
        for parent in reversed(parents):
            if not block.children:
                parent.children.remove(block)
            block = parent

    def keys(self) -> list[str]:
        """Return all keys in order."""
        return [line.value(0) for trail in self._trails() for line in trail[-1].lines()]

    def _trails(self) -> list[list[Node]]:
        """Return every way down the path, from this node to a block of values."""
        trails = [[self.node]]
        for name in self.path:
            trails = [[*trail, node] for trail in trails for node in trail[-1].nodes(name)]
        return trails

    def _find(self, key: str) -> tuple[list[Node], Line] | None:
        for trail in self._trails():
            for line in trail[-1].lines():
                if line.value(0).lower() == key.lower():
                    return trail, line
        return None

    def _require(self) -> Node:
        block = self.node
        for name in self.path:
            child = block.node(name)
            if child is None:
                child = block.new_node(f"<{name}")
                first = block.node() if name == "EXT" else None
                siblings = block.children
                siblings.insert(siblings.index(first) if first else len(siblings), child)
            block = child
        return block


def _value(line: Line) -> str:
    tokens = tokenise(line.text)
    if len(tokens) == 2:
        return tokens[1].value
    return line.text[tokens[0].end :].strip(" \t") if tokens else ""
