from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge import requests
from bridge.errors import NotConnected
from bridge.host.host import Host
from bridge.session import Session, embedded
from bridge.single import holder, only_one
from tests.bridge.running import PATIENCE_S, Counting, FakeWire, running


class TestRunning:
    def test_a_burst_of_amounts_is_a_few_writes(
        self, host: Host, wire: FakeWire, tmp_path: Path
    ) -> None:
        session = Counting(embedded(host))
        with running(session.session, tmp_path, wire=wire) as daemon:
            wire.send("1", "auto")
            wire.end_of("1")
            session.hold = "write_eq"
            daemon.submit(requests.parse("amount", {"set": 0.0}, ("first",)))
            assert session.reached.wait(PATIENCE_S)
            for number in range(1000):
                daemon.submit(requests.parse("amount", {"set": number / 999}, (str(number),)))
                assert len(daemon.queue) == 1
            session.hold = ""
            session.go.set()
            assert wire.end_of("999")[0] == "done"
        assert session.calls.count("write_eq") == 3
        memory = embedded(host).list_tracks()[0].memory
        assert memory is not None
        assert memory.amount == 1.0

    def test_a_job_is_cancelled_between_steps(
        self, host: Host, wire: FakeWire, tmp_path: Path
    ) -> None:
        session = Counting(embedded(host), hold="begin_job")
        with running(session.session, tmp_path, wire=wire) as daemon:
            wire.send("1", "auto")
            assert session.reached.wait(PATIENCE_S)
            daemon.submit(requests.parse("auto", {}, ("2",)))
            daemon.submit(requests.parse("cancel", {}))
            session.go.set()
            ends = dict([(wire.end_of("2")), (wire.end_of("1"))])
            wire.send("3", "refresh")
            assert wire.end_of("3")[0] == "done"
        assert list(ends) == ["failed"]
        assert "write_eq" not in session.calls
        assert all(track.own is None for track in embedded(host).list_tracks())

    def test_stopping_answers_those_who_wait(
        self, host: Host, wire: FakeWire, tmp_path: Path
    ) -> None:
        session = Counting(embedded(host), hold="begin_job")
        with running(session.session, tmp_path, wire=wire) as daemon:
            wire.send("1", "auto")
            assert session.reached.wait(PATIENCE_S)
            daemon.submit(requests.parse("auto", {}, ("2",)))
            daemon.stop()
            assert wire.end_of("2") == ("failed", "ReaTone was stopped.")
            session.go.set()
        assert "write_eq" not in session.calls

    def test_reaper_may_go_and_come_back(self, host: Host, wire: FakeWire, tmp_path: Path) -> None:
        opened: list[int] = []

        def open_session() -> Session:
            opened.append(1)
            if len(opened) == 1:
                raise NotConnected("Nobody answers.", "Start REAPER.")
            return embedded(host)

        wire.down.set()
        with running(open_session, tmp_path, wire=wire) as daemon:
            assert wire.refused.wait(PATIENCE_S)
            daemon.submit(requests.parse("auto", {}, ("1",)))
            wire.refused.clear()
            assert wire.refused.wait(PATIENCE_S)
            wire.down.clear()
            assert wire.end_of("1") == ("failed", "Nobody answers. Start REAPER.")
            wire.send("2", "auto")
            assert wire.end_of("2")[0] == "done"

    def test_an_error_nobody_foresaw_is_reported_and_survived(
        self, host: Host, wire: FakeWire, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        sessions: Iterator[Any] = iter([object(), embedded(host)])
        with running(lambda: next(sessions), tmp_path, wire=wire):
            wire.send("1", "auto")
            state, text = wire.end_of("1")
        assert state == "failed"
        assert "Please report" in text
        assert "AttributeError" in caplog.text

    def test_one_line_in_the_log_for_each_job(
        self, host: Host, wire: FakeWire, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with (
            caplog.at_level(logging.INFO, "reatone.jobs"),
            running(lambda: embedded(host), tmp_path, wire=wire),
        ):
            wire.send("1", "auto")
            wire.end_of("1")
        (line,) = [record.message for record in caplog.records if record.name == "reatone.jobs"]
        assert re.fullmatch(r"job \w{8} auto: done, 2 tracks, \d+\.\d{3} s", line)


class TestSingleInstance:
    def test_a_second_one_is_refused_until_the_first_ends(self, tmp_path: Path) -> None:
        lock = tmp_path / "run" / "daemon.lock"
        assert holder(lock) is None
        with only_one(lock):
            code = (
                "import sys; from pathlib import Path; from bridge.single import only_one\n"
                "with only_one(Path(sys.argv[1])): pass"
            )
            second = subprocess.run(
                [sys.executable, "-c", code, str(lock)], capture_output=True, text=True, check=False
            )
            assert holder(lock) == os.getpid()
        assert second.returncode != 0
        assert f"running already (process {os.getpid()})" in second.stderr
        assert holder(lock) is None
        with only_one(lock):
            pass
