"""awslambdaric boots every function from the trees it is deployed with, and the system runs on that.

The events are those of a real run: the whole system on one machine, with each function in a process of its own, in
the place of the target's threads, with the settings, the layers and the keys of its own alone.
"""

from __future__ import annotations

from typing import Any

import pytest

from infra.assembly.layers.report import unwanted
from infra.catalog import CATALOG, Function
from shared.models.run import STEPS
from tests.infrastructure.boot.conftest import Booted
from tests.infrastructure.boot.fleet import CLAIMING
from tests.infrastructure.boot.trees import Trees

HERE = CATALOG.on_one_machine().functions
EACH = pytest.mark.parametrize("function", HERE, ids=lambda function: function.name)
ROUTED = {route.function for route in CATALOG.routes}
CONSUMERS = {queue.consumer for queue in CATALOG.queues}
# What the scenario has the model do, and what whoever asked for it is told.
ORDERED = {("agents.think", "ModelRefused"), ("knowledge.read_document", "Unreadable")}
TASKS = {name for flow in CATALOG.workflows for name in flow.functions} - CLAIMING


@EACH
def test_it_boots_from_its_own_trees_and_nothing_else(
    booted: Booted, trees: Trees, function: Function
) -> None:
    boots = booted.lives[function.name].boots

    assert boots
    for boot in boots.values():
        assert boot["python"] == trees.built.target.python
        assert boot["foreign"] == {}
        assert {"functions", "shared"} <= set(boot["packages"])
        assert unwanted(CATALOG, function).isdisjoint(boot["packages"])


@EACH
def test_it_opens_and_starts_nothing_before_its_first_event(
    booted: Booted, own_sockets: int, function: Function
) -> None:
    for boot in booted.lives[function.name].boots.values():
        assert boot["did"] == []
        assert boot["threads"] == 1
        # As the kernel sees it: a library in C needs no leave of the interpreter.
        assert (boot["sockets"], boot["locks"], boot["children"]) == (own_sockets, 0, 0)


@EACH
def test_it_answers_real_events(booted: Booted, function: Function) -> None:
    invocations = booted.lives[function.name].invocations

    assert invocations
    for one in invocations:
        assert_answer(function, one)


@EACH
def test_it_answers_again_when_it_is_warm(booted: Booted, function: Function) -> None:
    assert booted.lives[function.name].warm


def assert_answer(function: Function, invocation: dict[str, Any]) -> None:
    """The answer is one that whoever asked understands: API Gateway, the mapping of a queue, the state machine."""
    answer = invocation["answer"]
    if invocation["failed"]:
        assert (function.name, answer["errorType"]) in ORDERED, answer
    elif function.name == CATALOG.authorizer:
        (statement,) = answer["policyDocument"]["Statement"]
        assert (statement["Effect"], statement["Resource"]) == ("Allow", invocation["event"]["methodArn"])
    elif function.name in ROUTED:
        # The second administrator is the only thing that is refused.
        refused = {409} if function.name == "identity.bootstrap" else set()
        assert answer["statusCode"] in {200, 201, 202, 204} | refused, answer
    elif function.name in CONSUMERS:
        assert answer["batchItemFailures"] == []
    else:
        assert isinstance(answer, dict)


def test_a_kit_was_made_approved_and_delivered_by_booted_functions(booted: Booted) -> None:
    kit = booted.played.kit

    assert (kit["status"], kit["approval"]) == ("completed", "granted")
    assert [step["status"] for step in kit["steps"]] == ["completed"] * len(STEPS)


def test_a_refusal_of_the_model_came_through_the_state_machine_under_its_name(booted: Booted) -> None:
    refused = booted.played.refused

    assert (refused["status"], refused["error_code"]) == ("failed", "ModelRefused")
    assert any(one["failed"] for one in booted.lives["agents.think"].invocations)


def test_documents_were_indexed_found_and_refused_by_booted_functions(booted: Booted) -> None:
    seen = booted.played.documents

    assert seen["indexed"]["status"] == "indexed"
    (first, *_) = seen["found"]["data"]
    assert "Whale oil smokes" in first["text"]
    assert [first["text"][place["start"] : place["end"]] for place in first["highlights"]]
    assert (seen["refused"]["status"], seen["refused"]["chunk_count"]) == ("quarantined", 0)
    assert seen["refused"]["reason"]


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_that_comes_twice_is_done_once(booted: Booted, name: str) -> None:
    """The fleet gives each task its first event twice, at once, as a retry after a lost answer would."""
    first, second = [one for one in booted.lives[name].invocations if not one["failed"]][:2]

    assert first["event"] == second["event"]
    assert second["answer"] == {
        word: False if word in ("applied", "closed") else value for word, value in first["answer"].items()
    }
