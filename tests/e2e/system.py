"""What the end-to-end tests do with a running system: send ideas, wait, break the model, look at the files."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zipfile import ZipFile

from infra.local.chaos.instance import Instance, await_value
from infra.local.run.client import Client, fetch
from shared.models.model_call import Ledger

T = TypeVar("T")

TENANT = "00000000-0000-7000-8000-000000000001"
HANDOFF = "robo-local-handoff-123456789012"
PATIENCE = 240.0
"""Seconds that anything may take on a machine that others use too."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Kit:
    """A completed run: what the API says of it, and its files below `folder`."""

    run: dict[str, Any]
    project: dict[str, Any]
    assets: list[dict[str, Any]]
    folder: Path
    client: Client

    @property
    def files(self) -> dict[str, bytes]:
        """Path → content of every asset."""
        return {asset["path"]: (self.folder / asset["path"]).read_bytes() for asset in self.assets}

    def json(self, path: str) -> Any:
        """Return a file that is JSON."""
        return json.loads((self.folder / path).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def send(
    url: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Send a request exactly as given and return what comes back, whatever it is."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as connection:
        # A server may answer, and hang up, before it has read everything.
        with suppress(BrokenPipeError):
            connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, answer.read())


def form(idea: str | None = None, **more: Any) -> dict[str, Any]:
    """Return an intake form; without an idea, one that nobody else has, so that nothing of it is answered yet."""
    number = next(_numbers)
    own = f"Sharing of garden tools between neighbours in street number {number}"
    return {"email": f"founder{number}@example.com", "idea": idea or own, "sector": "other", **more}


def begin(system: Instance, **more: Any) -> tuple[Client, dict[str, Any]]:
    """Send an idea; return a client with its token, and what intake answered."""
    client = Client(system.url)
    return client, client.intake(form(**more))


def steer(client: Client, run_id: str, act: str, **body: Any) -> dict[str, Any]:
    """Cancel, retry, fork or approve a run."""
    return client.call("POST", f"/v1/runs/{run_id}/{act}", body)


def until(
    client: Client, run_id: str, condition: Callable[[dict[str, Any]], bool], what: str
) -> dict[str, Any]:
    """Poll a run until a condition holds; return it."""

    def look() -> dict[str, Any] | None:
        run = client.run(run_id)
        return run if condition(run) else None

    return await_value(look, PATIENCE, f"the run is not {what}")


def until_ended(client: Client, run_id: str) -> dict[str, Any]:
    """Wait for the end of a run, whatever it is."""
    return until(client, run_id, lambda run: run["completed_at"] is not None, "at its end")


def until_step(client: Client, run_id: str, step: str) -> dict[str, Any]:
    """Wait until a step is complete or the run has ended."""
    return until(
        client,
        run_id,
        lambda run: run["completed_at"] is not None or step_of(run, step)["status"] == "completed",
        f"through {step}",
    )


def step_of(run: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a step of a run as the API shows it."""
    found: dict[str, Any] = next(step for step in run["steps"] if step["step"] == name)
    return found


def statuses(run: dict[str, Any]) -> dict[str, str]:
    """Return the status of each step."""
    return {step["step"]: step["status"] for step in run["steps"]}


def archive_of(client: Client, run: dict[str, Any]) -> ZipFile:
    """Return exports/kit.zip of a run."""
    assets = client.assets(run["project_id"], run["id"])
    url = next(asset["url"] for asset in assets if asset["path"] == "exports/kit.zip")
    return ZipFile(BytesIO(fetch(url)))


def order_fault(system: Instance, kind: str, step: str, times: int = 1, retry_after: float = 1) -> None:
    """Let the next calls of a step suffer."""
    body = {"kind": kind, "step": step, "times": times, "retry_after": retry_after}
    headers = {"content-type": "application/json"}
    reply = send(system.model_url, "POST", "/_control/faults", json.dumps(body).encode(), headers)
    assert reply.status == 200, reply.body


def waiting_faults(system: Instance) -> list[dict[str, Any]]:
    """Return the faults that nobody has suffered yet."""
    found: list[dict[str, Any]] = send(system.model_url, "GET", "/_control/faults").json()["data"]
    return found


def ledger(system: Instance, run_id: str, step: str) -> Ledger:
    """Return the gateway's own list of the calls of a step."""
    with closing(system.s3()) as client:
        kept = client.get_object(Bucket=HANDOFF, Key=f"ledgers/{TENANT}/{run_id}/{step}.json")
        return Ledger.model_validate_json(kept["Body"].read())


def together(work: Iterable[Callable[[], T]]) -> list[T]:
    """Do several things at the same time; return what each returned."""
    deeds = list(work)
    with ThreadPoolExecutor(len(deeds)) as pool:
        return [task.result() for task in [pool.submit(deed) for deed in deeds]]
