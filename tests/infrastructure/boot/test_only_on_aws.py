"""Functions that one machine has no use for boot all the same, and ask what AWS alone knows of moto."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra.catalog import CATALOG, Function
from infra.local.aws.names import REGION, function_arn
from infra.local.aws.runtime import LambdaContext
from tests.infrastructure.boot.environment import BootedFunction
from tests.infrastructure.boot.events import event_for
from tests.infrastructure.boot.trees import Trees

INSTANCE = "roboagency"


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def has_an_instance(url: str) -> None:
    with closing(boto3.client("rds", endpoint_url=url, region_name=REGION)) as client:
        client.create_db_instance(
            DBInstanceIdentifier=INSTANCE,
            Engine="postgres",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            BackupRetentionPeriod=7,
        )


def is_a_lag(answer: dict[str, Any]) -> bool:
    return 0 <= answer["seconds"] < 3600


CASES: dict[str, tuple[Callable[[str], None], Callable[[dict[str, Any]], bool]]] = {
    "stewardship.measure_restorable_lag": (has_an_instance, is_a_lag),
}
"""What AWS has to hold for a function, and whether an answer is right."""


@pytest.mark.parametrize(
    "function", [one for one in CATALOG.functions if one.only_on_aws], ids=lambda function: function.name
)
def test_it_boots_and_answers_twice(
    function: Function,
    trees: Trees,
    own_sockets: int,
    aws_url: str,
    tmp_path: Path,
    hands: list[BootedFunction],
) -> None:
    prepare, is_right = CASES[function.name]
    prepare(aws_url)
    given = {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_METRICS_NAMESPACE": "RoboAgency",
        "DATABASE_INSTANCE": INSTANCE,
        "NO_PROXY": "127.0.0.1",
    }
    booted = BootedFunction(function, trees, given, tmp_path, "only")
    hands.append(booted)
    booted.start()

    assert booted.until_ready(60.0) is None
    report = json.loads(booted.report_file.read_text(encoding="utf-8"))
    assert (report["foreign"], report["did"], booted.at_first_next["sockets"]) == ({}, [], own_sockets)
    for _ in range(2):
        outcome = booted.invoke(json.dumps(event_for(function)).encode(), context(function))
        assert not outcome.failed, outcome.payload
        assert is_right(json.loads(outcome.payload))


def context(function: Function) -> LambdaContext:
    """An invocation with a minute to go."""
    name = function.deployed_name("local")
    return LambdaContext(
        name, function.memory, str(uuid.uuid4()), function_arn(function), time.monotonic() + 60
    )
