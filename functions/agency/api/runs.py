"""/v1/runs: how an idea gets on, and steering it."""

from __future__ import annotations

from functions.agency import service
from shared.http.call import Call
from shared.http.resource import Resource
from shared.models.run import Run, RunFork, RunOut, RunRetry, RunSummary
from shared.settings import RunSettings

runs = Resource("agency.runs")
handler = runs.handler

_RUN = "/v1/runs/{run_id}"


def _summary(run: Run) -> RunSummary:
    return RunSummary(
        run_id=str(run.id), status=run.status.value, links=dict(service.run_links(run.id, run.project_id))
    )


def _budget_limit(call: Call[RunRetry] | Call[RunFork]) -> int:
    return call.own.settings(RunSettings).run_budget_microusd


@runs.operation(answer=RunOut)
def get_run(call: Call[None]) -> RunOut:
    """Read a run: its steps, progress and spend."""
    return service.get_run(call.work, call.path_id("run_id"), call.caller.project_id)


@runs.operation(answer=RunSummary, location=_RUN, repeats=True, conflicts=True)
def cancel_run(call: Call[None]) -> RunSummary:
    """Cancel a run for good; its execution is stopped after the commit."""
    return _summary(service.cancel_run(call.work, call.path_id("run_id"), call.caller.project_id))


@runs.operation(
    body=RunRetry,
    answer=RunSummary,
    status=202,
    location=_RUN,
    conflicts=True,
    example={"budget_microusd": 500_000},
)
def retry_run(call: Call[RunRetry]) -> RunSummary:
    """Go on from the failed step; completed steps stay as they are."""
    run_id, project_id = call.path_id("run_id"), call.caller.project_id
    return _summary(service.retry_run(call.work, run_id, project_id, call.body, _budget_limit(call)))


@runs.operation(
    body=RunFork,
    answer=RunSummary,
    status=202,
    location=_RUN,
    example={"idea": "Shift planning for lifeguards"},
)
def fork_run(call: Call[RunFork]) -> RunSummary:
    """Start a second run of the same idea, which pays only for what changed."""
    run_id, project_id = call.path_id("run_id"), call.caller.project_id
    return _summary(service.fork_run(call.work, run_id, project_id, call.body, _budget_limit(call)))


@runs.operation(answer=RunSummary, location=_RUN, repeats=True, conflicts=True)
def approve_run(call: Call[None]) -> RunSummary:
    """Let the kit of a run that waits for a yes leave the house."""
    return _summary(service.approve_run(call.work, call.path_id("run_id"), call.caller.project_id))
