"""AWS WAF before the API."""

from __future__ import annotations

import re

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Access, Route
from infra.catalog.gateway import ADDRESS_ENTRIES, ADDRESS_REQUESTS
from infra.constructs.log_group import retention

_WINDOW_SECONDS = 300

# Rules that are counted and refuse nothing. Those of bodies: an idea may be long (we take 256 KiB, the rule 8), speak
# of SQL, hold HTML, a path, an address or a snippet of Java, and it is our job to take it as text; bodies are
# validated by models, written with parameters and escaped where they are shown. NoUserAgent: programs call an API,
# and many send no User-Agent.
COUNTED = {
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "EC2MetaDataSSRF_BODY",
        "NoUserAgent_HEADER",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": ("Log4JRCE_BODY", "JavaDeserializationRCE_BODY"),
    "AWSManagedRulesAmazonIpReputationList": (),
}

Rule = wafv2.CfnWebACL.RuleProperty
Statement = wafv2.CfnWebACL.StatementProperty


class ApiFirewall(Construct):
    """A web ACL before a deployment stage: an address may ask so often, sends nothing that is known to be bad, and is
    not known to be bad itself. Everything else passes.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        api: apigateway.RestApi,
        routes: tuple[Route, ...],
    ) -> None:
        super().__init__(scope, id_)
        name = f"robo-{stage.name}-api"
        rules = [
            _rate("entries", 0, ADDRESS_ENTRIES, _is_entry(routes)),
            _rate("requests", 1, ADDRESS_REQUESTS, None),
            *(_managed(group, 2 + place) for place, group in enumerate(sorted(COUNTED))),
        ]
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            name=name,
            description="Before the API",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=_visible(name),
        )
        wafv2.CfnWebACLAssociation(
            self,
            "Association",
            resource_arn=(
                f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}::/restapis/{api.rest_api_id}"
                f"/stages/{api.deployment_stage.stage_name}"
            ),
            web_acl_arn=acl.attr_arn,
        )
        self._log(acl, name)

    def _log(self, acl: wafv2.CfnWebACL, name: str) -> None:
        """Write what was refused. Counted requests stay out: the log would quote their bodies."""
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"aws-waf-logs-{name}",  # WAF takes no other prefix
            retention=retention(),
            removal_policy=RemovalPolicy.DESTROY,
        )
        redacted = [
            wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": header})
            for header in ("authorization", "cookie", "idempotency-key")
        ]
        redacted.append(wafv2.CfnLoggingConfiguration.FieldToMatchProperty(query_string={}))
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            # WAF wants the ARN without the `:*` that the group's own attribute ends with.
            log_destination_configs=[
                f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{group.log_group_name}"
            ],
            redacted_fields=redacted,
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
                    }
                ],
            },
        )


def entry_expression(routes: tuple[Route, ...]) -> str:
    """A regular expression for the end of the path of every operation by which anybody may change something.

    Open at its start: the gateway's own address has the stage before the path, a name of ours has not.
    """
    paths = sorted({r.path for r in routes if r.access is Access.PUBLIC and r.method != "GET"})
    return f"({'|'.join(map(re.escape, paths))})/?$"


def _is_entry(routes: tuple[Route, ...]) -> Statement:
    transformation = wafv2.CfnWebACL.TextTransformationProperty
    path = Statement(
        regex_match_statement=wafv2.CfnWebACL.RegexMatchStatementProperty(
            regex_string=entry_expression(routes),
            field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}),
            text_transformations=[
                transformation(priority=0, type="URL_DECODE"),
                transformation(priority=1, type="LOWERCASE"),
            ],
        )
    )
    posted = Statement(
        byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(method={}),
            positional_constraint="EXACTLY",
            search_string="POST",
            text_transformations=[transformation(priority=0, type="NONE")],
        )
    )
    return Statement(
        and_statement=wafv2.CfnWebACL.AndStatementProperty(statements=[posted, path]),
    )


def _rate(name: str, priority: int, limit: int, scope_down: Statement | None) -> Rule:
    return Rule(
        name=name,
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=Statement(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP",
                limit=limit,
                evaluation_window_sec=_WINDOW_SECONDS,
                scope_down_statement=scope_down,
            )
        ),
        visibility_config=_visible(name),
    )


def _managed(group: str, priority: int) -> Rule:
    counted = [
        wafv2.CfnWebACL.RuleActionOverrideProperty(
            name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
        )
        for rule in COUNTED[group]
    ]
    return Rule(
        name=group,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=Statement(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=group, rule_action_overrides=counted or None
            )
        ),
        visibility_config=_visible(group),
    )


def _visible(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    # Samples would show whole requests, with their headers, to whoever may open the console.
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=False
    )
