"""What actions ask the user, and what they make of the answers."""

from __future__ import annotations

import pytest

from bridge.host.lua import Trigger
from tests.lua.bench import Bench, started


class TestWords:
    @pytest.mark.parametrize(
        "words",
        [
            'more "air", less mud',
            "wärmer, brighter 🎛️ 暖かい",
            r"C:\results\tone",
            "like | a & b # ! > <",
            "a\u2028b\x85c",
            "]] .. os.execute('x') --[[",
            "100 % \x01\x7f",
        ],
    )
    def test_they_arrive_as_they_were_typed(self, bench: Bench, words: str) -> None:
        bench.user.inputs.append(words)
        bench.run("describe")
        bench.tick()
        assert bench.events[0]["args"]["text"] == words

    def test_blanks_in_a_row_become_one(self, bench: Bench) -> None:
        bench.user.inputs.append("  warmer,\t less   boxy ")
        bench.run("describe")
        bench.tick()
        assert bench.events[0]["args"]["text"] == "warmer, less boxy"

    def test_the_last_words_stand_in_the_field(self, bench: Bench) -> None:
        for words in ("warmer, less boxy", "brighter"):
            bench.user.inputs.append(words)
            bench.run("describe")
            bench.tick()
            bench.finish()
        bench.user.inputs.append(None)
        bench.run("describe")
        assert bench.user.questions[-1].default == "brighter"
        assert ("ReaTone", "words") in bench.scripts.persisted

    def test_an_emptied_field_offers_the_last_words(self, bench: Bench) -> None:
        for words in ("#1 | a & b", "brighter", "#1 | a & b", "darker"):
            bench.user.inputs.append(words)
            bench.run("describe")
            bench.tick()
            bench.finish()
        bench.user.inputs.append("")
        bench.user.choices.append(2)
        bench.run("describe")
        bench.tick()
        menu = bench.user.questions[-1].text
        assert menu.split("|") == ["1   darker", "2   #1 ¦ a && b", "3   brighter"]
        assert bench.events[-1]["args"]["text"] == "#1 | a & b"

    def test_nothing_chosen_is_a_cancel(self, bench: Bench) -> None:
        bench.put("words", '["warmer"]')
        bench.user.inputs.append("")
        bench.user.choices.append(0)
        bench.run("describe")
        bench.ticks(1.0)
        assert (bench.events, bench.user.messages) == ([], [])

    def test_only_so_many_are_remembered(self, bench: Bench) -> None:
        for number in range(20):
            bench.user.inputs.append(f"words {number}")
            bench.run("describe")
            bench.tick()
            bench.finish()
        assert bench.get("words").count("words") == 12

    @pytest.mark.parametrize("kept", ["", "no json", "{}", "[1, null, [], {}]", "7"])
    def test_a_damaged_memory_is_no_hindrance(self, bench: Bench, kept: str) -> None:
        bench.put("words", kept)
        bench.user.inputs.append("warmer")
        bench.run("describe")
        bench.tick()
        assert bench.events[0]["args"]["text"] == "warmer"


class TestAmount:
    @pytest.mark.parametrize(
        ("typed", "amount"),
        [
            ("60", 0.6),
            (" 62,5 % ", 0.625),
            ("-100", -1.0),
            ("+200%", 2.0),
            ("0", 0.0),
            (".5", 0.005),
        ],
    )
    def test_percent_in_every_spelling(self, bench: Bench, typed: str, amount: float) -> None:
        bench.user.inputs.append(typed)
        bench.run("set")
        bench.tick()
        assert bench.events[0]["args"] == {"set": amount}

    @pytest.mark.parametrize(
        "typed", ["", "much", "201", "-101", "nan", "inf", "0x10", "1e1", "6 0"]
    )
    def test_what_is_no_amount_is_asked_again(self, bench: Bench, typed: str) -> None:
        bench.user.inputs.extend([typed, "50"])
        bench.run("set")
        bench.tick()
        assert bench.user.boxes == [f"{typed} is no number from -100 to 200."]
        assert bench.user.questions[-1].default == typed
        assert bench.events[0]["args"] == {"set": 0.5}

    def test_a_fader_sets_it_without_a_question(self, bench: Bench) -> None:
        started(bench, "up")
        bench.run("set", Trigger(mode=0, resolution=127, value=127))
        bench.tick()
        assert bench.events[-1]["args"] == {"set": 1.0}
        assert not bench.user.questions

    def test_presses_in_a_row_end_in_one_message(self, bench: Bench) -> None:
        for _ in range(5):
            started(bench, "up")
        assert [event["args"] for event in bench.events] == [{"by": 0.1}] * 5
        for number in range(4):
            bench.answer(number, "done", text="Replaced by a newer amount.")
        bench.finish(text="Amount 90 %.")
        assert bench.user.messages == ["Amount 90 %."]
        assert not bench.left_behind
