"""Host header, state and trailer of plug-in data."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.reaper.vst_block import REAEQ_ID, VstBlock, VstBlockError

# As REAPER 7 writes them around a stereo ReaEQ with 205 bytes of state.
STEREO_HEADER = "cWVlcu5e7f4CAAAAAQAAAAAAAAACAAAAAAAAAAIAAAABAAAAAAAAAAIAAAAAAAAAzQAAAAEAAAAAABAA"
EMPTY_TRAILER = "AAAQAAAA"


def test_a_new_block_looks_like_reapers() -> None:
    lines = VstBlock.new(bytes(205)).to_lines()
    assert lines[0] == STEREO_HEADER
    assert lines[-1] == EMPTY_TRAILER
    assert [len(line) for line in lines[1:-1]] == [128, 128, 20]


@given(st.binary(max_size=500), st.integers(1, 64), st.binary(max_size=200))
def test_blocks_come_back(state: bytes, channels: int, trailer: bytes) -> None:
    new = VstBlock.new(state, channels)
    block = VstBlock(new.header, state, trailer)
    assert VstBlock.from_lines(block.to_lines()) == block
    assert VstBlock.from_bytes(block.to_bytes()) == block
    assert block.unique_id == REAEQ_ID


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_new_state_keeps_the_rest(old: bytes, new: bytes) -> None:
    block = VstBlock.new(old, 6).with_state(new)
    assert (block.state, block.trailer) == (new, VstBlock.new(old).trailer)
    assert block == VstBlock.new(new, 6)


@given(st.binary(min_size=1, max_size=300))
def test_version_4_wraps_everything_in_short_lines(state: bytes) -> None:
    short = ["A" * 54 + "=="]  # 40 bytes a line
    lines = VstBlock.new(state).to_lines(like=short)
    assert {len(line) for line in lines[:-1]} == {56}
    assert VstBlock.from_lines(lines).state == state


def test_pins_are_straight() -> None:
    header = VstBlock.new(b"", 3).header
    assert struct.unpack_from("<I3QI3Q", header, 8) == (3, 1, 2, 4, 3, 1, 2, 4)
    with pytest.raises(ValueError, match="channels must be"):
        VstBlock.new(b"", 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no VST plug-in header"),
        (b"qeer" + bytes(80), "no VST plug-in header"),
        (VstBlock.new(b"").header[:30], "header cut short"),
        (VstBlock.new(b"").header[:-1], "header cut short"),
        (struct.pack("<III", REAEQ_ID, 0xFEED5EEE, 2**31), "pins"),
        (VstBlock.new(bytes(9)).header + bytes(8), "data cut short"),
    ],
)
def test_damaged_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(VstBlockError, match=message):
        VstBlock.from_bytes(data)


def test_text_that_is_no_base64_is_refused() -> None:
    with pytest.raises(VstBlockError, match="no base64: 'local x = 1'"):
        VstBlock.from_lines(["local x = 1"])
