"""A small system to try the one-machine target with."""

from __future__ import annotations

from dataclasses import replace

from infra.catalog import (
    ACCOUNT_BUS,
    Access,
    Bucket,
    Bus,
    Catalog,
    Function,
    Queue,
    Route,
    Rule,
    Schedule,
    Secret,
    Use,
    Workflow,
    Zone,
)

_HANDLERS = "tests.integration.local.handlers"


def _function(name: str, *uses: Use, handler: str = "", timeout: int = 29, scales: bool = True) -> Function:
    return Function(
        f"try.{name}",
        f"{_HANDLERS}.{handler or name}",
        Zone.DATA,
        f"tries {name}",
        settings=("StorageSettings", "BusSettings"),
        uses=uses,
        timeout=timeout,
        scales=scales,
    )


TRY = Catalog(
    functions=(
        _function("echo"),
        _function("fail"),
        _function("flaky"),
        _function("unserialisable"),
        _function("huge"),
        _function("leave"),
        _function("blocked", timeout=1),
        _function("single", handler="blocked", scales=False),
        _function("journal"),
        _function("release"),
        _function("object_event"),
        _function("keep_token"),
        _function("nested"),
        _function("consume"),
        _function("arrive"),
        _function("gated", handler="blocked"),
        _function("scheduled"),
        _function("http"),
        _function("authorize"),
        _function("trespass", Use("bucket:assets", "read"), Use("secret:capability-key", "read")),
        _function("sign", Use("bucket:assets", "read")),
        _function("run_express", Use("workflow:try_express", "run"), handler="trespass"),
        _function("missing", handler="no_such_handler"),
        Function("try.absent", "tests.integration.local.no_such_module.handler", Zone.DATA, "is not there"),
    ),
    routes=(
        Route("GET", "/v1/things/{thing_id}", "try.http", "get_thing", "thing:read", Access.PUBLIC),
        Route("POST", "/v1/things", "try.http", "create_thing", "thing:create", Access.PUBLIC),
        Route(
            "GET",
            "/v1/things/{thing_id}/parts/{part_id}",
            "try.http",
            "get_part",
            "thing:read",
            Access.PUBLIC,
        ),
        Route("GET", "/v1/guarded", "try.http", "get_guarded", "thing:read"),
        Route("POST", "/v1/slow", "try.blocked", "wait", "thing:create", Access.PUBLIC),
    ),
    queues=(
        Queue("high", "try.consume", 1, 2, 10, 2),
        Queue("low", "try.consume", 60, 5, 1, 1),
        Queue("arrivals", "try.arrive", 60, 5, 1, 4),
    ),
    buckets=(
        Bucket("assets", versioned=True),
        Bucket("handoff", versioned=False),
        Bucket("inbox", versioned=True, announces=True),
    ),
    buses=(Bus("agent-analytics", 7),),
    rules=(
        Rule("urgent", "agent-analytics", ("asked",), "high", ("high",)),
        Rule("patient", "agent-analytics", ("asked",), "low", ("low",)),
        Rule("arrivals", ACCOUNT_BUS, ("Object Created", "Object Deleted"), "arrivals", buckets=("inbox",)),
        Rule("steer", "agent-analytics", ("cancelled", "approved"), "high"),
    ),
    schedules=(Schedule("often", 1, "try.scheduled"),),
    workflows=(
        Workflow("try_map", "tests/integration/local/try_map.asl.json", (), 60, lists=("handoff",)),
        Workflow("try_v1", "tests/integration/local/try_v1.asl.json", ("try.echo",), 60),
        Workflow(
            "try_express", "tests/integration/local/try_express.asl.json", ("try.gated",), 30, express=True
        ),
    ),
    secrets=(
        Secret("capability-key", True, "signs tokens"),
        Secret("webhook-key", True, "signs webhooks"),
        Secret("model-key", False, "the key of the model"),
        Secret("vectors-key", True, "the key of the vector engine"),
        Secret("vectors-read-key", True, "the key of the vector engine that changes nothing"),
    ),
    authorizer="try.authorize",
)

TRY_WITH_ENGINES = replace(
    TRY,
    functions=(
        *TRY.functions,
        Function(
            "try.count_tables",
            f"{_HANDLERS}.echo",
            Zone.DATA,
            "uses every engine but the model",
            settings=("DatabaseSettings", "CacheSettings", "VectorSettings"),
            uses=(Use("database", "connect"), Use("cache", "connect"), Use("vectors", "write")),
        ),
    ),
)
