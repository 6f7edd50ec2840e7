"""What must be true of a run that has completed, whatever was killed on its way: each promise once, and whole.

Asked of everything that could tell: the API, the signed URLs, the rows, the bucket, the offline model's own list of
paid calls, and the webhooks that arrived.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from functions.studio.coverage import requirement_gaps
from infra.local.chaos.instance import Instance, await_value
from infra.local.run.client import Client
from infra.local.run.kit import KitDamaged, write_kit
from shared.models.run import STEPS

KIT_FILES = (
    "docs/prd.md",
    "docs/market_analysis.json",
    "docs/plan.json",
    "docs/cloud_estimate.json",
    "docs/wireframe.json",
    "docs/wireframe.png",
    "docs/script.md",
    "prototypes/index.html",
    "videos/demo.mp4",
    "project/README.md",
    "project/pyproject.toml",
    "exports/kit.zip",
)
"""What every kit has, beside the rest of its code project."""

# How many rows of a table belong to a run, where the number does not hang on the idea.
_ONE_EACH = {
    "agency.workflow_runs": ("id", 1),
    "agency.run_steps": ("run_id", 8),
    "marketing.email_campaigns": ("run_id", 1),
    "studio.generated_projects": ("run_id", 1),
    "planning.bmad_validations": ("run_id", 1),
    "planning.cloud_estimates": ("run_id", 2),
    "identity.webhook_events": ("event_type = 'project_completed' AND subject_id", 1),
}
# What would be the same thing twice, were the table's own constraint not there.
_NO_TWO = {
    "an asset": "SELECT path AS name FROM agency.assets WHERE run_id = %(run_id)s",
    "an epic": "SELECT reference AS name FROM planning.epics WHERE run_id = %(run_id)s",
    "a story": "SELECT s.reference AS name FROM planning.stories s "
    "JOIN planning.epics e ON e.id = s.epic_id WHERE e.run_id = %(run_id)s",
    "a task": "SELECT s.reference || '/' || t.title AS name FROM planning.tasks t "
    "JOIN planning.stories s ON s.id = t.story_id JOIN planning.epics e ON e.id = s.epic_id "
    "WHERE e.run_id = %(run_id)s",
    "a file of the project": "SELECT f.file_path AS name FROM studio.project_files f "
    "JOIN studio.generated_projects g ON g.id = f.generated_project_id WHERE g.run_id = %(run_id)s",
    "a mail": "SELECT e.subject AS name FROM marketing.email_steps e "
    "JOIN marketing.email_campaigns c ON c.id = e.campaign_id WHERE c.run_id = %(run_id)s",
    "an indexed document": "SELECT key AS name FROM knowledge.documents WHERE project_id = %(project_id)s",
    "an accepted answer": "SELECT agent_type AS name FROM agents.interactions "
    "WHERE run_id = %(run_id)s AND success",
}


def settle(instance: Instance, client: Client, run_id: str, seconds: float) -> dict[str, Any]:
    """Wait until a run has ended and, when completed, until its webhook is delivered and its kit indexed.

    Returns the run. Raises TimeoutError.
    """

    def ended() -> dict[str, Any] | None:
        run = client.run(run_id)
        return run if run["completed_at"] else None

    run = await_value(ended, seconds, f"the run {run_id} has not ended")
    if run["status"] == "completed":
        await_value(lambda: _delivered(instance, run_id), seconds, f"no webhook of {run_id} is delivered")
        await_value(lambda: _indexed(instance, run_id), seconds, f"the kit of {run_id} is not indexed")
    return run


def _delivered(instance: Instance, run_id: str) -> bool:
    sql = """
        SELECT 1 FROM identity.webhook_deliveries d JOIN identity.webhook_events e ON e.id = d.event_id
        WHERE e.subject_id = %(id)s AND e.event_type = 'project_completed' AND d.status = 'delivered'"""
    return bool(instance.fetch_all(sql, {"id": run_id}))


def _indexed(instance: Instance, run_id: str) -> bool:
    sql = "SELECT 1 FROM agency.workflow_runs WHERE id = %(id)s AND indexed_at IS NOT NULL"
    return bool(instance.fetch_all(sql, {"id": run_id}))


def breaches(instance: Instance, client: Client, run: dict[str, Any]) -> list[str]:
    """Return a sentence for everything that is wrong with a settled run; empty when it kept every promise.

    The run must be the only one of its project, and no other run may have asked the same questions.
    """
    if run["status"] != "completed":
        return [f"the run is {run['status']}: {run['error_code']}: {run['error_message']}"]
    assets = client.assets(run["project_id"], run["id"])
    return [
        *_wrong_calls(instance, run),
        *_wrong_kit(client, run, assets),
        *_wrong_objects(instance, run, assets),
        *_wrong_rows(instance, run),
        *_wrong_money(instance, run),
        *_wrong_webhooks(instance, run),
    ]


def _wrong_calls(instance: Instance, run: dict[str, Any]) -> Iterator[str]:
    paid = Counter(instance.paid_calls(run["id"]))
    for step in STEPS:
        if paid[step] != 1:
            yield f"step {step} was paid {paid[step]} times"


def _wrong_kit(client: Client, run: dict[str, Any], assets: list[dict[str, Any]]) -> Iterator[str]:
    paths = {asset["path"] for asset in assets}
    yield from (f"{path} is missing" for path in KIT_FILES if path not in paths)
    with tempfile.TemporaryDirectory(prefix="robo-audit-") as place:
        try:
            folder = write_kit(run, client.project(run["project_id"]), assets, Path(place))
        except KitDamaged as error:
            yield str(error)
            return
        kit = {path: (folder / path).read_bytes() for path in paths}
    yield from requirement_gaps(kit)


def _wrong_objects(instance: Instance, run: dict[str, Any], assets: list[dict[str, Any]]) -> Iterator[str]:
    prefix = f"projects/{run['project_id']}/"
    versions = instance.object_versions(prefix)
    expected = {prefix + asset["path"] for asset in assets}
    yield from (f"{key} is in the bucket and nobody's asset" for key in versions.keys() - expected)
    yield from (f"{key} is an asset and not in the bucket" for key in expected - versions.keys())
    yield from (f"{key} was written {count} times" for key, count in versions.items() if count > 1)


def _wrong_rows(instance: Instance, run: dict[str, Any]) -> Iterator[str]:
    names = {"run_id": run["id"], "project_id": run["project_id"]}
    for table, (column, wanted) in _ONE_EACH.items():
        rows = instance.fetch_all(f"SELECT 1 FROM {table} WHERE {column} = %(run_id)s", names)  # noqa: S608  # names of our own
        if len(rows) != wanted:
            yield f"{table} has {len(rows)} rows of the run, not {wanted}"
    for thing, sql in _NO_TWO.items():
        found = Counter(row["name"] for row in instance.fetch_all(sql, names))
        if not found:
            yield f"there is not {thing}"
        yield from (f"{thing} is there {count} times: {name}" for name, count in found.items() if count > 1)


def _wrong_money(instance: Instance, run: dict[str, Any]) -> Iterator[str]:
    steps = sum(step["cost_microusd"] for step in run["steps"])
    sql = """
        SELECT r.reserved_microusd AS reserved,
               (SELECT coalesce(sum(cost_microusd), 0)::bigint FROM agents.interactions i WHERE i.run_id = r.id)
               AS calls
        FROM agency.workflow_runs r WHERE r.id = %(id)s"""
    row = instance.fetch_all(sql, {"id": run["id"]})[0]
    if not run["spent_microusd"] == steps == row["calls"]:
        yield f"the run spent {run['spent_microusd']}, its steps {steps}, its calls {row['calls']}"
    if row["reserved"]:
        yield f"{row['reserved']} are still reserved"
    if run["spent_microusd"] > run["budget_microusd"]:
        yield f"{run['spent_microusd']} were spent of a budget of {run['budget_microusd']}"


def _wrong_webhooks(instance: Instance, run: dict[str, Any]) -> Iterator[str]:
    received = instance.webhooks(run["id"])
    different = {one["id"] for one in received}
    if len(different) != 1:
        yield f"{len(different)} different webhooks arrived"
    yield from (f"webhook {one['id']} has no valid signature" for one in received if not one["verified"])
