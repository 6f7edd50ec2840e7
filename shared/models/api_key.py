"""An API key: with it a program comes in and does, within its scopes, what its owner may."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.models.base import Entity, IdText, Moment, PageQuery, TimeText, WireModel, line

LONGEST_OVERLAP_SECONDS = 7 * 86_400
"""How long a key may live on beside its successor."""
MOST_SCOPES = 50

Scope = Annotated[str, Field(max_length=60, pattern=r"^(\*|[a-z_]+:[a-z_]+)$")]
"""A permission, such as `run:read`; `*` is whatever the owner may."""


class ApiKey(Entity):
    """A row of identity.api_keys. prefix: what is shown of the key. successor_id: of the key that replaced it."""

    id: UUID
    tenant_id: UUID
    user_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    successor_id: UUID | None
    created_at: AwareDatetime


class ApiKeyCreate(WireModel):
    """A key to make. expires_at: in the future, ten years ahead at most; none: it lives until it is revoked."""

    name: Annotated[str, line(100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=MOST_SCOPES)]
    expires_at: Moment | None = None


class ApiKeyPatch(WireModel):
    """What may change of a key."""

    name: Annotated[str, line(100)]


class ApiKeyRotate(WireModel):
    """How long the old key lives on beside the new one, so that programs can change over."""

    overlap_seconds: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_SECONDS)] = 0


class ApiKeyQuery(PageQuery):
    """Whose keys: one's own by default; those of somebody else are an administrator's to see."""

    user_id: Annotated[UUID | None, Field(description="the id of a user")] = None


class ApiKeyOut(WireModel):
    """A key as the API shows it, without its secret."""

    id: IdText
    user_id: IdText
    name: str
    prefix: str
    scopes: list[str]
    expires_at: TimeText | None
    last_used_at: TimeText | None
    revoked_at: TimeText | None
    successor_id: IdText | None
    created_at: TimeText


class ApiKeyMade(ApiKeyOut):
    """A new key. key: the whole of it, shown here and never again."""

    key: str


class ApiKeyList(WireModel):
    """A page of keys."""

    data: list[ApiKeyOut]
    next_cursor: str | None
