"""People with API keys, as tests of them need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from functions.identity.access import api_keys
from shared.adapters.clock import FakeClock
from shared.bootstrap import Container
from shared.db.unit_of_work import Database
from shared.models.api_key import ApiKey, ApiKeyCreate
from shared.models.caller import Caller, CallerKind, Role

_USER = """
INSERT INTO identity.users (tenant_id, email, username, password_hash, role)
VALUES (%(tenant_id)s, %(email)s, %(email)s, 'none', %(role)s)
RETURNING id
"""


def add_user(database: Database, tenant_id: UUID, role: Role = Role.DEVELOPER) -> Caller:
    """Add a user to a tenant; return them as the caller of a request."""
    with database.transaction(tenant_id) as work:
        row = work.fetch_one(_USER, {"email": f"{uuid4()}@example.com", "role": role.value})
    assert row is not None
    return Caller(tenant_id, CallerKind.USER, row["id"], user_id=row["id"], role=role)


@dataclass(frozen=True)
class Desk:
    """Where keys are made: what the function stands on, its clock, and a tenant of the test's own."""

    own: Container
    clock: FakeClock
    tenant_id: UUID

    def user(self, role: Role = Role.DEVELOPER, tenant_id: UUID | None = None) -> Caller:
        """Add a user to the tenant, or to another."""
        return add_user(self.own.database, tenant_id or self.tenant_id, role)

    def make(
        self, caller: Caller, *scopes: str, lives: timedelta | None = None, name: str = "Night"
    ) -> tuple[ApiKey, str]:
        """Make a key; return its row and the whole of it."""
        asked = {"name": name, "scopes": list(scopes or ("*",))}
        if lives is not None:
            asked["expires_at"] = (self.clock.now() + lives).isoformat()
        with self.own.database.transaction(caller.tenant_id) as work:
            made = api_keys.create_key(self.own, work, caller, ApiKeyCreate.model_validate(asked))
            return made, api_keys.whole_key(self.own, work, made.id)

    def rotate(self, caller: Caller, key_id: UUID, overlap_seconds: int = 0) -> tuple[ApiKey, str]:
        """Rotate a key; return the successor's row and the whole of it."""
        with self.own.database.transaction(caller.tenant_id) as work:
            held = api_keys.hold_key(work, caller, key_id)
            made = api_keys.rotate_key(self.own, work, caller, held, overlap_seconds)
            return made, api_keys.whole_key(self.own, work, made.id)

    def revoke(self, caller: Caller, key_id: UUID) -> bool:
        """Revoke a key, without telling the copies."""
        with self.own.database.transaction(caller.tenant_id) as work:
            return api_keys.revoke_key(self.own, work, api_keys.hold_key(work, caller, key_id))

    def change(self, tenant_id: UUID, statement: str, **names: Any) -> None:
        """Change something behind the back of everybody."""
        with self.own.database.transaction(tenant_id) as work:
            assert work.execute(statement, names) == 1

    def row(self, key: ApiKey) -> dict[str, Any]:
        """Return all that is kept of a key."""
        with self.own.database.transaction(key.tenant_id) as work:
            found = work.fetch_one("SELECT * FROM identity.api_keys WHERE id = %(id)s", {"id": key.id})
        assert found is not None
        return found
