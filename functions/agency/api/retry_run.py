"""POST /v1/runs/{run_id}/retry: go on from the failed step."""

from uuid import UUID

from functions.agency import service
from functions.agency.api.steering import budget_limit, steer
from shared.db.unit_of_work import UnitOfWork
from shared.http.endpoint import Response, endpoint
from shared.http.request import Request
from shared.models.run import Run, RunRetry


@endpoint("agency.retry_run")
def handler(request: Request) -> Response:
    """Queue the run again; completed steps stay as they are."""

    def retry(work: UnitOfWork, run_id: UUID, project_id: UUID, change: RunRetry) -> Run:
        return service.retry_run(work, run_id, project_id, change, budget_limit())

    return steer(request, "retry_run", RunRetry, retry, 202)
