"""Ideas, runs, projects."""

from infra.catalog.api.resource import resource
from infra.catalog.model import Access, Route
from infra.catalog.uses import CAPABILITY_KEY, READ_ASSETS

FUNCTIONS = (
    resource(
        "agency",
        "intake",
        "Takes an idea: lead, project and run in one transaction",
        CAPABILITY_KEY,
        settings=("CapabilitySettings", "IntakeSettings", "RunSettings"),
        concurrency=2,
    ),
    resource(
        "agency",
        "runs",
        "Shows and steers runs: cancel, retry, fork, approve",
        settings=("RunSettings",),
        concurrency=3,
    ),
    resource(
        "agency",
        "projects",
        "Shows projects, what the agents found, and their files by signed URLs",
        READ_ASSETS,
        settings=("StorageSettings", "PreviewSettings"),
        concurrency=2,
    ),
)

ROUTES = (
    Route("POST", "/v1/intake", "agency.intake", "create_intake", "lead:create", Access.PUBLIC),
    Route("GET", "/v1/runs/{run_id}", "agency.runs", "get_run", "run:read"),
    Route("POST", "/v1/runs/{run_id}/cancel", "agency.runs", "cancel_run", "run:cancel"),
    Route("POST", "/v1/runs/{run_id}/retry", "agency.runs", "retry_run", "run:retry"),
    Route("POST", "/v1/runs/{run_id}/fork", "agency.runs", "fork_run", "run:fork"),
    Route("POST", "/v1/runs/{run_id}/approve", "agency.runs", "approve_run", "run:approve"),
    Route("GET", "/v1/projects", "agency.projects", "list_projects", "project:list"),
    Route("GET", "/v1/projects/{project_id}", "agency.projects", "get_project", "project:read"),
    Route("GET", "/v1/projects/{project_id}/assets", "agency.projects", "list_assets", "asset:read"),
)
