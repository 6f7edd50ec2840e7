"""The command of a rebuild: it goes on while an execution was too long, and tells why one failed."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from infra.local.rebuild_vectors import RebuildFailed, parser, rebuild, summary

DONE = {
    "tenants": 2,
    "progress": {"documents": 3, "chunks": 1234, "embedded": 1200, "unchanged": 34, "removed": 0},
    "collections": {
        "market_comps": {"documents": 60, "chunks": 60},
        "doc_chunks": {"documents": 3, "chunks": 1234},
        "knowledge_base": {"documents": 0, "chunks": 0},
    },
}


class StepFunctions:
    """Executions that end as they are told to, one after the other."""

    def __init__(self, *ends: dict[str, Any]) -> None:
        self._ends = list(ends)
        self.inputs: list[dict[str, Any]] = []
        self.names: list[str] = []

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:
        assert stateMachineArn.endswith(":robo-local-rebuild-vectors")
        self.names.append(name)
        self.inputs.append(json.loads(input))
        return {"executionArn": name}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        assert executionArn == self.names[-1]
        return self._ends[len(self.names) - 1]

    def get_paginator(self, operation: str) -> StepFunctions:
        assert operation == "get_execution_history"
        return self

    def paginate(self, *, executionArn: str) -> list[dict[str, Any]]:
        assert executionArn == self.names[-1]
        planned = {"Payload": {"next": "index"}}
        batch = {"Payload": {"documents": 2, "chunks": 1000, "embedded": 5}}
        events: list[dict[str, Any]] = [
            {"taskSucceededEventDetails": {"output": json.dumps(output)}}
            for output in (planned, batch, batch)
        ]
        return [{"events": [{"type": "ExecutionStarted"}]}, {"events": events}]


def succeeded() -> dict[str, Any]:
    return {"status": "SUCCEEDED", "output": json.dumps(DONE)}


def failed(error: str, cause: str) -> dict[str, Any]:
    return {"status": "FAILED", "error": error, "cause": cause}


def test_what_was_done_is_shown_and_returned() -> None:
    client, told = StepFunctions(succeeded()), io.StringIO()

    assert rebuild(client, {"from_empty": False}, told) == DONE

    assert told.getvalue().splitlines() == [client.names[0], "  4 documents in 2,000 passages"]


def test_what_is_too_long_for_one_execution_goes_on_in_another() -> None:
    following = {"after": {"tenant_id": "t", "document_id": None}}
    cause = f"5 documents are indexed. Go on with the input {json.dumps(following)}"
    client = StepFunctions(failed("RebuildUnfinished", cause), succeeded())

    rebuild(client, {"from_empty": True}, io.StringIO())

    assert client.inputs == [{"from_empty": True}, following]
    assert len(set(client.names)) == 2


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (
            failed("VectorsDiffer", json.dumps({"errorMessage": "It differs.", "errorType": "x"})),
            "VectorsDiffer: It differs.",
        ),
        (failed("States.Timeout", "after a day"), "States.Timeout: after a day"),
        ({"status": "ABORTED"}, "ABORTED: "),
    ],
)
def test_why_it_failed_is_told(end: dict[str, Any], told: str) -> None:
    with pytest.raises(RebuildFailed) as raised:
        rebuild(StepFunctions(end), {}, io.StringIO())

    assert str(raised.value) == told


def test_the_summary_names_the_collections_that_hold_something() -> None:
    lines = summary(DONE).splitlines()

    assert "tenants: 2" in lines[0]
    assert "1,200 passages embedded, 34 were there" in lines[0]
    assert [line.split() for line in lines[1:]] == [
        ["doc_chunks", "3", "documents", "1,234", "passages"],
        ["market_comps", "60", "documents", "60", "passages"],
    ]


def test_a_tenant_is_named_by_its_id() -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--tenant-id", "house"])
