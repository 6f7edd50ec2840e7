"""A function's statements (`infra.rights.statements`) as those of the CDK, and why some of them hold a wildcard."""

from __future__ import annotations

from aws_cdk import aws_iam as iam

from infra.catalog import Function
from infra.constructs.lint import accept, as_reported
from infra.rights.names import Names
from infra.rights.statements import Statement, statements

_TRACES = "X-Ray takes traces of the whole account: its actions know no resource"


def policy_statements(function: Function, names: Names) -> list[iam.PolicyStatement]:
    """Every statement of the function's policy, but for logs and traces.

    Raises ValueError for a use that nothing grants, KeyError for one of what `names` does not know.
    """
    return [_statement(statement) for statement in statements(function, names)]


def accept_wildcards(role: iam.Role, function: Function, names: Names) -> None:
    """Answer for every wildcard in the policy of a function's role, each with the reason that its statement gives.

    role: with the function's statements and those that tracing adds. Raises ValueError for a wildcard without one.
    """
    reasons: dict[str, list[str]] = {"*": [_TRACES]}
    for statement in statements(function, names):
        for resource in statement.resources:
            if not resource.endswith("*"):
                continue
            if not statement.reason:
                raise ValueError(f"{function.name}: nobody says why {statement.actions} are on {resource}")
            reasons.setdefault(as_reported(role, resource), []).append(statement.reason)
    policy = role.node.find_child("DefaultPolicy")
    for resource, why in reasons.items():
        accept(policy, f"IAM5[Resource::{resource}]", "; ".join(dict.fromkeys(why)))


def _statement(statement: Statement) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=iam.Effect.ALLOW if statement.effect == "Allow" else iam.Effect.DENY,
        actions=list(statement.actions),
        resources=list(statement.resources),
        conditions={operator: dict(keys) for operator, keys in statement.conditions.items()} or None,
    )
