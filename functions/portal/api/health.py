"""/v1/health: whether requests can be served."""

from __future__ import annotations

from functions.portal import service
from shared.http.call import Call
from shared.http.resource import Resource
from shared.models.portal import HealthOut

health = Resource("portal.health")
handler = health.handler


@health.operation(answer=HealthOut, public=True)
def get_health(call: Call[None]) -> HealthOut:
    """Ask whether requests can be served.

    Answers 503 while the database does not. The cache makes requests faster and is needed for none, so it does not
    count.
    """
    service.check_database(call.own.database)
    return HealthOut(status="ok")
