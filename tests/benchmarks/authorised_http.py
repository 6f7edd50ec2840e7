"""The authorised request over HTTP: the gateway of one machine beside FastAPI on uvicorn, each a process of its own.

FastAPI twice: with `async` routes, which wait for the database on the one event loop, and with plain ones in its
thread pool. Clients keep their connections.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from tests.benchmarks.authorised import PATH, PROJECTS, standing
from tests.benchmarks.report import Section, milliseconds, percentile

SERVERS = {"gateway": "ours", "FastAPI + uvicorn, async": "async", "FastAPI + uvicorn, threads": "threads"}
TOGETHER = 8
ROUNDS = 4


@contextmanager
def _served(which: str) -> Iterator[str]:
    """Run a server; give its URL."""
    command = [sys.executable, "-m", "tests.benchmarks.serve", which]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _client(url: str, token: str, requests: int, taken: list[float]) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    headers = {"authorization": f"Bearer {token}"}
    for _ in range(requests):
        started = time.perf_counter()
        connection.request("GET", f"{PATH}?limit={PROJECTS}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}")
    connection.close()


def _load(url: str, token: str, requests: int, clients: int) -> tuple[list[float], float]:
    """Return the seconds of each request and of all together."""
    taken: list[float] = []
    threads = [
        threading.Thread(target=_client, args=(url, token, requests // clients, taken))
        for _ in range(clients)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    if len(taken) != requests // clients * clients:
        raise RuntimeError(f"{url} did not answer every request")
    return taken, elapsed


def measure(requests: int) -> list[Section]:
    """Return p50, p99 and requests a second with one connection and with several."""
    with standing() as token, ExitStack() as stack:
        urls = {name: stack.enter_context(_served(which)) for name, which in SERVERS.items()}
        return [_section(urls, token, requests, clients) for clients in (1, TOGETHER)]


def _section(urls: dict[str, str], token: str, requests: int, clients: int) -> Section:
    taken: dict[str, list[float]] = {name: [] for name in urls}
    elapsed = dict.fromkeys(urls, 0.0)
    for turn in range(-1, ROUNDS):
        for name, url in urls.items():
            found, seconds = _load(url, token, requests // ROUNDS, clients)
            if turn >= 0:
                taken[name] += found
                elapsed[name] += seconds
    many = "one connection" if clients == 1 else f"{clients} connections"
    section = Section(
        f"GET /v1/projects with an access token over HTTP, {many}",
        f"{requests} requests each, in turns",
        ["", "p50", "p99", "requests/s"],
    )
    for name, values in taken.items():
        middle, high, rate = percentile(values, 0.5), percentile(values, 0.99), len(values) / elapsed[name]
        section.rows.append([name, milliseconds(middle), milliseconds(high), f"{rate:,.0f}"])
        section.figures |= {f"{name} p50": middle, f"{name} p99": high, f"{name} requests/s": rate}
    for other in list(urls)[1:]:
        for share in ("p50", "p99"):
            ratio = section.figures[f"{other} {share}"] / section.figures[f"gateway {share}"]
            section.ratios[f"{other} / gateway, {share}"] = ratio
        rate = section.figures["gateway requests/s"] / section.figures[f"{other} requests/s"]
        section.ratios[f"gateway / {other}, requests/s"] = rate
    return section
