"""What one run does, measured on one machine: functions called, AWS asked, bytes left behind.

    python -m infra.cost.measure

Runs three ideas through the whole system with the offline model and writes the averages to `measured.json`. Times
within functions are those of this machine and without the model's; counts and bytes are those of any machine.
"""

from __future__ import annotations

import json
import shlex
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.client
import psycopg

from infra.catalog import CATALOG
from infra.local.aws.names import STAGE, bucket_name
from infra.local.run.client import Client
from infra.local.target import LocalTarget

MEASURED = Path(__file__).with_name("measured.json")
IDEAS = (
    ("Shift planning for volunteer fire brigades", "saas"),
    ("Medication reminders for people who live alone", "healthtech"),
    ("Expense reports from photographed receipts", "fintech"),
)
_HANDOFF = next(bucket_name(bucket) for bucket in CATALOG.buckets if bucket.name == "handoff")
# Called by who watches a run, here far more often than a person would; `workload.toml` says how often.
_LOOKING = frozenset({"agency.runs", "identity.authorize"})
_PATIENCE_SECONDS = 120
_LOOK_EVERY_SECONDS = 0.2
_TABLES = """
SELECT sum(pg_total_relation_size(c.oid))::bigint AS bytes FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""


class MeasurementFailed(RuntimeError):
    """A run did not come to its end."""


@contextmanager
def counting_calls() -> Iterator[Counter[str]]:
    """Count what boto3 asks for in this process, as `s3.PutObject`."""
    counted: Counter[str] = Counter()
    lock = threading.Lock()
    original = botocore.client.BaseClient._make_api_call

    def counted_call(self: Any, operation: str, parameters: Any) -> Any:
        with lock:
            counted[f"{self.meta.service_model.service_name}.{operation}"] += 1
        return original(self, operation, parameters)

    botocore.client.BaseClient._make_api_call = counted_call
    try:
        yield counted
    finally:
        botocore.client.BaseClient._make_api_call = original


def _run(target: LocalTarget, idea: str, sector: str) -> None:
    client = Client(target.url)
    made = client.intake({"email": "ada@example.com", "idea": idea, "sector": sector})
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        run = client.run(made["run_id"])
        if run["status"] in ("failed", "cancelled"):
            raise MeasurementFailed(f"the run {run['status']}: {run['error_message']}")
        if run["status"] == "completed" and _indexed(target, made["run_id"]):
            return
        time.sleep(_LOOK_EVERY_SECONDS)
    raise MeasurementFailed("a run did not end")


def _fetch(target: LocalTarget, query: str, parameters: dict[str, Any] | None = None) -> Any:
    # `psql -h <folder> -p <port> -U <superuser> <database>`: somebody who sees the rows of every tenant.
    _, _, host, _, port, _, user, name = shlex.split(target.psql)
    with psycopg.connect(host=host, port=int(port), user=user, dbname=name) as connection:
        row = connection.execute(query, parameters).fetchone()
        return None if row is None else row[0]


def _indexed(target: LocalTarget, run_id: str) -> bool:
    found = _fetch(target, "SELECT indexed_at FROM agency.workflow_runs WHERE id = %(id)s", {"id": run_id})
    return found is not None


def _reports(log: Path) -> tuple[Counter[str], Counter[str]]:
    """How often each function was called, and for how many milliseconds, by its name in the catalog."""
    names = {function.deployed_name(STAGE): function.name for function in CATALOG.functions}
    calls: Counter[str] = Counter()
    milliseconds: Counter[str] = Counter()
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("type") == "platform.report":
            name = names[entry["function_name"]]
            calls[name] += 1
            milliseconds[name] += entry["duration_ms"]
    return calls, milliseconds


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _levels(target: LocalTarget) -> Counter[str]:
    """What there is at a moment: bytes and rows that only grow."""
    return Counter(
        {
            "database_bytes": int(_fetch(target, _TABLES)),
            "handoff_bytes": _folder_bytes(target.folder / "s3" / _HANDOFF),
            "assets_bytes": int(_fetch(target, "SELECT coalesce(sum(size_bytes), 0) FROM agency.assets")),
            "events": int(_fetch(target, "SELECT count(*) FROM identity.outbox")),
            "chunks": int(_fetch(target, "SELECT count(*) FROM knowledge.chunks")),
            "log_bytes": (target.logs / "functions.log").stat().st_size,
        }
    )


def measure(folder: Path, ideas: tuple[tuple[str, str], ...] = IDEAS) -> dict[str, Any]:
    """What a run does on average, once the system is warm. Raises MeasurementFailed."""
    with LocalTarget(folder, port=0) as target, counting_calls() as counted:
        _run(target, *ideas[-1])
        log = target.logs / "functions.log"
        calls, milliseconds = _reports(log)
        levels, asked = _levels(target), Counter(counted)
        for idea, sector in ideas:
            _run(target, idea, sector)
        more_calls, more_milliseconds = _reports(log)
        runs = len(ideas)
        functions = {
            name: {
                "calls": round((more_calls[name] - calls[name]) / runs, 2),
                "milliseconds": round((more_milliseconds[name] - milliseconds[name]) / runs, 1),
            }
            for name in sorted(more_calls)
            if more_calls[name] > calls[name] and name not in _LOOKING
        }
        return {
            "measured_on": datetime.now(UTC).date().isoformat(),
            "runs": runs,
            "functions": functions,
            "aws_calls": _per_run(counted - asked, runs),
            **_per_run(_levels(target) - levels, runs),
        }


def _per_run(counted: Counter[str], runs: int) -> dict[str, float]:
    return {name: round(count / runs, 2) for name, count in sorted(counted.items())}


def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory(prefix="robo-cost-") as folder:
        found = measure(Path(folder))
    MEASURED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    calls = sum(function["calls"] for function in found["functions"].values())
    print(f"{MEASURED.name}: {found['runs']} runs, {calls:.0f} calls of functions a run")


if __name__ == "__main__":
    main()
