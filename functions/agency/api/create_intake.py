"""POST /v1/intake: an idea goes in."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from functions.agency import service
from shared.adapters.cache import Admission
from shared.bootstrap import container
from shared.errors import DependencyUnavailable, RateLimited
from shared.http.capability import Capability, issue
from shared.http.endpoint import Response, endpoint
from shared.http.idempotency import transact
from shared.http.request import Request
from shared.models.lead import IntakeCreate, IntakeOut
from shared.observability import count, logger
from shared.settings import CapabilitySettings, IntakeSettings, RunSettings

_PERIOD_SECONDS = 3600


def _admit(request: Request, settings: IntakeSettings) -> Admission | None:
    """Count the caller's address. Without a cache the way in stays open: API Gateway throttles before us."""
    address = request.address(settings.trusted_proxies)
    try:
        admission = container().cache.admit(
            f"ratelimit:intake:{{{address}}}", settings.intake_per_hour, _PERIOD_SECONDS
        )
    except DependencyUnavailable:
        count("LimiterUnavailable")
        return None
    if not admission.allowed:
        raise RateLimited(
            f"An address may send {settings.intake_per_hour} ideas an hour.",
            retry_after=max(1, round(admission.retry_after_seconds)),
            headers=_limit_headers(admission),
        )
    return admission


def _limit_headers(admission: Admission | None) -> dict[str, str]:
    if admission is None:
        return {}
    reset = round(admission.reset_after_seconds)
    return {
        "ratelimit-policy": f'"intake";q={admission.limit};w={_PERIOD_SECONDS}',
        "ratelimit": f'"intake";r={admission.remaining};t={reset}',
    }


@endpoint("agency.create_intake")
def handler(request: Request) -> Response:
    """Add lead, project and run; answer 201 with a token that opens them."""
    own = container()
    intake = request.body(IntakeCreate)
    settings = own.settings(IntakeSettings)
    admission = _admit(request, settings)
    tenant_id = UUID(settings.house_tenant_id)
    budget = own.settings(RunSettings).run_budget_microusd
    days = timedelta(days=own.settings(CapabilitySettings).capability_days)
    expires = (own.clock.now() + days).replace(microsecond=0)
    made = transact(
        request,
        own.database,
        tenant_id,
        "create_intake",
        lambda work: {
            **service.create_intake(work, intake, budget),
            "expires_at": expires.isoformat(),
        },
        body=intake.model_dump(),
        status_code=201,
    )
    logger().thread_safe_append_keys(tenant_id=str(tenant_id), run_id=made["run_id"])
    until = datetime.fromisoformat(made["expires_at"]).astimezone(UTC)
    capability = Capability(tenant_id, UUID(made["project_id"]), until)
    links = service.run_links(made["run_id"], made["project_id"])
    body = IntakeOut(**made, access_token=issue(capability, own.capability_key), links=links)
    return Response(body, 201, {"location": links["run"], **_limit_headers(admission)})
