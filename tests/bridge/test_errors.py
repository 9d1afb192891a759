from __future__ import annotations

import json

import pytest

from bridge import errors


def families() -> list[type[errors.BridgeError]]:
    found, queue = [], [errors.BridgeError]
    while queue:
        kind = queue.pop()
        found.append(kind)
        queue += kind.__subclasses__()
    return found


def test_every_error_stands_in_the_drawn_tree() -> None:
    tree = errors.__doc__ or ""
    ours = [kind.__name__ for kind in families() if kind.__module__ == errors.__name__]
    assert [name for name in ours if f"* {name} " not in f"{tree} ".replace("\n", " ")] == []


def own_families() -> list[type[errors.BridgeError]]:
    """Return the kinds of `bridge.errors`; subclasses elsewhere keep their parent's code."""
    return [kind for kind in families() if kind.__module__ == errors.__name__]


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in own_families()]
    assert len(set(codes)) == len(codes)


def test_exit_codes() -> None:
    assert errors.UsageError.exit_code == 2
    assert errors.NotConnected.exit_code == 3
    others = set(own_families()) - {errors.UsageError, errors.NotConnected}
    assert {kind.exit_code for kind in others} == {1}


def test_text_says_what_happened_and_what_to_do() -> None:
    error = errors.NothingSelected("No track is selected.", "Select one and try again.")
    assert str(error) == "No track is selected. Select one and try again."


@pytest.mark.parametrize(
    "kind", [errors.StaleTrack, errors.RenderFailed, errors.OutcomeUncertain, errors.Busy]
)
def test_session_errors_survive_the_wire(kind: type[errors.SessionError]) -> None:
    sent = kind("Track 3 is gone.", "Run again.", {"guid": "{A}"})
    back = errors.from_json(json.loads(json.dumps(sent.to_json())))
    assert type(back) is kind
    assert back.to_json() == sent.to_json()


def test_an_unknown_code_keeps_its_text() -> None:
    back = errors.from_json({"code": "new_in_version_9", "message": "Odd.", "details": None})
    assert type(back) is errors.SessionError
    assert str(back) == "Odd."


def test_preset_error_names_file_line_and_field() -> None:
    error = errors.PresetError(
        "must be a number.", "Write a number.", file="a.yaml", line=7, field="bands[2].freq_hz"
    )
    assert str(error) == "a.yaml:7:bands[2].freq_hz: must be a number. Write a number."
    assert error.details == {"file": "a.yaml", "line": 7, "field": "bands[2].freq_hz"}
    assert str(errors.PresetError("is empty.", file="b.yaml")) == "b.yaml: is empty."
