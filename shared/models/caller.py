"""Who sends a request: what the authorizer found, as the gateway hands it to a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.errors import Unauthorized


class CallerKind(StrEnum):
    """A person who logged in, a program with an API key, or whoever holds the token of one project."""

    USER = "user"
    API_KEY = "api_key"
    VISITOR = "visitor"


class Role(StrEnum):
    """What a user may do; source: 001 roles.json."""

    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Caller:
    """An authenticated sender.

    id: of the user, the API key or the project whose token it is. user_id: the user, or the owner of the key. role
    and scopes: what policies look at. project_id: all that a visitor sees. token_id, token_expires_at (seconds since
    1970): of the access token.
    """

    tenant_id: UUID
    kind: CallerKind
    id: UUID
    user_id: UUID | None = None
    role: Role | None = None
    scopes: tuple[str, ...] = ()
    session_id: UUID | None = None
    project_id: UUID | None = None
    token_id: UUID | None = None
    token_expires_at: int | None = None

    @property
    def principal(self) -> str:
        """`user:<id>`: the sender in keys and logs."""
        return f"{self.kind.value}:{self.id}"

    def to_context(self) -> dict[str, str]:
        """Return the caller as an authorizer's context: API Gateway carries flat texts only."""
        found: dict[str, str] = {}
        for name, value in vars(self).items():
            if isinstance(value, tuple):
                found[name] = " ".join(value)
            elif value is not None:
                found[name] = str(value)
        return found

    @classmethod
    def from_context(cls, context: Mapping[str, Any] | None) -> Caller:
        """Return the caller of `requestContext.authorizer`. Raises Unauthorized when there is none."""
        if not context or "tenant_id" not in context:
            raise Unauthorized

        def identifier(name: str) -> UUID | None:
            return UUID(context[name]) if context.get(name) else None

        expires = context.get("token_expires_at")
        return cls(
            tenant_id=UUID(context["tenant_id"]),
            kind=CallerKind(context["kind"]),
            id=UUID(context["id"]),
            user_id=identifier("user_id"),
            role=Role(context["role"]) if context.get("role") else None,
            scopes=tuple(str(context.get("scopes") or "").split()),
            session_id=identifier("session_id"),
            project_id=identifier("project_id"),
            token_id=identifier("token_id"),
            token_expires_at=int(expires) if expires else None,
        )
