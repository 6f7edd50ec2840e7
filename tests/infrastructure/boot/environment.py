"""One execution environment: a process that awslambdaric runs in."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

from infra.catalog import Function
from infra.constructs.environment import environment
from infra.local.aws.runtime import LambdaContext, Outcome
from tests.infrastructure.boot.runtime_api import Answer, RuntimeApi
from tests.infrastructure.boot.trees import Trees

_LAUNCH = Path(__file__).with_name("launch.py")
_AMAZON = ("AWS_", "POWERTOOLS_")
_OF_THE_MACHINE = ("NO_PROXY", "no_proxy")


class BootedFunction:
    """A function in a process of its own, from `start` to `stop`. Files about it begin with `<folder>/<name>`.

    given: the variables of the system; the function gets those of its settings alone, and what Lambda sets.
    """

    def __init__(
        self, function: Function, trees: Trees, given: Mapping[str, str], folder: Path, name: str
    ) -> None:
        self.function = function
        self.name = name
        self.report_file = folder / f"{name}.boot.json"
        self.log_file = folder / f"{name}.log"
        self.at_first_next: dict[str, int] = {}
        self._asked = threading.Event()
        self._ended: Future[int] = Future()
        self._started = threading.Event()
        self._api = RuntimeApi(self._observe)
        self._trees = trees
        self._environment = self._variables(given)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; returns at once."""
        self._api.__enter__()
        trees = [str(path) for path in self._trees.built.paths(self.function)]
        command = [str(self._trees.interpreter), "-I", "-S", "-B", str(_LAUNCH), str(self.report_file)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, self.function.handler, str(self._trees.client), *trees],
                env=self._environment | {"AWS_LAMBDA_RUNTIME_API": self._api.address},
                cwd=self._trees.built.code,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started.set()
        threading.Thread(target=self._watch, daemon=True).start()

    def until_ready(self, seconds: float) -> Outcome | None:
        """Wait for the first request for an event; return the error when there is another end of the waiting."""
        until = time.monotonic() + seconds
        while not self._asked.wait(0.02):
            if self._api.init_error.done():
                return Outcome(self._api.init_error.result().payload, failed=True)
            if self._ended.done() or time.monotonic() > until:
                return self._exit_error()
        return None

    def invoke(self, event: bytes, context: LambdaContext) -> Outcome:
        """Have an event handled. A process that ends, or that passes the deadline, is an error as Lambda's."""
        remaining = context.get_remaining_time_in_millis()
        headers = {
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + remaining),
            "Lambda-Runtime-Invoked-Function-Arn": context.invoked_function_arn,
            "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        }
        answer = self._api.invoke(context.aws_request_id, event, headers)
        futures: list[Future[Any]] = [answer, self._ended]
        wait(futures, remaining / 1000, FIRST_COMPLETED)
        if not answer.done():
            return self._exit_error()
        found: Answer = answer.result()
        return Outcome(found.payload, failed=found.failed)

    @property
    def alive(self) -> bool:
        """Whether the process can take another event."""
        return not self._ended.done()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._api.__exit__(None, None, None)

    def _watch(self) -> None:
        assert self._process is not None
        self._ended.set_result(self._process.wait())

    def _exit_error(self) -> Outcome:
        tail = self.log_file.read_text(encoding="utf-8", errors="replace")[-2000:]
        kind = "Runtime.ExitError" if self._ended.done() else "Sandbox.Timedout"
        return Outcome(json.dumps({"errorType": kind, "errorMessage": tail}).encode(), failed=True)

    def _observe(self) -> None:
        """Look at the process at the moment in which it asks for its first event."""
        if self._asked.is_set():
            return
        self._started.wait()
        assert self._process is not None
        pid = self._process.pid
        kinds = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        self.at_first_next = {
            # The one to the Runtime API itself is among them.
            "sockets": sum(kind.startswith("socket:") for kind in kinds),
            "locks": sum(line.split()[-4] == str(pid) for line in locks),
            "children": len(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()),
        }
        self._asked.set()

    def _variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """What AWS would set: the variables of the function's settings, and those that Lambda knows itself."""
        # One machine has no proxy before its database, and lets who only searches read the one key there is.
        known = {
            **given,
            "DATABASE_OWNER_HOST": given.get("DATABASE_HOST", ""),
            "VECTORS_READ_KEY_SECRET": given.get("VECTORS_KEY_SECRET", ""),
        }
        kept = {
            name: value
            for name, value in given.items()
            if name.startswith(_AMAZON) or name in _OF_THE_MACHINE
        }
        return (
            kept
            | environment(self.function, known)
            | {
                "AWS_EXECUTION_ENV": f"AWS_Lambda_python{self._trees.built.target.python}",
                "AWS_LAMBDA_FUNCTION_NAME": self.function.deployed_name("local"),
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.function.memory),
                "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.function.deployed_name('local')}",
                "AWS_LAMBDA_LOG_STREAM_NAME": "local",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                "LAMBDA_TASK_ROOT": str(self._trees.built.code),
                "_HANDLER": self.function.handler,
                "LANG": "en_US.UTF-8",
                "TZ": ":UTC",
            }
        )
