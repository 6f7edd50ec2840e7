"""What functions may do, evaluated on the synthesised policies: all that their uses say, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.assembly.stage import read_context
from infra.assembly.templates import read_templates
from infra.catalog import CATALOG, Function, Use, Zone
from infra.rights.calls import Call, Need, needs
from infra.rights.deployment import Deployment, Role
from infra.rights.evaluate import Decision, Policy, document
from infra.rights.names import APPLICATION_ROLE, OWNER_ROLE, SYSTEM_ROLE
from infra.rights.statements import statements
from tests.infrastructure.policies import OTHER_ACCOUNT, StageNames, as_list, calls_on, flat

STAGES = sorted(read_context()["stages"])

# What the words of the catalog stand for, as operations of AWS: written down apart from infra.rights.statements.
READING = {"GetObject", "HeadObject", "HeadBucket", "ListObjects", "ListObjectsV2"}
WRITING = {
    "PutObject",
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
}
COPYING = {"CopyObject", "UploadPartCopy"}
GRANTED: Mapping[tuple[str, str], set[str]] = {
    ("bucket", "read"): READING,
    ("bucket", "write"): WRITING,
    ("bucket", "delete"): {"DeleteObject", "DeleteObjects"},
    ("bus", "put"): {"PutEvents"},
    ("queue", "put"): {"SendMessage", "SendMessageBatch"},
    ("secret", "read"): {"GetSecretValue"},
    ("mail", "send"): {"SendEmail"},
    ("embeddings", "invoke"): {"InvokeModel"},
    ("instance", "describe"): {"DescribeDBInstances"},
    ("workflow", "start"): {"StartExecution"},
    ("workflow", "run"): {"StartSyncExecution"},
    ("workflow", "read"): {"DescribeExecution"},
    ("workflow", "stop"): {"StopExecution"},
    ("workflow", "answer"): {"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"},
}
CONSUMING = {
    "ReceiveMessage",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "GetQueueAttributes",
    "GetQueueUrl",
}
LOGINS = {
    "DatabaseSettings": {APPLICATION_ROLE},
    "SystemDatabaseSettings": {APPLICATION_ROLE, SYSTEM_ROLE},
    "OwnerDatabaseSettings": {APPLICATION_ROLE, OWNER_ROLE},
    "MigrationSettings": {APPLICATION_ROLE, OWNER_ROLE},
}


@dataclass(frozen=True)
class Deployed:
    """A stage in an account that does not exist."""

    deployment: Deployment
    names: StageNames
    policies: Mapping[str, Policy]
    roles: Mapping[str, Role]

    def role(self, function: Function) -> Role:
        return self.roles[function.deployed_name(self.names.stage.name)]

    def policy(self, function: Function) -> Policy:
        return self.policies[function.deployed_name(self.names.stage.name)]

    def context(self, function: Function) -> dict[str, str]:
        """What IAM knows of a call that the function's own code makes."""
        return {"lambda:SourceFunctionArn": self.names.function_arn(function)}


def deploy(stage: str, folder: Path, account: str = "111122223333") -> Deployed:
    deployment = Deployment(read_templates(folder), account=account)
    roles = deployment.functions()
    policies = {name: Policy(role.statements) for name, role in roles.items()}
    return Deployed(deployment, StageNames(stage, deployment), policies, roles)


@pytest.fixture(scope="module")
def deployed_of(assembly_of: Callable[[str], Path]) -> Callable[[str], Deployed]:
    made: dict[str, Deployed] = {}

    def get(stage: str) -> Deployed:
        if stage not in made:
            made[stage] = deploy(stage, assembly_of(stage))
        return made[stage]

    return get


def platform(function: Function, deployed: Deployed) -> list[dict[str, Any]]:
    """What the CDK adds to every function: its log, its traces, and the queues that it is fed from."""
    name, arn = function.deployed_name(deployed.names.stage.name), deployed.deployment.arn
    fed = [queue for queue in CATALOG.queues if queue.consumer == function.name]
    consuming = {f"sqs:{operation.removesuffix('Batch')}" for operation in CONSUMING}
    return [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arn("logs", f"log-group:/aws/lambda/{name}:*"),
        },
        {"Effect": "Allow", "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "Resource": "*"},
        *(
            {"Effect": "Allow", "Action": sorted(consuming), "Resource": deployed.names.queue_arn(queue.name)}
            for queue in fed
        ),
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_the_policy_of_every_function_is_what_its_uses_grant(
    deployed_of: Callable[[str], Deployed], stage: str
) -> None:
    deployed = deployed_of(stage)

    for function in CATALOG.functions:
        role = deployed.role(function)
        granted = [document(statement) for statement in statements(function, deployed.names)]
        assert flat(role.statements) == flat([*granted, *platform(function, deployed)]), function.name
        assert role.managed == ()


def may(function: Function, thing: str, call: Call) -> bool:
    """Whether the words of the catalog allow a function a call on a thing."""
    uses = {
        action: GRANTED[thing.partition(":")[0], action]
        for resource, action in ((use.resource, use.action) for use in function.uses)
        if resource == thing
    }
    if thing.startswith("bucket:") and call.operation in COPYING:
        return uses.keys() >= {"read", "write"}
    if call.operation == "DeleteObject" and "VersionId" in call.parameters:
        return False
    if thing.startswith("queue:"):
        fed = any(f"queue:{q.name}" == thing and q.consumer == function.name for q in CATALOG.queues)
        return call.operation in set().union(*uses.values(), CONSUMING if fed else ())
    if thing.startswith("login:"):
        taken = set().union(*(LOGINS.get(name, set()) for name in function.settings))
        return Use("database", "connect") in function.uses and thing.partition(":")[2] in taken
    if thing == "administrator":
        administrates = "MigrationSettings" in function.settings
        return administrates and call.operation == "GetSecretValue"
    return call.operation in set().union(*uses.values())


def allowed(deployed: Deployed, function: Function, wanted: tuple[Need, ...]) -> bool:
    policy, context = deployed.policy(function), deployed.context(function)
    return all(policy.allows(need.action, need.resource, {**context, **need.context}) for need in wanted)


@pytest.mark.parametrize("stage", STAGES)
def test_a_function_may_do_what_its_uses_say_and_nothing_else(
    deployed_of: Callable[[str], Deployed], stage: str
) -> None:
    deployed = deployed_of(stage)
    everything = [
        (thing, call, needs(call, deployed.names.place)) for thing, call in calls_on(deployed.names)
    ]

    wrong = [
        (function.name, call, "denied" if may(function, thing, call) else "allowed")
        for function in CATALOG.functions
        for thing, call, wanted in everything
        if allowed(deployed, function, wanted) is not may(function, thing, call)
    ]

    assert wrong == [], wrong[:5]


@pytest.mark.parametrize(("stage", "other"), [("dev", "prod"), ("prod", "dev")])
def test_nothing_of_another_stage_is_in_reach(
    deployed_of: Callable[[str], Deployed], stage: str, other: str
) -> None:
    """Foundation models, and whoever sends the mail of both, are the account's; metrics name no stage."""
    deployed, theirs = deployed_of(stage), deployed_of(other)
    shared = ("embeddings", "mail")
    foreign = [
        needs(call, theirs.names.place) for thing, call in calls_on(theirs.names) if thing not in shared
    ]

    reached = [
        (function.name, wanted)
        for function in CATALOG.functions
        for wanted in foreign
        if any(allowed(deployed, function, (need,)) for need in wanted)
    ]

    assert {need.action for _, wanted in reached for need in wanted} == set()


def test_nothing_of_another_account_is_in_reach(
    deployed_of: Callable[[str], Deployed], assembly_of: Callable[[str], Path]
) -> None:
    deployed = deployed_of("dev")
    theirs = deploy("dev", assembly_of("dev"), account=OTHER_ACCOUNT)
    foreign = [
        needs(call, theirs.names.place) for thing, call in calls_on(theirs.names) if thing != "embeddings"
    ]

    assert not any(
        allowed(deployed, function, (need,))
        for function in CATALOG.functions
        for wanted in foreign
        for need in wanted
    )


@pytest.mark.parametrize("stage", STAGES)
def test_only_the_lambda_service_is_a_function(deployed_of: Callable[[str], Deployed], stage: str) -> None:
    for role in deployed_of(stage).roles.values():
        (trusted,) = role.trusted
        assert trusted == {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }


@pytest.mark.parametrize("stage", STAGES)
def test_the_edge_knows_no_database_and_no_network(
    deployed_of: Callable[[str], Deployed], stage: str
) -> None:
    deployed = deployed_of(stage)

    for function in CATALOG.functions:
        policy, context = deployed.policy(function), deployed.context(function)
        interfaces = policy.decide("ec2:CreateNetworkInterface", "*", context)
        if function.zone is Zone.EDGE:
            assert interfaces is Decision.DENIED
            for login in (APPLICATION_ROLE, OWNER_ROLE, SYSTEM_ROLE):
                assert not policy.allows("rds-db:connect", deployed.names.database_login_arn(login))
        else:
            # Lambda itself makes interfaces with the function's role; its code does not.
            assert interfaces is Decision.FORBIDDEN
            assert policy.allows("ec2:CreateNetworkInterface", "*")


@pytest.mark.parametrize("stage", STAGES)
def test_the_network_carries_what_the_data_zone_may_ask_of_buckets_and_no_more(
    deployed_of: Callable[[str], Deployed], stage: str
) -> None:
    deployed = deployed_of(stage)
    carried = [
        statement
        for _, _, endpoint in deployed.deployment.resources("AWS::EC2::VPCEndpoint")
        for statement in endpoint.get("PolicyDocument", {}).get("Statement", [])
        if statement.get("Sid") == "OwnBucketsOnly"
    ]
    granted = {
        action
        for function in CATALOG.functions
        if function.zone is Zone.DATA
        for statement in deployed.role(function).statements
        for action in as_list(statement["Action"])
        if action.startswith("s3:")
    }

    assert [set(statement["Action"]) for statement in carried] == [granted]


def test_the_key_of_the_buckets_serves_by_way_of_s3_only(deployed_of: Callable[[str], Deployed]) -> None:
    deployed = deployed_of("prod")
    reader = CATALOG.function("agency.apply_launch")
    policy, key = deployed.policy(reader), deployed.names.data_key_arn()

    assert policy.allows("kms:Decrypt", key, {"kms:ViaService": deployed.names.s3_service()})
    assert not policy.allows("kms:Decrypt", key)
    assert not policy.allows("kms:Decrypt", key, {"kms:ViaService": "rds.eu-central-1.amazonaws.com"})
