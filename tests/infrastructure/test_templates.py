"""What the templates promise beside equality with the catalog: no way out, TLS, encryption, retention, order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from infra.catalog import CATALOG
from tests.infrastructure.conftest import Templates, read_templates

Resource = dict[str, Any]


def resources(templates: Templates, type_: str) -> dict[str, Resource]:
    """By logical id, over all templates."""
    return {
        logical_id: resource
        for template in templates.values()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == type_
    }


def only(templates: Templates, type_: str) -> Resource:
    (found,) = resources(templates, type_).values()
    return found


@pytest.mark.parametrize(
    ("stage", "stacks"),
    # In prod the stacks of functions differ by names and numbers alone, and are the slow ones.
    [
        (
            "dev",
            ("api", "compute", "data", "messaging", "network", "previews", "schema", "storage", "vectors"),
        ),
        ("prod", ("copies", "data", "images", "network", "storage", "vectors")),
    ],
)
def test_cfn_lint_finds_nothing(
    assembly_of: Callable[[str], Path], stage: str, stacks: tuple[str, ...]
) -> None:
    found = [
        str(match)
        for stack in stacks
        for match in cfnlint.lint_file(assembly_of(stage) / f"robo-{stage}-{stack}.template.json")
    ]

    assert found == []


def test_a_token_is_looked_at_again_with_every_request(templates: Templates) -> None:
    guard = only(templates, "AWS::ApiGateway::Authorizer")["Properties"]

    assert guard["AuthorizerResultTtlInSeconds"] == 0
    assert guard["Type"] == "REQUEST"
    assert guard["IdentitySource"] == "method.request.header.Authorization"


def test_every_finding_that_is_accepted_has_its_reason_on_its_resource(templates: Templates) -> None:
    accepted = [
        resource["Metadata"]["cfn-lint"]
        for template in templates.values()
        for resource in template["Resources"].values()
        if "cfn-lint" in resource.get("Metadata", {})
    ]

    assert all(note["reason"] and note["config"]["ignore_checks"] == ["W3005"] for note in accepted)
    assert not any("cfn-lint" in template.get("Metadata", {}) for template in templates.values())


def test_the_data_has_no_way_out(templates: Templates) -> None:
    """The one route is that of the vector engine's host, which holds nothing and lets nobody in."""
    (route,) = resources(templates, "AWS::EC2::Route").values()

    assert route["Properties"]["RouteTableId"]["Ref"].startswith("VectorsHostSubnet")
    assert resources(templates, "AWS::EC2::NatGateway") == {}


def test_the_data_zone_reaches_the_services_its_rights_name(templates: Templates) -> None:
    endpoints = resources(templates, "AWS::EC2::VPCEndpoint").values()
    services = {
        json.dumps(endpoint["Properties"]["ServiceName"]).split(".")[-1].rstrip('"]} ')
        for endpoint in endpoints
    }

    assert services == {"s3", "events", "secretsmanager", "bedrock-runtime"}


def test_nobody_outside_the_network_may_connect(templates: Templates) -> None:
    for group in resources(templates, "AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]
    for rule in resources(templates, "AWS::EC2::SecurityGroupIngress").values():
        assert "SourceSecurityGroupId" in rule["Properties"]


def test_the_database_is_private_encrypted_and_takes_iam_logins(templates: Templates) -> None:
    properties = only(templates, "AWS::RDS::DBInstance")["Properties"]

    assert properties["EngineVersion"].startswith("18.")
    assert properties["StorageEncrypted"] is True
    assert properties["PubliclyAccessible"] is False
    assert properties["EnableIAMDatabaseAuthentication"] is True
    assert properties["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in properties


def test_prod_keeps_its_data_when_a_stack_is_deleted(assembly_of: Callable[[str], Path]) -> None:
    templates = read_templates(assembly_of("prod"))

    assert only(templates, "AWS::RDS::DBInstance")["Properties"]["DeletionProtection"] is True
    assert only(templates, "AWS::RDS::DBInstance")["Properties"]["MultiAZ"] is True
    for type_ in ("AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::SQS::Queue"):
        assert {resource["DeletionPolicy"] for resource in resources(templates, type_).values()} == {"Retain"}


def test_buckets_and_queues_refuse_plain_http(templates: Templates) -> None:
    for type_, count in (
        ("AWS::S3::BucketPolicy", len(CATALOG.buckets)),
        ("AWS::SQS::QueuePolicy", 2 * len(CATALOG.queues)),
    ):
        policies = resources(templates, type_).values()
        assert len(policies) == count
        for policy in policies:
            statements = policy["Properties"]["PolicyDocument"]["Statement"]
            assert any(
                statement["Effect"] == "Deny"
                and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                for statement in statements
            )


def test_logs_are_kept_for_thirty_days(templates: Templates) -> None:
    groups = resources(templates, "AWS::Logs::LogGroup").values()

    assert {group["Properties"]["RetentionInDays"] for group in groups} == {30}
    # Every function, the workflows, the API's two, the database and the vector engine.
    assert len(groups) == len(CATALOG.functions) + len(CATALOG.workflows) + 4


def test_secrets_are_generated_or_empty_and_never_written_in_a_template(templates: Templates) -> None:
    for secret in resources(templates, "AWS::SecretsManager::Secret").values():
        assert "SecretString" not in secret["Properties"]


def test_generated_secrets_are_keys_of_standard_webhooks_too(templates: Templates) -> None:
    for secret in resources(templates, "AWS::SecretsManager::Secret").values():
        if generated := secret["Properties"].get("GenerateSecretString"):
            assert generated["ExcludePunctuation"] is True
            assert generated["PasswordLength"] % 4 == 0
            assert 24 <= generated["PasswordLength"] * 3 // 4 <= 64


def test_the_gateway_speaks_in_problem_details(templates: Templates) -> None:
    answers = resources(templates, "AWS::ApiGateway::GatewayResponse").values()
    by_kind = {answer["Properties"]["ResponseType"]: answer["Properties"] for answer in answers}

    assert {
        "ACCESS_DENIED",
        "MISSING_AUTHENTICATION_TOKEN",
        "REQUEST_TOO_LARGE",
        "THROTTLED",
        "DEFAULT_5XX",
    } <= by_kind.keys()
    for properties in by_kind.values():
        body = json.loads(properties["ResponseTemplates"]["application/json"])
        assert (
            properties["ResponseParameters"]["gatewayresponse.header.Content-Type"]
            == "'application/problem+json'"
        )
        assert str(body["status"]) == properties["StatusCode"]
        assert body.keys() == {"type", "title", "status", "detail", "instance", "request_id"}
    assert by_kind["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == "404"
    assert "gatewayresponse.header.Retry-After" in by_kind["THROTTLED"]["ResponseParameters"]


def test_the_gateway_limits_traces_and_logs(templates: Templates) -> None:
    stage = only(templates, "AWS::ApiGateway::Stage")["Properties"]
    log = json.loads(stage["AccessLogSetting"]["Format"])

    assert stage["TracingEnabled"] is True
    assert stage["MethodSettings"][0]["ThrottlingRateLimit"] == 20
    assert stage["MethodSettings"][0]["DataTraceEnabled"] is False
    assert {"request_id", "status", "path", "latency_ms"} <= log.keys()


def test_an_event_that_cannot_be_queued_joins_the_dead_letters(templates: Templates) -> None:
    for rule in resources(templates, "AWS::Events::Rule").values():
        (target,) = rule["Properties"]["Targets"]
        assert "DeadLetters" in target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]


def test_the_tables_come_before_the_functions_and_the_seeds_after_them(
    assembly_of: Callable[[str], Path],
) -> None:
    manifest = json.loads((assembly_of("dev") / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    compute = json.loads((assembly_of("dev") / "robo-dev-compute.template.json").read_text(encoding="utf-8"))[
        "Resources"
    ]
    others = {
        logical_id
        for logical_id, resource in compute.items()
        if resource["Type"] == "AWS::Lambda::Function"
        and "FunctionName" in resource["Properties"]
        and "seed-collections" not in resource["Properties"]["FunctionName"]
    }

    assert "robo-dev-schema" in manifest["robo-dev-compute"]["dependencies"]
    assert others <= set(compute["Seeding"]["DependsOn"])


def test_no_template_comes_near_the_limits_of_cloudformation(templates: Templates) -> None:
    for name, template in templates.items():
        assert len(template["Resources"]) < 450, name
        assert len(json.dumps(template)) < 900_000, name
