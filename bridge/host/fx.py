"""Views of FX chains over the project's lines: plug-ins, bypass, names, ReaEQ states."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from functools import lru_cache

from bridge.host.chunk import Line, quote
from bridge.host.project import FX_BLOCKS, Node, Project
from bridge.reaper.vst_block import REAEQ_ID, VstBlock

_INSTANCE_TOKEN = {"VST": 4, "AU": 3, "CLAP": 3, "LV2": 3}
_DEFAULT_INSTANCE_TOKEN = 2
_REAEQ_NAME = "VST: ReaEQ (Cockos)"
_REAEQ_IDS = f"{REAEQ_ID}<56535472656571726561657100000000>"
_REAEQ_FILE = {"windows": "reaeq.dll", "macos": "reaeq.vst.dylib", "linux": "reaeq.vst.so"}
_NEW_CHAIN = ("SHOW 0", "LASTSEL 0", "DOCKED 0")
_BEFORE_CHAIN = {
    "FXCHAIN": ("FXCHAIN_REC", "ITEM"),
    "MASTERFXLIST": ("MASTERPLAYSPEEDENV", "TEMPOENVEX", "PROJBAY", "TRACK"),
}
"""What stands after the chain in REAPER's own files, by the chain's name."""


def random_guid() -> str:
    """Return a new GUID as REAPER writes it, braces included."""
    return "{" + str(uuid.uuid4()).upper() + "}"


class FxView:
    """One plug-in in a chain. Holds its block; setters edit lines of the project."""

    __slots__ = ("block", "chain")

    def __init__(self, chain: FxChain, block: Node) -> None:
        self.chain = chain
        self.block = block

    def __repr__(self) -> str:
        return f"<FxView {self.kind} {self.title!r}>"

    @property
    def _head(self) -> Line:
        if self.block.head is None:
            raise ValueError("a plug-in block without a first line")
        return self.block.head

    @property
    def kind(self) -> str:
        """VST, VST3, AU, JS, DX, LV2, CLAP, VIDEO_EFFECT, CONTAINER or another block's name."""
        vst3 = self.block.name == "VST" and self.name.startswith("VST3")
        return "VST3" if vst3 else self.block.name

    @property
    def name(self) -> str:
        """The plug-in's own name, such as "VST: ReaEQ (Cockos)"; a JSFX's path."""
        return self._head.value(1)

    @property
    def instance(self) -> str:
        """The name the user gave this instance, "" when none."""
        return self._head.value(self._instance_token)

    @instance.setter
    def instance(self, name: str) -> None:
        self._head.set_string(self._instance_token, name)

    @property
    def _instance_token(self) -> int:
        return _INSTANCE_TOKEN.get(self.block.name, _DEFAULT_INSTANCE_TOKEN)

    @property
    def title(self) -> str:
        """What REAPER shows: the instance's name, or else the plug-in's."""
        return self.instance or self.name

    @property
    def is_reaeq(self) -> bool:
        """Whether this is ReaEQ: by its unique id, or by its file name where there is no id."""
        if self.kind != "VST":
            return False
        unique_id = self._head.value(5).partition("<")[0]
        if unique_id:
            return unique_id == str(REAEQ_ID)
        return self._head.value(2).lower().startswith("reaeq")

    @property
    def bypassed(self) -> bool:
        """Whether the plug-in is bypassed."""
        return self._switch(1)

    @bypassed.setter
    def bypassed(self, on: bool) -> None:
        self._set_switch(1, on)

    @property
    def offline(self) -> bool:
        """Whether the plug-in is offline (not loaded, and so not heard)."""
        return self._switch(2)

    @offline.setter
    def offline(self, on: bool) -> None:
        self._set_switch(2, on)

    def _bypass_line(self) -> Line | None:
        siblings, at = self._place()
        for child in reversed(siblings[:at]):
            if isinstance(child, Node):
                return None
            if child.is_named("BYPASS"):
                return child
        return None

    def _switch(self, token: int) -> bool:
        line = self._bypass_line()
        return bool(line and line.integer(token))

    def _set_switch(self, token: int, on: bool) -> None:
        line = self._bypass_line()
        if line is None:
            line = self.chain.require().new_line("BYPASS 0 0 0")
            siblings, at = self._place()
            siblings.insert(at, line)
        while token > len(line.values):
            line.set_number(len(line.values), 0)
        line.set_number(token, int(on))

    @property
    def guid(self) -> str:
        """The instance's GUID, "" in files of versions that wrote none."""
        line = self._id_line()
        return line.value(1) if line else ""

    @guid.setter
    def guid(self, guid: str) -> None:
        line = self._id_line()
        if line:
            line.set_string(1, guid)
        else:
            siblings, at = self._place()
            siblings.insert(at + 1, self.chain.require().new_line(f"FXID {guid}"))

    def _id_line(self) -> Line | None:
        siblings, at = self._place()
        for child in siblings[at + 1 :]:
            if isinstance(child, Line):
                if child.is_named("FXID"):
                    return child
                if child.is_named("BYPASS"):
                    return None
            elif child.name in FX_BLOCKS:
                return None
        return None

    @property
    def vst(self) -> VstBlock:
        """The plug-in's data. Raises VstBlockError where it is none of ours to read."""
        return _vst_block(tuple(line.text for line in self.block.lines()))

    @property
    def state(self) -> bytes:
        """The plug-in's own state (REAPER's "vst_chunk"). Raises VstBlockError."""
        return self.vst.state

    @state.setter
    def state(self, state: bytes) -> None:
        """Rewrite the data lines that differ; the header's other fields and the trailer stay."""
        old = self.block.lines()
        texts = self.vst.with_state(state).to_lines([line.text for line in old])
        indent = old[0].indent
        new = [Line(indent + text, self.block.newline) for text in texts]
        new = [was if was.text == now.text else now for was, now in zip(old, new, strict=False)] + (
            new[len(old) :]
        )
        self.block.children[:] = [*new, *self.block.nodes()]

    @property
    def active_envelopes(self) -> tuple[str, ...]:
        """The parameters with active automation, as their PARMENV lines name them."""
        nodes = (child for child in self.chain.span(self) if isinstance(child, Node))
        envelopes = (node for node in nodes if node.name == "PARMENV" and node.head)
        return tuple(n.head.value(1) for n in envelopes if n.head and is_active(n))

    def _place(self) -> tuple[list[Line | Node], int]:
        """Return the lines and blocks of the chain, and which of them is the plug-in's block."""
        siblings = self.chain.require().children
        return siblings, siblings.index(self.block)


@lru_cache(maxsize=256)
def _vst_block(lines: tuple[str, ...]) -> VstBlock:
    return VstBlock.from_lines(lines)


@lru_cache(maxsize=16)
def _new_lines(state: bytes, channels: int) -> tuple[str, ...]:
    return tuple(VstBlock.new(state, channels).to_lines())


def is_active(envelope: Node) -> bool:
    """Whether an envelope block is switched on (old files: no ACT line = on)."""
    line = envelope.line("ACT")
    return line is None or bool(line.integer(1))


class FxChain:
    """The plug-ins of a track, the master or an .RfxChain file; the block may not exist yet."""

    __slots__ = ("_node", "block_name", "owner", "project")

    def __init__(self, owner: Node, project: Project, block_name: str = "") -> None:
        self.owner = owner
        self.project = project
        self.block_name = block_name
        self._node = None if block_name else owner

    @property
    def node(self) -> Node | None:
        """The chain's block, None while there is none."""
        if self._node is None:
            self._node = self.owner.node(self.block_name)
        return self._node

    @property
    def fx(self) -> list[FxView]:
        """The plug-ins in order."""
        node = self.node
        return [FxView(self, block) for _, block in _starts(node)] if node else []

    def by_guid(self, guid: str) -> FxView | None:
        """Return the plug-in with this GUID (case does not matter)."""
        wanted = guid.upper()
        return next((fx for fx in self.fx if wanted and fx.guid.upper() == wanted), None)

    def require(self) -> Node:
        """Return the chain's block; makes it where REAPER puts it when there is none."""
        node = self.node
        if node is None:
            node = self.owner.new_node(f"<{self.block_name}", _NEW_CHAIN)
            followers = self.owner.nodes(*_BEFORE_CHAIN[self.block_name])
            siblings = self.owner.children
            siblings.insert(siblings.index(followers[0]) if followers else len(siblings), node)
        return node

    def append_reaeq(
        self,
        state: bytes,
        *,
        name: str = "",
        channels: int = 2,
        index: int | None = None,
        new_guid: Callable[[], str] = random_guid,
    ) -> FxView:
        """Add a ReaEQ instance with `state`, at the end or before plug-in `index`; return its view.

        `channels`: the pins, which must agree with the channel count inside the state.
        """
        node = self.require()
        head = f'<VST "{_REAEQ_NAME}" {self._reaeq_file()} 0 {quote(name)} {_REAEQ_IDS} ""'
        block = node.new_node(head, _new_lines(state, channels))
        bypass, *lines = node.new_lines(
            ("BYPASS 0 0 0", "FLOATPOS 0 0 0 0", f"FXID {new_guid()}", "WAK 0 0")
        )
        starts = [start for start, _ in _starts(node)] if index is not None else []
        at = starts[index] if index is not None and index < len(starts) else len(node.children)
        node.children[at:at] = [bypass, block, *lines]
        return FxView(self, block)

    def remove(self, fx: FxView) -> None:
        """Remove a plug-in with all its lines, and the chain's block if that leaves it as new."""
        node = self.require()
        own = self.span(fx)
        at = node.children.index(own[0])
        del node.children[at : at + len(own)]
        plain = [c.text.strip() if isinstance(c, Line) else "<" for c in node.children]
        if self.block_name and tuple(plain) == _NEW_CHAIN:
            self.owner.children.remove(node)
            self._node = None

    def span(self, fx: FxView) -> list[Line | Node]:
        """Return what belongs to a plug-in: from its BYPASS line to the next one's."""
        node = self.require()
        starts = _starts(node)
        for (start, block), following in zip(starts, [*starts[1:], (None, None)], strict=True):
            if block is fx.block:
                return node.children[start : following[0]]
        raise ValueError(f"{fx.title!r} is no longer in this chain")

    def _reaeq_file(self) -> str:
        platform = self.project.platform
        if not platform:
            platform = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
        return _REAEQ_FILE[platform]


def _starts(node: Node) -> list[tuple[int, Node]]:
    """Return, per plug-in, the index of its first line (BYPASS where it has one) and its block."""
    found: list[tuple[int, Node]] = []
    bypass_at: int | None = None
    for index, child in enumerate(node.children):
        if isinstance(child, Line):
            bypass_at = index if child.is_named("BYPASS") else bypass_at
        elif bypass_at is not None or child.name in FX_BLOCKS:
            found.append((index if bypass_at is None else bypass_at, child))
            bypass_at = None
    return found
