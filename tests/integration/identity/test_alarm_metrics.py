"""Whatever alarms and the dashboard read of our own, some function emits: run, and read as CloudWatch reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from functions.agency import service as agency
from functions.agency.events import revive_stalled_work
from functions.agents import think
from functions.identity.accounts.throttle import admit_guess
from functions.identity.events import record_delivery, relay_outbox, verify_audit_log
from functions.knowledge.steps import look_at_object
from functions.stewardship.events import measure_restorable_lag
from infra.alarms import Metric, alarms_of, metrics
from infra.assembly.stage import Stage, read_context
from infra.catalog import CATALOG
from shared import observability
from shared.adapters.copies import RedisCopies
from shared.adapters.limiter import Limit
from shared.adapters.model import ScriptedModel
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.adapters.vectors import CollectionSpec
from shared.bootstrap import Container
from shared.errors import DependencyUnavailable, RateLimited
from tests.integration.identity.accounts.door import Door
from tests.unit.agents.asking import BUCKET, RUN, TENANT, Asking, reply

STAGE = "prod"
NOBODY = "127.0.0.1:1"
UNITS = {
    "ModelSpendMicrousd": "None",
    "OutboxAgeSeconds": "Seconds",
    "RestorableLagSeconds": "Seconds",
}


def own_metrics() -> dict[str, Metric]:
    """Each metric of ours that the table reads, by name."""
    context = read_context()
    alarms = alarms_of(
        CATALOG, Stage.from_context(STAGE, context).model_copy(update={"detailed_alarms": True})
    )
    read = [metric for alarm in alarms for metric in alarm.measure.metrics]
    return {metric.name: metric for metric in read if metric.namespace == metrics.NAMESPACE}


def _audit_log_broken(door: Door) -> None:
    verify_audit_log.handler({}, None)


def _outbox_age(door: Door) -> None:
    relay_outbox.handler({}, None)


def _stalled_runs(door: Door) -> None:
    revive_stalled_work.handler({}, None)


def _webhooks_given_up(door: Door) -> None:
    detail = {
        "delivery_id": str(uuid4()),
        "tenant_id": str(door.tenant),
        "number": 9,
        "started_at": door.clock.now().isoformat(),
        "duration_ms": 5,
        "response_status": 410,
        "error_message": None,
        "retry_after": None,
    }
    message = {"messageId": "m", "body": json.dumps({"detail": detail})}
    assert record_delivery.handler({"Records": [message]}, None) == {"batchItemFailures": []}


def _model_spend(door: Door) -> None:
    asking = Asking(ScriptedModel([reply()]))
    door.own.__dict__ |= {
        "model": asking.model,
        "objects": asking.objects,
        "storage": SimpleNamespace(handoff_bucket=BUCKET),
    }
    think.handler({"tenant_id": str(TENANT), "run_id": str(RUN), "step": "qualify"}, None)


def _restorable_lag(door: Door) -> None:
    import boto3

    boto3.client("rds").create_db_instance(
        DBInstanceIdentifier="robo-prod",
        DBInstanceClass="db.t4g.small",
        Engine="postgres",
        AllocatedStorage=20,
    )
    measure_restorable_lag.handler({}, None)


def _logins_throttled(door: Door) -> None:
    admit_guess(door.own, "an account", "203.0.113.9", lambda: False)
    with pytest.raises(RateLimited):
        admit_guess(door.own, "an account", "203.0.113.9", lambda: False)


def _refresh_tokens_reused(door: Door) -> None:
    door.add_user()
    first = door.tokens()["refresh_token"]
    assert door.refresh(first).status == 200
    door.clock.advance(60)  # past the grace
    assert door.refresh(first).status == 401


def _copies_unavailable(door: Door) -> None:
    copies = Container().copies
    assert isinstance(copies, RedisCopies)
    assert copies.find(["session:1"]) == [None]


def _limiter_unavailable(door: Door) -> None:
    assert Container().limiter.admit([Limit("probe", "{probe}", 5, 60)]).allowed


def _vectors_unavailable(door: Door) -> None:
    store = door.own.vectors
    with pytest.raises(DependencyUnavailable):
        store.drop(CollectionSpec("probe", "hashed", 8))


def _documents_quarantined(door: Door) -> None:
    objects = InMemoryObjectStore({BUCKET: True})
    objects.put(BUCKET, "stray.txt", b"whose is this?", "text/plain")
    door.own.__dict__ |= {"objects": objects, "storage": SimpleNamespace(knowledge_bucket=BUCKET)}
    look_at_object.handler({"key": "stray.txt"}, None)


EMITTERS: dict[str, Callable[[Door], None]] = {
    "AuditLogBroken": _audit_log_broken,
    "CopiesUnavailable": _copies_unavailable,
    "LimiterUnavailable": _limiter_unavailable,
    "LoginsThrottled": _logins_throttled,
    "ModelSpendMicrousd": _model_spend,
    "OutboxAgeSeconds": _outbox_age,
    "QuarantinedDocuments": _documents_quarantined,
    "RefreshTokensReused": _refresh_tokens_reused,
    "RestorableLagSeconds": _restorable_lag,
    "StalledRuns": _stalled_runs,
    "VectorsUnavailable": _vectors_unavailable,
    "WebhooksGivenUp": _webhooks_given_up,
}


@pytest.fixture
def stage(aws: None, door: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """What the functions find in a deployed stage, with a cache and a vector engine that do not answer."""
    # Made once for a process: they keep the name that other tests know them by.
    observability.logger()
    observability.tracer()
    given = {
        "POWERTOOLS_SERVICE_NAME": f"robo-{STAGE}",
        "DATABASE_SYSTEM_USER": "robo_system",
        "DATABASE_INSTANCE": "robo-prod",
        "CACHE_URL": f"redis://{NOBODY}",
        "VECTORS_URL": f"http://{NOBODY}",
        "VECTORS_KEY_SECRET": "token-key",
        "VECTORS_CERTIFICATE_SECRET": "",
        "BUS_NAME": "bus",
        "LOGIN_FAILURES": "1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    # A system of one machine that ran in this process may have left its own.
    monkeypatch.setattr(observability, "_stream", None)
    stalled = {
        "tenant_id": door.tenant,
        "run_id": uuid4(),
        "priority": "high",
        "generation": 1,
        "status": "queued",
    }
    monkeypatch.setattr(agency, "find_stalled_runs", lambda *_: [stalled])
    monkeypatch.setattr(record_delivery, "record_attempt", lambda *_: True)
    yield door
    door.own.system_database.close()


def emitted(text: str, name: str) -> Iterator[dict[str, Any]]:
    """The lines in embedded metric format that hold a metric."""
    for line in text.splitlines():
        if line.startswith("{") and f'"{name}"' in line:
            told = json.loads(line)
            if "_aws" in told:
                yield told


def test_every_metric_of_ours_that_is_read_has_somebody_who_emits_it() -> None:
    assert own_metrics().keys() == EMITTERS.keys()


@pytest.mark.parametrize("name", sorted(EMITTERS))
def test_what_is_emitted_is_what_the_alarm_reads(
    stage: Door, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = own_metrics()[name]
    capsys.readouterr()

    EMITTERS[name](stage)

    told = next(emitted(capsys.readouterr().out, name))
    (group,) = told["_aws"]["CloudWatchMetrics"]
    assert group["Namespace"] == wanted.namespace
    assert [[told[key] for key in keys] for keys in group["Dimensions"]] == [
        [value for _, value in wanted.dimensions]
    ]
    assert group["Dimensions"] == [[key for key, _ in wanted.dimensions]]
    assert group["Metrics"] == [{"Name": name, "Unit": UNITS.get(name, "Count")}]
    (value,) = told[name]
    assert value >= 0
