from __future__ import annotations

import pytest

from bridge import requests
from bridge.errors import Busy, UsageError
from bridge.job_queue import JobQueue
from bridge.requests import Request


class TestRequests:
    @pytest.mark.parametrize(
        ("kind", "args"),
        [
            ("format_disk", {}),
            (7, {}),
            ("auto", []),
            ("auto", {"folder": "/"}),
            ("auto", {"amount": 2.01}),
            ("auto", {"amount": "0.5"}),
            ("auto", {"amount": float("nan")}),
            ("auto", {"amount": True}),
            ("amount", {}),
            ("amount", {"set": 0.5, "by": 0.1}),
            ("describe", {"text": ""}),
            ("describe", {"text": "a\nb"}),
            ("describe", {"text": "x" * 501}),
            ("match", {"path": None}),
            ("compare", {"on": 2}),
            ("compare", {"on": float("inf")}),
            ("preset_save", {"name": "a\0b"}),
            ("touch", {}),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, kind: object, args: object) -> None:
        with pytest.raises(UsageError):
            requests.parse(kind, args)

    def test_an_argument_of_nothing_is_none(self) -> None:
        assert requests.parse("auto", {"amount": None}).args == {}


class TestQueue:
    def test_the_newest_amount_wins_and_relative_ones_add_up(self) -> None:
        queue = JobQueue()
        for number, args in enumerate(({"set": 0.2}, {"set": 0.9}, {"by": 0.2}, {"by": 3.0})):
            queue.put(requests.parse("amount", args, (str(number),)))
        merged = queue.get()
        assert merged is not None
        assert (merged.args, merged.ids) == ({"set": 2.0}, ("0", "1", "2", "3"))
        for change in (0.1, 0.1, -0.3):
            queue.put(requests.parse("amount", {"by": change}))
        merged = queue.get()
        assert merged is not None
        assert merged.args["by"] == pytest.approx(-0.1)

    def test_nothing_overtakes_another_job(self) -> None:
        queue = JobQueue()
        for kind, args in (("amount", {"set": 0.1}), ("revert", {}), ("amount", {"set": 0.2})):
            queue.put(requests.parse(kind, args))
        assert [queue.get(), queue.get(), queue.get()] != [None] * 3
        assert len(queue) == 0

    def test_it_is_bounded_and_ends(self) -> None:
        queue = JobQueue(limit=2)
        queue.put(Request("auto"))
        queue.put(Request("auto"))
        with pytest.raises(Busy):
            queue.put(Request("auto"))
        assert len(queue.close()) == 2
        assert queue.get() is None
        with pytest.raises(Busy):
            queue.put(Request("auto"))
