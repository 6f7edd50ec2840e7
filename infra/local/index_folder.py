"""`python -m infra.local index-folder FOLDER`: the files of a folder into the knowledge of the running system.

Uploads what is not there with the same bytes, starts the state machine `index_folder` as on AWS, and shows how far it
is. Interrupted or killed, it goes on where it was when it is run again. It removes nothing.

Exit status: 0 when every file is indexed, 1 when one is not, 2 when nothing could be asked for, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID, uuid4

from functions.knowledge.address import Address
from infra.catalog.documents import INDEX_FOLDER
from infra.local.aws.names import ACCESS_KEY, REGION, bucket_named, workflow_arn
from infra.local.aws.secret_file import SIGNING_KEY
from infra.local.bulk.files import Found, find
from infra.local.bulk.progress import Progress, Row, State, table
from infra.local.bulk.upload import Uploads
from infra.local.environment import HOUSE_TENANT_ID
from infra.local.postgres import APP
from infra.local.verify_audit import NotAsked as NoDatabase
from infra.local.verify_audit import opened, settings_of
from shared.db.queries import load_queries
from shared.db.unit_of_work import Database
from shared.errors import AppError
from shared.models.knowledge import ATTRIBUTES

FAILED = 1
NOT_ASKED = 2
INTERRUPTED = 130
PATIENCE = 120.0
"""Seconds without any progress, after the state machine has ended, until what is left is left."""

_SQL = Path(__file__).parent / "bulk"


class NotAsked(Exception):
    """Nothing can be indexed: the message says why."""


class JobFailed(Exception):
    """The state machine failed: the message says why."""


@dataclass(frozen=True)
class Wish:
    """What is to be indexed where. prefix: what the names of the documents begin with, before their paths."""

    path: Path
    tenant_id: UUID
    collection: str
    prefix: str

    @property
    def key_prefix(self) -> str:
        """What the keys of all files begin with."""
        return Address(self.tenant_id, self.collection, self.prefix).key


class Running:
    """The system that runs on `state`. Raises NotAsked when none does."""

    def __init__(self, state: Path) -> None:
        try:
            self._url = str(json.loads((state / "target.json").read_text())["aws_url"])
            self._key = str(json.loads((state / "secrets.json").read_text())[SIGNING_KEY])
            self._settings = settings_of(state)
        except (OSError, ValueError, KeyError, NoDatabase) as error:
            raise NotAsked(f"nothing runs on {state}; start it with `make up`, then come back") from error

    @contextlib.contextmanager
    def client(self, service: str) -> Iterator[Any]:
        """A client of a service, with an operator's keys."""
        import boto3
        from botocore.config import Config

        made = boto3.session.Session().client(
            service,
            endpoint_url=self._url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=self._key,
            config=Config(retries={"total_max_attempts": 3}, proxies={}, max_pool_connections=16),
        )
        with contextlib.closing(made):
            yield made

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """The database, as functions see it."""
        with opened(self._settings, APP) as database:
            yield database


def index(running: Running, wish: Wish, found: Found, out: TextIO) -> State:
    """Upload and index everything; return what came of it. Raises JobFailed, AppError, BotoCoreError, ClientError."""
    state, progress = State(found), Progress(out)
    with (
        running.database() as database,
        running.client("s3") as s3,
        running.client("stepfunctions") as states,
    ):

        def look() -> None:
            state.rows = _rows(database, wish)
            progress.show(state)

        try:
            with _looking(look):
                Uploads(s3, bucket_named("knowledge"), wish.key_prefix).run(found.files, state.seen)
            _job(states, wish, look)
            _until_settled(state, look)
        finally:
            progress.end()
    return state


def _rows(database: Database, wish: Wish) -> dict[str, Row]:
    given = {"collection": wish.collection, "prefix": wish.prefix}
    with database.transaction(wish.tenant_id) as work:
        rows = work.fetch_all(load_queries(_SQL)["uploaded_below"], given)
    return {row.pop("name"): Row(**row) for row in rows}


@contextlib.contextmanager
def _looking(look: Callable[[], None]) -> Iterator[None]:
    """Look now and then on a thread of its own, while this one does something else."""
    ended = threading.Event()

    def run() -> None:
        pause = 0.5
        while not ended.wait(pause):
            began = time.monotonic()
            with contextlib.suppress(AppError):  # whoever looks next says so
                look()
            pause = _pause(began)

    thread = threading.Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _pause(began: float) -> float:
    """Seconds until the next look: looking costs the system that works."""
    return max(0.5, 10 * (time.monotonic() - began))


def _job(states: Any, wish: Wish, look: Callable[[], None]) -> None:
    """Run the state machine to its end."""
    arn = states.start_execution(
        stateMachineArn=workflow_arn(INDEX_FOLDER),
        name=f"index-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex[:6]}",
        input=json.dumps({"prefix": wish.key_prefix}),
    )["executionArn"]
    while True:
        began = time.monotonic()
        ended = states.describe_execution(executionArn=arn)
        look()
        if ended["status"] == "SUCCEEDED":
            return
        if ended["status"] != "RUNNING":
            raise JobFailed(f"{ended.get('error') or ended['status']}: {ended.get('cause', '')}")
        time.sleep(_pause(began))


def _until_settled(state: State, look: Callable[[], None], patience: float = PATIENCE) -> None:
    """Wait for those that were indexed by the events of their uploads; a queue asks for what failed again."""
    left, since = state.numbers()["left"], time.monotonic()
    while left and time.monotonic() - since < patience:
        time.sleep(0.5)
        look()
        now = state.numbers()["left"]
        if now != left:
            left, since = now, time.monotonic()


def told(state: State, seconds: float) -> dict[str, Any]:
    """Return what came of a folder, for programs."""
    return {
        **state.numbers(),
        "seconds": round(seconds, 1),
        "quarantine": state.reasons(),
        "errors": dict(sorted(state.failed.items())),
        "ignored_files": dict(sorted(state.found.ignored.items())),
    }


def parser() -> argparse.ArgumentParser:
    """Return the command line; what is not given is read from FOLDER, COLLECTION and PREFIX, as make sets them."""
    made = argparse.ArgumentParser(
        prog="python -m infra.local index-folder",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    given = os.environ.get("FOLDER")
    made.add_argument("path", type=Path, nargs="?" if given else None, default=given, help="whose files")
    made.add_argument(
        "--collection",
        choices=sorted(ATTRIBUTES),
        default=os.environ.get("COLLECTION") or "knowledge_base",
        help="default: knowledge_base",
    )
    made.add_argument(
        "--prefix",
        default=os.environ.get("PREFIX") or "",
        help="what the names of the documents begin with, before their paths below the folder",
    )
    made.add_argument("--tenant-id", type=UUID, default=UUID(HOUSE_TENANT_ID), help="default: the house")
    made.add_argument("--json", action="store_true", help="answer as JSON")
    made.add_argument(
        "--state",
        type=Path,
        default=Path(".local"),
        help="where the system keeps its state (default: .local)",
    )
    return made


def main(argv: list[str]) -> int:
    """Index a folder, and say what came of it; return the exit status."""
    from botocore.exceptions import BotoCoreError, ClientError

    options = parser().parse_args(argv)
    out = sys.stderr if options.json else sys.stdout
    path = Path(options.path)
    wish = Wish(path, options.tenant_id, options.collection, options.prefix)
    began = time.monotonic()
    try:
        if not path.is_dir():
            raise NotAsked(f"{path} is no folder")
        running = Running(options.state)
        found = find(path, wish.tenant_id, wish.collection, wish.prefix)
        for name, reason in found.ignored.items():
            out.write(f"  ignored: {name}: {reason}\n")
        state = index(running, wish, found, out)
    except JobFailed as error:
        print(f"The job failed: {error}", file=sys.stderr)
        return FAILED
    except (NotAsked, AppError, BotoCoreError, ClientError) as error:
        print(getattr(error, "message", "") or error, file=sys.stderr)
        return NOT_ASKED
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again and it goes on where it was.", file=sys.stderr)
        return INTERRUPTED
    seconds = time.monotonic() - began
    print(json.dumps(told(state, seconds), indent=2) if options.json else table(state, seconds))
    numbers = state.numbers()
    return FAILED if numbers["quarantined"] or numbers["not_uploaded"] or numbers["left"] else 0
