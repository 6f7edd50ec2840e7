"""Every HTTPS operation."""

from infra.catalog.model import Access, Route

ROUTES = (
    Route("POST", "/v1/intake", "agency.create_intake", "lead:create", Access.PUBLIC),
    Route("GET", "/v1/runs/{run_id}", "agency.get_run", "run:read", Access.CAPABILITY),
    Route("POST", "/v1/runs/{run_id}/cancel", "agency.cancel_run", "run:cancel", Access.CAPABILITY),
    Route("POST", "/v1/runs/{run_id}/retry", "agency.retry_run", "run:retry", Access.CAPABILITY),
    Route("POST", "/v1/runs/{run_id}/fork", "agency.fork_run", "run:fork", Access.CAPABILITY),
    Route("POST", "/v1/runs/{run_id}/approve", "agency.approve_run", "run:approve", Access.CAPABILITY),
    Route("GET", "/v1/projects/{project_id}", "agency.get_project", "project:read", Access.CAPABILITY),
    Route("GET", "/v1/projects/{project_id}/assets", "agency.list_assets", "asset:read", Access.CAPABILITY),
)
