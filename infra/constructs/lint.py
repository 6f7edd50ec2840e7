"""Findings of cfn-lint and cdk-nag that are accepted, each on its own resource and with its reason."""

from __future__ import annotations

from aws_cdk import Acknowledgment, CfnResource, Stack, Validations
from constructs import IConstruct

ROLE_TWICE = "the CDK adds a DependsOn for the role's policy and names the role along with it"


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept `rule` on the resource that `construct` is, or that stands behind it."""
    _resource(construct).add_metadata("cfn-lint", {"config": {"ignore_checks": [rule]}, "reason": reason})


def _resource(construct: IConstruct) -> CfnResource:
    resource = construct if isinstance(construct, CfnResource) else construct.node.default_child
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{construct.node.path} stands for no single resource")
    return resource


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept what cdk-nag's AwsSolutions found on `construct` (its L1 resource or the L2 that it is the only one of).

    finding: as the report names it, `VPC7` or, for one resource of a policy, `IAM5[Resource::arn:…:*]`. reason: for
    somebody who reviews the security of this resource.
    """
    Validations.of(_resource(construct)).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason)
    )


def as_reported(scope: IConstruct, resource: str) -> str:
    """A resource of a policy as cdk-nag writes it: `arn:<AWS::Partition>:s3:::…/*`."""
    resolved = Stack.of(scope).resolve(resource)
    if isinstance(resolved, str):
        return resolved
    _, parts = resolved["Fn::Join"]
    return "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)


def acknowledge_trigger_provider(scope: IConstruct) -> None:
    """Accept the doubled dependency of the function with which the CDK runs triggers."""
    provider = scope.node.find_child("AWSCDK.TriggerCustomResourceProviderCustomResourceProvider")
    acknowledge(provider.node.find_child("Handler"), "W3005", ROLE_TWICE)
