"""The gateway: what it refuses by itself, how often it lets anybody ask, what stands before it, and its name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from infra.assembly.node import use_bundled_node
from infra.assembly.stage import Stage, read_context
from infra.assembly.templates import Templates, read_templates
from infra.catalog import CATALOG, Access, Route
from infra.catalog.gateway import ADDRESS_ENTRIES, ADDRESS_REQUESTS, GATEWAY_PROBLEMS, THROTTLES
from infra.openapi.bodies import with_required_body
from shared.http import problem

Resource = dict[str, Any]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-4567-89ab-0123456789ab"


def of_type(template: dict[str, Any], type_: str) -> list[Resource]:
    return [resource for resource in template["Resources"].values() if resource["Type"] == type_]


@pytest.fixture(scope="module")
def prod(assembly_of: Callable[[str], Path]) -> dict[str, Any]:
    return read_templates(assembly_of("prod"))["robo-prod-api"]


@pytest.fixture
def dev(templates: Templates) -> dict[str, Any]:
    return templates["robo-dev-api"]


# Limits


def test_every_operation_for_anybody_has_a_limit_of_its_own() -> None:
    assert {route.operation for route in CATALOG.routes if route.access is Access.PUBLIC} == set(THROTTLES)


@pytest.mark.parametrize("stage_name", ["dev", "prod"])
def test_the_limits_are_those_of_the_catalog(assembly_of: Callable[[str], Path], stage_name: str) -> None:
    stage = Stage.from_context(stage_name, read_context())
    template = read_templates(assembly_of(stage_name))[f"robo-{stage_name}-api"]
    (deployed,) = of_type(template, "AWS::ApiGateway::Stage")
    found = {
        (setting["HttpMethod"], setting["ResourcePath"].replace("~1", "/").removeprefix("/")): setting
        for setting in deployed["Properties"]["MethodSettings"]
    }
    rest = found.pop(("*", "*"))

    assert found.keys() == {
        (route.method, route.path) for route in CATALOG.routes if route.operation in THROTTLES
    }
    assert (rest["ThrottlingRateLimit"], rest["ThrottlingBurstLimit"]) == (
        stage.api_requests_per_second,
        stage.api_burst,
    )
    for route in CATALOG.routes:
        if route.operation in THROTTLES:
            own, said = found[route.method, route.path], THROTTLES[route.operation]
            assert own["ThrottlingRateLimit"] == said.per_second * stage.concurrency_factor
            assert own["ThrottlingBurstLimit"] == said.burst * stage.concurrency_factor
            assert own["ThrottlingRateLimit"] < rest["ThrottlingRateLimit"], route.operation
            # A method's own settings replace all of the stage's.
            for name in ("MetricsEnabled", "LoggingLevel", "DataTraceEnabled"):
                assert own[name] == rest[name]


# Validation


def test_bodies_are_looked_at_where_the_document_says_that_there_is_one(dev: dict[str, Any]) -> None:
    ((model_id, model),) = [
        (id_, one) for id_, one in dev["Resources"].items() if one["Type"] == "AWS::ApiGateway::Model"
    ]
    (validator,) = of_type(dev, "AWS::ApiGateway::RequestValidator")
    looked_at = {}
    for method in of_type(dev, "AWS::ApiGateway::Method"):
        if "RequestValidatorId" in method["Properties"]:
            looked_at[method["Properties"]["OperationName"]] = method["Properties"]["RequestModels"]

    assert looked_at == {
        operation: {kind: {"Ref": model_id} for kind in kinds}
        for operation, kinds in with_required_body().items()
    }
    assert {"create_intake", "create_session"} < looked_at.keys()
    assert all(models.keys() == {"application/json"} for models in looked_at.values())
    assert validator["Properties"]["ValidateRequestBody"] is True
    assert validator["Properties"]["ValidateRequestParameters"] is True
    # Any JSON: what is wrong with it is told by the function, with pointers.
    assert model["Properties"]["Schema"].keys() == {"$schema", "title"}


def test_a_body_that_may_be_left_out_is_not_looked_at(dev: dict[str, Any]) -> None:
    (update,) = [
        method
        for method in of_type(dev, "AWS::ApiGateway::Method")
        if method["Properties"]["OperationName"] == "fork_run"
    ]

    assert "RequestModels" not in update["Properties"]


def test_what_the_gateway_answers_is_in_the_words_of_both_targets(dev: dict[str, Any]) -> None:
    answers = {
        answer["Properties"]["ResponseType"]: answer["Properties"]
        for answer in of_type(dev, "AWS::ApiGateway::GatewayResponse")
    }

    assert answers.keys() == GATEWAY_PROBLEMS.keys()
    for kind, error in GATEWAY_PROBLEMS.items():
        said = json.loads(answers[kind]["ResponseTemplates"]["application/json"])
        assert said == problem.body_of(error, "urn:request:$context.requestId", "$context.requestId")
        assert answers[kind]["StatusCode"] == str(error.status)
        # What the gateway fills in has to be JSON when it is between quotes: ids, and what our authorizer says.
        assert set(re.findall(r"\$context\.[\w.]+", json.dumps(said))) <= {
            "$context.requestId",
            "$context.authorizer.detail",
        }


# Logs


def test_the_gateway_writes_into_groups_that_end(dev: dict[str, Any]) -> None:
    groups = {id_: one for id_, one in dev["Resources"].items() if one["Type"] == "AWS::Logs::LogGroup"}
    (stage,) = of_type(dev, "AWS::ApiGateway::Stage")
    own = [id_ for id_ in groups if "ExecutionLog" in id_]

    assert {group["Properties"]["RetentionInDays"] for group in groups.values()} == {30}
    # Before the stage, or the gateway would make the group itself and keep it for ever.
    assert set(own) <= set(stage["DependsOn"])
    assert "API-Gateway-Execution-Logs_" in json.dumps(groups[own[0]]["Properties"]["LogGroupName"])
    for setting in stage["Properties"]["MethodSettings"]:
        assert setting["LoggingLevel"] == "ERROR"
        assert setting["DataTraceEnabled"] is False


# Firewall


def rules(template: dict[str, Any]) -> dict[str, Resource]:
    (acl,) = of_type(template, "AWS::WAFv2::WebACL")
    assert acl["Properties"]["Scope"] == "REGIONAL"
    assert acl["Properties"]["DefaultAction"] == {"Allow": {}}
    return {rule["Name"]: rule for rule in acl["Properties"]["Rules"]}


def test_the_firewall_stands_before_the_stage(prod: dict[str, Any], dev: dict[str, Any]) -> None:
    (association,) = of_type(prod, "AWS::WAFv2::WebACLAssociation")
    (stage_id,) = [id_ for id_, one in prod["Resources"].items() if one["Type"] == "AWS::ApiGateway::Stage"]

    where = association["Properties"]["ResourceArn"]["Fn::Join"][1]
    assert {"Ref": stage_id} in where
    assert "::/restapis/" in where
    assert of_type(dev, "AWS::WAFv2::WebACL") == []


def test_an_address_may_ask_so_often(prod: dict[str, Any]) -> None:
    found = rules(prod)
    every = found["requests"]["Statement"]["RateBasedStatement"]
    entries = found["entries"]["Statement"]["RateBasedStatement"]

    assert (every["Limit"], every["EvaluationWindowSec"]) == (ADDRESS_REQUESTS, 300)
    assert (entries["Limit"], entries["EvaluationWindowSec"]) == (ADDRESS_ENTRIES, 300)
    assert every["AggregateKeyType"] == entries["AggregateKeyType"] == "IP"
    assert found["requests"]["Action"] == found["entries"]["Action"] == {"Block": {}}


@pytest.mark.parametrize("before", ["", "/prod"])
def test_entries_are_the_routes_by_which_anybody_changes_something(prod: dict[str, Any], before: str) -> None:
    posted, path = rules(prod)["entries"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"][
        "AndStatement"
    ]["Statements"]
    expression = path["RegexMatchStatement"]["RegexString"]

    assert posted["ByteMatchStatement"]["SearchString"] == "POST"
    assert len(expression) <= 512
    for route in CATALOG.routes:
        if route.method == "POST":
            hit = re.search(expression, before + route.path.lower()) is not None
            assert hit is (route.access is Access.PUBLIC), route.path


def test_ideas_pass_the_firewall_whatever_they_say(prod: dict[str, Any]) -> None:
    found = rules(prod)
    groups = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: rule["Statement"]["ManagedRuleGroupStatement"]
        for rule in found.values()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    counted = {
        override["Name"]
        for group in groups.values()
        for override in group.get("RuleActionOverrides", [])
        if override["ActionToUse"] == {"Count": {}}
    }

    assert groups.keys() == {
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
    }
    assert {
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericRFI_BODY",
        "GenericLFI_BODY",
    } < counted
    assert all(name.endswith("_BODY") or name == "NoUserAgent_HEADER" for name in counted)
    assert all(rule.get("OverrideAction", {"None": {}}) == {"None": {}} for rule in found.values())


def test_the_firewall_writes_what_it_refused_without_secrets(prod: dict[str, Any]) -> None:
    (logging,) = of_type(prod, "AWS::WAFv2::LoggingConfiguration")
    properties = logging["Properties"]
    hidden = {
        field["SingleHeader"]["Name"] for field in properties["RedactedFields"] if "SingleHeader" in field
    }
    group = next(
        one["Properties"]
        for one in of_type(prod, "AWS::Logs::LogGroup")
        if str(one["Properties"]["LogGroupName"]).startswith("aws-waf-logs-")
    )

    assert {"authorization", "cookie"} <= hidden
    assert {"QueryString": {}} in properties["RedactedFields"]
    assert properties["LoggingFilter"]["DefaultBehavior"] == "DROP"
    assert properties["LoggingFilter"]["Filters"][0]["Conditions"] == [
        {"ActionCondition": {"Action": "BLOCK"}}
    ]
    assert group["RetentionInDays"] == 30


# A name of its own, and deployments. Stacks of one route each, so that a variant costs little.

ROUTE = Route("POST", "/v1/intake", "agency.intake", "create_intake", "lead:create", Access.PUBLIC)
GUARDED = Route("GET", "/v1/projects", "agency.projects", "list_projects", "project:list")


def variant(
    routes: tuple[Route, ...] = (ROUTE, GUARDED), authorizer: str = CATALOG.authorizer, **changed: Any
) -> dict[str, Any]:
    """The template of an API of a few routes, at dev with other values."""
    use_bundled_node()
    from aws_cdk import App, Stack
    from aws_cdk import aws_lambda as lambda_

    from infra.stacks.api import ApiStack

    context = read_context()
    stage = Stage.model_validate({"name": "dev", **context["stages"]["dev"], **changed})
    app = App(analytics_reporting=False, context=context)
    names = {route.function for route in routes} | {authorizer}
    functions = Stack(app, "functions")
    made = {
        name: lambda_.Function.from_function_attributes(
            functions,
            name,
            function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name.replace('.', '-')}:live",
            same_environment=True,
        )
        for name in sorted(names)
    }
    ApiStack(
        app,
        "api",
        stage=stage,
        catalog=replace(CATALOG, routes=routes, authorizer=authorizer),
        functions=made,
    )
    template: dict[str, Any] = app.synth().get_stack_by_name("api").template
    return template


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return variant()


@pytest.fixture(scope="module")
def named() -> dict[str, Any]:
    return variant(api_domain="api.roboagency.example", api_certificate_arn=CERTIFICATE, firewall=True)


def test_cfn_lint_finds_nothing_with_a_name_and_a_firewall(named: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(named), encoding="utf-8")

    assert [str(match) for match in cfnlint.lint_file(tmp_path / "template.json")] == []


def deployment_of(template: dict[str, Any]) -> str:
    (stage,) = of_type(template, "AWS::ApiGateway::Stage")
    return str(stage["Properties"]["DeploymentId"]["Ref"])


def test_without_a_name_the_api_has_the_gateways(plain: dict[str, Any]) -> None:
    (api,) = of_type(plain, "AWS::ApiGateway::RestApi")

    assert api["Properties"]["DisableExecuteApiEndpoint"] is False
    assert ".execute-api." in json.dumps(plain["Outputs"]["ApiUrl"]["Value"])
    assert of_type(plain, "AWS::ApiGateway::DomainName") == []
    assert "ApiDomainTarget" not in plain["Outputs"]


def test_with_a_name_it_has_no_other(named: dict[str, Any]) -> None:
    (api,) = of_type(named, "AWS::ApiGateway::RestApi")
    (domain,) = of_type(named, "AWS::ApiGateway::DomainName")
    (mapping,) = of_type(named, "AWS::ApiGateway::BasePathMapping")
    (stage_id,) = [id_ for id_, one in named["Resources"].items() if one["Type"] == "AWS::ApiGateway::Stage"]

    assert api["Properties"]["DisableExecuteApiEndpoint"] is True
    assert domain["Properties"]["DomainName"] == "api.roboagency.example"
    assert domain["Properties"]["SecurityPolicy"] == "TLS_1_2"
    assert domain["Properties"]["RegionalCertificateArn"] == CERTIFICATE
    assert domain["Properties"]["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert mapping["Properties"]["Stage"] == {"Ref": stage_id}
    assert "BasePath" not in mapping["Properties"]
    assert named["Outputs"]["ApiUrl"]["Value"] == "https://api.roboagency.example/"
    assert "RegionalDomainName" in json.dumps(named["Outputs"]["ApiDomainTarget"]["Value"])


def test_what_the_gateway_serves_is_deployed_when_it_changes(
    plain: dict[str, Any], named: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {deployment_of(plain)}

    def changes(template: dict[str, Any]) -> bool:
        before = len(seen)
        seen.add(deployment_of(template))
        return len(seen) > before

    assert not changes(variant())
    assert changes(variant(routes=(GUARDED,)))
    # By the flag `authorizerChangeDeploymentLogicalId` in cdk.json.
    assert changes(variant(authorizer="agency.projects"))
    # The gateway's own address is shut by a deployment only.
    assert changes(named)
    assert changes(variant(routes=(replace(ROUTE, function="agency.projects"), GUARDED)))
    assert changes(variant(routes=(replace(ROUTE, access=Access.AUTHORISED), GUARDED)))
    # What it validates, and what it answers by itself.
    assert changes(variant(routes=(replace(ROUTE, operation="create_lead"), GUARDED)))
    monkeypatch.setitem(GATEWAY_PROBLEMS, "THROTTLED", GATEWAY_PROBLEMS["DEFAULT_5XX"])
    assert changes(variant())
