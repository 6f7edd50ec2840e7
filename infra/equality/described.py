"""What the catalog says must exist in a stage."""

from __future__ import annotations

from collections.abc import Mapping

import shared.settings
from infra.assembly.deployment import AT_DEPLOYMENT
from infra.catalog import ACCOUNT_BUS, LIVE, S3_SOURCE, Access, Catalog, Function
from infra.equality.buckets import describe_buckets
from infra.equality.inventory import Inventory
from shared.periods import LOGS
from shared.settings import Settings

LOG_DAYS = LOGS.active.days


def variables(function: Function) -> frozenset[str]:
    """The environment of a function: every variable of its settings, but for optional ones that are empty."""
    found = set(shared.settings.ObservabilitySettings.variables())
    for name in function.settings:
        settings: type[Settings] = getattr(shared.settings, name)
        found |= {n.upper() for n, f in settings.model_fields.items() if f.is_required() or f.default != ""}
    return frozenset(found)


def optional_empty_variables(function: Function) -> frozenset[str]:
    """Variables that a stage may fill or leave out."""
    found: set[str] = set()
    for name in function.settings:
        settings: type[Settings] = getattr(shared.settings, name)
        found |= {
            n.upper() for n, f in settings.model_fields.items() if not f.is_required() and f.default == ""
        }
    return frozenset(found)


def described(catalog: Catalog, stage: str) -> Inventory:
    """What the catalog says must exist in `stage`. Names are the deployed ones without `robo-<stage>-`."""
    prefix = f"robo-{stage}-"
    deployed = {f.name: f.deployed_name(stage).removeprefix(prefix) for f in catalog.functions}
    found = Inventory()
    for function in catalog.functions:
        found.add(
            "function",
            deployed[function.name],
            handler=function.handler,
            memory=function.memory,
            timeout=function.timeout,
            zone=function.zone.value,
            concurrency=function.concurrency,
            variables=variables(function),
            layers=function.layers,
            runtime="python3.13",
            architectures=("arm64",),
            traced=True,
            log_days=LOG_DAYS,
            aliases=(LIVE,),
        )
    for name in AT_DEPLOYMENT:
        found.add("deployment call", deployed[name])
    for route in catalog.routes:
        found.add(
            "route",
            f"{route.method} {route.path}",
            function=deployed[route.function],
            proxy=True,
            permission=route.permission,
            access=route.access.value,
            operation=route.operation,
            authorizer=None if route.access is Access.PUBLIC else deployed[catalog.authorizer],
        )
    _describe_messages(catalog, deployed, found)
    _describe_stored(catalog, stage, found)
    for workflow in catalog.workflows:
        gaps = {(catalog.function(name).construct_id, deployed[name]) for name in workflow.functions}
        buckets = {(b.construct_id, b.name) for b in catalog.buckets if b.name in workflow.lists}
        found.add(
            "workflow",
            workflow.deployed_name(stage).removeprefix(prefix),
            functions=frozenset(gaps),
            lists=frozenset(buckets),
            timeout=workflow.timeout,
            type="EXPRESS" if workflow.express else "STANDARD",
            traced=True,
            logged="ALL",
            logs_data=False,
        )
    return found


def _describe_messages(catalog: Catalog, deployed: Mapping[str, str], found: Inventory) -> None:
    for queue in catalog.queues:
        found.add("dead-letter queue", queue.dead_letter)
        found.add(
            "queue",
            queue.name,
            dead_letter=queue.dead_letter,
            visibility=queue.visibility,
            max_receives=queue.max_receives,
            consumer=deployed[queue.consumer],
            batch_size=queue.batch_size,
            max_concurrency=queue.max_concurrency,
            partial_failures=True,
        )
    for bus in catalog.buses:
        found.add("bus", bus.name, archive_days=bus.archive_days)
    for rule in catalog.rules:
        found.add(
            "rule",
            rule.name,
            bus=rule.bus,
            sources=(S3_SOURCE,) if rule.bus == ACCOUNT_BUS else (),
            detail_types=rule.detail_types,
            priorities=rule.priorities,
            buckets=rule.buckets,
            queues=(rule.queue,),
        )
    for schedule in catalog.schedules:
        found.add(
            "schedule",
            schedule.name,
            minutes=schedule.minutes,
            function=deployed[schedule.function],
            enabled=True,
        )


def _describe_stored(catalog: Catalog, stage: str, found: Inventory) -> None:
    describe_buckets(catalog, stage, found)
    for secret in catalog.secrets:
        found.add("secret", secret.deployed_name(stage), generated=secret.generated, purpose=secret.purpose)
