"""Match masters to references with Matchering; runs in an interpreter that has `matchering`.

Standard input: JSON [[target, reference, output], …], WAV files. The limiter is off; its EQ and
level stay.
"""

from __future__ import annotations

import json
import sys
import warnings

import matchering


def main() -> None:
    """Do every job."""
    warnings.simplefilter("ignore")
    for target, reference, output in json.load(sys.stdin):
        result = matchering.Result(output, subtype="FLOAT", use_limiter=False, normalize=True)
        matchering.process(target=target, reference=reference, results=[result])


if __name__ == "__main__":
    main()
