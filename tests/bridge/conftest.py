"""What the daemon's tests share: a project in an embedded host, and a wire without REAPER."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.host.host import Host
from tests.bridge.running import FakeWire
from tests.projects import pink_noise, write_song


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.open(
        write_song(tmp_path / "song", {"Bass": pink_noise(2.0), "Gtr": pink_noise(2, 1)})
    )


@pytest.fixture
def wire() -> FakeWire:
    return FakeWire()
