"""POST /v1/runs/{run_id}/fork: a second run of the same idea."""

from uuid import UUID

from functions.agency import service
from functions.agency.api.steering import budget_limit, steer
from shared.db.unit_of_work import UnitOfWork
from shared.http.endpoint import Response, endpoint
from shared.http.request import Request
from shared.models.run import Run, RunFork


@endpoint("agency.fork_run")
def handler(request: Request) -> Response:
    """Start a run that pays only for what changed."""

    def fork(work: UnitOfWork, run_id: UUID, project_id: UUID, change: RunFork) -> Run:
        return service.fork_run(work, run_id, project_id, change, budget_limit())

    return steer(request, "fork_run", RunFork, fork, 202)
