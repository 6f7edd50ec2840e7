"""Writes `docs/functions.md`: the catalog as a page to read.

python -m infra.catalog_page
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from infra.assembly.deployment import MIGRATION, SEEDING
from infra.catalog import CATALOG, Access, Bucket, Catalog, Function, Route, Use, Zone
from infra.catalog.gateway import THROTTLES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "functions.md"

_KINDS = {"bucket": "bucket", "queue": "queue", "bus": "bus", "workflow": "workflow", "secret": "secret"}
_PHRASES = {
    ("database", "connect"): "uses the database",
    ("cache", "connect"): "uses the cache",
    ("vectors", "read"): "searches the vector engine",
    ("vectors", "write"): "searches and changes the vector engine",
    ("embeddings", "invoke"): "asks for embeddings",
    ("mail", "send"): "sends mail",
    ("instance:database", "describe"): "asks RDS about the database's instance",
}


def right(use: Use) -> str:
    """A right in words: `bucket:assets`, `read` → "reads bucket `assets`"."""
    if phrase := _PHRASES.get((use.resource, use.action)):
        return phrase
    kind, _, name = use.resource.partition(":")
    verbs = {
        "read": "reads",
        "write": "writes",
        "delete": "hides objects of",
        "put": "puts on",
        "start": "starts",
        "run": "runs",
        "stop": "stops",
        "answer": "answers",
        "invoke": "invokes",
        "connect": "connects to",
    }
    return f"{verbs[use.action]} {_KINDS.get(kind, kind)} `{name}`".replace(" ``", "")


def callers(function: Function, catalog: Catalog) -> list[str]:
    """What makes the function run, each in words."""
    name = function.name
    found = [f"`{route.method} {route.path}`" for route in catalog.routes if route.function == name]
    found += [f"queue `{queue.name}`" for queue in catalog.queues if queue.consumer == name]
    found += [
        f"every {_minutes(schedule.minutes)}" for schedule in catalog.schedules if schedule.function == name
    ]
    found += [f"workflow `{workflow.name}`" for workflow in catalog.workflows if name in workflow.functions]
    if name == catalog.authorizer:
        found.append("the gateway, before every route that is not open to anybody")
    if name == MIGRATION:
        found.append("each deployment, before the functions change")
    if name == SEEDING:
        found.append("each deployment, once the functions stand")
    return found


def page(catalog: Catalog = CATALOG) -> str:
    """The whole page, Markdown."""
    parts = [
        "# Functions\n\n"
        "What the system consists of. Generated from `infra/catalog/` by `python -m infra.catalog_page`; "
        "edit the catalog, not this page.\n",
        _overview(catalog),
    ]
    ordered = sorted(catalog.functions, key=lambda function: function.name.split(".")[0])
    for context, functions in groupby(ordered, key=lambda function: function.name.split(".")[0]):
        parts.append(f"## {context}\n")
        parts += [_section(function, catalog) for function in functions]
    parts += [_routes(catalog), _messages(catalog), _workflows(catalog), _stored(catalog)]
    return "\n".join(parts)


def _minutes(count: int) -> str:
    if count == 24 * 60:
        return "day"
    return "minute" if count == 1 else f"{count} minutes"


def _count(many: int, thing: str) -> str:
    return f"{many} {thing}" + ("" if many == 1 else "s")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") or "–" for cell in cells) + " |"

    columns = list(head)
    return "\n".join([line(columns), "|" + "---|" * len(columns), *map(line, rows)]) + "\n"


def _overview(catalog: Catalog) -> str:
    inside = sum(function.zone is Zone.DATA for function in catalog.functions)
    counts = ", ".join(
        [
            _count(len(catalog.functions), "function"),
            _count(len(catalog.routes), "route"),
            _count(len(catalog.queues), "queue"),
            _count(len(catalog.rules), "rule"),
            _count(len(catalog.schedules), "schedule"),
            _count(len(catalog.workflows), "workflow"),
            _count(len(catalog.buckets), "bucket"),
            _count(len(catalog.secrets), "secret"),
        ]
    )
    outside = len(catalog.functions) - inside
    return (
        f"{counts}.\n\n"
        f"{_count(inside, 'function')} run in the **data** zone: isolated subnets with the database and the cache, "
        f"and no way out but to the AWS services that their rights name. {outside} run in the **edge** zone: the "
        f"internet, and no database. A function has the rights listed here and no others.\n"
    )


def _section(function: Function, catalog: Catalog) -> str:
    facts = [
        ("runs in", f"{function.zone.value} zone"),
        ("only on AWS", function.only_on_aws),
        ("called by", "; ".join(callers(function, catalog))),
        ("rights", "; ".join(right(use) for use in function.uses)),
        ("settings", ", ".join(f"`{name}`" for name in function.settings)),
        ("handler", f"`{function.handler}`"),
        ("layers", ", ".join(f"`{name}`" for name in function.layers)),
        ("size", _size(function)),
    ]
    lines = [f"- {label}: {value}" for label, value in facts if value]
    return f"### {function.name}\n\n{function.purpose}.\n\n" + "\n".join(lines) + "\n"


def _size(function: Function) -> str:
    more = " times the stage's factor" if function.scales else ""
    at_a_time = f"{_count(function.concurrency, 'execution')}{more} at a time"
    return f"{function.memory} MiB, at most {function.timeout} s, {at_a_time}"


def _routes(catalog: Catalog) -> str:
    access = {Access.PUBLIC: "anybody", Access.AUTHORISED: "whom the policies allow"}
    rows = (
        (
            f"`{route.method} {route.path}`",
            f"`{route.function}`",
            f"`{route.permission}`",
            access[route.access],
            _limit(route),
        )
        for route in catalog.routes
    )
    return (
        "## Routes\n\n"
        + table(("route", "function", "permission", "open to", "all together"), rows)
        + "\nLimits are those of a stage of factor 1, of all callers together, before any function runs; the other "
        "routes share the stage's. What one caller may do is counted by the functions.\n"
    )


def _limit(route: Route) -> str:
    throttle = THROTTLES.get(route.operation)
    return "" if throttle is None else f"{throttle.per_second} a second, {throttle.burst} at once"


def _messages(catalog: Catalog) -> str:
    rules = (
        (
            f"`{rule.name}`",
            ", ".join(f"`{event}`" for event in rule.detail_types)
            + (f" of priority {', '.join(rule.priorities)}" if rule.priorities else ""),
            f"`{rule.bus}`",
            f"`{rule.queue}`",
        )
        for rule in catalog.rules
    )
    queues = (
        (
            f"`{queue.name}`",
            f"`{queue.consumer}`",
            f"{queue.batch_size} a batch, {queue.max_concurrency} batches at a time",
            f"hidden {queue.visibility} s, after {queue.max_receives} receives to `{queue.dead_letter}`",
        )
        for queue in catalog.queues
    )
    buses = "".join(
        f"Bus `{bus.name}` keeps what was on it for {_count(bus.archive_days, 'day')}, to be replayed.\n"
        for bus in catalog.buses
    )
    return (
        f"## Events and queues\n\n{buses}\n"
        + table(("rule", "events", "bus", "queue"), rules)
        + "\n"
        + table(("queue", "consumer", "pace", "when it fails"), queues)
    )


def _workflows(catalog: Catalog) -> str:
    return "## Workflows\n\n" + "\n".join(_workflow_lines(catalog)) + "\n"


def _workflow_lines(catalog: Catalog) -> Iterator[str]:
    for workflow in catalog.workflows:
        called = ", ".join(f"`{name}`" for name in workflow.functions)
        hours = workflow.timeout / 3600
        yield f"- `{workflow.name}` (`{workflow.definition}`), at most {hours:g} h, calls {called}"


def _lifecycles(bucket: Bucket) -> str:
    rules = [
        f"{f'`{rule.prefix}` ' if rule.prefix else ''}deleted after {_count(rule.days, 'day')}"
        for rule in bucket.lifecycles
    ]
    if bucket.replaced is not None:
        rules.append(f"replaced versions after {_count(bucket.replaced.active.days, 'day')}")
    if bucket.locked is not None:
        rules.append(f"locked for {_count(bucket.locked.active.days, 'day')}")
    if bucket.copied:
        rules.append("copied to another region")
    return ", ".join(rules)


def _stored(catalog: Catalog) -> str:
    buckets = (
        (
            f"`{bucket.name}`",
            "all versions" if bucket.versioned else "the last version",
            _lifecycles(bucket),
        )
        for bucket in catalog.buckets
    )
    secrets = (
        (f"`{secret.name}`", secret.purpose, "the deployment" if secret.generated else secret.writer)
        for secret in catalog.secrets
    )
    return (
        "## Buckets and secrets\n\n"
        + table(("bucket", "keeps", "objects"), buckets)
        + "\n"
        + table(("secret", "what for", "set by"), secrets)
    )


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
