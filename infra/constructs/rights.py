"""A function's statements (`infra.rights.statements`) as those of the CDK."""

from __future__ import annotations

from aws_cdk import aws_iam as iam

from infra.catalog import Function
from infra.rights.names import Names
from infra.rights.statements import Statement, statements


def policy_statements(function: Function, names: Names) -> list[iam.PolicyStatement]:
    """Every statement of the function's policy, but for logs and traces.

    Raises ValueError for a use that nothing grants, KeyError for one of what `names` does not know.
    """
    return [_statement(statement) for statement in statements(function, names)]


def _statement(statement: Statement) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=iam.Effect.ALLOW if statement.effect == "Allow" else iam.Effect.DENY,
        actions=list(statement.actions),
        resources=list(statement.resources),
        conditions={operator: dict(keys) for operator, keys in statement.conditions.items()} or None,
    )
