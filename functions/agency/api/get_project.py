"""GET /v1/projects/{project_id}: what the agents found."""

from functions.agency import service
from functions.identity import service as identity
from functions.marketing import service as marketing
from shared.bootstrap import container
from shared.errors import NotFound
from shared.http.capability import authorise
from shared.http.endpoint import Response, endpoint
from shared.http.request import Request


@endpoint("agency.get_project")
def handler(request: Request) -> Response:
    """Answer the project with its newest campaign and webhook: a fork that still runs has none yet."""
    own = container()
    caller = authorise(request, own.capability_key, own.clock.now())
    project_id = request.path_id("project_id")
    if project_id != caller.project_id:
        raise NotFound("There is no such project.")
    with own.database.transaction(caller.tenant_id) as work:
        project, runs = service.get_project(work, project_id)
        campaigns = (marketing.get_campaign(work, run) for run in runs)
        webhooks = (identity.get_delivery(work, "project_completed", run) for run in runs)
        campaign, webhook = next(filter(None, campaigns), None), next(filter(None, webhooks), None)
        return Response(service.project_out(project, runs, campaign, webhook))
