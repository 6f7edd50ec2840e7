"""`make bench`: what the product costs in time, side by side with a named alternative, in one run.

Take the ratios, not the milliseconds: both sides share this machine at this moment. `--json` prints figures in
seconds; `--quick` measures a fifth as often.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.benchmarks import (
    authorised,
    authorised_http,
    boot,
    intake,
    limits,
    retrieval,
    runs,
    startup,
    vectors,
)
from tests.benchmarks.report import Section

REQUESTS, STARTS, RUNS, PAIRS = 600, 3, 4, 400


def sections(*, quick: bool) -> Iterator[Section]:
    """Measure one thing after the other."""
    yield from intake.measure(REQUESTS // 5 if quick else REQUESTS)
    yield authorised.measure(REQUESTS // 5 if quick else REQUESTS)
    yield from authorised_http.measure(REQUESTS // 3 if quick else 2 * REQUESTS)
    yield limits.measure(2 * REQUESTS // (5 if quick else 1))
    yield startup.measure(1 if quick else STARTS)
    yield from boot.measure(1 if quick else STARTS)
    # Of fewer pairs the figures would be others, not the same measured less often.
    yield from retrieval.measure(PAIRS)
    yield from runs.measure(1 if quick else RUNS)
    yield from vectors.measure(quick=quick)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="a fifth as often, for a first look")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    machine = {
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "machine": platform.machine(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    found = []
    for section in sections(quick=options.quick):
        found.append(section)
        if not options.json:
            print(f"\n{section.as_text()}", flush=True)
    elapsed = time.perf_counter() - started
    if options.json:
        document = {**machine, "seconds": elapsed, "sections": [section.as_json() for section in found]}
        print(json.dumps(document, indent=2))
    else:
        about = f"Python {machine['python']}, {machine['machine']}, {machine['cpus']} CPUs"
        print(f"\n{about}, load {machine['load']:.1f} at the start; measured in {elapsed:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
