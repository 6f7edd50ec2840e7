"""A distributed map over a bucket on one machine."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.local.conftest import ACCOUNT, HANDOFF, System, eventually

MAP = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:robo-local-try-map"


def _mapped(system: System, prefix: str) -> dict[str, Any]:
    states = system.aws("stepfunctions")
    arn = states.start_execution(stateMachineArn=MAP, input=json.dumps({"prefix": prefix}))["executionArn"]

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = states.describe_execution(executionArn=arn)
        return None if found["status"] == "RUNNING" else found

    found: dict[str, Any] = eventually(ended)
    return found


def _put(system: System, keys: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: system.aws("s3").put_object(Bucket=HANDOFF, Key=key, Body=b"x"), keys))


def test_a_listing_of_more_than_a_page_is_gone_through_to_its_end(system: System, tag: str) -> None:
    keys = [f"{tag}/{number:04}" for number in range(12)]
    _put(system, keys)

    ended = _mapped(system, f"{tag}/")

    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == {"settled": 12, "keys": keys}


def test_nothing_is_a_listing_too(system: System, tag: str) -> None:
    ended = _mapped(system, f"{tag}/")

    assert json.loads(ended["output"]) == {"settled": 0, "keys": []}


@pytest.mark.parametrize(("broken", "status"), [(1, "SUCCEEDED"), (2, "FAILED")])
def test_so_many_failures_are_borne_and_no_more(system: System, tag: str, broken: int, status: str) -> None:
    _put(system, [f"{tag}/{number}-{'broken' if number < broken else 'whole'}" for number in range(10)])

    ended = _mapped(system, f"{tag}/")

    assert ended["status"] == status
    if broken == 1:
        assert json.loads(ended["output"])["settled"] == 9
    else:
        assert ended["error"] == "States.ExceedToleratedFailureThreshold"
        assert ended["cause"] == "2 of 10 items failed"
