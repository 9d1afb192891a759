"""What a track remembers of ReaTone's EQ on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.eq import Band, BandKind, Eq


@dataclass(frozen=True, slots=True)
class Memory:
    """What a track remembers of the EQ on it, so that the amount changes without a new analysis.

    full: the EQ at amount 1.0 without output gain. gain_table_db: (amount, output gain) pairs,
    amounts rising. label: what the track was taken for. extra: anything else, JSON-like; unknown
    keys of other versions are kept here.
    """

    amount: float
    full: Eq
    gain_table_db: tuple[tuple[float, float], ...] = ()
    label: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def eq(self, amount: float) -> Eq:
        """Return the EQ at `amount`, its output gain interpolated in the table."""
        gain_db = 0.0
        if self.gain_table_db:
            amounts, gains_db = zip(*self.gain_table_db, strict=True)
            gain_db = float(np.interp(amount, amounts, gains_db))
        return replace(self.full.scaled(amount), output_gain_db=gain_db)

    def to_json(self) -> dict[str, Any]:
        """Return a compact JSON form."""
        return {
            **self.extra,
            "amount": self.amount,
            "full": [_band_to_json(band) for band in self.full.bands],
            "gain_table": [[amount, round(gain_db, 4)] for amount, gain_db in self.gain_table_db],
            "label": self.label,
        }

    @classmethod
    def from_json(cls, data: object) -> Memory | None:
        """Read the JSON form; None when it is not one."""
        try:
            rest: dict[str, Any] = dict(data)  # type: ignore[call-overload]
            return cls(
                amount=float(rest.pop("amount")),
                full=Eq(tuple(_band_from_json(row) for row in rest.pop("full"))),
                gain_table_db=tuple((float(a), float(g)) for a, g in rest.pop("gain_table", ())),
                label=str(rest.pop("label", "")),
                extra=rest,
            )
        except (TypeError, ValueError, KeyError):
            return None


def _band_to_json(band: Band) -> list[Any]:
    gain_db = band.gain_db if math.isfinite(band.gain_db) else None  # JSON knows no -inf
    return [str(band.kind), band.freq_hz, gain_db, band.bandwidth_oct, int(band.enabled)]


def _band_from_json(row: Any) -> Band:
    kind, freq_hz, gain_db, bandwidth_oct, enabled = row
    gain_db = -math.inf if gain_db is None else float(gain_db)
    return Band(BandKind(kind), float(freq_hz), gain_db, float(bandwidth_oct), bool(enabled))
