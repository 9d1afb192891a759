"""A stand-in REAPER in a process of its own, and links to it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.errors import NotConnected
from bridge.host.stand_in import StandIn
from bridge.reaper.link import Link
from bridge.session import ReaperSession
from tests.bridge.small_project import write_project

FAULTY = "tests.live.faulty_reaper"
PATIENCE_S = 1.5
"""How long the steady REAPER waits for messages that stand still: less than it really does."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with real audio."""
    return write_project(tmp_path / "song")


@pytest.fixture
def reaper(project: Path, tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in REAPER in which faults can be planned."""
    with StandIn(project, tmp_path / "run" / "reaper.json", module=FAULTY) as stand_in:
        yield stand_in
        if stand_in.running:
            with contextlib.suppress(NotConnected):  # the test may be about to end it
                assert stand_in.tell("console") == []


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in REAPER that lives through all tests of a module, whatever they do to it."""
    folder = tmp_path_factory.mktemp("steady")
    project = write_project(folder / "song")
    with StandIn(project, folder / "run" / "reaper.json", module=FAULTY) as stand_in:
        stand_in.tell("patience", seconds=PATIENCE_S)
        yield stand_in
        assert stand_in.tell("console") == []


@pytest.fixture
def link(steady: StandIn) -> Iterator[Link]:
    """A link to the steady one."""
    with Link(steady.endpoint) as link:
        yield link


@pytest.fixture
def session(link: Link) -> ReaperSession:
    """A session over the link."""
    return ReaperSession(link.call)


def eventually(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until something holds that nobody announces; fail if it never does."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it never came true"
        threading.Event().wait(0.01)
