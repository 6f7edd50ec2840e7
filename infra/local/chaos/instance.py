"""The local target as a process of its own, which may be killed and started again on the same folder."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from infra.catalog import CATALOG
from infra.local.aws.names import ACCESS_KEY, REGION, bucket_name
from infra.local.aws.secret_file import SIGNING_KEY
from infra.local.processes import log_tail, wait_until

T = TypeVar("T")

ROOT = Path(__file__).parents[3]
READY_SECONDS = 120.0
_PSQL = re.compile(r"psql -h (.+) -p (\d+) -U (\w+) (\w+)")
# Whoever kills systems or breaks models on purpose must not spend somebody's money.
_NOT_INHERITED = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


class InstanceFailed(RuntimeError):
    """The system did not start; the message holds the end of what it said."""


class Instance:
    """`python -m infra.local up` on `folder`, on a free port, with `settings` in its environment.

    Use as a context manager, or call `start` and `stop`. What it says is in `<folder>/up.log`.
    """

    module = "infra.local"
    """Whose command `up` it is."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._about: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return str(self._about["url"])

    @property
    def aws_url(self) -> str:
        """The endpoint of AWS."""
        return str(self._about["aws_url"])

    @property
    def model_url(self) -> str:
        """The endpoint of the offline model."""
        return str(self._about["model_url"])

    @property
    def pid(self) -> int:
        """The process id; 0 when it does not run."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start and return when the API answers. Raises InstanceFailed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        log = self.folder / "up.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                [sys.executable, "-m", self.module, "up", "--port", "0", "--folder", str(self.folder)],
                cwd=ROOT,
                env=inherited | self._settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = self._process
        wait_until(lambda: self._read_about() or process.poll() is not None, READY_SECONDS)
        if not self._about:
            self.kill()
            raise InstanceFailed(f"the system did not start:\n{log_tail(log)}")

    def stop(self) -> None:
        """Ask it to end, as Ctrl-C does, and wait."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process, self._about = None, {}

    def kill(self, *, children: bool = True) -> None:
        """End it by SIGKILL at once, and its engines in the same moment when `children`; else they find out."""
        if self._process is not None:
            doomed = [self._process.pid, *(descendants(self._process.pid) if children else ())]
            for pid in doomed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()
        self._process, self._about = None, {}

    def fetch_all(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a query, asked as the owner of everything."""
        import psycopg
        from psycopg.rows import dict_row

        found = _PSQL.fullmatch(str(self._about["psql"]))
        if found is None:
            raise InstanceFailed("the system has no database")
        host, port, user, name = found.groups()
        with psycopg.connect(
            host=host, port=int(port), user=user, dbname=name, row_factory=dict_row
        ) as connection:
            return connection.execute(sql.encode(), parameters or {}).fetchall()

    def s3(self) -> Any:
        """Return a client of boto3 for this system's S3."""
        return self.aws("s3", signature_version="s3v4")

    def aws(self, service: str, **config: Any) -> Any:
        """Return a client of boto3 for a service of this system, with an operator's keys. config: botocore's."""
        import boto3
        from botocore.config import Config

        secrets = json.loads((self.folder / "secrets.json").read_text())
        return boto3.client(
            service,
            endpoint_url=self.aws_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=secrets[SIGNING_KEY],
            aws_session_token=None,
            config=Config(**config),
        )

    def object_versions(self, prefix: str) -> dict[str, int]:
        """Return each key of the kits' bucket below `prefix` and how many versions it has."""
        found: dict[str, int] = {}
        client = self.s3()
        with contextlib.closing(client):
            pages = client.get_paginator("list_object_versions").paginate(
                Bucket=assets_bucket(), Prefix=prefix
            )
            for page in pages:
                for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                    found[version["Key"]] = found.get(version["Key"], 0) + 1
        return found

    def paid_calls(self, run_id: str) -> list[str]:
        """Return the steps that a run has paid the offline model for, a name a call, oldest first."""
        path = self.folder / "model" / "calls.jsonl"
        calls = map(json.loads, path.read_text().splitlines() if path.exists() else [])
        return [call["step"] for call in calls if run_id in str(call["idempotency_key"])]

    def webhooks(self, run_id: str) -> list[dict[str, Any]]:
        """Return what arrived about a run, repeated deliveries included."""
        path = self.folder / "webhooks.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        received = [json.loads(line) for line in lines]
        return [one for one in received if one["payload"]["data"].get("run_id") == run_id]

    def _read_about(self) -> bool:
        """Whether this very process has told where its parts are; a dead one's file may still lie there."""
        try:
            about = json.loads((self.folder / "target.json").read_text())
        except (FileNotFoundError, ValueError):
            return False
        if about.get("pid") != self.pid:
            return False
        self._about = about
        return True


def assets_bucket() -> str:
    """Return the name of the bucket of the kits."""
    return next(bucket_name(bucket) for bucket in CATALOG.buckets if bucket.name == "assets")


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they have; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        waiting += children.get(waiting[0], [])
        found += children.get(waiting.pop(0), [])
    return found


def await_value(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Return the first true value of `look()`. Raises TimeoutError that says `what` did not come about.

    What takes long is looked at less often: looking costs the system that is waited for as well.
    """
    until = time.monotonic() + seconds
    pause = 0.02
    while not (value := look()):
        if time.monotonic() > until:
            raise TimeoutError(f"after {seconds:.0f} s: {what}")
        time.sleep(pause)
        pause = min(1.2 * pause, 0.2)
    return value
