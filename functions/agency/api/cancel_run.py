"""POST /v1/runs/{run_id}/cancel: stop for good."""

from uuid import UUID

from functions.agency import service
from functions.agency.api.steering import steer
from shared.db.unit_of_work import UnitOfWork
from shared.http.endpoint import Response, endpoint
from shared.http.request import Request
from shared.models.run import Nothing, Run


@endpoint("agency.cancel_run")
def handler(request: Request) -> Response:
    """Cancel the run; its execution is stopped after the commit."""

    def cancel(work: UnitOfWork, run_id: UUID, project_id: UUID, change: Nothing) -> Run:
        del change
        return service.cancel_run(work, run_id, project_id)

    return steer(request, "cancel_run", Nothing, cancel, 200)
