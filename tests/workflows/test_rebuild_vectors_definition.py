"""The committed state machine of the rebuild is the one that is built, fits its functions and what limits it."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from functions.knowledge import rebuild
from functions.knowledge.workflows import build
from infra.catalog import CATALOG
from infra.catalog.rebuild import REBUILD, REBUILD_VECTORS
from tests.workflows.test_proto_v1_definition import ROOT, following

TEXT = (ROOT / REBUILD_VECTORS.definition).read_text(encoding="utf-8")
MACHINE = json.loads(TEXT)
MAP = MACHINE["States"]["Index the page"]
ALL: dict[str, dict[str, Any]] = {**MACHINE["States"], **MAP["ItemProcessor"]["States"]}
# Step Functions: events of an execution, bytes of a state.
EVENTS, STATE_BYTES = 25_000, 256 * 1024


def test_what_is_committed_is_what_is_built() -> None:
    assert build.text() == TEXT


def test_every_function_of_the_workflow_is_one_task() -> None:
    gaps = re.findall(r"\$\{(\w+)\}", TEXT)

    assert sorted(gaps) == sorted(CATALOG.function(name).construct_id for name in REBUILD_VECTORS.functions)
    assert REBUILD_VECTORS in CATALOG.workflows
    assert set(REBUILD) <= set(CATALOG.functions)


def test_every_state_can_be_reached_and_names_are_sentences() -> None:
    reached, waiting = set(), [MACHINE["StartAt"], MAP["ItemProcessor"]["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += following(ALL[name])

    assert reached == set(ALL)
    assert len(ALL) == len(MACHINE["States"]) + 1
    for name in ALL:
        assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+)+\??", name), name


def test_every_task_is_tried_again_when_the_service_stumbles() -> None:
    tasks = {name: state for name, state in ALL.items() if state["Type"] == "Task"}

    assert len(tasks) == len(REBUILD)
    for name, state in tasks.items():
        retried = {error for rule in state["Retry"] for error in rule["ErrorEquals"]}
        assert {"Lambda.TooManyRequestsException", "DependencyUnavailable"} <= retried, name
        assert ("VectorsDiffer" in retried) == (name == "Compare with the rows")


def test_no_more_batches_at_a_time_than_the_function_has_executions() -> None:
    (indexing,) = [function for function in REBUILD if function.name == "knowledge.index_batch"]

    assert MAP["MaxConcurrency"] == indexing.concurrency
    assert MAP["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}


def test_an_execution_stays_far_below_the_limit_of_its_history() -> None:
    page = 7 + 4 + 7 * rebuild.BATCHES_PER_PAGE

    assert page * rebuild.PAGES_PER_EXECUTION < EVENTS / 2


def test_a_full_page_stays_far_below_the_limit_of_a_state() -> None:
    tenant = UUID(int=2**128 - 1)
    part = rebuild.Range(tenant_id=tenant, after=tenant, through=tenant)
    # A range ends with its tenant or with its batch.
    ranges = rebuild.TENANTS_PER_PAGE + rebuild.BATCHES_PER_PAGE
    done = rebuild.Progress(documents=10**9, chunks=10**9, embedded=10**9, unchanged=10**9, removed=10**9)
    state = rebuild.State(
        batches=[rebuild.Batch(ranges=[part] * ranges)], results=[done] * rebuild.BATCHES_PER_PAGE
    )

    assert len(json.dumps(rebuild.dumped(state))) < STATE_BYTES / 2


def test_only_what_one_machine_knows_too_is_used() -> None:
    assert "QueryLanguage" not in TEXT
    assert {state["Type"] for state in ALL.values()} == {"Task", "Choice", "Map", "Succeed", "Fail"}
    assert "$$" not in TEXT
