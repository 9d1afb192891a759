from __future__ import annotations

import math
import re

import pytest

from bridge.errors import UsageError
from bridge.osc import wire
from bridge.osc.addresses import (
    INCOMING,
    SUBSCRIBE,
    Argument,
    band_messages,
    outgoing,
    state_messages,
    to_request,
)
from bridge.requests import TrackState
from models.eq import Band, BandKind, Eq

BELL = Band(BandKind.BELL, 1160.5, 6.0, 2.0)


def values(band: Band | None, number: int = 1) -> dict[str, Argument]:
    start = f"/reatone/band/{number}/"
    return {address.removeprefix(start): args[0] for address, args in band_messages(number, band)}


class TestIn:
    @pytest.mark.parametrize(
        ("address", "arguments", "kind", "args"),
        [
            ("auto", (), "auto", {}),
            ("auto", (1.0,), "auto", {}),
            ("auto", (True,), "auto", {}),
            ("auto", (None,), "auto", {}),
            ("master", (1,), "master", {}),
            ("master", ("rock",), "master", {"genre": "rock"}),
            ("master", ("",), "master", {}),
            ("describe", (" warmer ",), "describe", {"text": "warmer"}),
            ("match", ("a.wav",), "match", {"path": "a.wav"}),
            ("amount", (0.5,), "amount", {"set": 0.5}),
            ("amount", (-1,), "amount", {"set": -1.0}),
            ("bypass", (1,), "compare", {"on": False}),
            ("bypass", (0.0,), "compare", {"on": True}),
            ("bypass", (False,), "compare", {"on": True}),
            ("undo", (1,), "undo", {}),
            ("preset/save", ("My sound",), "preset_save", {"name": "My sound"}),
            ("preset/load", ("My sound",), "preset_load", {"name": "My sound"}),
            ("class", ("bass guitar",), "auto", {"class": "bass guitar"}),
            ("cancel", (1.0,), "cancel", {}),
            ("refresh", (), "refresh", {}),
        ],
    )
    def test_what_messages_ask_for(
        self, address: str, arguments: tuple[object, ...], kind: str, args: dict[str, object]
    ) -> None:
        request = to_request(f"/reatone/{address}", arguments)
        assert request is not None
        assert (request.kind, request.args) == (kind, args)

    @pytest.mark.parametrize("released", [0, 0.0, 0.49, False])
    @pytest.mark.parametrize("name", ["auto", "master", "undo", "cancel", "refresh"])
    def test_letting_a_button_go_does_nothing(self, name: str, released: float) -> None:
        assert to_request(f"/reatone/{name}", (released,)) is None

    @pytest.mark.parametrize("address", INCOMING)
    @pytest.mark.parametrize(
        "arguments", [(math.nan,), (1, 1), ("x" * 5000,), ("a\nb",), (math.nan, "x")]
    )
    def test_what_makes_no_sense_is_refused_by_every_address(
        self, address: str, arguments: tuple[object, ...]
    ) -> None:
        with pytest.raises(UsageError) as refused:
            to_request(address, arguments)
        assert str(refused.value).startswith(f"{address}: ")
        assert len(str(refused.value)) < 200

    @pytest.mark.parametrize("value", [2.01, -1.01, math.inf, -math.inf, True, "0.5", None])
    def test_amounts_out_of_range_are_refused(self, value: object) -> None:
        with pytest.raises(UsageError, match=r"-1 \.\.\. 2"):
            to_request("/reatone/amount", (value,))


class TestOut:
    def test_each_value_has_its_three_forms(self) -> None:
        assert values(BELL) == {
            "type": "bell",
            "type/str": "bell",
            "enabled": 1,
            "enabled/str": "on",
            "freq": pytest.approx(0.5, abs=1e-5),
            "freq/hz": pytest.approx(1160.5),
            "freq/str": "1160.5",
            "gain": pytest.approx(0.66588, abs=1e-5),
            "gain/db": pytest.approx(6.0),
            "gain/str": "6.0",
            "width": pytest.approx(0.5),
            "width/oct": pytest.approx(2.0),
            "width/str": "2.00",
        }

    def test_a_flat_band_is_in_the_middle_of_the_gain_scale(self) -> None:
        """The scale of REAPER's own OSC: 0.5, not 0.25 as TrackFX_GetParam has it."""
        assert values(Band(BandKind.BELL, 100.0, 0.0, 1.0))["gain"] == 0.5

    @pytest.mark.parametrize("gain_db", [-math.inf, -200.0, 24.0])
    def test_gains_beyond_the_scale_stay_on_it(self, gain_db: float) -> None:
        shown = values(Band(BandKind.BELL, 100.0, gain_db, 1.0))
        assert shown["gain"] == (1.0 if gain_db > 0.0 else pytest.approx(0.0, abs=1e-9))
        assert shown["gain/db"] == pytest.approx(max(gain_db, -150.0))

    def test_a_band_that_is_off(self) -> None:
        shown = values(Band(BandKind.HIGH_PASS, 80.0, 0.0, 2.0, enabled=False))
        assert (shown["enabled"], shown["enabled/str"]) == (0, "off")
        assert (shown["type"], shown["type/str"]) == ("high_pass", "high pass")

    def test_bands_that_have_gone_are_blanked(self) -> None:
        state = TrackState("Bass", "bass_guitar", 0.9, 0.65, False, Eq((BELL,)))
        sent = dict(state_messages(state, bands=3))
        assert sent["/reatone/band/1/freq/hz"] == (1160.5,)
        assert sent["/reatone/band/3/type"] == ("",)
        assert sent["/reatone/band/3/freq/str"] == ("",)
        assert sent["/reatone/band/3/enabled"] == (0,)
        assert "/reatone/band/4/type" not in sent

    def test_no_track_no_amount(self) -> None:
        assert [address for address, _ in state_messages(TrackState())] == [
            "/reatone/track/name",
            "/reatone/track/class",
            "/reatone/track/confidence",
        ]

    def test_the_table_names_all_that_is_sent_and_all_can_be_sent(self) -> None:
        state = TrackState("Bass", "bass_guitar", 0.9, 0.65, True, Eq((BELL,)))
        named = set()
        for address, _, means in outgoing():
            named.add(address)
            named |= {f"{address}{more}" for more in re.findall(r"/\w+", means)}
        named -= {"/reatone/status", "/reatone/progress", "/reatone/error"}
        sent = list(state_messages(state))
        assert {address.replace("/1/", "/N/") for address, _ in sent} == named
        for address, arguments in sent:
            ((read, got),) = wire.read(wire.write(address, arguments))
            assert read == address
            assert got == pytest.approx(arguments)


def test_no_address_is_one_of_reapers_own() -> None:
    mine = [*INCOMING, SUBSCRIBE, *(address for address, _, _ in outgoing())]
    assert all(address.startswith("/reatone/") for address in mine)
    assert not any(set(address) & set(" #*,?[]{}") for address in mine)
