"""POST /v1/runs/{run_id}/approve: let the kit leave the house."""

from uuid import UUID

from functions.agency import service
from functions.agency.api.steering import steer
from shared.db.unit_of_work import UnitOfWork
from shared.http.endpoint import Response, endpoint
from shared.http.request import Request
from shared.models.run import Nothing, Run


@endpoint("agency.approve_run")
def handler(request: Request) -> Response:
    """Release the run that waits for a yes."""

    def approve(work: UnitOfWork, run_id: UUID, project_id: UUID, change: Nothing) -> Run:
        del change
        return service.approve_run(work, run_id, project_id)

    return steer(request, "approve_run", Nothing, approve, 200)
