"""How long one machine takes until the API answers: in an empty folder, and in one that was used before."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.report import Section

READY = "Ctrl-C ends it."
ROOT = Path(__file__).parents[2]


def start_once(folder: Path) -> float:
    """Start the system as a process, wait until it says that it is ready, end it; return the seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local", "up", "--port", "0", "--folder", str(folder)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
    )
    try:
        if not any(line.startswith(READY) for line in process.stdout or ()):
            raise RuntimeError(f"the system ended with {process.wait()} before it was ready")
        elapsed = time.perf_counter() - started
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    finally:
        process.kill()
        process.communicate()
    return elapsed


def measure(times: int) -> Section:
    """Return the seconds of so many first and second starts."""
    cold, warm = [], []
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="robo-bench-") as folder:
            cold.append(start_once(Path(folder)))
            warm.append(start_once(Path(folder)))
    section = Section(
        "Start of the whole system on one machine",
        f"{times} times each, from process start to the first answer",
        ["", "median", "worst"],
    )
    for name, values in (("empty folder", cold), ("used folder", warm)):
        middle, worst = statistics.median(values), max(values)
        section.rows.append([name, f"{middle:.2f} s", f"{worst:.2f} s"])
        section.figures |= {f"{name} median": middle, f"{name} worst": worst}
    section.ratios = {"empty folder / used folder": statistics.median(cold) / statistics.median(warm)}
    return section
