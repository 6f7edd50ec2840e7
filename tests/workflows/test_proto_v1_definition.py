"""The committed state machine is the one that is built, and fits its functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from functions.agency.workflows import build
from infra.catalog import CATALOG
from shared import errors

ROOT = Path(__file__).parents[2]
WORKFLOW = CATALOG.workflows[0]
TEXT = (ROOT / WORKFLOW.definition).read_text(encoding="utf-8")
# What only the service itself raises.
SERVICE = re.compile(r"(States|Lambda)\.\w+")


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state with its name, those of branches included."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from states(branch)


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield machine
    for state in machine["States"].values():
        for branch in state.get("Branches", []):
            yield from machines(branch)


ALL = dict(states(json.loads(TEXT)))


def following(state: dict[str, Any]) -> set[str]:
    """The states that may come next."""
    named = {state[key] for key in ("Next", "Default") if key in state}
    return named | {part["Next"] for key in ("Choices", "Catch") for part in state.get(key, [])}


def test_what_is_committed_is_what_is_built() -> None:
    assert build.text() == TEXT


def test_every_gap_is_a_function_of_the_workflow_and_every_function_has_one() -> None:
    gaps = set(re.findall(r"\$\{(\w+)\}", TEXT))

    assert gaps == {CATALOG.function(name).construct_id for name in WORKFLOW.functions}


def test_every_state_can_be_reached_and_leads_somewhere() -> None:
    for machine in machines(json.loads(TEXT)):
        reached, waiting = set(), [machine["StartAt"]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += following(machine["States"][name])
        assert reached == set(machine["States"])


def test_a_state_ends_or_goes_on() -> None:
    for name, state in ALL.items():
        final = state["Type"] in ("Succeed", "Fail") or state.get("End") is True
        assert final != bool(following(state) - {part["Next"] for part in state.get("Catch", [])}), name


def test_names_of_states_are_sentences_and_unique() -> None:
    names = [name for name, _ in states(json.loads(TEXT))]

    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+)+\??", name), name
        assert len(name) <= 80


def test_every_task_is_a_function_that_is_tried_again_when_the_service_stumbles() -> None:
    tasks = {name: state for name, state in ALL.items() if state["Type"] == "Task"}

    assert len(tasks) == len(WORKFLOW.functions) - 1 + 8
    for name, state in tasks.items():
        assert state["Resource"].startswith("arn:aws:states:::lambda:invoke"), name
        retried = {error for rule in state["Retry"] for error in rule["ErrorEquals"]}
        assert {"Lambda.TooManyRequestsException", "DependencyUnavailable"} <= retried, name


def test_a_task_waits_in_line_while_all_executions_of_its_function_are_busy() -> None:
    for name, state in ALL.items():
        for rule in state.get("Retry", []):
            if "Lambda.TooManyRequestsException" in rule["ErrorEquals"]:
                # With full jitter half of each wait on average; the longest wait is a minute.
                waits = [min(2**attempt, rule["MaxDelaySeconds"]) for attempt in range(rule["MaxAttempts"])]
                assert sum(waits) / 2 >= 20 * 60, name
                assert rule["JitterStrategy"] == "FULL", name


def test_errors_are_caught_and_retried_by_names_that_exist_and_pass() -> None:
    for name, state in ALL.items():
        for rule in state.get("Retry", []):
            for error in rule["ErrorEquals"]:
                known = SERVICE.fullmatch(error) or issubclass(getattr(errors, error), errors.Retryable)
                assert known, f"{name}: {error}"
                # What asks to wait comes back as an outcome: as an error it has waited long enough.
                assert error not in ("ModelRateLimited", "ModelOverloaded")


def test_what_goes_wrong_anywhere_is_written_down() -> None:
    outer = json.loads(TEXT)["States"]["Make the kit"]

    assert outer["Catch"][0]["ErrorEquals"] == ["States.ALL"]
    assert outer["Catch"][0]["Next"] == "Write down why it stopped"


def test_only_what_one_machine_knows_too_is_used() -> None:
    assert "QueryLanguage" not in TEXT
    assert "JSONata" not in TEXT
    assert {state["Type"] for state in ALL.values()} <= {
        "Task",
        "Choice",
        "Wait",
        "Pass",
        "Parallel",
        "Succeed",
        "Fail",
    }
    assert not re.search(r'": "\$[a-z]', TEXT)
