from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.osc import wire
from bridge.osc.wire import MAX_ARGUMENTS, MAX_BUNDLE, MAX_MESSAGES, MAX_PACKET, BadPacket

NOW = struct.pack(">Q", 1)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBERS = st.floats(width=32, allow_nan=False)
ARGUMENTS = st.lists(TEXTS | st.integers(-(2**31), 2**31 - 1) | NUMBERS, max_size=8)
PATHS = st.from_regex(r"(/[a-z0-9]{1,8}){1,4}", fullmatch=True)


def bundle(*elements: bytes, timetag: bytes = NOW) -> bytes:
    sized = (struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + timetag + b"".join(sized)


def nested(depth: int) -> bytes:
    packet = wire.write("/a", ())
    for _ in range(depth):
        packet = bundle(packet)
    return packet


def test_the_examples_of_the_specification() -> None:
    """OpenSound Control 1.0, examples of messages."""
    frequency = bytes.fromhex("2f6f7363696c6c61746f722f342f6672657175656e6379002c66000043dc0000")
    assert wire.write("/oscillator/4/frequency", (440.0,)) == frequency
    assert wire.read(frequency) == [("/oscillator/4/frequency", (440.0,))]
    foo = bytes.fromhex(
        "2f666f6f000000002c69697366660000000003e8ffffffff68656c6c6f0000003f9df3b640b5b22d"
    )
    ((address, arguments),) = wire.read(foo)
    assert address == "/foo"
    assert arguments == (1000, -1, "hello", pytest.approx(1.234), pytest.approx(5.678))


@settings(max_examples=25, deadline=None)
@given(PATHS, ARGUMENTS)
def test_what_is_written_is_read(address: str, arguments: list[str | int | float]) -> None:
    assert wire.read(wire.write(address, arguments)) == [(address, tuple(arguments))]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(PATHS, ARGUMENTS), max_size=12))
def test_bundles_lose_nothing_and_fit(messages: list[tuple[str, list[str | int | float]]]) -> None:
    written = [wire.write(*message) for message in messages]
    packets = list(wire.bundles(written))
    assert all(len(packet) <= max(MAX_BUNDLE, *map(len, written)) for packet in packets)
    read = [message for packet in packets for message in wire.read(packet)]
    assert read == [(address, tuple(arguments)) for address, arguments in messages]


def test_types_that_surfaces_send_besides() -> None:
    data = b"/x\0\0,TFNdh\0\0" + struct.pack(">dq", 0.5, 7)
    assert wire.read(data) == [("/x", (True, False, None, 0.5, 7))]


def test_a_message_without_types_has_no_arguments() -> None:
    assert wire.read(b"/old\0\0\0\0") == [("/old", ())]


@pytest.mark.parametrize("timetag", [b"\xff" * 8, b"\0" * 8, struct.pack(">Q", 1 << 63)])
def test_all_is_now_whatever_the_time_tag_says(timetag: bytes) -> None:
    inner = bundle(wire.write("/b", (1,)), timetag=timetag)
    packet = bundle(wire.write("/a", ()), inner, timetag=timetag)
    assert wire.read(packet) == [("/a", ()), ("/b", (1,))]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 16,
        b"hello",
        b"/no end",
        b"/a\0\0,q\0\0",
        b"/a\0\0,i\0\0",
        b"/a\0\0,s\0\0abc",
        b"/a\0\0,b\0\0" + struct.pack(">i", -1),
        b"/a\0\0,b\0\0" + struct.pack(">i", 2**31 - 1) + b"abcd",
        b"/\xff\xfe\0,\0\0\0",
        b"/a\0\0i\0\0\0\0\0\0\1",
        b"/" + b"a" * MAX_PACKET + b"\0",
        b"#bundle\0" + NOW + struct.pack(">i", 0),
        b"#bundle\0" + NOW + struct.pack(">i", 100) + b"/a\0\0",
        b"#bundle\0" + NOW + struct.pack(">i", 3) + b"/a\0",
        nested(5),
        wire.write("/a", range(MAX_ARGUMENTS + 1)),
        bundle(*[wire.write("/a", ())] * (MAX_MESSAGES + 1)),
    ],
)
def test_what_is_no_osc_or_too_much_is_refused(data: bytes) -> None:
    with pytest.raises(BadPacket):
        wire.read(data)


def test_an_element_of_size_minus_four_comes_to_an_end() -> None:
    """python-osc steps back by four bytes and reads the size again, for ever."""
    with pytest.raises(BadPacket):
        wire.read(b"#bundle\0" + NOW + struct.pack(">i", -4) + b"/a\0\0")


def test_lists_within_lists_are_refused() -> None:
    """Four thousand lists, one in another, could be read but not be shown: RecursionError."""
    depth = 4000
    tags = b"," + b"[" * depth + b"]" * depth
    data = b"/reatone/amount\0" + tags + b"\0" * (4 - len(tags) % 4)
    assert len(data) <= MAX_PACKET
    with pytest.raises(BadPacket):
        wire.read(data)


def test_one_bad_message_spoils_its_packet() -> None:
    with pytest.raises(BadPacket):
        wire.read(bundle(wire.write("/a", ()), b"/b\0\0,i\0\0"))


def test_the_deepest_and_the_fullest_packets_that_are_taken() -> None:
    assert wire.read(nested(4)) == [("/a", ())]
    assert len(wire.read(bundle(*[wire.write("/a", ())] * MAX_MESSAGES))) == MAX_MESSAGES
