"""What runs, in every stage: each function's role, zone, numbers and alias; schedules; what CloudFormation takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.assembly.database_sizes import connections_for_functions, database_connections
from infra.assembly.deployment import AT_DEPLOYMENT
from infra.assembly.release import release_of
from infra.assembly.stage import Stage, read_context
from infra.catalog import CATALOG, LIVE, Catalog, Function, Schedule, Zone
from infra.catalog.capacity import PROXY_SHARE, connections_each, database_demand, scaled
from infra.equality.templates import Resource, Templates
from shared.periods import LOGS
from tests.infrastructure.conftest import read_templates

# CloudFormation takes 500.
MOST_RESOURCES = 450

stages = pytest.mark.parametrize("stage", sorted(read_context()["stages"]))
functions = pytest.mark.parametrize("function", CATALOG.functions, ids=lambda function: function.name)
schedules = pytest.mark.parametrize("schedule", CATALOG.schedules, ids=lambda schedule: schedule.name)


class Deployed:
    """The templates of a stage, and its catalog."""

    def __init__(self, stage: str, folder: Path) -> None:
        self.stage = Stage.from_context(stage, read_context())
        self.catalog: Catalog = scaled(CATALOG, self.stage.concurrency_factor)
        self.raw = read_templates(folder)
        self.templates = Templates(self.raw, stage)
        self._functions = {
            str(found.properties["FunctionName"]): found
            for found in self.templates.of_type("AWS::Lambda::Function")
            if "FunctionName" in found.properties
        }

    def function(self, described: Function) -> Resource:
        return self._functions[described.deployed_name(self.stage.name)]

    def numbers(self, described: Function) -> Function:
        return self.catalog.function(described.name)

    def of(self, type_: str, property_: str, function: Resource) -> list[Resource]:
        """Resources of a type that point at a function by a property."""
        return [
            found
            for found in self.templates.of_type(type_)
            if self.templates.referred(found.properties.get(property_), found.stack, function.type)
            == function
        ]

    def policies(self, role: Resource) -> Iterator[dict[str, Any]]:
        for policy in self.templates.of_type("AWS::IAM::Policy"):
            for named in policy.properties["Roles"]:
                if self.templates.referred(named, policy.stack, role.type) == role:
                    yield from policy.properties["PolicyDocument"]["Statement"]


@pytest.fixture(scope="session")
def deployed(assembly_of: Callable[[str], Path]) -> Callable[[str], Deployed]:
    """What a stage deploys; read only."""
    return cache(lambda stage: Deployed(stage, assembly_of(stage)))


Of = Callable[[str], Deployed]


@stages
@functions
def test_a_function_has_a_role_of_its_own_that_lambda_alone_assumes(
    deployed: Of, stage: str, function: Function
) -> None:
    system = deployed(stage)
    made = system.function(function)
    role = system.templates.referred(made.properties["Role"], made.stack, "AWS::IAM::Role")

    assert role is not None
    assert role.properties["Description"] == f"Runs {function.name}"
    (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "ManagedPolicyArns" not in role.properties
    sharing = [
        other
        for other in system.templates.of_type("AWS::Lambda::Function")
        if system.templates.referred(other.properties["Role"], other.stack, "AWS::IAM::Role") == role
    ]
    assert sharing == [made]


@stages
@functions
def test_a_function_runs_in_its_zone(deployed: Of, stage: str, function: Function) -> None:
    system = deployed(stage)
    made = system.function(function)
    network = made.properties.get("VpcConfig")

    if function.zone is Zone.EDGE:
        assert network is None
        return
    assert network is not None
    assert len(network["SubnetIds"]) == 2
    (group,) = network["SecurityGroupIds"]
    found = system.templates.referred(group, made.stack, "AWS::EC2::SecurityGroup")
    assert found is not None
    assert found.properties["GroupDescription"] == "RoboAgency: functions of the data zone"


@stages
@functions
def test_a_function_has_the_size_and_the_numbers_of_the_catalog(
    deployed: Of, stage: str, function: Function
) -> None:
    properties = deployed(stage).function(function).properties

    assert properties["Timeout"] == function.timeout
    assert properties["MemorySize"] == function.memory
    assert properties["ReservedConcurrentExecutions"] == deployed(stage).numbers(function).concurrency
    assert properties["Architectures"] == ["arm64"]
    assert properties["Runtime"] == "python3.13"
    assert properties["TracingConfig"] == {"Mode": "Active"}
    # Nothing of ours is large on disk, and nothing that an asynchronous call carries is worth keeping.
    assert not {"EphemeralStorage", "DeadLetterConfig", "SnapStart", "KmsKeyArn"} & properties.keys()


@stages
@functions
def test_a_function_logs_json_into_its_own_group_for_as_long_as_logs_are_kept(
    deployed: Of, stage: str, function: Function
) -> None:
    system = deployed(stage)
    made = system.function(function)
    logging = made.properties["LoggingConfig"]
    group = system.templates.referred(logging["LogGroup"], made.stack, "AWS::Logs::LogGroup")

    assert logging["LogFormat"] == "JSON"
    assert (logging["ApplicationLogLevel"], logging["SystemLogLevel"]) == ("INFO", "INFO")
    assert group is not None
    assert group.properties["LogGroupName"] == f"/aws/lambda/{function.deployed_name(stage)}"
    assert group.properties["RetentionInDays"] == LOGS.active.days


@stages
@functions
def test_a_function_is_called_by_its_alias_and_its_versions_are_kept(
    deployed: Of, stage: str, function: Function
) -> None:
    system = deployed(stage)
    made = system.function(function)
    (alias,) = system.of("AWS::Lambda::Alias", "FunctionName", made)
    (version,) = system.of("AWS::Lambda::Version", "FunctionName", made)

    assert alias.properties["Name"] == LIVE
    points_at = alias.properties["FunctionVersion"]
    assert system.templates.referred(points_at, alias.stack, "AWS::Lambda::Version") == version
    body = system.raw[version.stack]["Resources"][version.logical_id]
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert release_of(made.properties["Description"])
    assert len(made.properties["Description"]) <= 256


@stages
def test_a_stage_is_one_release(deployed: Of, stage: str) -> None:
    system = deployed(stage)
    found = {
        release_of(system.function(function).properties["Description"]) for function in CATALOG.functions
    }

    assert len(found) == 1


def test_another_stage_is_another_release(deployed: Of) -> None:
    function = CATALOG.functions[0]
    found = {
        release_of(deployed(stage).function(function).properties["Description"])
        for stage in read_context()["stages"]
    }

    assert len(found) == len(read_context()["stages"])


@stages
def test_nothing_calls_a_function_past_its_alias(deployed: Of, stage: str) -> None:
    """Who may invoke what is said in roles; a function's own ARN stands in none of them."""
    system = deployed(stage)
    for policy in system.templates.of_type("AWS::IAM::Policy"):
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if "lambda:InvokeFunction" not in actions or "Provider" in policy.logical_id:
                continue
            arns = (
                statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            )
            for arn in arns:
                called = system.templates.called(arn, policy.stack)
                if called in {f"({own}, not its alias)" for own in _at_deployment(stage)}:
                    continue  # the CDK's provider calls the version that was just published
                assert not called.startswith("("), f"{policy.id}: {called}"


def _without_stage(name: str, stage: str) -> str:
    """The deployed name of a function of the catalog, as templates are read: without `robo-<stage>-`."""
    return CATALOG.function(name).deployed_name(stage).removeprefix(f"robo-{stage}-")


def _at_deployment(stage: str) -> set[str]:
    return {_without_stage(name, stage) for name in AT_DEPLOYMENT}


@stages
def test_no_function_has_an_address_or_lets_a_service_in_by_itself(deployed: Of, stage: str) -> None:
    types = deployed(stage).templates.types()

    assert "AWS::Lambda::Url" not in types
    assert "AWS::Lambda::Permission" not in types


@stages
@schedules
def test_a_schedule_calls_its_function_to_the_minute(deployed: Of, stage: str, schedule: Schedule) -> None:
    system = deployed(stage)
    (made,) = [
        found
        for found in system.templates.of_type("AWS::Scheduler::Schedule")
        if found.properties["Name"] == schedule.deployed_name(stage)
    ]
    target = made.properties["Target"]

    assert made.properties["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert made.properties["GroupName"] == f"robo-{stage}"
    again = 0 if schedule.minutes < 60 else 2
    seconds = min(schedule.minutes, 360) * 60
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": again, "MaximumEventAgeInSeconds": seconds}
    function = system.function(CATALOG.function(schedule.function))
    (asked,) = system.of("AWS::Lambda::EventInvokeConfig", "FunctionName", function)
    assert system.templates.called(asked.properties["Qualifier"], asked.stack) == _without_stage(
        schedule.function, stage
    )
    assert asked.properties["MaximumRetryAttempts"] == again
    assert asked.properties["MaximumEventAgeInSeconds"] == seconds


@stages
def test_the_clock_calls_what_is_scheduled_and_nothing_else(deployed: Of, stage: str) -> None:
    system = deployed(stage)
    roles = {
        role.id: role
        for made in system.templates.of_type("AWS::Scheduler::Schedule")
        if (
            role := system.templates.referred(
                made.properties["Target"]["RoleArn"], made.stack, "AWS::IAM::Role"
            )
        )
    }
    (role,) = roles.values()
    (trust,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    (statement,) = system.policies(role)

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"].keys() == {"aws:SourceAccount", "aws:SourceArn"}
    assert statement["Action"] == "lambda:InvokeFunction"
    scheduled = {_without_stage(schedule.function, stage) for schedule in CATALOG.schedules}
    assert {system.templates.called(arn, role.stack) for arn in statement["Resource"]} == scheduled


@stages
def test_no_function_embeds_with_what_is_in_no_layer(deployed: Of, stage: str) -> None:
    system = deployed(stage)
    providers = {
        system.function(function).properties["Environment"]["Variables"]["EMBEDDING_PROVIDER"]
        for function in CATALOG.functions
        if "EmbeddingSettings" in function.settings
    }

    assert providers == {"bedrock"}


@stages
def test_a_workflow_calls_aliases_so_that_a_redriven_run_meets_the_repaired_function(
    deployed: Of, stage: str
) -> None:
    system = deployed(stage)
    buckets = {bucket.construct_id for bucket in CATALOG.buckets}
    for machine in system.templates.of_type("AWS::StepFunctions::StateMachine"):
        gaps = {
            gap: value
            for gap, value in machine.properties["DefinitionSubstitutions"].items()
            if gap not in buckets
        }
        assert all(
            system.templates.referred(arn, machine.stack, "AWS::Lambda::Alias") for arn in gaps.values()
        )
        assert system.templates.referred(gaps, machine.stack, "AWS::Lambda::Version") is None
        role = system.templates.referred(machine.properties["RoleArn"], machine.stack, "AWS::IAM::Role")
        assert role is not None
        invoked = [found for found in system.policies(role) if found["Action"] == "lambda:InvokeFunction"]
        assert [len(found["Resource"]) for found in invoked] == [len(gaps)]


@stages
def test_what_the_templates_reserve_fits_the_database(deployed: Of, stage: str) -> None:
    system = deployed(stage)
    held = sum(
        system.function(function).properties["ReservedConcurrentExecutions"] * connections_each(function)
        for function in CATALOG.functions
    )
    instance = system.stage.database_class

    assert held == database_demand(system.catalog)
    assert connections_for_functions(instance) < database_connections(instance)
    assert held <= connections_for_functions(instance) * (PROXY_SHARE if system.stage.database_proxy else 1)


@stages
def test_a_consumer_is_never_handed_more_than_it_may_run(deployed: Of, stage: str) -> None:
    system = deployed(stage)
    handed: Counter[str] = Counter()
    for mapping in system.templates.of_type("AWS::Lambda::EventSourceMapping"):
        consumer = system.templates.referred(
            mapping.properties["FunctionName"], mapping.stack, "AWS::Lambda::Alias"
        )
        assert consumer is not None
        function = system.templates.referred(
            consumer.properties["FunctionName"], consumer.stack, "AWS::Lambda::Function"
        )
        assert function is not None
        handed[function.id] += mapping.properties["ScalingConfig"]["MaximumConcurrency"]
        assert handed[function.id] <= function.properties["ReservedConcurrentExecutions"]
    assert len(handed) == len({queue.consumer for queue in CATALOG.queues})


@stages
def test_every_stack_has_room_to_grow(deployed: Of, stage: str) -> None:
    counts = {name: len(template["Resources"]) for name, template in deployed(stage).raw.items()}

    print(json.dumps(counts, indent=1))
    assert max(counts.values()) <= MOST_RESOURCES, counts
