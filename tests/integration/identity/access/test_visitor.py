"""The token of a project opens it as long as its tenant is there."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from functions.identity.access.authentication import authenticate
from shared.errors import Unauthorized
from shared.http.capability import Capability, issue
from shared.models.caller import CallerKind
from tests.integration.identity.accounts.door import Door


def token_of(door: Door, tenant_id: UUID) -> str:
    capability = Capability(tenant_id, uuid4(), door.own.clock.now() + timedelta(days=1))
    return issue(capability, door.own.capability_key)


def test_a_token_of_a_project_opens_it(door: Door) -> None:
    assert authenticate(door.own, token_of(door, door.tenant)).kind is CallerKind.VISITOR


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_in_a_tenant_that_is_not_active_it_opens_nothing(door: Door, status: str) -> None:
    token = token_of(door, door.tenant)
    door.rows(
        "UPDATE identity.tenants SET status = %(status)s WHERE id = %(id)s", status=status, id=door.tenant
    )

    with pytest.raises(Unauthorized):
        authenticate(door.own, token)


def test_in_a_tenant_that_never_was_it_opens_nothing(door: Door) -> None:
    with pytest.raises(Unauthorized):
        authenticate(door.own, token_of(door, uuid4()))
