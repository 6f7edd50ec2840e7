"""How policies are written: no wildcard for an action, none of AWS's own. What they allow is in test_policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

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


def test_only_what_makes_tables_logs_in_as_their_owner(templates: Templates) -> None:
    owners = {
        logical_id.split("Role")[0]
        for logical_id, statement in policies(templates)
        if "/robo_owner" in json.dumps(statement["Resource"])
    }

    assert owners == {"StewardshipMigrateDatabase", "StewardshipMaintainPartitions"}
