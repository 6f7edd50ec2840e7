"""Sends thousands of requests that fit the OpenAPI document, or just miss it, and says what was not as documented.

CASES=5000 python -m tests.fuzz
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from infra.local.postgres import Postgres
from infra.local.redis import Redis
from shared import observability
from tests.contract.api.house import House
from tests.fixtures.engines import TestDatabase, migrate_template
from tests.fuzz.campaign import Found, run
from tests.fuzz.people import Administrators

_DATABASE = "fuzz"


def _report(found: Found, seconds: float) -> str:
    lines = [f"{found.cases} requests in {seconds:.0f} s"]
    for operation, seen in sorted(found.statuses.items()):
        counts = ", ".join(f"{status}: {count}" for status, count in sorted(seen.items()))
        lines.append(f"  {operation:<55} {counts}")
    for title, examples in sorted(found.failures.items()):
        lines += [f"NOT AS DOCUMENTED, {len(examples)} times: {title}", examples[0]]
    lines.append("every answer as documented" if not found.failures else f"{len(found.failures)} findings")
    return "\n".join(lines)


def main() -> int:
    """Run a campaign; return 1 when something was not as documented, or too little was asked."""
    cases, seed = int(os.environ.get("CASES") or 5000), int(os.environ.get("SEED") or 1)
    with (
        tempfile.TemporaryDirectory(prefix="robo-fuzz-") as folder,
        open(Path(folder) / "log", "w", encoding="utf-8") as log,
        Postgres(Path(folder) / "postgres", sync=False) as postgres,
        Redis(Path(folder) / "redis") as redis,
    ):
        observability.log_to(log)
        postgres.create_database(_DATABASE)
        database = TestDatabase(postgres, _DATABASE)
        migrate_template(database)
        with House(database, redis.url, Path(folder), {}) as house, house.around():
            began = time.monotonic()
            people = Administrators(house)
            found = run(house.app, people.token, people.known, cases, seed)
            print(_report(found, time.monotonic() - began))
        observability.log_to(sys.stdout)
    return 1 if found.failures or found.cases < cases else 0


if __name__ == "__main__":
    raise SystemExit(main())
