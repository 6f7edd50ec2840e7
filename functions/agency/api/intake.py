"""/v1/intake: an idea goes in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from functions.agency import service
from shared.adapters.limiter import Limit
from shared.errors import RateLimited
from shared.http.call import Call
from shared.http.capability import Capability, issue
from shared.http.limits import admit_or_refuse, hashed_to
from shared.http.operation import Response
from shared.http.resource import Resource
from shared.models.lead import IntakeCreate, IntakeOut
from shared.observability import logger
from shared.settings import CapabilitySettings, IntakeSettings, RunSettings

_HOUR = 3600

intake = Resource("agency.intake")
handler = intake.handler


def _limit(call: Call[IntakeCreate], settings: IntakeSettings) -> Limit:
    address = call.request.address(settings.trusted_proxies)
    return Limit("intake", hashed_to("ratelimit:intake:", address), settings.intake_per_hour, _HOUR)


@intake.operation(
    body=IntakeCreate,
    answer=IntakeOut,
    status=201,
    public=True,
    location="/v1/runs/{run_id}",
    repeats=True,
    problems=(RateLimited,),
    example={
        "email": "ada@example.com",
        "idea": "Shift planning for volunteer fire brigades",
        "sector": "saas",
        "constraints": {"budget": "small"},
    },
)
def create_intake(call: Call[IntakeCreate]) -> Response:
    """Send an idea: adds lead, project and run.

    The answer holds a token that opens this project and nothing else. An address may send a number of ideas an hour.
    """
    own = call.own
    settings = own.settings(IntakeSettings)
    told = admit_or_refuse(own.limiter, [_limit(call, settings)])
    tenant_id = UUID(settings.house_tenant_id)
    budget = own.settings(RunSettings).run_budget_microusd
    days = timedelta(days=own.settings(CapabilitySettings).capability_days)
    expires = (call.now + days).replace(microsecond=0)
    made = call.transact_for(
        tenant_id,
        lambda work: {**service.create_intake(work, call.body, budget), "expires_at": expires.isoformat()},
        call.body.model_dump(),
    )
    logger().thread_safe_append_keys(tenant_id=str(tenant_id), run_id=made["run_id"])
    until = datetime.fromisoformat(made["expires_at"]).astimezone(UTC)
    capability = Capability(tenant_id, UUID(made["project_id"]), until)
    links = service.run_links(made["run_id"], made["project_id"])
    body = IntakeOut(**made, access_token=issue(capability, own.capability_key), links=links)
    return Response(body, headers=tuple(told.items()))
