"""REAPER's project files (.RPP, .RTrackTemplate, .RfxChain) as a lossless tree of lines.

`dumps(loads(data)) == data` for every file that loads. Edits change only the lines they touch: line
endings, indentation, number formats, comments and everything unknown stay as they are.
"""

from __future__ import annotations

import ntpath
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.host.chunk import Line

if TYPE_CHECKING:
    from bridge.host.fx import FxChain
    from bridge.host.tracks import MasterView, TrackView

FX_BLOCKS = frozenset({"VST", "AU", "JS", "DX", "LV2", "CLAP", "VIDEO_EFFECT", "CONTAINER"})
"""Names of the blocks that hold one plug-in (or one container of plug-ins)."""
_CODEC = ("utf-8", "surrogateescape")
_BACKUP_HINT = "Restore it from a backup (REAPER keeps .rpp-bak files beside the project)."


class ProjectFileError(ValueError):
    """A file that is no REAPER project, or a broken one. `line` counts from 1; 0 = whole file."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


class Node:
    """A block `<NAME …` … `>`: its first line, its children in order, its closing line.

    The document itself is a node without first and closing line.
    """

    __slots__ = ("children", "head", "tail")

    def __init__(
        self,
        head: Line | None = None,
        children: list[Line | Node] | None = None,
        tail: Line | None = None,
    ) -> None:
        self.head = head
        self.children: list[Line | Node] = children if children is not None else []
        self.tail = tail

    def __repr__(self) -> str:
        return f"<Node {self.name or 'document'}, {len(self.children)} children>"

    @property
    def name(self) -> str:
        """The block's name, "" for the document."""
        return self.head.name if self.head else ""

    @property
    def indent(self) -> str:
        """The indentation of the block's children."""
        return self.head.indent + "  " if self.head else ""

    @property
    def newline(self) -> str:
        """The line ending for new lines in this block."""
        first = self.head or next(self.all_lines(), None)
        return (first.ending if first else "") or "\n"

    def nodes(self, *names: str) -> list[Node]:
        """Return the child blocks of these names, or all of them."""
        found = [child for child in self.children if isinstance(child, Node)]
        return [node for node in found if node.name in names] if names else found

    def node(self, *names: str) -> Node | None:
        """Return the first child block of one of these names, or of any."""
        for child in self.children:
            if isinstance(child, Node) and (not names or child.name in names):
                return child
        return None

    def lines(self, *names: str) -> list[Line]:
        """Return the child lines with these keywords, or all of them."""
        found = [child for child in self.children if isinstance(child, Line)]
        return [line for line in found if line.name in names] if names else found

    def line(self, name: str) -> Line | None:
        """Return the first child line with this keyword."""
        for child in self.children:
            if isinstance(child, Line) and child.is_named(name):
                return child
        return None

    def new_line(self, text: str) -> Line:
        """Make a line with this block's indentation and line ending (not yet inserted)."""
        return self.new_lines((text,))[0]

    def new_lines(self, texts: Iterable[str]) -> list[Line]:
        """Make several such lines."""
        indent, newline = self.indent, self.newline
        return [Line(indent + text, newline) for text in texts]

    def new_node(self, head: str, lines: tuple[str, ...] | list[str] = ()) -> Node:
        """Make a child block from its first line and its inner lines (not yet inserted)."""
        node = Node(self.new_line(head), [], self.new_line(">"))
        node.children.extend(node.new_lines(lines))
        return node

    def walk(self) -> Iterator[Node]:
        """Yield this node and every block below it, in the order of the file."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.nodes()))

    def all_lines(self) -> Iterator[Line]:
        """Yield every line of this node in the order of the file."""
        if self.head:
            yield self.head
        open_nodes = [(self, iter(self.children))]
        while open_nodes:
            node, rest = open_nodes[-1]
            for item in rest:
                if isinstance(item, Line):
                    yield item
                    continue
                if item.head:
                    yield item.head
                open_nodes.append((item, iter(item.children)))
                break
            else:
                open_nodes.pop()
                if node.tail:
                    yield node.tail


class Project:
    """A loaded file. `document` holds its roots; `root` is the <REAPER_PROJECT block."""

    __slots__ = ("byte_order_mark", "document")

    def __init__(self, document: Node, *, byte_order_mark: bool = False) -> None:
        self.document = document
        self.byte_order_mark = byte_order_mark

    @property
    def root(self) -> Node:
        """The <REAPER_PROJECT block, or the document of a track template or FX chain."""
        return self.document.node("REAPER_PROJECT") or self.document

    @property
    def is_project(self) -> bool:
        """Whether this is a whole project, not a template or an FX chain."""
        return self.root is not self.document

    @property
    def version(self) -> str:
        """The REAPER version that wrote the project, e.g. "7.66/linux-x86_64"; "" when unknown."""
        return self.root.head.value(2) if self.root.head else ""

    @property
    def platform(self) -> str:
        """The system the project was last saved on: "windows", "macos", "linux" or "" (unknown)."""
        build = self.version.lower().partition("/")[2]
        if "linux" in build:
            return "linux"
        if "osx" in build or "mac" in build:
            return "macos"
        return "windows" if build else ""

    @property
    def sample_rate_hz(self) -> int | None:
        """The project's sample rate setting (used by REAPER only when its flag is set)."""
        line = self.root.line("SAMPLERATE")
        return line.integer(1) or None if line else None

    @property
    def tracks(self) -> list[TrackView]:
        """The tracks in order, without the master."""
        from bridge.host.tracks import TrackView  # noqa: PLC0415  (the views import this module)

        return [TrackView(node, self) for node in self.root.nodes("TRACK")]

    @property
    def master(self) -> MasterView:
        """The master track."""
        from bridge.host.tracks import MasterView  # noqa: PLC0415

        return MasterView(self.root, self)

    @property
    def fx_chain(self) -> FxChain:
        """The chain of an .RfxChain file."""
        from bridge.host.fx import FxChain  # noqa: PLC0415

        return FxChain(self.document, self)


def loads(data: bytes) -> Project:
    """Read a .RPP, .RTrackTemplate or .RfxChain file.

    Raises ProjectFileError (with the line) for anything else, for files cut short and binary files.
    """
    if not data.strip():
        raise ProjectFileError("The file is empty. " + _BACKUP_HINT)
    text = data.decode(*_CODEC)
    mark = text.startswith("\ufeff")
    document = _parse(_split(text.removeprefix("\ufeff")))
    if not any(node.name in FX_BLOCKS | {"REAPER_PROJECT", "TRACK"} for node in document.nodes()):
        raise ProjectFileError(
            "This is not a REAPER project: it has no <REAPER_PROJECT, <TRACK or plug-in block. "
            "Open a .rpp, .RTrackTemplate or .RfxChain file."
        )
    return Project(document, byte_order_mark=mark)


def dumps(project: Project) -> bytes:
    """Write the file; the bytes that were read when nothing was changed."""
    lines = list(project.document.all_lines())
    for line in lines[:-1]:
        if not line.ending:
            line.ending = project.document.newline
    text = "".join([part for line in lines for part in (line.text, line.ending)])
    return ("\ufeff" * project.byte_order_mark + text).encode(*_CODEC)


def _split(text: str) -> Iterator[Line]:
    *pieces, last = text.split("\n")
    for piece in pieces:
        yield Line(piece[:-1], "\r\n") if piece.endswith("\r") else Line(piece, "\n")
    if last:
        yield Line(last, "")


def _parse(lines: Iterator[Line]) -> Node:
    document = Node()
    open_nodes = [document]
    opened_at = [0]
    for number, line in enumerate(lines, start=1):
        if "\0" in line.text:
            raise ProjectFileError(
                "A zero byte: this is a binary file or a damaged project. " + _BACKUP_HINT, number
            )
        stripped = line.text.strip(" \t\r")
        if stripped.startswith("<"):
            node = Node(line)
            open_nodes[-1].children.append(node)
            open_nodes.append(node)
            opened_at.append(number)
        elif stripped == ">":
            if len(open_nodes) == 1:
                raise ProjectFileError(
                    "A '>' closes a block that was never opened: the project is damaged. "
                    + _BACKUP_HINT,
                    number,
                )
            open_nodes.pop().tail = line
            opened_at.pop()
        else:
            open_nodes[-1].children.append(line)
    if len(open_nodes) > 1:
        raise ProjectFileError(
            f"The block <{open_nodes[-1].name[:40]} that opens here is never closed: the file is "
            "cut short. " + _BACKUP_HINT,
            opened_at[-1],
        )
    return document


def with_media_base(project: Project, old_dir: Path | str, new_dir: Path | str) -> int:
    """Keep relative media references valid when the project moves from `old_dir` to `new_dir`.

    Rewrites only FILE lines of <SOURCE blocks that hold a relative path; the path stays relative
    where it can. Changes `project` in place and returns how many lines changed.
    """
    old, new = Path(old_dir).resolve(), Path(new_dir).resolve()
    if old == new:
        return 0
    changed = 0
    for node in project.document.walk():
        for line in node.lines("FILE") if node.name == "SOURCE" else []:
            reference = line.value(1)
            if reference and not is_absolute(reference):
                line.set_string(1, _rebased(reference, old, new), quoted=True)
                changed += 1
    return changed


def is_absolute(reference: str) -> bool:
    """Whether a media path is absolute on any system (POSIX, drive letter or network share)."""
    return reference[:1] in {"/", "\\"} or bool(ntpath.splitdrive(reference)[0])


def _rebased(reference: str, old: Path, new: Path) -> str:
    target = os.path.normpath(old / reference.replace("\\", "/"))
    try:
        moved = os.path.relpath(target, new)
    except ValueError:  # another drive on Windows
        return target
    return moved.replace("/", "\\") if "\\" in reference else moved.replace(os.sep, "/")
