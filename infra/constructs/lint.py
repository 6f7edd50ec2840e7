"""Findings of cfn-lint that are accepted, each on its own resource and with its reason."""

from __future__ import annotations

from aws_cdk import CfnResource
from constructs import IConstruct

ROLE_TWICE = "the CDK adds a DependsOn for the role's policy and names the role along with it"


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept `rule` on the resource that `construct` is, or that stands behind it."""
    resource = construct if isinstance(construct, CfnResource) else construct.node.default_child
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{construct.node.path} stands for no single resource")
    resource.add_metadata("cfn-lint", {"config": {"ignore_checks": [rule]}, "reason": reason})


def acknowledge_trigger_provider(scope: IConstruct) -> None:
    """Accept the doubled dependency of the function with which the CDK runs triggers."""
    provider = scope.node.find_child("AWSCDK.TriggerCustomResourceProviderCustomResourceProvider")
    acknowledge(provider.node.find_child("Handler"), "W3005", ROLE_TWICE)
