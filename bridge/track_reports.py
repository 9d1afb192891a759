"""What a job did to one track, as its report says it."""

from __future__ import annotations

from bridge.errors import BridgeError
from bridge.report import Outcome, TrackReport
from bridge.session import Receipt, Track
from models.equalise import Decision, Skipped

_EDITED = "ReaTone's EQ was edited by hand; this run started from a fresh analysis and replaced it."


def track_name(track: Track) -> str:
    """Return the track's name, or its number where it has none."""
    return track.name or f"Track {track.number}"


def auto_report(
    track: Track,
    decision: Decision | Skipped | BridgeError,
    amount: float,
    receipt: Receipt | None,
) -> TrackReport:
    """Say what was heard, decided and, with a receipt, written at `amount`."""
    if isinstance(decision, BridgeError):
        return TrackReport(
            track_name(track), Outcome.FAILED, message=str(decision), warnings=track.warnings
        )
    if isinstance(decision, Skipped):
        message = f"skipped, {decision.reason}"
        said = tuple(warning for warning in track.warnings if warning not in message)
        return TrackReport(track_name(track), Outcome.SKIPPED, message=message, warnings=said)
    if receipt is not None and not receipt.ok:
        return receipt_report(track, receipt, Outcome.FAILED, "")
    eq = receipt.eq if receipt and receipt.eq else decision.eq(amount)
    told = f" as {decision.label.replace('_', ' ')}" if decision.confidence is None else ""
    written = receipt.warnings if receipt else ()
    edited = receipt.edited_by_hand if receipt else bool(track.own and track.own.edited_by_hand)
    return TrackReport(
        name=track_name(track),
        outcome=Outcome.WRITTEN if receipt else Outcome.PLANNED,
        message=("equalised" if receipt else "would be equalised") + told,
        label=decision.label,
        confidence=decision.confidence,
        name_counted=decision.name_counted,
        target=decision.target.name,
        distance_before_db=decision.distance_db(),
        distance_after_db=decision.distance_db(eq),
        distance_at_full_db=decision.distance_db(decision.full),
        loudness_change_lu=decision.loudness_change_lu(eq, amount),
        eq=eq,
        decision=decision,
        warnings=(
            *((_EDITED,) if edited else ()),
            *dict.fromkeys((*track.warnings, *decision.warnings, *written)),
        ),
    )


def amount_report(track: Track, receipt: Receipt | None) -> TrackReport:
    """Say that the amount was changed, or, without a receipt, why it was not."""
    if receipt is None:
        why = "it was edited by hand" if track.memory else "it was not made by a run of ReaTone"
        message = f"left alone: {why}; run auto again to start afresh"
        return TrackReport(track_name(track), Outcome.SKIPPED, message=message)
    return receipt_report(track, receipt, Outcome.WRITTEN, "amount changed")


def revert_report(track: Track, receipt: Receipt) -> TrackReport:
    """Say whether the track is as it was before ReaTone's runs."""
    if receipt.ok and not receipt.changed:
        return receipt_report(track, receipt, Outcome.SKIPPED, "left as it is")
    return receipt_report(track, receipt, Outcome.REVERTED, "reverted")


def receipt_report(track: Track, receipt: Receipt, outcome: Outcome, message: str) -> TrackReport:
    """Say `outcome` and `message` where the write succeeded, else what went wrong."""
    return TrackReport(
        name=track_name(track),
        outcome=outcome if receipt.ok else Outcome.FAILED,
        message=message if receipt.ok else str(receipt.error),
        label=(track.memory.label or None) if track.memory else None,
        eq=receipt.eq,
        warnings=(*track.warnings, *receipt.warnings),
    )
