"""Logging in, staying logged in, logging out."""

from infra.catalog.api.resource import resource
from infra.catalog.model import Access, Route
from infra.catalog.uses import TOKEN_KEY

FUNCTIONS = (
    resource(
        "identity",
        "sessions",
        "Logs people in and out, carries their sessions on and shows them",
        TOKEN_KEY,
        settings=("TokenSettings", "LoginSettings"),
        layers=("core", "identity"),
        memory=1024,
        concurrency=2,
    ),
)

ROUTES = (
    Route("POST", "/v1/sessions", "identity.sessions", "create_session", "session:create", Access.PUBLIC),
    Route(
        "POST",
        "/v1/sessions/refresh",
        "identity.sessions",
        "refresh_session",
        "session:create",
        Access.PUBLIC,
    ),
    Route("GET", "/v1/sessions", "identity.sessions", "list_sessions", "session:list"),
    Route("DELETE", "/v1/sessions", "identity.sessions", "revoke_all_sessions", "session:revoke"),
    Route("DELETE", "/v1/sessions/current", "identity.sessions", "revoke_current_session", "session:revoke"),
    Route("DELETE", "/v1/sessions/{session_id}", "identity.sessions", "revoke_session", "session:revoke"),
)
