"""A tenant: whose people and things are nobody else's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from shared.models.base import Entity, IdText, TimeText, WireModel, line
from shared.models.user import EmailText, unset

HOUSE_SLUG = "house"
"""Of the tenant that every deployment begins with."""

SlugText = Annotated[str, StringConstraints(min_length=2, max_length=63, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""How a tenant is called where people log in: `acme-labs`."""


class Tenant(Entity):
    """A row of identity.tenants."""

    id: UUID
    slug: str
    name: str
    status: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class TenantOut(WireModel):
    """A tenant as its people see it."""

    id: IdText
    slug: str
    name: str
    status: str
    created_at: TimeText
    updated_at: TimeText


class TenantPatch(WireModel):
    """What an administrator changes of the own tenant."""

    name: Annotated[str, line(255)] = Field(default_factory=unset)


class TenantCreate(WireModel):
    """A new tenant. admin_email: who is invited to be its first administrator."""

    name: Annotated[str, line(255)]
    slug: SlugText
    admin_email: EmailText


class TenantCreated(TenantOut):
    """A tenant as whoever made it sees it. invitation_id: of the invitation in it."""

    invitation_id: IdText
