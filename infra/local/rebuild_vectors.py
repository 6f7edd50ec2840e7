"""`python -m infra.local rebuild-vectors`: makes the vector engine of the running system again from its rows.

Starts the state machine `rebuild_vectors` as on AWS, shows how far it is, and prints what was restored. It may run
while the system serves; what is in the engine already is not embedded again.

Exit status: 0 when everything is there again, 1 when the rebuild failed, 2 when it could not be asked for.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID, uuid4

from infra.catalog.rebuild import REBUILD_VECTORS
from infra.local.aws.names import ACCESS_KEY, REGION, workflow_arn
from infra.local.aws.secret_file import SIGNING_KEY

FAILED = 1
NOT_ASKED = 2
# An execution that has become too long fails with this, and says what the next one begins with.
UNFINISHED = "RebuildUnfinished"
_POLL_SECONDS = 0.25


class NotAsked(Exception):
    """There is nothing to rebuild: the message says why."""


class RebuildFailed(Exception):
    """The rebuild ended with an error: the message says which."""


@dataclass(frozen=True)
class _Ended:
    status: str
    output: dict[str, Any]
    error: str
    cause: str


@contextlib.contextmanager
def step_functions(folder: Path) -> Iterator[Any]:
    """A client for Step Functions of the system that runs on a folder. Raises NotAsked."""
    try:
        url = json.loads((folder / "target.json").read_text())["aws_url"]
        key = json.loads((folder / "secrets.json").read_text())[SIGNING_KEY]
    except (OSError, ValueError, KeyError) as error:
        raise NotAsked(f"no system runs on {folder}; start it with: python -m infra.local up") from error
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "stepfunctions",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=key,
        aws_session_token=None,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    with contextlib.closing(client):
        yield client


def rebuild(client: Any, given: dict[str, Any], out: TextIO) -> dict[str, Any]:
    """Run executions until everything is there again; return the last one's output. Raises RebuildFailed."""
    while True:
        ended = _execute(client, given, out)
        if ended.error == UNFINISHED:
            out.write(f"  {ended.cause}\n")
            given = json.loads(ended.cause[ended.cause.index("{") :])
        elif ended.status != "SUCCEEDED":
            raise RebuildFailed(f"{ended.error or ended.status}: {_message(ended.cause)}")
        else:
            return ended.output


def _execute(client: Any, given: dict[str, Any], out: TextIO) -> _Ended:
    name = f"rebuild-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
    started = client.start_execution(
        stateMachineArn=workflow_arn(REBUILD_VECTORS), name=name, input=json.dumps(given)
    )
    arn = started["executionArn"]
    out.write(f"{name}\n")
    shown = (0, 0)
    while True:
        found = client.describe_execution(executionArn=arn)
        now = _indexed(client, arn)
        if now != shown:
            out.write(f"  {now[0]:,} documents in {now[1]:,} passages\n")
            out.flush()
            shown = now
        if found["status"] != "RUNNING":
            return _Ended(
                found["status"],
                json.loads(found.get("output") or "{}"),
                found.get("error", ""),
                found.get("cause", ""),
            )
        time.sleep(_POLL_SECONDS)


def _indexed(client: Any, arn: str) -> tuple[int, int]:
    """How many documents and passages the batches that have ended were."""
    documents = passages = 0
    for page in client.get_paginator("get_execution_history").paginate(executionArn=arn):
        for event in page["events"]:
            details = event.get("taskSucceededEventDetails")
            answer = json.loads(details["output"])["Payload"] if details else {}
            if "embedded" in answer:
                documents += answer["documents"]
                passages += answer["chunks"]
    return documents, passages


def _message(cause: str) -> str:
    """The sentence in what a function failed with; other causes as they are."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(cause)["errorMessage"])
    return cause


def summary(done: dict[str, Any]) -> str:
    """Return what was restored, for people."""
    lines = [
        f"  {name:<24}{held['documents']:>8,} documents {held['chunks']:>9,} passages"
        for name, held in sorted(done["collections"].items())
        if held["documents"]
    ]
    progress = done["progress"]
    told = (
        f"The vector engine holds what the rows say (tenants: {done['tenants']}): "
        f"{progress['embedded']:,} passages embedded, {progress['unchanged']:,} were there"
    )
    return "\n".join([told, *lines])


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="python -m infra.local rebuild-vectors",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--tenant-id", type=UUID, help="of the one tenant to rebuild (default: every tenant)")
    made.add_argument("--from-empty", action="store_true", help="delete first what the engine holds")
    made.add_argument("--json", action="store_true", help="answer as JSON")
    made.add_argument(
        "--folder",
        type=Path,
        default=Path(".local"),
        help="where the system keeps its state (default: .local)",
    )
    return made


def main(argv: list[str]) -> int:
    """Rebuild, and say what was restored; return the exit status."""
    from botocore.exceptions import BotoCoreError, ClientError

    options = parser().parse_args(argv)
    given: dict[str, Any] = {"from_empty": options.from_empty}
    if options.tenant_id is not None:
        given["tenant_id"] = str(options.tenant_id)
    try:
        with step_functions(options.folder) as client:
            done = rebuild(client, given, sys.stderr if options.json else sys.stdout)
    except RebuildFailed as error:
        print(f"The rebuild failed: {error}", file=sys.stderr)
        return FAILED
    except (NotAsked, BotoCoreError, ClientError) as error:
        print(error, file=sys.stderr)
        return NOT_ASKED
    print(json.dumps(done, indent=2) if options.json else summary(done))
    return 0
