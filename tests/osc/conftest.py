"""liblo's programs, and a daemon with a surface."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.osc import liblo


@pytest.fixture
def dump() -> Iterator[liblo.Dump]:
    """A running oscdump, or a loud skip without liblo."""
    need_liblo()
    with liblo.Dump() as dump:
        yield dump


def need_liblo() -> None:
    """Skip, loudly, where liblo's programs are missing."""
    if not liblo.installed():
        pytest.skip("liblo's programs are absent: install the package liblo-tools")
