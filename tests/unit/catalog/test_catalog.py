"""What the catalog says can be so: names fit, handlers are there, rights fit the zones, times fit each other."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

from infra.catalog import ACCOUNT_BUS, CATALOG, Access, Function, Queue, Rule, Workflow, Zone
from infra.catalog.steps import STEPS
from shared import settings
from shared.models.answers import ANSWERS
from shared.models.run import STEPS as RUN_STEPS

ROOT = Path(__file__).parents[3]
LONGEST_STAGE = "staging"
ACCOUNT = "1" * 12
# What a function in the edge zone never touches, and one in the data zone neither.
INSIDE = {"database", "cache", "vectors"}
OUTSIDE_ONLY = {"secret:model-key", "mail"}

functions = pytest.mark.parametrize("function", CATALOG.functions, ids=lambda function: function.name)
queues = pytest.mark.parametrize("queue", CATALOG.queues, ids=lambda queue: queue.name)


@functions
def test_names_fit_what_aws_allows(function: Function) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", function.name)
    assert len(function.deployed_name(LONGEST_STAGE)) <= 64
    assert re.fullmatch(r"[A-Za-z0-9]+", function.construct_id)
    assert function.purpose
    assert not function.purpose.endswith(".")


@functions
def test_a_handler_is_there_and_takes_an_event_and_a_context(function: Function) -> None:
    module, _, name = function.handler.rpartition(".")
    handler = getattr(importlib.import_module(module), name)

    assert list(inspect.signature(handler).parameters) in (["event", "context"], ["request"])
    assert module.startswith(f"functions.{function.name.split('.')[0]}.")


@functions
def test_settings_exist_and_no_variable_means_two_things(function: Function) -> None:
    kinds = [getattr(settings, name) for name in function.settings]

    assert all(issubclass(kind, settings.Settings) for kind in kinds)
    assert len(set(function.settings)) == len(function.settings)


@functions
def test_the_edge_touches_no_table_and_the_inside_does_not_go_out(function: Function) -> None:
    used = {use.resource for use in function.uses}

    if function.zone == Zone.EDGE:
        assert not used & INSIDE
    else:
        assert not used & OUTSIDE_ONLY
        assert not [resource for resource in used if resource.startswith("workflow:")]


@functions
def test_who_has_the_settings_of_the_database_may_connect_to_it(function: Function) -> None:
    settled = any(
        issubclass(getattr(settings, name), settings.DatabaseSettings) for name in function.settings
    )

    assert settled == ("database" in {use.resource for use in function.uses})


@functions
def test_what_a_function_uses_exists(function: Function) -> None:
    known = {
        "database",
        "instance:database",
        "cache",
        "vectors",
        "embeddings",
        "mail",
        *(f"bucket:{bucket.name}" for bucket in CATALOG.buckets),
        *(f"queue:{queue.name}" for queue in CATALOG.queues),
        *(f"bus:{bus.name}" for bus in CATALOG.buses),
        *(f"workflow:{workflow.name}" for workflow in CATALOG.workflows),
        *(f"secret:{secret.name}" for secret in CATALOG.secrets),
    }

    assert {use.resource for use in function.uses} <= known


@functions
def test_memory_and_time_are_what_lambda_offers(function: Function) -> None:
    assert 128 <= function.memory <= 10_240
    assert 1 <= function.timeout <= 900
    assert all((ROOT / "layers" / layer / "requirements.in").is_file() for layer in function.layers)


def test_a_route_answers_before_the_gateway_gives_up() -> None:
    for route in CATALOG.routes:
        assert CATALOG.function(route.function).timeout <= 29


def test_every_route_leads_to_a_function_with_a_permission() -> None:
    for route in CATALOG.routes:
        zone = CATALOG.function(route.function).zone
        # What is the same for everybody needs no database.
        assert zone == Zone.DATA or route.access is Access.PUBLIC
        assert re.fullmatch(r"[a-z_]+:[a-z_]+", route.permission)
        assert route.path.startswith("/v1/")
    assert max(Counter((route.method, route.path) for route in CATALOG.routes).values()) == 1


@queues
def test_a_message_stays_hidden_six_times_as_long_as_its_consumer_may_take(queue: Queue) -> None:
    assert queue.visibility >= 6 * CATALOG.function(queue.consumer).timeout
    assert queue.visibility <= 12 * 3600
    assert queue.max_receives >= 3


@queues
def test_a_queue_is_filled_by_a_rule(queue: Queue) -> None:
    assert queue.name in {rule.queue for rule in CATALOG.rules}


def test_rules_and_schedules_lead_somewhere() -> None:
    assert {rule.queue for rule in CATALOG.rules} <= {queue.name for queue in CATALOG.queues}
    assert {rule.bus for rule in CATALOG.rules} <= {ACCOUNT_BUS, *(bus.name for bus in CATALOG.buses)}
    for schedule in CATALOG.schedules:
        assert CATALOG.function(schedule.function).timeout <= schedule.minutes * 60


def test_every_bucket_that_announces_is_listened_to_and_no_other() -> None:
    announcing = {bucket.name for bucket in CATALOG.buckets if bucket.announces}

    assert {name for rule in CATALOG.rules for name in rule.buckets} == announcing


@pytest.mark.parametrize(("bus", "buckets"), [(ACCOUNT_BUS, ()), ("agent-analytics", ("assets",))])
def test_a_rule_hears_the_account_about_named_buckets_only(bus: str, buckets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="rule listen: the account's own bus"):
        Rule("listen", bus, ("Object Created",), "high", buckets=buckets)


def test_whoever_waits_for_a_workflow_runs_an_express_one_and_outlives_it() -> None:
    """Step Functions tells nobody how an express execution stands, and lets nobody wait for another one."""
    workflows = {f"workflow:{workflow.name}": workflow for workflow in CATALOG.workflows}
    for function in CATALOG.functions:
        for use in function.uses:
            if use.resource in workflows:
                workflow = workflows[use.resource]
                assert workflow.express == (use.action == "run"), (function.name, use)
                assert not workflow.express or function.timeout > workflow.timeout, function.name


def test_workflows_list_buckets_that_are_there() -> None:
    buckets = {bucket.name for bucket in CATALOG.buckets}

    assert all(set(workflow.lists) <= buckets for workflow in CATALOG.workflows)


@pytest.mark.parametrize(
    ("timeout", "lists", "said"), [(301, (), "ends after 300 s"), (60, ("assets",), "no distributed map")]
)
def test_an_express_workflow_is_short_and_has_no_children(
    timeout: int, lists: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=f"workflow quick: .*{said}"):
        Workflow("quick", "quick.asl.json", (), timeout, express=True, lists=lists)


def test_every_priority_of_a_run_has_a_rule() -> None:
    taken = [
        priority
        for rule in CATALOG.rules
        if "run_requested" in rule.detail_types
        for priority in rule.priorities
    ]

    assert sorted(taken) == ["default", "high", "low"]


def test_names_are_given_once() -> None:
    for things in (
        CATALOG.functions,
        CATALOG.queues,
        CATALOG.buckets,
        CATALOG.buses,
        CATALOG.rules,
        CATALOG.schedules,
        CATALOG.workflows,
        CATALOG.secrets,
    ):
        names = [thing.name for thing in things]
        assert len(set(names)) == len(names)
    assert len({function.construct_id for function in CATALOG.functions}) == len(CATALOG.functions)


def test_names_of_buckets_fit_what_s3_allows() -> None:
    for bucket in CATALOG.buckets:
        assert re.fullmatch(r"[a-z0-9-]{3,63}", bucket.deployed_name(LONGEST_STAGE, ACCOUNT))


def test_every_function_is_reached_by_something() -> None:
    deployed = {"stewardship.migrate_database", "knowledge.seed_collections"}
    reached = {
        CATALOG.authorizer,
        *(route.function for route in CATALOG.routes),
        *(queue.consumer for queue in CATALOG.queues),
        *(schedule.function for schedule in CATALOG.schedules),
        *(name for workflow in CATALOG.workflows for name in workflow.functions),
    }

    assert {function.name for function in CATALOG.functions} == reached | deployed


def test_a_function_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        CATALOG.function("agency.nothing")


def test_the_steps_are_the_same_everywhere() -> None:
    folders = {
        path.name for path in (ROOT / "functions/agency/steps").iterdir() if (path / "agent.yaml").is_file()
    }

    assert STEPS == RUN_STEPS == tuple(ANSWERS)
    assert folders == set(STEPS)
