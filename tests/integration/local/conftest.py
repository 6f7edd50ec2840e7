"""One running system for all tests of this folder, in a process of its own: its environment and moto are global."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil  # type: ignore[import-untyped]
import pytest
from botocore.config import Config

ROOT = Path(__file__).parents[3]
READY = "Ctrl-C ends it."
PATIENCE = 120.0
"""Seconds that anything may take on a machine that others use too."""
ACCOUNT = "123456789012"
ASSETS = f"robo-local-assets-{ACCOUNT}"
HANDOFF = f"robo-local-handoff-{ACCOUNT}"
INBOX = f"robo-local-inbox-{ACCOUNT}"
WORKFLOW = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:robo-local-try-v1"
EXPRESS = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:robo-local-try-express"


@dataclass
class System:
    """A system that was started by its command."""

    process: subprocess.Popen[str]
    folder: Path
    output: list[str]

    def __post_init__(self) -> None:
        self._clients: dict[str, Any] = {}

    @property
    def about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "target.json").read_text())
        return found

    @property
    def url(self) -> str:
        return str(self.about["url"])

    @property
    def secrets(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "secrets.json").read_text())
        return found

    def aws(self, service: str) -> Any:
        """A client of this system's AWS, without retries."""
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(
                service,
                endpoint_url=self.about["aws_url"],
                region_name="us-east-1",
                aws_access_key_id="robo-local",
                aws_secret_access_key=self.secrets["aws-secret-access-key"],
                config=Config(
                    retries={"total_max_attempts": 1}, max_pool_connections=50, inject_host_prefix=False
                ),
            )
        return self._clients[service]

    def invoke(self, name: str, event: Any, **options: Any) -> Any:
        """Invoke `try.<name>` and return the answer of Lambda with its payload as JSON."""
        answer = self.aws("lambda").invoke(
            FunctionName=f"robo-local-try-{name.replace('_', '-')}",
            Payload=event if isinstance(event, bytes) else json.dumps(event).encode(),
            **options,
        )
        payload = answer["Payload"].read()
        return answer | {"json": json.loads(payload) if payload else None}

    def calls(self, kind: str, tag: str, count: int = 1, seconds: float = 25) -> list[dict[str, Any]]:
        """Wait for `count` calls of a handler that hold a tag."""
        asked = {"kind": kind, "tag": tag, "count": count, "seconds": seconds}
        found: list[dict[str, Any]] = self.invoke("journal", asked)["json"]
        return found

    def children(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def begin(folder: Path, *options: str, engines: bool = False) -> System:
    """Run the command in a process of its own; returns at once."""
    more = {"TRY_WITH_ENGINES": "1"} if engines else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.local.serve", "--folder", str(folder), *options],
        cwd=ROOT,
        env=os.environ | more,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return System(process, folder, [])


def until_ready(system: System) -> System:
    """Read what the command says until it is ready."""
    assert system.process.stdout is not None
    for line in system.process.stdout:
        system.output.append(line.rstrip())
        if line.startswith(READY):
            return system
    raise AssertionError(f"ended with {system.process.wait()}: {system.output}")


def finish(system: System) -> None:
    if system.process.poll() is None:
        system.process.kill()
    system.process.wait(PATIENCE)
    if system.process.stdout is not None:
        system.process.stdout.close()


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The shared system. Tests tell their calls apart by a tag."""
    running = begin(tmp_path_factory.mktemp("local"), "--port", "0")
    try:
        yield until_ready(running)
    finally:
        finish(running)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., System]]:
    """Starts systems of a test's own, and ends those that still run."""
    begun: list[System] = []

    def make(*options: str, engines: bool = False, wait: bool = True, folder: Path = tmp_path) -> System:
        made = begin(folder, *(options or ("--port", "0")), engines=engines)
        begun.append(made)
        return until_ready(made) if wait else made

    yield make
    for each in begun:
        finish(each)


@pytest.fixture
def tag() -> str:
    """A word of this test alone."""
    return f"tag-{uuid.uuid4()}"


def together(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run `work(0…count-1)` at the same moment in threads and return what each returned or raised."""
    barrier = threading.Barrier(count)
    found: list[Any] = [None] * count

    def run(index: int) -> None:
        barrier.wait()
        try:
            found[index] = work(index)
        except Exception as error:
            found[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def eventually(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return the first true value of a condition; fails after some seconds."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)
    return value
