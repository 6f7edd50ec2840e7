"""GET /v1/runs/{run_id}: steps, progress and spend."""

from functions.agency import service
from shared.bootstrap import container
from shared.http.capability import authorise
from shared.http.endpoint import Response, endpoint
from shared.http.request import Request


@endpoint("agency.get_run")
def handler(request: Request) -> Response:
    """Answer the run with its steps."""
    own = container()
    caller = authorise(request, own.capability_key, own.clock.now())
    run_id = request.path_id("run_id")
    with own.database.transaction(caller.tenant_id) as work:
        return Response(service.get_run(work, run_id, caller.project_id))
