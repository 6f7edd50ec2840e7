"""Tenants: one's own, and new ones that the house's administrators make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from functions.identity.people.act import Act, queries
from functions.identity.people.invitations import invite
from shared.db.unit_of_work import UnitOfWork
from shared.errors import AppError, Conflict, NotFound
from shared.models.invitation import Invitation
from shared.models.tenant import Tenant, TenantCreate, TenantOut, TenantPatch


def tenant_out(tenant: Tenant) -> TenantOut:
    """Return a tenant as the API shows it."""
    return TenantOut(
        id=str(tenant.id),
        slug=tenant.slug,
        name=tenant.name,
        status=tenant.status,
        created_at=tenant.created_at.isoformat(),
        updated_at=tenant.updated_at.isoformat(),
    )


def get_tenant(act: Act, *, to_change: bool = False) -> Tenant:
    """Return the tenant of the transaction, locked when it is about to change. Raises NotFound."""
    row = act.one("lock_tenant_to_change" if to_change else "get_tenant")
    if row is None:
        raise NotFound("There is no such tenant.")
    return Tenant.model_validate(row)


def change_tenant(act: Act, tenant: Tenant, patch: TenantPatch) -> Tenant:
    """Change the tenant of the transaction, locked before."""
    if "name" not in patch.model_fields_set or patch.name == tenant.name:
        return tenant
    act.do("set_tenant_name", name=patch.name)
    act.record("tenant.renamed", "tenant", tenant.id)
    return get_tenant(act)


@contextmanager
def _within(act: Act, tenant_id: UUID) -> Iterator[Act]:
    """Go on as another tenant in the same transaction, so that what is done in both is done or not done in both."""
    home = act.work
    inside = UnitOfWork(home.connection, tenant_id, home.announced)
    inside.execute(queries()["enter_tenant"])
    yield replace(act, work=inside)
    inside.finish()
    home.execute(queries()["enter_tenant"])


def create_tenant(act: Act, wanted: TenantCreate, days: int) -> tuple[Tenant, Invitation]:
    """Make a tenant with an invitation of its first administrator; both tenants' logs say so.

    days: for how long the invitation waits. Raises Conflict when the slug is taken.
    """
    made = act.one("new_id")
    if made is None:
        raise AppError("The database made no id.")
    with _within(act, made["id"]) as inside:
        if inside.one("insert_tenant", slug=wanted.slug, name=wanted.name) is None:
            raise Conflict("Another tenant has this slug.")
        inside.record("tenant.created", "tenant", made["id"])
        invitation = invite(inside, wanted.admin_email, "admin", invited_by=None, days=days)
        tenant = get_tenant(inside)
    act.record("tenant.created", "tenant", tenant.id)
    return tenant, invitation
