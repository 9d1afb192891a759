"""Second-order sections over a stream of blocks, as `scipy.signal.sosfilt` filters them.

`import scipy.signal` takes a second of processor time, most of it for statistics and for
documentation: longer than filtering a song. So its compiled loop is loaded alone, and the whole
package only where a version of SciPy does not have that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LOOP = "scipy.signal._sosfilt"


def filter_block(sections: Array, block: NDArray[np.floating], state: Array) -> tuple[Array, Array]:
    """Return the filtered block (channels, n) and the state after it.

    sections: (S, 6), rows b0 b1 b2 1 a1 a2. state: (S, channels, 2), zeros at the start.
    """
    loop = _compiled_loop()
    if loop is None:
        from scipy.signal import sosfilt  # noqa: PLC0415  (slow import)

        filtered, after = sosfilt(sections, block, axis=-1, zi=state)
        return np.asarray(filtered, dtype=np.float64), np.asarray(after, dtype=np.float64)
    out = np.array(block, dtype=np.float64, order="C")
    per_channel = np.array(np.moveaxis(state, 0, 1), dtype=np.float64, order="C")
    loop(np.ascontiguousarray(sections, dtype=np.float64), out, per_channel)  # in place
    return out, np.moveaxis(per_channel, 1, 0)


@cache
def _compiled_loop() -> Callable[[Array, Array, Array], Any] | None:
    """Return SciPy's loop over samples, or None where it is not as known."""
    try:
        if _LOOP not in sys.modules:
            _load_alone()
        loop: Callable[[Array, Array, Array], Any] = sys.modules[_LOOP]._sosfilt
    except (ImportError, AttributeError):
        return None
    return loop


def _load_alone() -> None:
    """Load the module under its own name, so that SciPy finds it when it is imported later."""
    import scipy  # noqa: PLC0415

    spec = PathFinder.find_spec(_LOOP, [str(Path(scipy.__file__).parent / "signal")])
    if spec is None or spec.loader is None:
        raise ImportError(_LOOP)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[_LOOP] = module
