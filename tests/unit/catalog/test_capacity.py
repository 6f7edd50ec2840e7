"""What runs at once fits the database and the account; a catalog that does not fit is named with its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.assembly.database_sizes import DATABASE_CONNECTIONS, connections_for_functions
from infra.assembly.deployment import AT_DEPLOYMENT
from infra.assembly.stage import Stage, read_context
from infra.catalog import CATALOG, Catalog, Function, Zone
from infra.catalog.capacity import (
    ACCOUNT_CONCURRENCY,
    PROXY_SHARE,
    UNRESERVED,
    account_demand,
    check_capacity,
    connections_each,
    database_demand,
    scaled,
    uses_database,
)
from shared import settings

STAGES = [Stage.from_context(name, read_context()) for name in read_context()["stages"]]
AT_ONCE = {"identity.relay_outbox", *AT_DEPLOYMENT, *(schedule.function for schedule in CATALOG.schedules)}

functions = pytest.mark.parametrize("function", CATALOG.functions, ids=lambda function: function.name)
stages = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def grown(catalog: Catalog, name: str, concurrency: int) -> Catalog:
    changed = (replace(f, concurrency=concurrency) if f.name == name else f for f in catalog.functions)
    return replace(catalog, functions=tuple(changed))


@stages
def test_a_stage_fits_its_database_and_the_account(stage: Stage) -> None:
    catalog = scaled(CATALOG, stage.concurrency_factor)
    connections = connections_for_functions(stage.database_class)

    check_capacity(catalog, connections, proxy=stage.database_proxy)

    assert connections < DATABASE_CONNECTIONS[stage.database_class]
    assert database_demand(catalog) <= connections * (PROXY_SHARE if stage.database_proxy else 1)
    assert account_demand(catalog) <= ACCOUNT_CONCURRENCY - UNRESERVED


def test_all_stages_together_fit_one_account() -> None:
    reserved = sum(account_demand(scaled(CATALOG, stage.concurrency_factor)) for stage in STAGES)

    assert reserved <= ACCOUNT_CONCURRENCY - UNRESERVED


@functions
def test_every_function_has_a_bound(function: Function) -> None:
    assert function.concurrency >= 1


@functions
def test_what_the_clock_or_a_deployment_calls_runs_once_at_a_time_at_any_size(function: Function) -> None:
    assert (function.reserved(20) == 1) == (function.name in AT_ONCE)
    assert function.scales == (function.name not in AT_ONCE)


def test_the_authorizer_has_more_room_than_any_function_behind_it() -> None:
    behind = {route.function for route in CATALOG.routes}

    assert CATALOG.function(CATALOG.authorizer).concurrency > max(
        CATALOG.function(name).concurrency for name in behind
    )


@pytest.mark.parametrize("factor", [1, 2, 20])
def test_a_consumer_has_room_for_what_its_queues_hand_over(factor: int) -> None:
    catalog = scaled(CATALOG, factor)

    for consumer in {queue.consumer for queue in catalog.queues}:
        own = [queue for queue in catalog.queues if queue.consumer == consumer]
        assert sum(queue.max_concurrency for queue in own) <= catalog.function(consumer).concurrency
        # SQS takes 2 to 1,000.
        assert all(2 <= queue.max_concurrency <= 1000 for queue in own)


@given(factor=st.integers(1, 20), connections=st.integers(0, 2000), proxy=st.booleans())
def test_the_bound_is_exact(factor: int, connections: int, proxy: bool) -> None:
    catalog = scaled(CATALOG, factor)
    catalog = replace(catalog, functions=tuple(f for f in catalog.functions if uses_database(f)), queues=())
    fits = database_demand(catalog) <= connections * (PROXY_SHARE if proxy else 1)
    fits = fits and account_demand(catalog) <= ACCOUNT_CONCURRENCY - UNRESERVED

    if fits:
        check_capacity(catalog, connections, proxy=proxy)
    else:
        with pytest.raises(ValueError, match=r"functions (may hold|reserve) \d+"):
            check_capacity(catalog, connections, proxy=proxy)


def test_a_catalog_too_large_for_its_database_is_named_with_its_numbers() -> None:
    held = database_demand(CATALOG)

    with pytest.raises(
        ValueError, match=rf"may hold {held} connections, the database has {held - 1} for them"
    ):
        check_capacity(CATALOG, held - 1, proxy=False)


def test_a_catalog_too_large_for_an_account_is_named_with_its_numbers() -> None:
    large = grown(CATALOG, "agents.think", 1000)

    with pytest.raises(ValueError, match=rf"reserve {account_demand(large)} executions, an account has 900"):
        check_capacity(large, 10_000, proxy=False)


def test_a_consumer_smaller_than_its_queues_is_named() -> None:
    narrow = grown(CATALOG, "agency.control_execution", 16)

    with pytest.raises(
        ValueError, match=r"agency\.control_execution has 16 executions, its queues ask for 17"
    ):
        check_capacity(narrow, 10_000, proxy=False)


def test_scaling_is_done_once() -> None:
    twice = scaled(scaled(CATALOG, 3), 1)

    assert twice == scaled(CATALOG, 3)


def test_one_environment_holds_a_connection_for_each_role_that_it_works_as() -> None:
    for function in CATALOG.functions:
        # Only the migration has one more, at the moment it begins.
        kinds = [getattr(settings, name) for name in function.settings]
        logins = [kind for kind in kinds if issubclass(kind, settings.DatabaseSettings)]
        assert len(logins) == connections_each(function), function.name
        assert (len(logins) > 0) == uses_database(function), function.name
        assert not uses_database(function) or function.zone is Zone.DATA, function.name
