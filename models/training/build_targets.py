"""Build presets/targets/*.yaml from the training split: python -m models.training.build_targets.

Only averages and spreads are written, no audio. The result depends on the data alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models import target_files
from models.instruments import CLASSES
from models.resources import presets_dir
from models.target import Target, blend, from_spectra
from models.training import corpus
from models.training.corpus import Recording

MIN_SOURCES, MIN_CLIPS = 3, 12


def choose(recordings: Sequence[Recording]) -> tuple[str, list[Recording]]:
    """Return the best material that there is enough of: performances, else recordings, else all."""
    recorded = [r for r in recordings if r.recorded]
    played = [r for r in recorded if r.performance]
    for choice, some in (("recorded performances", played), ("recordings", recorded)):
        if len(some) >= MIN_CLIPS and len({r.source for r in some}) >= MIN_SOURCES:
            return choice, some
    if len(recorded) == len(recordings):
        return "recordings", list(recordings)
    return "all material, synthesised included", list(recordings)


def build(label: str, recordings: Sequence[Recording]) -> tuple[Target, dict[str, Any]]:
    """Return the target of one class from its training clips, and what to say about its source."""
    choice, chosen = choose([r for r in recordings if r.label == label])
    spectra = [
        corpus.within_bandwidth(spectrum, recording.bandwidth_hz)
        for recording, spectrum in zip(chosen, corpus.measured(chosen), strict=True)
    ]
    sources = sorted({r.source for r in chosen})
    target = from_spectra(
        spectra,
        name=label,
        provenance=f"mean of {len(chosen)} clips from {len(sources)} sources ({choice})",
        groups=[r.source for r in chosen],
    )
    return target, {
        "material": choice,
        "split": "train",
        "clips": len(chosen),
        "sources": sources,
        "licences": sorted({r.licence for r in chosen}),
        "statistics": "critical-band smoothed long-term spectra; a source counts by the square "
        "root of its clips and pulls no more than 6 dB from the median; no audio is contained",
    }


def build_neutral(targets: Sequence[Target]) -> tuple[Target, dict[str, Any]]:
    """Return the target for a track of which nothing is known."""
    mixture = blend([(target, 1.0) for target in targets])
    target = Target(
        mixture.curve_db,
        mixture.spread_db,
        mixture.confidence,
        f"equal blend of {len(targets)} instrument targets",
        "neutral",
    )
    return target, {"material": "the class targets", "clips": 0}


def main(arguments: Sequence[str] | None = None) -> None:
    """Build all targets, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=CLASSES, help="a class (default: all)")
    parser.add_argument("--data", type=Path, help="reference data folder")
    parser.add_argument("--out", type=Path, help="folder to write to (presets/targets)")
    options = parser.parse_args(arguments)
    out = options.out or presets_dir() / "targets"
    recordings = corpus.instruments(options.data or corpus.data_dir(), "train")
    targets = []
    for label in options.only or CLASSES:
        target, source = build(label, recordings)
        targets.append(target)
        _write(out, target, source)
    if not options.only:
        _write(out, *build_neutral(targets))


def _write(out: Path, target: Target, source: dict[str, Any]) -> None:
    path = out / f"{target.name}.yaml"
    path.write_text(target_files.dumps(target, source), encoding="utf-8")
    print(f"{path.name}: {target.provenance}, spread {target.spread_db.mean():.1f} dB")


if __name__ == "__main__":
    main()
