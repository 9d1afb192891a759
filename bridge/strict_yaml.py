"""Strict YAML: the subset that JSON could hold, with the place of every value.

Mappings with text keys, lists, text, finite numbers, true/false and null. Anchors, aliases, tags
and deep nesting are refused before anything is built, so a hostile file costs nothing. Plain
scalars follow YAML 1.2's core rules: `1e3` is a number, 010 is ten, `yes` and dates are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import yaml

from bridge.errors import PresetError

MAX_DEPTH = 16
"""Deepest nesting of lists and mappings."""
MAX_DIGITS = 400
"""Longest whole number."""

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(rf"[-+]?[0-9]{{1,{MAX_DIGITS}}}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NON_FINITE = re.compile(r"([-+]?)\.(?:(inf|Inf|INF)|nan|NaN|NAN)")


def compose(text: str, where: str) -> Item:
    """Parse one YAML document; every YAML problem becomes a PresetError with its line."""
    remedy = "Correct the line; a preset exported by ReaTone shows the form."
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        if "'\\t'" in problem:
            problem, remedy = "a tab starts or indents the line", "Indent with spaces."
        line = mark.line + 1 if mark else 0
        raise PresetError(f"{problem}.", remedy, file=where, line=line) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PresetError(
            "holds characters that text cannot hold.",
            "Choose a preset file (.yaml).",
            file=where,
            line=line,
        ) from None
    if node is None:
        raise PresetError("is empty.", "Choose another preset.", file=where)
    return Item(node, where)


def dump(data: dict[str, Any]) -> str:
    """Write data as YAML text in the order given; `OneLine` mappings on one line each."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31)
    return text


class _Loader(yaml.SafeLoader):
    """Composes nodes only, refusing what could grow or build objects."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        problem = ""
        if getattr(event, "anchor", None) is not None:
            problem = "anchors (&) and aliases (*) are not allowed in presets"
        elif getattr(event, "tag", None) is not None:
            problem = "tags (!) are not allowed in presets"
        elif self.depth >= MAX_DEPTH:
            problem = f"nested deeper than {MAX_DEPTH} levels"
        if problem:
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


@dataclass(frozen=True, slots=True)
class Item:
    """A YAML node that knows its place: `field` is the path from the root, lists counted from 1.

    Every method raises PresetError with file, line and field.
    """

    node: yaml.Node
    file: str
    field: str = ""

    def error(self, message: str, remedy: str, field: str | None = None) -> PresetError:
        """Return the error to raise about this node (or about `field` inside it)."""
        line = self.node.start_mark.line + 1
        return PresetError(
            message, remedy, file=self.file, line=line, field=self.field if field is None else field
        )

    def fields(self) -> dict[str, Item]:
        """Return a mapping's values by name."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(
                f"must be a list of fields (name: value), not {shown(self.plain())}.",
                "Correct it.",
            )
        fields: dict[str, Item] = {}
        for key, value in self.node.value:
            name = Item(key, self.file, self.field).plain()
            if not isinstance(name, str):
                raise Item(key, self.file, self.field).error(
                    f"field names must be text, not {shown(name)}.", "Put the name in quotes."
                )
            item = Item(value, self.file, self._path(name))
            if name in fields:
                raise Item(key, self.file, item.field).error(
                    "is there twice.", "Remove one of the two."
                )
            fields[name] = item
        return fields

    def elements(self) -> list[Item]:
        """Return a list's entries."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(
                f"must be a list, not {shown(self.plain())}.", "Start each entry with a dash."
            )
        nodes = enumerate(self.node.value, start=1)
        return [Item(node, self.file, f"{self.field}[{number}]") for number, node in nodes]

    def need(self, name: str) -> Item:
        """Return the value of a field that must be there."""
        item = self.fields().get(name)
        if item is None:
            raise self.error("is missing.", f"Add {name}: ...", self._path(name))
        return item

    def text(self) -> str:
        """Return the value as text."""
        if not isinstance(value := self.plain(), str):
            raise self.error(f"must be text, not {shown(value)}.", "Put it in quotes.")
        return value

    def choice(self, allowed: Collection[str]) -> str:
        """Return the value as one of a few words."""
        if (value := self.plain()) not in allowed:
            raise self.error(f"is {shown(value)}.", f"Use one of {', '.join(allowed)}.")
        return str(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false from field `name`."""
        item = self.fields().get(name)
        value = item.plain() if item else default
        if item and not isinstance(value, bool):
            raise item.error(f"must be true or false, not {shown(value)}.", "Correct it.")
        return bool(value)

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return the number in field `name`, from `low` (which may be -inf) to `high`."""
        item = self.fields().get(name)
        if item is None:
            return default
        value = item._scalar() if isinstance(item.node, yaml.ScalarNode) else item.plain()
        span = f"Write a plain number from {low:g} to {high:g}."
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise item.error(f"must be a number, not {shown(value)}.", span)
        if not low <= value <= high:
            raise item.error(f"is {shown(value)}, out of range.", span)
        return float(value)

    def plain(self) -> Any:
        """Return the node as dicts, lists and scalars; every number finite."""
        if isinstance(self.node, yaml.MappingNode):
            return {key: item.plain() for key, item in self.fields().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [item.plain() for item in self.elements()]
        value = self._scalar()
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(f"is {shown(value)}.", "Only finite numbers can be used here.")
        return value

    def _path(self, name: str) -> str:
        return f"{self.field}.{name}" if self.field else name

    def _scalar(self) -> Any:
        assert isinstance(self.node, yaml.ScalarNode)
        return _resolve(self.node.value) if self.node.style is None else self.node.value


def _resolve(text: str) -> Any:
    """Return what a plain (unquoted) scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _NON_FINITE.fullmatch(text):
        return float(f"{match[1]}inf") if match[2] else math.nan
    return text


def shown(value: Any) -> str:
    """Return a value as a person reads it, cut to a readable length."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "fields" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class OneLine(dict[str, Any]):
    """A mapping written on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes lists indented and quotes text that would read as a number."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(dumper: _Dumper, text: str) -> yaml.Node:
    style = None if isinstance(_resolve(text), str) else "'"
    if not text.isprintable():
        style = '"'  # PyYAML loses line separators in the other styles
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _write_flow(dumper: _Dumper, value: OneLine) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(OneLine, _write_flow)
