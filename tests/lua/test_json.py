from __future__ import annotations

import json
from typing import Any

import lupa.lua54 as lupa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lua.bench import SOURCE

_LUA = lupa.LuaRuntime(encoding=None, unpack_returned_tuples=True)
_JSON = _LUA.execute(f"return dofile({json.dumps(str(SOURCE / 'lib' / 'json.lua'))})".encode())
_AGAIN = _LUA.execute(b"""
    return function(json, text)
      local value, why = json.decode(text)
      if value == nil then return nil, why end
      return json.encode(value)
    end""")
_ENCODED = _LUA.execute(b"return function(json, make) return pcall(json.encode, make()) end")

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=30,
)


def again(text: str | bytes) -> Any:
    """Return what a JSON text is once Lua has read and written it. Raises ValueError."""
    answer = _AGAIN(_JSON, text.encode() if isinstance(text, str) else text)
    if isinstance(answer, tuple):
        raise ValueError(answer[1].decode())
    assert answer.isascii()
    assert b"\n" not in answer
    return json.loads(answer)


def encoded(expression: str) -> str:
    """Return what Lua writes for a Lua expression. Raises ValueError."""
    ok, text = _ENCODED(_JSON, _LUA.execute(f"return function() return {expression} end".encode()))
    if not ok:
        raise ValueError(text.decode())
    return str(text.decode())


@given(_VALUES, st.booleans())
def test_what_python_writes_comes_back(value: Any, ascii_only: bool) -> None:
    back = again(json.dumps(value, ensure_ascii=ascii_only))
    assert json.dumps(back, sort_keys=True) == json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(
    "text",
    [
        'a "quote", a comma',
        r"C:\results\tone\new\u0041.wav",
        "line\nand\r\n\ttab",
        "\0\1\x1f\x7f",
        "\u2028\u2029\x85",
        "🎛️ wärmer, ¿más brillante? 暖かい",
        "\U0010ffff",
        "]]--[==[",
        "</script>",
    ],
)
def test_texts_that_break_chained_replacements(text: str) -> None:
    """Chains of gsub turn the \\r of C:\\results into a line break, for one."""
    assert again(json.dumps([text, {text: text}])) == [text, {text: text}]


def test_empty_arrays_and_objects_stay_apart() -> None:
    assert again('{"a": [], "b": {}, "c": [[], {}], "d": null}') == {
        "a": [],
        "b": {},
        "c": [[], {}],
        "d": None,
    }


def test_white_space_around_everything() -> None:
    assert again(' \r\n\t{ "a" : [ 1 , 2 ] , "b" : "" } \n') == {"a": [1, 2], "b": ""}


@pytest.mark.parametrize(
    "text", ["1", "-0", "0.5", "1e3", "1E+3", "-1.25e-3", "9223372036854775807"]
)
def test_numbers(text: str) -> None:
    assert again(text) == json.loads(text)


def test_an_integer_beyond_64_bits_becomes_a_float() -> None:
    assert again("18446744073709551616") == 2.0**64


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nul",
        "{",
        "[1,]",
        "[1 2]",
        '{"a" 1}',
        "{a: 1}",
        '{"a": 1,}',
        '"open',
        '"\\x"',
        '"\\u12"',
        '"line\nbreak"',
        "01",
        "+1",
        ".5",
        "1.",
        "1e",
        "0x10",
        "nan",
        "Infinity",
        "1e999",
        "1 2",
        "[1]]",
        "[" * 5000,
        "{}garbage",
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"at byte \d+"):
        again(text)


@given(st.binary(max_size=40) | st.text(alphabet='[]{}",:\\u0123456789eE+-. tfn', max_size=40))
def test_any_bytes_are_read_or_refused(text: str | bytes) -> None:
    try:
        again(text)
    except ValueError as error:
        assert "at byte" in str(error)


@pytest.mark.parametrize(
    ("text", "meant"),
    [('"\\ud83c\\udf9b"', "🎛"), ('"\\ud83c"', "\ufffd"), ('"\\udf9bx"', "\ufffdx")],
)
def test_halves_of_a_wide_character(text: str, meant: str) -> None:
    assert again(text) == meant


def test_bytes_that_are_no_utf8_become_a_mark() -> None:
    assert json.loads(encoded(r'"a\xff\xfeb\xc3"')) == "a\ufffd\ufffdb\ufffd"


@pytest.mark.parametrize(
    "expression",
    [
        "0/0",
        "1/0",
        "-1/0",
        "print",
        "{[1.5] = 1}",
        "(function() local t = {}; t.t = t; return t end)()",
    ],
)
def test_what_json_cannot_hold_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match=r"JSON"):
        encoded(expression)


def test_keys_come_in_order() -> None:
    assert encoded("{b = 1, a = 2.0, c = {1, 'x'}}") == '{"a":2.0,"b":1,"c":[1,"x"]}'
