"""What cancel, retry, fork and approve have in common."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from functions.agency import service
from shared.bootstrap import container
from shared.db.unit_of_work import UnitOfWork
from shared.http.capability import authorise
from shared.http.endpoint import Response
from shared.http.idempotency import transact
from shared.http.request import Request
from shared.models.base import WireModel
from shared.models.run import Run, RunSummary
from shared.settings import RunSettings

B = TypeVar("B", bound=WireModel)


def budget_limit() -> int:
    """The operator's limit for the budget of a run, in millionths of a US dollar."""
    return container().settings(RunSettings).run_budget_microusd


def steer(
    request: Request,
    operation: str,
    model: type[B],
    act: Callable[[UnitOfWork, UUID, UUID, B], Run],
    status: int,
) -> Response:
    """Do one thing to the caller's run, once for an Idempotency-Key; an empty body is an empty object."""
    own = container()
    caller = authorise(request, own.capability_key, own.clock.now())
    run_id = request.path_id("run_id")
    change = request.body(model) if request.body_bytes().strip() else model()

    def act_and_tell(work: UnitOfWork) -> dict[str, Any]:
        run = act(work, run_id, caller.project_id, change)
        links = service.run_links(run.id, run.project_id)
        return {"run_id": str(run.id), "status": run.status.value, "links": links}

    told = transact(
        request,
        own.database,
        caller.tenant_id,
        operation,
        act_and_tell,
        body=change.model_dump(),
        status_code=status,
    )
    return Response(RunSummary.model_validate(told), status, {"location": str(told["links"]["run"])})
