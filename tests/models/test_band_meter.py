"""What measuring asks of the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource, scipy.fft, soxr, numpy as np
from models.band_meter import measure_powers

block = np.full((2, 48000), 0.1, dtype=np.float32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
measure_powers([block] * 40, 48000, 2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's memory")
def test_freed_memory_is_used_again() -> None:
    """Every temporary array was new pages from the system: 600 for each second of audio."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 40 * 300
