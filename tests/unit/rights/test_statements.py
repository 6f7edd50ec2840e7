"""What uses grant, whatever the target: actions by name, wildcards with a reason."""

from __future__ import annotations

import pytest

from infra.catalog import CATALOG, Function
from infra.local.aws.arns import LocalNames
from infra.rights.statements import statements

NAMES = LocalNames(CATALOG)
MAIL = "identity/*"
"""One machine lets MAIL_SENDER be anything; an account names its sender (tests/infrastructure/test_policies.py)."""


@pytest.mark.parametrize("function", CATALOG.functions, ids=lambda function: function.name)
def test_actions_are_named_and_wildcards_are_answered_for(function: Function) -> None:
    for statement in statements(function, NAMES):
        assert not [action for action in statement.actions if "*" in action or "?" in action]
        for resource in statement.resources:
            wild = "*" in resource and not resource.endswith(MAIL)
            assert statement.reason or not wild, (statement.actions, resource)
            assert "*" not in resource.rstrip("*").removesuffix("/*"), resource


@pytest.mark.parametrize("function", CATALOG.functions, ids=lambda function: function.name)
def test_every_use_of_something_gives_a_right_on_it_or_goes_by_the_network(function: Function) -> None:
    by_network = {"cache", "vectors"}
    granted = len([s for s in statements(function, NAMES) if s.effect == "Allow"])

    assert granted >= len([use for use in function.uses if use.resource not in by_network])
