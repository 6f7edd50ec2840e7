"""What everything that is no function may call: the API, the state machines, the schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.assembly.stage import read_context
from infra.assembly.templates import read_templates
from infra.catalog import CATALOG, LIVE
from infra.rights.deployment import Deployment, Role
from infra.rights.evaluate import Policy

STAGES = sorted(read_context()["stages"])


@dataclass(frozen=True)
class Stand:
    """The roles of a stage with their policies, every function under each of its ARNs; buckets' and machines' ARNs
    by name.
    """

    roles: list[tuple[Role, Policy]]
    functions: dict[str, str]
    buckets: dict[str, str]
    machines: dict[str, str]

    def of(self, service: str) -> Iterator[tuple[Role, Policy]]:
        """The roles that a service alone may take."""
        for role, policy in self.roles:
            if {str(statement["Principal"].get("Service")) for statement in role.trusted} == {service}:
                yield role, policy

    def called(self, policy: Policy) -> set[str]:
        """What a policy lets invoke: `agents.think`, `agents.think:live`."""
        return {name for arn, name in self.functions.items() if policy.allows("lambda:InvokeFunction", arn)}


@pytest.fixture(scope="module", params=STAGES)
def stand(request: pytest.FixtureRequest, assembly_of: Callable[[str], Path]) -> Stand:
    """Compiling the policies says that all of them are understood."""
    deployment = Deployment(read_templates(assembly_of(request.param)))
    functions = {
        deployment.arn("lambda", f"function:{function.deployed_name(request.param)}{qualifier}"): (
            f"{function.name}{qualifier}"
        )
        for function in CATALOG.functions
        for qualifier in ("", f":{LIVE}", ":$LATEST", ":1")
    }
    buckets = {
        bucket.name: f"arn:aws:s3:::{bucket.deployed_name(request.param, deployment.account)}"
        for bucket in CATALOG.buckets
    }
    machines = {
        workflow.name: deployment.arn("states", f"stateMachine:{workflow.deployed_name(request.param)}")
        for workflow in CATALOG.workflows
    }
    roles = [(role, Policy(role.statements)) for role in deployment.roles()]
    return Stand(roles, functions, buckets, machines)


def live(names: Iterable[str]) -> set[str]:
    return {f"{name}:{LIVE}" for name in names}


def test_the_api_calls_the_functions_of_its_routes_and_the_authorizer(stand: Stand) -> None:
    invokers = [able for _, policy in stand.of("apigateway.amazonaws.com") if (able := stand.called(policy))]

    assert invokers == [live({CATALOG.authorizer, *(route.function for route in CATALOG.routes)})]


def test_a_state_machine_calls_its_own_functions(stand: Stand) -> None:
    machines = [stand.called(policy) for _, policy in stand.of("states.amazonaws.com")]

    expected = [live(workflow.functions) for workflow in CATALOG.workflows]
    assert sorted(machines, key=sorted) == sorted(expected, key=sorted)


def test_a_state_machine_lists_its_buckets_and_starts_nothing_but_itself(stand: Stand) -> None:
    """Only where it has a distributed map."""
    rights = [
        (
            {name for name, arn in stand.buckets.items() if policy.allows("s3:ListBucket", arn)},
            {name for name, arn in stand.machines.items() if policy.allows("states:StartExecution", arn)},
        )
        for _, policy in stand.of("states.amazonaws.com")
    ]

    expected = [(set(w.lists), {w.name} if w.lists else set()) for w in CATALOG.workflows]
    assert sorted(rights, key=str) == sorted(expected, key=str)


def test_the_schedules_call_their_functions(stand: Stand) -> None:
    scheduled = [stand.called(policy) for _, policy in stand.of("scheduler.amazonaws.com")]

    assert set().union(*scheduled) == live({schedule.function for schedule in CATALOG.schedules})


def test_functions_call_no_function(stand: Stand) -> None:
    """But for the CDK's own, which call what a deployment runs once."""
    for role, policy in stand.of("lambda.amazonaws.com"):
        assert not stand.called(policy) or role.logical_id.startswith("AWSCDKTrigger"), role.logical_id


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PassRole", "arn:aws:iam::111122223333:role/any"),
        ("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/any"),
        ("iam:CreateUser", "*"),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:role/any"),
        ("kms:ScheduleKeyDeletion", "arn:aws:kms:eu-central-1:111122223333:key/any"),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-central-1:111122223333:function:any"),
        ("lambda:AddPermission", "arn:aws:lambda:eu-central-1:111122223333:function:any"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::any"),
        ("s3:DeleteBucket", "arn:aws:s3:::any"),
        ("rds:DeleteDBInstance", "arn:aws:rds:eu-central-1:111122223333:db:any"),
        ("cloudformation:UpdateStack", "*"),
    ],
)
def test_nobody_rules_the_account(stand: Stand, action: str, resource: str) -> None:
    assert [role.logical_id for role, policy in stand.roles if policy.allows(action, resource)] == []
