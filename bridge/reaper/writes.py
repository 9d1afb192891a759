"""Changes to ReaTone's own instances inside REAPER: write, revert, bypass.

All changes of a request are one undo step. Each write is read back and compared; a track on which
it does not hold is put back as it was, and the other tracks go on.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from bridge.reaper import own
from bridge.reaper.own import encode
from bridge.reaper.rpr import (
    CURRENT,
    MASTER,
    PutBack,
    Refused,
    by_guid,
    describe,
    explain,
    stale,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.reaper.rpr import Json, Place

    Act = Callable[[Any, str, Json, Json, PutBack], None]


def in_one_undo_step(rpr: Any, label: str, jobs: list[Json], act: Act) -> Json:
    """Run `act` for the track of each job; return {"receipts": one per job}.

    The undo step is called `label`, "ReaTone: " in front where missing; a request that changed
    nothing leaves none.
    """
    receipts: list[Json] = []
    # Made first: were it no text, a block could be opened and not closed again.
    text = label if label.startswith("ReaTone") else f"ReaTone: {label}"
    with PutBack() as put_back:
        rpr.RPR_Undo_BeginBlock2(CURRENT)
        put_back.add(_end_undo, rpr, text, receipts)
        rpr.RPR_PreventUIRefresh(1)
        put_back.add(rpr.RPR_PreventUIRefresh, -1)
        known = by_guid(rpr)
        for job in jobs:
            receipts.append(_attempt(rpr, known.get(job["guid"], []), job, act))
    return {"receipts": receipts}


def write(rpr: Any, track: str, job: Json, receipt: Json, put_back: PutBack) -> None:
    """Write job["state"] into our instance, adding one if there is none."""
    memory, warnings = own.read_memory(rpr, track)
    ours, more = own.find(rpr, track, memory)
    receipt["warnings"] += warnings + more
    _check_expected(job, ours)
    wanted = base64.b64decode(job["state"])
    created = ours is None
    limiter = own.closing_limiter(rpr, track) if job["guid"] == MASTER else None
    if ours is None:
        ours, more = own.add(rpr, track, put_back, limiter and limiter[0])
        receipt["warnings"] += more
        before = None
    else:
        edited = ours.edited and not job.get("moved")
        receipt.update(before=encode(ours.state), edited_by_hand=edited)
        before = ours.state if edited else _before(memory)
        put_back.add(own.put_state, rpr, track, ours.fx, ours.state)
        if not ours.enabled:
            receipt["warnings"].append(f"The track's {own.TITLE} is bypassed and stays so.")
    if limiter:
        receipt["warnings"] += _about_limiter(*limiter, ours, created)
    state = own.splice(ours.state, wanted)
    note = own.pack_memory(ours.guid, own.digest(state), before, job.get("data"))
    put_back.add(own.put_memory, rpr, track, memory["note"])
    if created or own.audible(state) != own.audible(ours.state):
        own.put_state(rpr, track, ours.fx, state)
        receipt["changed"] = True
    if note != memory["note"]:
        own.put_memory(rpr, track, note)
        receipt["changed"] = True
    receipt.update(fx_guid=ours.guid, state=encode(state), created=created)


def _about_limiter(fx: int, name: str, ours: own.Own, created: bool) -> list[str]:
    """Say where our instance stands to the limiter that was at `fx` before."""
    if ours.fx > fx:
        return [
            f"{name} stands before the {own.TITLE}, so that peaks may pass its ceiling: "
            "move the EQ before it."
        ]
    return [f"The {own.TITLE} stands before {name}, so that its ceiling holds."] if created else []


def revert(rpr: Any, track: str, _job: Json, receipt: Json, put_back: PutBack) -> None:
    """Restore the state that the user made last, or remove our instance if there was none."""
    memory, warnings = own.read_memory(rpr, track)
    ours, more = own.find(rpr, track, memory)
    receipt["warnings"] += warnings + more
    if ours is None:
        receipt["warnings"].append(f"There is no {own.TITLE} on the track: nothing to revert.")
        return
    if not memory["digest"]:
        receipt.update(fx_guid=ours.guid, state=encode(ours.state), edited_by_hand=True)
        receipt["warnings"].append(f"The {own.TITLE} is as you made it: nothing to revert.")
        return
    receipt.update(before=encode(ours.state), edited_by_hand=ours.edited, changed=True)
    if ours.edited:
        receipt["warnings"].append(
            f"The {own.TITLE} had been changed by hand since; the changes went with it. "
            "Undo brings them back."
        )
    before = _before(memory)
    if before is None:
        own.remove(rpr, track, ours, put_back)
        own.put_memory(rpr, track, "")
        return
    put_back.add(own.put_memory, rpr, track, memory["note"])
    put_back.add(own.put_state, rpr, track, ours.fx, ours.state)
    own.put_state(rpr, track, ours.fx, before)
    # No digest fits the user's own settings: the next run will know them as edited by hand.
    own.put_memory(rpr, track, own.pack_memory(ours.guid, "", None, None))
    receipt.update(fx_guid=ours.guid, state=encode(before))


def bypass(rpr: Any, track: str, job: Json, receipt: Json, put_back: PutBack) -> None:
    """Switch our instance off when job["on"], else on."""
    memory, warnings = own.read_memory(rpr, track)
    ours, more = own.find(rpr, track, memory)
    receipt["warnings"] += warnings + more
    if ours is None:
        receipt["warnings"].append(f"There is no {own.TITLE} on the track.")
        return
    state = encode(ours.state)
    receipt.update(fx_guid=ours.guid, state=state, before=state, edited_by_hand=ours.edited)
    enable = not job["on"]
    if ours.enabled == enable:
        return
    put_back.add(rpr.RPR_TrackFX_SetEnabled, track, ours.fx, ours.enabled)
    rpr.RPR_TrackFX_SetEnabled(track, ours.fx, enable)
    if bool(rpr.RPR_TrackFX_GetEnabled(track, ours.fx)) != enable:
        raise Refused("write_failed", f"REAPER did not switch the {own.TITLE}.", "Try again.")
    receipt["changed"] = True


def _attempt(rpr: Any, found: list[Place], job: Json, act: Act) -> Json:
    """Work on one track; after an error it is as before and the receipt says why."""
    receipt = _empty_receipt(job["guid"])
    put_back = PutBack()
    try:
        act(rpr, _the_one(found, job["guid"]), job, receipt, put_back)
        receipt["ok"] = True
    except Exception as error:
        failures = put_back.run()
        warnings = receipt["warnings"]
        receipt = _empty_receipt(job["guid"])
        receipt.update(warnings=warnings, changed=bool(failures), error=_explain(error, failures))
    return receipt


def _the_one(found: list[Place], guid: str) -> str:
    if not found:
        raise stale(guid)
    if len(found) > 1:
        numbers = " and ".join(str(place.number) for place in found)
        raise Refused(
            "stale_track",
            f"Tracks {numbers} have the same identity in the project, so neither can be written.",
            "Duplicate one of them in REAPER, delete the original and run again.",
            guid=guid,
        )
    return found[0].pointer


def _empty_receipt(guid: str) -> Json:
    return {
        "guid": guid,
        "ok": False,
        "changed": False,
        "created": False,
        "fx_guid": None,
        "state": None,
        "before": None,
        "edited_by_hand": False,
        "warnings": [],
        "error": None,
    }


def _explain(error: Exception, failures: list[str]) -> Json:
    if failures:
        return Refused(
            "outcome_uncertain",
            f"Writing failed ({describe(error)}) and so did putting the track back "
            f"({'; '.join(failures)}).",
            "Look at the track's FX chain, and undo if it is not as it was.",
        ).to_json()
    remedy = "The track is as it was before. Try again."
    return explain(error, "REAPER failed while writing", "write_failed", remedy)


def _end_undo(rpr: Any, text: str, receipts: list[Json]) -> None:
    changed = any(receipt["changed"] for receipt in receipts)
    rpr.RPR_Undo_EndBlock2(CURRENT, text, -1 if changed else 0)


def _check_expected(job: Json, ours: own.Own | None) -> None:
    """Refuse when our instance is not what the caller saw."""
    if "expected_state" not in job:
        return
    expected = job["expected_state"]
    seen = own.audible(base64.b64decode(expected)) if expected else None
    if seen != (own.audible(ours.state) if ours else None):
        raise Refused(
            "stale_track",
            f"The track's {own.TITLE} was changed while ReaTone listened.",
            "Nothing was written to it. Run again.",
            guid=job["guid"],
        )


def _before(memory: Json) -> bytes | None:
    return base64.b64decode(memory["before"]) if memory["before"] else None
