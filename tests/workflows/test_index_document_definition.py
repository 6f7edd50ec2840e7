"""The committed state machine of a document is the one that is built, fits its functions and what limits it."""

from __future__ import annotations

import json
import re
from typing import Any

from functions.knowledge.extraction.limits import MAX_WALL_SECONDS
from functions.knowledge.uploads.states import Next, Outcome
from functions.knowledge.workflows import uploads
from infra.catalog import CATALOG
from infra.catalog.documents import INDEX_DOCUMENT, UPLOAD_QUEUES, UPLOADS
from infra.catalog.model import EXPRESS_SECONDS
from shared.adapters import workflows
from tests.workflows.test_proto_v1_definition import ROOT, following

TEXT = (ROOT / INDEX_DOCUMENT.definition).read_text(encoding="utf-8")
MACHINE = json.loads(TEXT)
ALL: dict[str, dict[str, Any]] = MACHINE["States"]


def test_what_is_committed_is_what_is_built() -> None:
    assert uploads.text() == TEXT


def test_every_function_of_the_workflow_is_one_task() -> None:
    gaps = re.findall(r"\$\{(\w+)\}", TEXT)

    assert sorted(gaps) == sorted(CATALOG.function(name).construct_id for name in INDEX_DOCUMENT.functions)
    assert INDEX_DOCUMENT in CATALOG.workflows
    assert INDEX_DOCUMENT.express
    assert set(UPLOADS) <= set(CATALOG.functions)


def test_every_state_can_be_reached_and_names_are_sentences() -> None:
    reached, waiting = set(), [MACHINE["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += following(ALL[name])

    assert reached == set(ALL)
    for name in ALL:
        assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+)+\??", name), name


def test_every_answer_of_a_look_leads_somewhere() -> None:
    choice = ALL["What is to be done?"]
    words = {each["StringEquals"] for each in choice["Choices"]}

    assert words | {"done"} == set(Next.__args__)  # type: ignore[attr-defined]  # of a Literal
    assert ALL[choice["Default"]] == {"Type": "Succeed"}
    assert "superseded" in Outcome.__args__  # type: ignore[attr-defined]  # of a Literal


def test_only_what_cannot_be_read_is_refused() -> None:
    caught = {name: state["Catch"] for name, state in ALL.items() if "Catch" in state}

    assert caught == {
        "Read the document": [
            {"ErrorEquals": ["Unreadable"], "ResultPath": "$.error", "Next": "Refuse the document"}
        ]
    }


def test_every_task_is_tried_again_when_the_service_stumbles() -> None:
    for name, state in ALL.items():
        if state["Type"] == "Task":
            retried = {error for rule in state["Retry"] for error in rule["ErrorEquals"]}
            assert {"Lambda.TooManyRequestsException", "DependencyUnavailable"} <= retried, name
            assert "Unreadable" not in retried


def test_the_times_fit_into_each_other() -> None:
    seconds = {function.name: function.timeout for function in UPLOADS}
    path = ("look_at_object", "read_document", "store_document")

    assert sum(seconds[f"knowledge.{name}"] for name in path) <= INDEX_DOCUMENT.timeout <= EXPRESS_SECONDS
    assert seconds["knowledge.begin_indexing"] > workflows.EXPRESS_SECONDS + 5
    assert workflows.EXPRESS_SECONDS == EXPRESS_SECONDS
    assert seconds["knowledge.read_document"] > MAX_WALL_SECONDS
    (queue,) = UPLOAD_QUEUES
    assert queue.batch_size == 1


def test_only_what_one_machine_knows_too_is_used() -> None:
    assert "QueryLanguage" not in TEXT
    assert {state["Type"] for state in ALL.values()} == {"Task", "Choice", "Succeed"}
    assert "$$" not in TEXT
