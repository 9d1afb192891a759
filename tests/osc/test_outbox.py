from __future__ import annotations

import asyncio
import itertools

import pytest

from bridge.osc import wire
from bridge.osc.outbox import (
    INTERVAL_S,
    MAX_PER_HOST,
    MAX_SUBSCRIBERS,
    SUBSCRIPTION_S,
    Outbox,
    Place,
)

HERE = ("127.0.0.1", 9000)


class Desk:
    """An outbox with a clock that is moved by hand."""

    def __init__(self, *fixed: Place) -> None:
        self.now_s = 100.0
        self.sent: list[tuple[Place, str, tuple[object, ...]]] = []
        self.outbox = Outbox(self._send, fixed, lambda: self.now_s)

    def _send(self, data: bytes, place: Place) -> None:
        self.sent += [(place, *message) for message in wire.read(data)]

    def flush(self) -> None:
        self.outbox.flush()

    def taken(self) -> list[tuple[object, ...]]:
        values = [arguments for _, _, arguments in self.sent]
        self.sent.clear()
        return values


@pytest.fixture(autouse=True)
def _loop() -> object:
    """Timers need a loop; these tests move the clock themselves and never run it."""
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    yield
    asyncio._set_running_loop(None)
    loop.close()


def test_the_newest_value_arrives_and_none_more_often_than_twenty_times_a_second() -> None:
    desk = Desk(HERE)
    times_s, values = [], []
    for number in range(1100):
        desk.now_s = 100.0 + number / 1000.0
        desk.outbox.put([("/a", (min(number, 1009),))])
        desk.flush()
        times_s += [desk.now_s] * len(desk.sent)
        values += desk.taken()
    assert values[-1] == (1009,)
    assert 20 <= len(times_s) <= 22
    gaps_s = [after - before for before, after in itertools.pairwise(times_s)]
    assert min(gaps_s) >= INTERVAL_S - 1e-9


def test_addresses_do_not_hold_each_other_up() -> None:
    desk = Desk(HERE)
    desk.outbox.put([("/a", (1,)), ("/b", (2,)), ("/a", (3,))])
    assert desk.taken() == [(1,), (2,)]
    desk.now_s += INTERVAL_S
    desk.flush()
    assert desk.taken() == [(3,)]


def test_a_value_that_waited_is_not_sent_after_a_newer_one() -> None:
    desk = Desk(HERE)
    desk.outbox.put([("/a", (1,))])
    desk.outbox.put([("/a", (2,))])
    desk.now_s += INTERVAL_S
    desk.outbox.put([("/a", (3,))])
    desk.flush()
    assert desk.taken() == [(1,), (3,)]


def test_subscriptions_end_unless_they_are_renewed() -> None:
    desk = Desk()
    assert desk.outbox.subscribe(("10.0.0.1", 1))
    assert desk.outbox.subscribe(("10.0.0.2", 1))
    desk.now_s += SUBSCRIPTION_S - 1.0
    desk.outbox.renew("10.0.0.2")
    desk.now_s += 2.0
    assert desk.outbox.places == (("10.0.0.2", 1),)
    desk.now_s += SUBSCRIPTION_S
    assert not desk.outbox.places


def test_a_host_ends_its_own_subscriptions_only() -> None:
    desk = Desk(HERE)
    for place in (("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.2", 1), HERE):
        desk.outbox.subscribe(place)
    desk.outbox.unsubscribe("10.0.0.1")
    desk.outbox.unsubscribe(HERE[0])
    assert desk.outbox.places == (HERE, ("10.0.0.2", 1))


def test_one_host_cannot_take_all_places() -> None:
    """A surface that took another port at each start filled all places until they expired."""
    desk = Desk()
    for port in range(1, 100):
        assert desk.outbox.subscribe(("10.0.0.1", port))
    expected = [("10.0.0.1", port) for port in range(100 - MAX_PER_HOST, 100)]
    assert list(desk.outbox.places) == expected


def test_there_is_a_limit_and_who_is_in_stays_in() -> None:
    desk = Desk()
    places = [(f"10.0.0.{number}", 1) for number in range(MAX_SUBSCRIBERS + 1)]
    assert [desk.outbox.subscribe(place) for place in places] == [True] * MAX_SUBSCRIBERS + [False]
    assert desk.outbox.subscribe(places[0])
    assert set(desk.outbox.places) == set(places[:-1])


def test_everybody_is_sent_the_same_and_twice_nothing() -> None:
    desk = Desk(HERE)
    desk.outbox.subscribe(("10.0.0.1", 1))
    desk.outbox.subscribe(HERE)
    desk.outbox.put([("/a", (1,)), ("/b", ("x",))])
    both = [("/a", (1,)), ("/b", ("x",))]
    assert desk.sent == [(place, *m) for place in (HERE, ("10.0.0.1", 1)) for m in both]


def test_what_is_for_one_is_sent_at_once_and_to_nobody_else() -> None:
    desk = Desk(HERE)
    desk.outbox.put([("/a", (1,))])
    desk.outbox.put_to(("10.0.0.9", 7), [("/a", (2,))])
    assert desk.sent[1:] == [(("10.0.0.9", 7), "/a", (2,))]


def test_nothing_is_sent_after_the_end() -> None:
    desk = Desk(HERE)
    desk.outbox.put([("/a", (1,)), ("/a", (2,))])
    desk.outbox.close()
    desk.now_s += 1.0
    desk.flush()
    assert desk.taken() == [(1,)]
