"""Whatever is sent to REAPER's port: nothing crashes, hangs, runs code or gives the token away."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.host.stand_in import StandIn
from bridge.reaper import endpoint as way
from bridge.reaper.link import Link
from bridge.reaper.peer import MAX_PEERS
from bridge.session import ReaperSession
from tests.live.abuse import EVIL_CALLABLES, random_bytes, random_request
from tests.live.conftest import eventually
from tests.live.raw import Raw
from tests.live.test_link import write

HUGE = (1 << 62).to_bytes(8, "little")


@pytest.fixture(autouse=True)
def next_real_job_succeeds(steady: StandIn, tmp_path: Path) -> Iterator[None]:
    """After each abuse: a whole job works, and no tick was held up."""
    steady.tell("busy")
    yield
    assert max(steady.tell("busy"), default=0.0) < 0.5
    with Link(steady.endpoint) as link:
        session = ReaperSession(link.call)
        receipts = write(session, session.begin_job(directory=tmp_path))
        assert all(receipt.ok for receipt in receipts)
        session.undo()
    assert steady.tell("console") == []


def stranger(steady: StandIn) -> Raw:
    """Connect and read the greeting."""
    raw = Raw(way.read(steady.endpoint))
    assert raw.receive() is not None
    return raw


class TestStrangers:
    @pytest.mark.parametrize(
        "data",
        [
            b"GET / HTTP/1.1\r\nHost: localhost:2306\r\n\r\n",
            HUGE + b"x" * 100,
            bytes(8),
            b"\xff" * 5000,
            (2000).to_bytes(8, "little") + b"x" * 2000,
            (3).to_bytes(8, "little") + b"\xff\xfe\xfd",
            (1000).to_bytes(8, "little") + b"[" * 1000,
            way.pack({"function": "hello", "input": {"args": [{}]}}, 1000),
            way.pack({"function": EVIL_CALLABLES[0], "input": {"args": ["id"]}}, 1000),
            way.pack({"nonce": "\ud800", "proof": "\udfff"}, 1000),
        ],
        ids=[
            "http",
            "huge",
            "zero",
            "noise",
            "long",
            "text",
            "deep",
            "request",
            "callable",
            "half",
        ],
    )
    def test_are_answered_and_shown_out(self, steady: StandIn, data: bytes) -> None:
        """Half a character for a nonce ended in an error of the server's own."""
        with stranger(steady) as raw:
            before = len(raw.heard)
            raw.send(data)
            assert raw.is_closed()
            assert b"traceback" in raw.heard[before:]
            assert raw.endpoint.token.encode() not in raw.heard
        assert steady.tell("console") == []

    def test_with_a_wrong_token_get_nothing(self, steady: StandIn) -> None:
        endpoint = way.read(steady.endpoint)
        for token in (way.new_token(), endpoint.token[::-1]):
            with Raw(endpoint) as raw:
                answer = raw.shake_hands(token)
                assert answer is not None
                assert answer["type"] == "error"
                assert raw.is_closed()
                assert endpoint.token.encode() not in raw.heard

    def test_cannot_use_a_proof_again(self, steady: StandIn) -> None:
        endpoint = way.read(steady.endpoint)
        with Raw(endpoint) as first, Raw(endpoint) as second:
            greeting = first.receive()
            assert greeting is not None
            used = {
                "nonce": "00",
                "proof": way.proof(endpoint, "client", greeting["nonce"], "00"),
            }
            accepted, refused = first.ask(used), second.receive() and second.ask(used)
        assert accepted is not None
        assert accepted["type"] == "result"
        assert refused is not None
        assert refused["type"] == "error"

    def test_port_scans(self, steady: StandIn) -> None:
        for _ in range(50):
            Raw(way.read(steady.endpoint)).reset()

    def test_who_stop_half_way_hold_up_nobody(self, steady: StandIn) -> None:
        frame = way.pack({"nonce": "00", "proof": "x" * 64}, 1000)
        with contextlib.ExitStack() as stack:
            halves = [stack.enter_context(stranger(steady)) for _ in range(3)]
            known = stack.enter_context(Raw.known(steady.endpoint))
            for raw, part in zip(halves, (1, 8, 20), strict=True):
                raw.send(frame[:part])
            assert known.request("hello", {}) is not None
            assert all(raw.is_closed() for raw in halves)  # after a while

    def test_in_any_number_do_not_keep_us_out(self, steady: StandIn) -> None:
        crowd = [Raw(way.read(steady.endpoint)) for _ in range(3 * MAX_PEERS)]
        with Link(steady.endpoint) as link:
            assert link.call("hello", {})["api"] == 1
        for raw in crowd:
            raw.socket.close()

    def test_reapys_own_client_gets_an_error(self, steady: StandIn, tmp_path: Path) -> None:
        port = way.read(steady.endpoint).port
        proof = tmp_path / "it ran"
        code = (
            "import urllib.request, urllib.error, warnings\n"
            "def refuse(*_, **__): raise urllib.error.URLError('not asked')\n"
            "urllib.request.urlopen = refuse\n"
            "warnings.simplefilter('ignore')\n"
            "from reapy.tools.network import Client\n"
            "from reapy.errors import DistError\n"
            "import pathlib\n"
            f"for input in ({{'args': [{str(proof)!r}], 'kwargs': {{}}}}, None):\n"
            f"    client = Client({port}, '127.0.0.1')\n"
            "    try:\n"
            "        client.request(pathlib.Path.touch if input else 'HOLD', input)\n"
            "    except DistError as error:\n"
            "        print('only ReaTone' in str(error))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.stdout.split(), done.stderr) == (["True", "True"], "")
        assert not proof.exists()

    def test_random_bytes(self, steady: StandIn) -> None:
        endpoint = way.read(steady.endpoint)
        rng = random.Random(1)
        for _ in range(300):
            with Raw(endpoint) as raw:
                raw.send(random_bytes(rng))
                if rng.random() < 0.1:
                    raw.reset()


class TestKnownClients:
    """Those that have the token: a daemon that is broken, killed or of another kind."""

    @pytest.mark.parametrize("function", [*EVIL_CALLABLES, "HOLD", "RELEASE", None, 3, ["hello"]])
    def test_cannot_name_anything_but_our_functions(
        self, steady: StandIn, function: object, tmp_path: Path
    ) -> None:
        with Raw.known(steady.endpoint) as raw:
            answer = raw.request(function, {"x": str(tmp_path)})
            assert answer is not None
            assert answer["type"] == "error" or "There is no request" in str(answer["value"])
            assert raw.request("hello", {}) is not None

    @pytest.mark.parametrize(
        "message",
        [
            {},
            {"function": "hello"},
            {"function": "hello", "input": None},
            {"function": "hello", "input": {"args": []}},
            {"function": "hello", "input": {"args": [3]}},
            {"function": "wait_event", "input": {"args": [{"timeout_s": "x"}]}},
            {"function": "wait_event", "input": {"args": [{"timeout_s": None}]}},
            {"function": "wait_event", "input": {"args": [{"timeout_s": -1}]}},
            {"function": "set_status", "input": {"args": [{"id": "a", "fraction": []}]}},
            {"function": "outcome", "input": {"args": [{"id": {}}]}},
        ],
        ids=str,
    )
    def test_always_get_an_answer(self, steady: StandIn, message: way.Json) -> None:
        with Raw.known(steady.endpoint) as raw:
            assert raw.ask(message) is not None
            assert raw.request("hello", {}) is not None

    def test_are_let_go_after_a_frame_too_long(self, steady: StandIn) -> None:
        with Raw.known(steady.endpoint) as raw:
            raw.send((way.REQUEST_LIMIT + 1).to_bytes(8, "little"))
            answer = raw.receive()
            assert answer is not None
            assert "not accepted" in answer["traceback"]
            assert raw.is_closed()

    def test_that_do_not_read_do_not_hold_up_others(self, steady: StandIn) -> None:
        frame = way.pack({"function": "list_tracks", "input": {"args": [{}]}}, 1000)
        with Raw.known(steady.endpoint) as raw, Raw.known(steady.endpoint) as other:
            raw.send(300 * frame)
            assert other.request("hello", {}) is not None

    @pytest.mark.parametrize("doing", ["wait_event", "list_tracks", "half"])
    def test_killed(self, steady: StandIn, doing: str) -> None:
        code = (
            "import sys, pathlib\n"
            "from tests.live.raw import Raw\n"
            "from bridge.reaper import endpoint as way\n"
            f"raw = Raw.known(pathlib.Path({str(steady.endpoint)!r}))\n"
            f"data = way.pack({{'function': {doing!r}, 'input': {{'args': [{{}}]}}}}, 1000)\n"
            f"raw.send(data[:20] if {doing!r} == 'half' else data)\n"
            "print('sent', flush=True)\n"
            "sys.stdin.read()\n"
        )
        client = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with client:
            assert client.stdout is not None
            assert client.stdout.readline() == "sent\n"
            client.send_signal(signal.SIGKILL)
        eventually(lambda: steady.call("GetExtState", "ReaTone", "daemon") == "")

    def test_random_requests(self, steady: StandIn) -> None:
        rng = random.Random(2)
        with Raw.known(steady.endpoint) as raw:
            for _ in range(1000):
                raw.send(random_request(rng))
                assert raw.receive() is not None
            assert raw.endpoint.token.encode() not in raw.heard
