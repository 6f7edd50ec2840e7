"""/v1/tenant: one's own tenant; /v1/tenants: new ones, by the house."""

from __future__ import annotations

from uuid import UUID

from functions.identity.people import tenants as service
from functions.identity.people.act import Act
from functions.identity.people.throttle import admit_mail
from shared.errors import Forbidden
from shared.http.call import Call
from shared.http.resource import Resource
from shared.models.tenant import TenantCreate, TenantCreated, TenantOut, TenantPatch
from shared.settings import MailTokenSettings, PublicSettings

tenants = Resource("identity.tenants")
handler = tenants.handler


@tenants.operation(answer=TenantOut)
def get_tenant(call: Call[None]) -> TenantOut:
    """Read one's own tenant."""
    return service.tenant_out(service.get_tenant(Act.of(call)))


@tenants.operation(body=TenantPatch, answer=TenantOut, example={"name": "Harbour Labs"})
def update_tenant(call: Call[TenantPatch]) -> TenantOut:
    """Rename one's own tenant; its slug stays, since people log in with it."""
    act = Act.of(call)
    tenant = service.get_tenant(act, to_change=True)
    call.match(service.tenant_out(tenant))
    return service.tenant_out(service.change_tenant(act, tenant, call.body))


@tenants.operation(
    body=TenantCreate,
    answer=TenantCreated,
    status=201,
    conflicts=True,
    example={"name": "Harbour Labs", "slug": "harbour-labs", "admin_email": "ada@example.com"},
)
def create_tenant(call: Call[TenantCreate]) -> TenantCreated:
    """Make a tenant and invite its first administrator.

    For administrators of the house alone. What happens in the tenant from then on is its own: nobody else sees it.
    """
    if call.caller.tenant_id != UUID(call.own.settings(PublicSettings).house_tenant_id):
        raise Forbidden("Only the house makes tenants.")
    admit_mail(call, str(call.caller.tenant_id), call.body.admin_email)
    days = call.own.settings(MailTokenSettings).invitation_days
    tenant, invitation = service.create_tenant(Act.of(call), call.body, days)
    return TenantCreated(**service.tenant_out(tenant).model_dump(), invitation_id=str(invitation.id))
