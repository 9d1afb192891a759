"""Bytes and requests that nobody of ours would send; used by the tests and the benchmark."""

from __future__ import annotations

import json
import random
from typing import Any

from bridge.reaper import endpoint as way

EVIL_CALLABLES = (
    {"__callable__": True, "module_name": "subprocess", "name": "getoutput"},
    {"__callable__": True, "module_name": "builtins", "name": "eval"},
    {"__callable__": True, "module_name": "no.such.module", "name": "x"},
    {"__reapy__": True, "class": "Project", "args": [], "kwargs": {}},
    {"__slice__": True, "args": [0, 1, 2]},
)
NAMES = ("hello", "list_tracks", "begin_job", "render_ready", "write_eq", "revert", "set_bypass")
OTHERS = ("undo", "wait_event", "set_status", "outcome", "HOLD", "RELEASE", "eval", "", "\0")


def random_bytes(rng: random.Random) -> bytes:
    """Return a frame that is wrong in some way: its length, its JSON, what it says, or its end."""
    body = rng.choice((_noise, _json_like, _handshake))(rng)
    lengths = (len(body), len(body), 0, rng.getrandbits(63), len(body) + rng.randrange(1, 9))
    frame = rng.choice(lengths).to_bytes(8, "little") + body
    return frame[: rng.randrange(len(frame) + 1)] if rng.random() < 0.3 else frame


def random_request(rng: random.Random) -> bytes:
    """Return a whole frame with a request that makes no sense, as from a broken daemon.

    Nothing in it may change the project: no write names a track that exists.
    """
    request: Any = {key: _value(rng) for key in ("tracks", "writes", "label", "id", "state")}
    request |= {"timeout_s": 0, "directory": _value(rng), "audio": False}
    request["tracks"] = rng.choice((["{nobody}"], [3], 7, "x", {}))
    request["writes"] = rng.choice(([], [{}], [{"guid": "{nobody}"}], [_value(rng)], 3, None))
    function: Any = rng.choice((*NAMES, *OTHERS, *EVIL_CALLABLES, None, 3, ["hello"]))
    waits = function == "wait_event"  # without a number it would wait for a minute
    given = request if waits else rng.choice((request, request, request, _value(rng)))
    message = {"function": function, "input": {"args": [given], "kwargs": _value(rng)}}
    if not waits and rng.random() < 0.2:
        message["input"] = _value(rng)
    if rng.random() < 0.2:
        message["id"] = _value(rng)
    return way.pack(message, way.REQUEST_LIMIT)


def _value(rng: random.Random, depth: int = 0) -> Any:
    plain = (None, True, -1, 1e300, 2**70, "", "x" * 50, "{nobody}", "\ud800", "../../etc")
    if depth > 2 or rng.random() < 0.6:
        return rng.choice(plain)
    inner = [_value(rng, depth + 1) for _ in range(rng.randrange(3))]
    return inner if rng.random() < 0.5 else {str(index): item for index, item in enumerate(inner)}


def _noise(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(200))


def _json_like(rng: random.Random) -> bytes:
    text = json.dumps({"function": rng.choice(EVIL_CALLABLES), "input": _value(rng)}).encode()
    place = rng.randrange(len(text))
    return rng.choice((text, text[:place], text[:place] + rng.randbytes(2) + text[place:]))


def _handshake(rng: random.Random) -> bytes:
    proof = rng.choice((rng.randbytes(32).hex(), None, 7, [], "ä", "0" * 64))
    return json.dumps({"nonce": rng.choice(("00", None, 3, "\ud800")), "proof": proof}).encode()
