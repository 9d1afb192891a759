"""Table 3 of Venkatesh et al. 2022, made again: the rows that were trained, as text.

The rows are made by `python -m models.training.train_words_mlp` and kept beside this file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("words_table3.json")
NONE = "no embedding"
PAPER = {
    NONE: ".836 ± .016",
    "glove-6b-50d": ".798 (300d)",
    "glove-6b-100d": ".798 (300d)",
    "spacy-md": ".760 ± .055 (lg)",
}
"""The paper's figures, of the nearest vectors it tried."""

Row = dict[str, Any]


def read() -> dict[str, dict[str, Row]]:
    """Return the rows trained so far: vectors → protocol → figures."""
    if not RESULTS.is_file():
        return {}
    found: dict[str, dict[str, Row]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def as_text(rows: dict[str, dict[str, Row]]) -> str:
    """Return the table."""
    lines = [
        "Error: mean absolute, in units of a curve's deviation. r: with the person's curve.",
        "PCM: prediction first | word's mean first. Seed 0; best update of each fold.",
        f"{'vectors':23} {'protocol':13} {'paper':17} {'error':13} {'r':>4}  PCM           updates",
    ]
    for name, protocols in rows.items():
        for protocol, row in protocols.items():
            paper = PAPER.get(name, "–") if protocol == "as published" else ""
            lines.append(
                f"{name:23} {protocol:13} {paper:17} {row['error']} {row['r']:5.2f} "
                f"{row['PCM']:>6.1f} | {row['PCM reversed']:<5.1f} {row['updates']}"
            )
    return "\n".join(lines)
