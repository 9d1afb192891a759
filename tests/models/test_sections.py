"""Second-order sections: SciPy's own filter, loaded alone or whole."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from models import sections

CASCADE = np.array([[1.1, -1.9, 0.9, 1.0, -1.95, 0.96], [0.5, 0.1, 0.0, 1.0, 0.3, 0.2]])


@pytest.fixture(params=["alone", "whole"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "whole":
        monkeypatch.setattr(sections, "_compiled_loop", lambda: None)
    else:
        assert sections._compiled_loop() is not None
    return str(request.param)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_are_filtered_as_scipy_filters_the_whole(way: str, dtype: type) -> None:
    from scipy.signal import sosfilt

    signal: np.ndarray = np.random.default_rng(1).standard_normal((3, 1000)).astype(dtype)
    before = signal.copy()
    state = np.zeros((2, 3, 2))
    parts = []
    for part in np.split(signal, [1, 400], axis=1):
        out, state = sections.filter_block(CASCADE, part, state)
        parts.append(out)
    expected = sosfilt(CASCADE, signal.astype(np.float64), axis=-1)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, atol=1e-13)
    np.testing.assert_array_equal(signal, before)


def test_a_strided_block_is_filtered_too(way: str) -> None:
    frames = np.random.default_rng(2).standard_normal((500, 2))
    out, _ = sections.filter_block(CASCADE, frames.T, np.zeros((2, 2, 2)))
    again, _ = sections.filter_block(CASCADE, frames.T.copy(), np.zeros((2, 2, 2)))
    np.testing.assert_array_equal(out, again)


def test_a_scipy_without_the_loop_is_used_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "_LOOP", "scipy.signal._no_such_loop")
    sections._compiled_loop.cache_clear()
    try:
        assert sections._compiled_loop() is None
    finally:
        sections._compiled_loop.cache_clear()


def test_the_whole_package_is_not_imported_and_can_be_later() -> None:
    """Importing it took a second of the six that a master may take."""
    script = (
        "import sys, numpy as np; from models.sections import filter_block; "
        "rows = np.array([[1.0, 0.5, 0.0, 1.0, 0.2, 0.0]]); "
        "out, _ = filter_block(rows, np.ones((1, 9)), np.zeros((1, 1, 2))); "
        "assert 'scipy.signal' not in sys.modules; "
        "from scipy.signal import sosfilt; assert np.allclose(sosfilt(rows, np.ones((1, 9))), out)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)
