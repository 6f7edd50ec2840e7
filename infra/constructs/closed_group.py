"""What is accepted of the function with which the CDK takes all rules from a network's default security group."""

from __future__ import annotations

from constructs import IConstruct

from infra.constructs.lint import ROLE_TWICE, acknowledge

PROVIDER = "Custom::VpcRestrictDefaultSGCustomResourceProvider"
"""The construct of that function; the CDK chooses its code, its runtime and its policy."""


def accept_provider(scope: IConstruct) -> None:
    """Accept the findings on the function, which runs while the network is made or changed and never after."""
    provider = scope.node.find_child(PROVIDER)
    acknowledge(provider.node.find_child("Handler"), "W3005", ROLE_TWICE)
