"""The origin of generated pages: it has no rights, keeps nothing, and puts everything into a sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from infra.assembly.node import use_bundled_node
from infra.assembly.stage import Stage, read_context
from infra.assembly.templates import Templates
from infra.catalog import CATALOG
from infra.catalog.previews import REMOVED_HEADERS, preview_headers

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-4567-89ab-0123456789ab"


def only(template: dict[str, Any], type_: str) -> dict[str, Any]:
    (found,) = [one for one in template["Resources"].values() if one["Type"] == type_]
    properties: dict[str, Any] = found["Properties"]
    return properties


@pytest.fixture
def previews(templates: Templates) -> dict[str, Any]:
    return templates["robo-dev-previews"]


@pytest.fixture(scope="module")
def named() -> dict[str, Any]:
    """The template of a stage with a name for the origin and a portal."""
    use_bundled_node()
    from aws_cdk import App

    from infra.stacks.previews import PreviewsStack

    values = {
        **read_context()["stages"]["prod"],
        "name": "prod",
        "portal_url": "https://portal.example/start",
        "previews_domain": "previews.example",
        "previews_certificate_arn": CERTIFICATE,
    }
    app = App(analytics_reporting=False)
    PreviewsStack(app, "previews", stage=Stage.model_validate(values), catalog=CATALOG)
    template: dict[str, Any] = app.synth().get_stack_by_name("previews").template
    return template


def headers_of(template: dict[str, Any]) -> dict[str, str]:
    """The headers that CloudFront sets, wherever the policy has them; every one overrides the store's."""
    policy = only(template, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    placed = dict(policy["SecurityHeadersConfig"])
    custom = policy["CustomHeadersConfig"]["Items"]
    assert all(each["Override"] is True for each in (*placed.values(), *custom))
    found = {each["Header"]: each["Value"] for each in custom}
    found["Content-Security-Policy"] = placed.pop("ContentSecurityPolicy")["ContentSecurityPolicy"]
    found["Referrer-Policy"] = placed.pop("ReferrerPolicy")["ReferrerPolicy"]
    transport = placed.pop("StrictTransportSecurity")
    assert not transport.get("IncludeSubdomains")
    assert not transport.get("Preload")
    found["Strict-Transport-Security"] = f"max-age={transport['AccessControlMaxAgeSec']}"
    assert placed.pop("ContentTypeOptions") == {"Override": True}
    found["X-Content-Type-Options"] = "nosniff"
    assert placed == {}
    assert [each["Header"] for each in policy["RemoveHeadersConfig"]["Items"]] == list(REMOVED_HEADERS)
    return found


def test_it_sends_exactly_the_headers_of_the_table(previews: dict[str, Any]) -> None:
    assert headers_of(previews) == preview_headers()


def test_the_portal_may_frame_it(named: dict[str, Any]) -> None:
    assert headers_of(named) == preview_headers("https://portal.example/start")


def test_s3_alone_decides(previews: dict[str, Any]) -> None:
    """The signature covers the bucket's own regional host, the path and the query: all of it reaches S3."""
    config = only(previews, "AWS::CloudFront::Distribution")["DistributionConfig"]
    (origin,) = config["Origins"]
    asked = only(previews, "AWS::CloudFront::OriginRequestPolicy")["OriginRequestPolicyConfig"]
    host = json.dumps(origin["DomainName"])

    assert "OriginAccessControlId" not in origin
    assert "S3OriginConfig" not in origin
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]
    assert not origin.get("OriginPath")
    assert host.startswith('{"Fn::Join": ["", ["robo-dev-assets-", {"Ref": "AWS::AccountId"}, ".s3."')
    assert asked["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert asked["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert asked["CookiesConfig"] == {"CookieBehavior": "none"}
    # Nothing in the stack has a right.
    assert not [one for one in previews["Resources"].values() if one["Type"].startswith("AWS::IAM")]


def test_it_keeps_nothing_and_only_shows(previews: dict[str, Any]) -> None:
    config = only(previews, "AWS::CloudFront::Distribution")["DistributionConfig"]
    behaviour = config["DefaultCacheBehavior"]

    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
    # The managed policy CachingDisabled.
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    assert "CacheBehaviors" not in config
    assert {error["ErrorCode"] for error in config["CustomErrorResponses"]} >= {403, 404, 503}
    assert {error["ErrorCachingMinTTL"] for error in config["CustomErrorResponses"]} == {0}
    assert "Logging" not in config
    assert config["HttpVersion"] == "http2and3"


def test_with_a_name_it_speaks_tls_12_and_says_where_to_point(named: dict[str, Any]) -> None:
    config = only(named, "AWS::CloudFront::Distribution")["DistributionConfig"]

    assert config["Aliases"] == ["previews.example"]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert named["Outputs"]["PreviewsUrl"]["Value"] == "https://previews.example"
    assert "DomainName" in json.dumps(named["Outputs"]["PreviewsDomainTarget"]["Value"])


def test_cfn_lint_finds_nothing(named: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(named), encoding="utf-8")

    assert [str(match) for match in cfnlint.lint_file(tmp_path / "template.json")] == []


def test_only_the_function_that_signs_knows_the_origin(templates: Templates) -> None:
    knowing = {
        resource["Properties"]["FunctionName"]: resource["Properties"]["Environment"]["Variables"][
            "PREVIEWS_URL"
        ]
        for template in templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
        and "PREVIEWS_URL" in resource["Properties"].get("Environment", {}).get("Variables", {})
    }

    assert knowing.keys() == {"robo-dev-agency-projects"}
    assert "robo-dev-previews" in json.dumps(knowing)
