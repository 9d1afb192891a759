from __future__ import annotations

from pathlib import Path

import pytest

from bridge.host.host import Host
from tests.bridge.small_project import write_project
from tests.lua.bench import Bench


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.open(write_project(tmp_path / "song"))


@pytest.fixture
def bench(host: Host, tmp_path: Path) -> Bench:
    return Bench(host, tmp_path / "reaper")
