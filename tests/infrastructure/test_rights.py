"""Who may do what, read from the synthesised policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from infra.catalog import CATALOG, Zone
from tests.infrastructure.conftest import Templates

Statement = dict[str, Any]

# AWS has no narrower resource for these.
UNBOUNDED = {
    "ec2:DescribeInstances",
    "ec2:DescribeSnapshots",
    "ec2:DescribeVolumes",
    "ecr:GetAuthorizationToken",
    "ecs:DiscoverPollEndpoint",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def policies(templates: Templates) -> Iterator[tuple[str, Statement]]:
    """Each statement of each role's policy, with the policy's logical id."""
    for template in templates.values():
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == "AWS::IAM::Policy":
                for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                    yield logical_id, statement


def allowed(templates: Templates, construct_id: str) -> dict[str, str]:
    """Action → its resources as JSON, for the role of one function."""
    return {
        action: json.dumps(statement["Resource"])
        for logical_id, statement in policies(templates)
        if logical_id.startswith(f"{construct_id}Role") and statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }


def test_no_policy_names_actions_by_wildcard(templates: Templates) -> None:
    assert [
        (id_, action)
        for id_, statement in policies(templates)
        for action in as_list(statement["Action"])
        if "*" in action
    ] == []


def test_only_what_aws_cannot_bound_is_allowed_on_everything(templates: Templates) -> None:
    unbounded = {
        action
        for _, statement in policies(templates)
        if statement["Effect"] == "Allow" and "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }

    assert unbounded <= UNBOUNDED


def test_no_function_has_a_policy_of_aws(templates: Templates) -> None:
    managed = {
        logical_id
        for template in templates.values()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role" and "ManagedPolicyArns" in resource["Properties"]
    }

    # The API's role to write logs, which AWS documents so, and those of the CDK's own providers: of triggers, and of
    # the one that takes the rules from a network's default group.
    own = ("AWSCDKTrigger", "CustomVpcRestrictDefaultSG")
    assert all("CloudWatchRole" in role or role.startswith(own) for role in managed)


def test_the_edge_has_no_database_and_the_data_zone_no_workflow(templates: Templates) -> None:
    for function in CATALOG.functions:
        actions = allowed(templates, function.construct_id)
        if function.zone is Zone.EDGE:
            assert "rds-db:connect" not in actions
        else:
            assert not any(action.startswith("states:") for action in actions)


def test_rights_are_those_of_the_uses_and_no_more(templates: Templates) -> None:
    expected = {
        "bucket/read": {"kms:Decrypt", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"},
        "bucket/write": {"kms:Decrypt", "kms:GenerateDataKey", "s3:AbortMultipartUpload", "s3:PutObject"},
        "bus/put": {"events:PutEvents"},
        "secret/read": {"secretsmanager:GetSecretValue"},
        "embeddings/invoke": {"bedrock:InvokeModel"},
        "mail/send": {"ses:SendEmail", "ses:SendRawEmail"},
        "database/connect": {"rds-db:connect"},
        "instance/describe": {"rds:DescribeDBInstances"},
        "cache/connect": set(),
        "vectors/read": set(),
        "vectors/write": set(),
        "workflow/start": {"states:StartExecution"},
        "workflow/read": {"states:DescribeExecution"},
        "workflow/stop": {"states:StopExecution"},
        "workflow/answer": {"states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"},
    }
    platform = UNBOUNDED | {"logs:CreateLogStream", "logs:PutLogEvents"}
    from_queue = {
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
    }
    consumers = {queue.consumer for queue in CATALOG.queues}

    for function in CATALOG.functions:
        uses = {f"{use.resource.split(':')[0]}/{use.action}" for use in function.uses}
        wanted = set().union(
            *(expected[use] for use in uses), from_queue if function.name in consumers else ()
        )
        assert allowed(templates, function.construct_id).keys() - platform == wanted, function.name


def test_think_reads_its_key_and_the_handoff_and_nothing_else(templates: Templates) -> None:
    actions = allowed(templates, "AgentsThink")

    assert "ModelKeySecret" in actions["secretsmanager:GetSecretValue"]
    assert "HandoffBucket" in actions["s3:GetObject"]
    assert "AssetsBucket" not in json.dumps(actions)


def test_code_in_the_data_zone_may_not_touch_network_interfaces(templates: Templates) -> None:
    denied = {
        logical_id.split("Role")[0]
        for logical_id, statement in policies(templates)
        if statement["Effect"] == "Deny" and "lambda:SourceFunctionArn" in json.dumps(statement["Condition"])
    }

    assert denied == {function.construct_id for function in CATALOG.functions if function.zone is Zone.DATA}


def test_only_what_makes_tables_logs_in_as_their_owner(templates: Templates) -> None:
    owners = {
        logical_id.split("Role")[0]
        for logical_id, statement in policies(templates)
        if "/robo_owner" in json.dumps(statement["Resource"])
    }

    assert owners == {"StewardshipMigrateDatabase", "StewardshipMaintainPartitions"}


def test_the_workflow_invokes_its_functions_only(templates: Templates) -> None:
    (statement,) = [
        statement
        for logical_id, statement in policies(templates)
        if logical_id.startswith("ProtoV1") and statement["Action"] == "lambda:InvokeFunction"
    ]

    called = {resource["Fn::GetAtt"][0].split("Function")[0] for resource in statement["Resource"]}

    assert called == {CATALOG.function(name).construct_id for name in CATALOG.workflows[0].functions}
