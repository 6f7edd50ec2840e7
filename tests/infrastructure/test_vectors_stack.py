"""The vector engine on AWS: who reaches it, what it reaches, what opens it, and what outlives its machine.

`dev` gives its host an address, `prod` interface endpoints.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.assembly.stage import Stage, read_context
from infra.catalog import CATALOG, Use
from tests.infrastructure.conftest import Templates, read_templates

Resource = dict[str, Any]
STAGES = ("dev", "prod")


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage.from_context(request.param, read_context())


@pytest.fixture
def all_templates(stage: Stage, assembly_of: Callable[[str], Path]) -> Templates:
    return read_templates(assembly_of(stage.name))


@pytest.fixture
def vectors(all_templates: Templates, stage: Stage) -> dict[str, Resource]:
    resources: dict[str, Resource] = all_templates[f"robo-{stage.name}-vectors"]["Resources"]
    return resources


@pytest.fixture
def network(all_templates: Templates, stage: Stage) -> dict[str, Resource]:
    resources: dict[str, Resource] = all_templates[f"robo-{stage.name}-network"]["Resources"]
    return resources


def of_type(resources: dict[str, Resource], type_: str) -> dict[str, dict[str, Any]]:
    """Properties by logical id."""
    return {
        id_: resource.get("Properties", {})
        for id_, resource in resources.items()
        if resource["Type"] == type_
    }


def only(resources: dict[str, Resource], type_: str) -> dict[str, Any]:
    (found,) = of_type(resources, type_).values()
    return found


def container(vectors: dict[str, Resource]) -> dict[str, Any]:
    (found,) = only(vectors, "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    made: dict[str, Any] = found
    return made


def statements(vectors: dict[str, Resource], role: str) -> dict[str, dict[str, Any]]:
    """Statements of the policy whose id starts with `role`, by their actions; two of one action by their order."""
    (policy,) = [p for id_, p in of_type(vectors, "AWS::IAM::Policy").items() if id_.startswith(role)]
    found: dict[str, dict[str, Any]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"]
        name = ",".join(sorted([actions] if isinstance(actions, str) else actions))
        found[name if name not in found else f"{name} again"] = statement
    return found


def group_named(network: dict[str, Resource], start: str) -> str:
    (found,) = [id_ for id_ in of_type(network, "AWS::EC2::SecurityGroup") if id_.startswith(start)]
    return found


def test_only_functions_of_the_data_zone_reach_the_engine(network: dict[str, Resource]) -> None:
    engine, functions = group_named(network, "VectorsGroup"), group_named(network, "FunctionsGroup")
    ingress = [
        rule
        for rule in of_type(network, "AWS::EC2::SecurityGroupIngress").values()
        if engine in json.dumps(rule["GroupId"])
    ]

    assert [(rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) for rule in ingress] == [
        (6333, 6333, "tcp")
    ]
    assert ingress[0]["SourceSecurityGroupId"] == {"Fn::GetAtt": [functions, "GroupId"]}


def test_the_engine_itself_reaches_nothing(network: dict[str, Resource]) -> None:
    engine = group_named(network, "VectorsGroup")
    # CloudFormation gives a group without a rule the right to go anywhere; this one leads nowhere.
    (nowhere,) = network[engine]["Properties"]["SecurityGroupEgress"]

    assert (nowhere["CidrIp"], nowhere["IpProtocol"]) == ("255.255.255.255/32", "icmp")
    assert not [
        rule
        for rule in of_type(network, "AWS::EC2::SecurityGroupEgress").values()
        if engine in json.dumps(rule["GroupId"])
    ]


def test_the_task_has_its_own_interface_among_the_data_without_an_address(
    vectors: dict[str, Resource], stage: Stage
) -> None:
    service = only(vectors, "AWS::ECS::Service")
    interface = service["NetworkConfiguration"]["AwsvpcConfiguration"]

    assert only(vectors, "AWS::ECS::TaskDefinition")["NetworkMode"] == "awsvpc"
    assert interface["AssignPublicIp"] == "DISABLED"
    assert "VpcdataSubnet1" in json.dumps(interface["Subnets"])
    assert "VectorsGroup" in json.dumps(interface["SecurityGroups"])
    assert service["EnableExecuteCommand"] is False


def test_no_subnet_of_the_data_has_a_route_out(network: dict[str, Resource], stage: Stage) -> None:
    table_of = {
        association["SubnetId"]["Ref"]: association["RouteTableId"]["Ref"]
        for association in of_type(network, "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    leading_out = {route["RouteTableId"]["Ref"] for route in of_type(network, "AWS::EC2::Route").values()}
    with_way_out = {subnet for subnet, table in table_of.items() if table in leading_out}
    public = {subnet for subnet in table_of if not subnet.startswith("Vpcdata")}

    assert len(table_of) - len(public) == 2
    assert with_way_out == public
    assert len(public) == (1 if stage.vectors_way_out == "address" else 0)
    for subnet in of_type(network, "AWS::EC2::Subnet").values():
        assert subnet["MapPublicIpOnLaunch"] is False


def test_the_host_lets_nobody_in_and_speaks_tls_alone(network: dict[str, Resource]) -> None:
    host = group_named(network, "VectorsHostGroup")

    assert "SecurityGroupIngress" not in network[host]["Properties"]
    assert not [
        rule
        for rule in of_type(network, "AWS::EC2::SecurityGroupIngress").values()
        if host in json.dumps(rule["GroupId"])
    ]
    assert {(r["FromPort"], r["ToPort"]) for r in network[host]["Properties"]["SecurityGroupEgress"]} == {
        (443, 443)
    }


def test_the_host_has_the_way_out_that_its_stage_chose(
    network: dict[str, Resource], vectors: dict[str, Resource], stage: Stage
) -> None:
    by_address = stage.vectors_way_out == "address"
    template = only(vectors, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    services = {
        json.dumps(endpoint["ServiceName"]).split('."')[-1].rstrip('"]} ').split("amazonaws.com.")[-1]
        for id_, endpoint in of_type(network, "AWS::EC2::VPCEndpoint").items()
        if id_.startswith("Vectors")
    }
    named = json.dumps(sorted(services))

    assert template["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is by_address
    assert bool(of_type(network, "AWS::EC2::InternetGateway")) is by_address
    zone = json.dumps(only(vectors, "AWS::AutoScaling::AutoScalingGroup")["VPCZoneIdentifier"])
    assert ("VectorsHostSubnet" if by_address else "VpcdataSubnet1") in zone
    assert len(services) == (0 if by_address else 7)
    for service in () if by_address else ("ecs-agent", "ecs-telemetry", "ecr.api", "ecr.dkr", "logs", "ec2"):
        assert service in named
    gateway = json.dumps(
        [e["PolicyDocument"] for id_, e in of_type(network, "AWS::EC2::VPCEndpoint").items() if "S3" in id_]
    )
    assert ("starport-layer-bucket" in gateway) is not by_address


def test_the_host_may_publish_its_certificate_through_the_endpoint(network: dict[str, Resource]) -> None:
    """The endpoint of Secrets Manager answers to the service's name in the whole network, for the host as well."""
    host, endpoints = group_named(network, "VectorsHostGroup"), group_named(network, "EndpointsGroup")
    (secrets,) = [
        e for id_, e in of_type(network, "AWS::EC2::VPCEndpoint").items() if "SecretEndpoint" in id_
    ]
    let_in = [
        rule["SourceSecurityGroupId"]
        for rule in of_type(network, "AWS::EC2::SecurityGroupIngress").values()
        if endpoints in json.dumps(rule["GroupId"])
    ]

    assert {"Fn::GetAtt": [host, "GroupId"]} in let_in
    assert "secretsmanager:PutSecretValue" in json.dumps(secrets["PolicyDocument"])


def test_descriptions_of_groups_and_rules_are_what_ec2_takes(network: dict[str, Resource]) -> None:
    rules = [
        *of_type(network, "AWS::EC2::SecurityGroupIngress").values(),
        *of_type(network, "AWS::EC2::SecurityGroupEgress").values(),
    ]
    for group in of_type(network, "AWS::EC2::SecurityGroup").values():
        rules += group.get("SecurityGroupEgress", [])
        rules.append({"Description": group["GroupDescription"]})

    for rule in rules:
        assert set(rule["Description"]) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-:/()#,@[]+=&;{}!$*"
        ), rule["Description"]


def test_there_is_one_engine_at_a_time(vectors: dict[str, Resource]) -> None:
    service = only(vectors, "AWS::ECS::Service")
    deployment = service["DeploymentConfiguration"]
    group = only(vectors, "AWS::AutoScaling::AutoScalingGroup")
    (rolling,) = [
        resource["UpdatePolicy"]["AutoScalingRollingUpdate"]
        for resource in vectors.values()
        if resource["Type"] == "AWS::AutoScaling::AutoScalingGroup"
    ]

    assert service["DesiredCount"] == 1
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (0, 100)
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (group["MinSize"], group["MaxSize"]) == ("1", "1")
    assert len(group["VPCZoneIdentifier"]) == 1
    assert rolling["MinInstancesInService"] == 0


def test_its_host_ends_gently_and_asks_for_metadata_with_a_token(vectors: dict[str, Resource]) -> None:
    provider = only(vectors, "AWS::ECS::CapacityProvider")["AutoScalingGroupProvider"]
    template = only(vectors, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    tags = {tag["Key"] for tag in only(vectors, "AWS::AutoScaling::AutoScalingGroup")["Tags"]}

    assert provider["ManagedDraining"] == "ENABLED"
    assert "AmazonECSManaged" in tags
    assert template["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpPutResponseHopLimit": 1,
        "HttpTokens": "required",
    }
    assert "KeyName" not in template
    assert template["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert all(mapping["Ebs"]["Encrypted"] is True for mapping in template["BlockDeviceMappings"])


def test_its_image_of_the_host_is_what_aws_recommends_for_arm(
    all_templates: Templates, vectors: dict[str, Resource], stage: Stage
) -> None:
    image = only(vectors, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]["ImageId"]["Ref"]
    parameter = all_templates[f"robo-{stage.name}-vectors"]["Parameters"][image]

    assert (
        parameter["Default"] == "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    )


def test_the_volume_is_a_thing_of_its_own_encrypted_and_kept_where_data_is(
    vectors: dict[str, Resource], stage: Stage
) -> None:
    (volume,) = [r for r in vectors.values() if r["Type"] == "AWS::EC2::Volume"]
    kept = "Retain" if stage.keeps_data else "Delete"

    assert volume["Properties"]["Encrypted"] is True
    assert volume["Properties"]["VolumeType"] == "gp3"
    assert volume["Properties"]["Size"] == stage.vectors_gib
    assert (volume["DeletionPolicy"], volume["UpdateReplacePolicy"]) == (kept, kept)
    assert "AvailabilityZone" in json.dumps(volume["Properties"]["AvailabilityZone"]), "that of its subnet"


def test_the_engine_writes_to_its_volume_alone_as_nobody_special(vectors: dict[str, Resource]) -> None:
    made = container(vectors)
    volumes = {
        volume["Name"]: volume["Host"]["SourcePath"]
        for volume in only(vectors, "AWS::ECS::TaskDefinition")["Volumes"]
    }
    writable = {
        point["SourceVolume"]: point["ContainerPath"]
        for point in made["MountPoints"]
        if point["ReadOnly"] is False
    }

    assert made["ReadonlyRootFilesystem"] is True
    assert made["User"] == "1000:1000"
    assert made["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert {name: volumes[name] for name in writable} == {
        name: f"/var/lib/vectors/{name}" for name in ("storage", "snapshots", "init")
    }
    assert "TaskRoleArn" not in only(vectors, "AWS::ECS::TaskDefinition")


def test_tls_is_on_and_both_keys_are_secrets(vectors: dict[str, Resource]) -> None:
    made = container(vectors)
    variables = {pair["Name"]: pair["Value"] for pair in made["Environment"]}
    secrets = {secret["Name"]: json.dumps(secret["ValueFrom"]) for secret in made["Secrets"]}

    assert variables["QDRANT__SERVICE__ENABLE_TLS"] == "true"
    assert variables["QDRANT__TELEMETRY_DISABLED"] == "true"
    assert "VectorsKeySecret" in secrets["QDRANT__SERVICE__API_KEY"]
    assert "VectorsReadKeySecret" in secrets["QDRANT__SERVICE__READ_ONLY_API_KEY"]
    assert not any("KEY" in name and name != "QDRANT__TLS__KEY" for name in variables)


def test_the_image_comes_from_a_repository_of_the_account_whose_tags_stay(
    all_templates: Templates, vectors: dict[str, Resource], stage: Stage
) -> None:
    repository = only(all_templates[f"robo-{stage.name}-images"]["Resources"], "AWS::ECR::Repository")
    image = json.dumps(container(vectors)["Image"])

    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert f"robo-{stage.name}-images:" in image
    assert ":v1.20." in image


def test_the_instance_may_join_attach_its_volume_and_publish_its_certificate(
    vectors: dict[str, Resource], stage: Stage
) -> None:
    found = statements(vectors, "HostRole")

    assert {action for actions in found for action in actions.removesuffix(" again").split(",")} == {
        "ec2:AttachVolume",
        "ecs:DeregisterContainerInstance",
        "ecs:DiscoverPollEndpoint",
        "ecs:Poll",
        "ecs:RegisterContainerInstance",
        "ecs:StartTelemetrySession",
        "ecs:SubmitAttachmentStateChanges",
        "ecs:SubmitContainerStateChange",
        "ecs:SubmitTaskStateChange",
        "ecs:UpdateContainerInstancesState",
        "secretsmanager:PutSecretValue",
    }
    assert "VectorsCertificateSecret" in json.dumps(found["secretsmanager:PutSecretValue"]["Resource"])
    attaching = [found["ec2:AttachVolume"], found["ec2:AttachVolume again"]]
    assert "HostVolume" in json.dumps(attaching[0]["Resource"])
    assert attaching[1]["Condition"] == {"StringEquals": {"aws:ResourceTag/robo:vectors-host": stage.name}}


def test_ecs_may_read_the_two_keys_and_pull_one_image(vectors: dict[str, Resource]) -> None:
    found = statements(vectors, "EngineExecutionRole")

    secrets = json.dumps(found["secretsmanager:GetSecretValue"]["Resource"])
    assert secrets.count("ImportValue") == 2
    assert "VectorsKeySecret" in secrets
    assert "VectorsReadKeySecret" in secrets
    assert found["ecr:GetAuthorizationToken"]["Resource"] == "*"
    assert [name for name, statement in found.items() if statement["Resource"] == "*"] == [
        "ecr:GetAuthorizationToken"
    ]


def test_functions_find_the_engine_by_the_name_of_its_certificate(
    all_templates: Templates, vectors: dict[str, Resource], stage: Stage
) -> None:
    name = f"vectors.robo-{stage.name}.internal"
    urls = {
        function["Properties"]["Environment"]["Variables"]["VECTORS_URL"]
        for template in all_templates.values()
        for function in template["Resources"].values()
        if "VECTORS_URL" in json.dumps(function.get("Properties", {}).get("Environment", {}))
    }
    namespace = only(vectors, "AWS::ServiceDiscovery::PrivateDnsNamespace")["Name"]
    host = only(vectors, "AWS::ServiceDiscovery::Service")["Name"]
    boot = json.dumps(only(vectors, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"])

    assert urls == {f"https://{name}:6333"}
    assert f"{host}.{namespace}" == name
    assert f"ENGINE_NAME={name}" in boot


def test_who_only_searches_has_only_the_key_that_changes_nothing(all_templates: Templates) -> None:
    for function in CATALOG.functions:
        if not any(use.resource == "vectors" for use in function.uses):
            continue
        (made,) = [
            resource["Properties"]["Environment"]["Variables"]
            for template in all_templates.values()
            for id_, resource in template["Resources"].items()
            if resource["Type"] == "AWS::Lambda::Function"
            and id_.startswith(f"{function.construct_id}Function")
        ]
        changes = Use("vectors", "write") in function.uses

        assert ("VectorsReadKeySecret" in json.dumps(made["VECTORS_KEY_SECRET"])) is not changes, (
            function.name
        )
        assert (Use("secret:vectors-key", "read") in function.uses) is changes, function.name
        assert "VectorsCertificateSecret" in json.dumps(made["VECTORS_CERTIFICATE_SECRET"])
    assert [f.name for f in CATALOG.functions if Use("vectors", "read") in f.uses], "somebody only searches"


def test_the_volume_has_a_snapshot_every_night_kept_as_its_stage_says(
    vectors: dict[str, Resource], stage: Stage
) -> None:
    policy = only(vectors, "AWS::DLM::LifecyclePolicy")
    (schedule,) = policy["PolicyDetails"]["Schedules"]
    (wanted,) = policy["PolicyDetails"]["TargetTags"]

    assert policy["State"] == "ENABLED"
    assert wanted in only(vectors, "AWS::EC2::Volume")["Tags"]
    assert schedule["CreateRule"]["Interval"] == 24
    assert schedule["RetainRule"] == {"Interval": stage.vectors_snapshot_days, "IntervalUnit": "DAYS"}
    assert schedule["CopyTags"] is True, "what may be deleted is told by the tag"


def test_its_logs_end(vectors: dict[str, Resource]) -> None:
    log = container(vectors)["LogConfiguration"]
    (group,) = of_type(vectors, "AWS::Logs::LogGroup").items()

    assert log["LogDriver"] == "awslogs"
    assert log["Options"]["awslogs-group"] == {"Ref": group[0]}
    assert group[1]["RetentionInDays"] == 30


def test_the_boot_script_fits_in_the_user_data_of_an_instance(vectors: dict[str, Resource]) -> None:
    boot = only(vectors, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"]

    # Its references become ids and ARNs.
    assert len(json.dumps(boot)) < 14_000
    assert json.dumps(boot).count("#!/bin/bash") == 1


def test_functions_come_after_the_engine(assembly_of: Callable[[str], Path], stage: Stage) -> None:
    manifest = json.loads((assembly_of(stage.name) / "manifest.json").read_text(encoding="utf-8"))
    leans_on = manifest["artifacts"][f"robo-{stage.name}-compute"]["dependencies"]

    assert f"robo-{stage.name}-vectors" in leans_on
    assert f"robo-{stage.name}-images" in manifest["artifacts"][f"robo-{stage.name}-vectors"]["dependencies"]


def test_ecs_asks_the_engine_itself_whether_it_is_ready(vectors: dict[str, Resource]) -> None:
    check = container(vectors)["HealthCheck"]

    assert check["Command"][:3] == ["CMD", "bash", "-c"]
    assert check["Command"][-3:] == ["readyz", "/qdrant/tls/certificate.pem", "6333"]
    assert "GET /readyz" in check["Command"][3]
    assert check["Timeout"] > 4, "longer than the script waits"
