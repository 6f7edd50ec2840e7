"""The network writes down what passes it, carries no stranger's login, and its default group lets nobody in."""

from __future__ import annotations

import json

import pytest

from shared.periods import LOGS
from tests.infrastructure.stores import STAGES, only, resources, stores


@pytest.mark.parametrize("stage", STAGES)
def test_all_traffic_is_logged_where_logs_end_after_thirty_days(stage: str) -> None:
    log = only(stores(stage), "AWS::EC2::FlowLog")

    assert log["TrafficType"] == "ALL"
    assert log["ResourceType"] == "VPC"
    assert log["LogDestinationType"] == "s3"
    destination = json.dumps(log["LogDestination"])
    assert "AccessLogsBucket" in destination
    assert "/network/" in destination
    assert LOGS.active.days == 30


@pytest.mark.parametrize("stage", STAGES)
def test_the_default_group_lets_nobody_in_or_out(stage: str) -> None:
    closed = only(stores(stage), "Custom::VpcRestrictDefaultSG")

    assert closed["DefaultSecurityGroupId"]["Fn::GetAtt"][1] == "DefaultSecurityGroup"
    for group in resources(stores(stage), "AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]


@pytest.mark.parametrize("stage", STAGES)
def test_endpoints_of_functions_carry_this_accounts_logins_only(stage: str) -> None:
    account = {"Ref": "AWS::AccountId"}
    for name, endpoint in resources(stores(stage), "AWS::EC2::VPCEndpoint").items():
        if not name.startswith(("VpcBusEndpoint", "VpcSecretEndpoint", "VpcEmbeddingsEndpoint")):
            continue
        for statement in endpoint["Properties"]["PolicyDocument"]["Statement"]:
            ours = statement["Condition"]["StringEquals"]
            assert ours["aws:PrincipalAccount"] == account, name
            assert ours.get("aws:ResourceAccount", account) == account, name
            assert "*" not in json.dumps(statement["Action"]), name


@pytest.mark.parametrize("stage", STAGES)
def test_data_subnets_lie_in_two_zones(stage: str) -> None:
    subnets = [
        resource["Properties"]
        for name, resource in resources(stores(stage), "AWS::EC2::Subnet").items()
        if name.startswith("Vpcdata")
    ]

    assert len({json.dumps(subnet["AvailabilityZone"]) for subnet in subnets}) == len(subnets) == 2
    assert {subnet["MapPublicIpOnLaunch"] for subnet in subnets} == {False}
