"""`python -m models.evaluate TOPIC`: print a paper's table with our rows beside it."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

TOPICS = {
    "matching": "models.evaluation_matching",
    "kinds": "models.evaluation_kinds",
    "instruments": "models.training.evaluate_instruments",
    "autoeq": "models.training.evaluate_autoeq",
    "differences": "models.training.evaluate_differences",
    "eq_pairs": "models.training.evaluate_eq_pairs",
    "genres": "models.training.evaluate_genres",
    "words": "models.training.evaluate_words",
    "end_to_end": "models.training.evaluate_end_to_end",
}
"""Module of each topic; its `run(quick)` returns a JSON-ready mapping with a "rows" list."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one topic and print its table, or its JSON with --json; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=__doc__)
    parser.add_argument("topic", choices=sorted(TOPICS))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="a small sample")
    options = parser.parse_args(arguments)
    result = importlib.import_module(TOPICS[options.topic]).run(options.quick)
    print(json.dumps(result, indent=2) if options.json else as_text(result))
    return 0


def as_text(result: Mapping[str, Any]) -> str:
    """Return a result as text: its scalars, then its rows as an aligned table."""
    lines = [f"{key}: {_cell(value)}" for key, value in result.items() if key != "rows"]
    rows: Sequence[Mapping[str, Any]] = result.get("rows", ())
    if not rows:
        return "\n".join(lines)
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = [names, *([_cell(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(names))]
    lines.append("")
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
