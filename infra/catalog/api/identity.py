"""Tenants, people, keys, webhooks, the audit log; and the authorizer."""

from infra.catalog.api.resource import resource
from infra.catalog.model import Function, Route, Zone
from infra.catalog.uses import CACHE, CAPABILITY_KEY, DATABASE, TOKEN_KEY

FUNCTIONS = (
    Function(
        "identity.authorize",
        "functions.identity.access.authorize.handler",
        Zone.DATA,
        "Says who sends a request and whether it is theirs to send",
        settings=(
            "DatabaseSettings",
            "BusSettings",
            "CacheSettings",
            "CapabilitySettings",
            "TokenSettings",
            "HouseSettings",
        ),
        uses=(DATABASE, CACHE, CAPABILITY_KEY, TOKEN_KEY),
        layers=("core", "identity"),
        memory=1024,
        timeout=10,
        # Every request that is not public passes here, some twenty milliseconds each.
        concurrency=8,
    ),
    resource(
        "identity",
        "api_keys",
        "API keys: makes, shows, renames, rotates and revokes them",
        TOKEN_KEY,
        settings=("TokenSettings", "HouseSettings"),
        layers=("core", "identity"),
    ),
    resource("identity", "audit_log", "Shows the audit log and verifies its chain"),
)

ROUTES = (
    Route("POST", "/v1/api-keys", "identity.api_keys", "create_api_key", "api_key:create"),
    Route("GET", "/v1/api-keys", "identity.api_keys", "list_api_keys", "api_key:read"),
    Route("GET", "/v1/api-keys/{key_id}", "identity.api_keys", "get_api_key", "api_key:read"),
    Route("PATCH", "/v1/api-keys/{key_id}", "identity.api_keys", "update_api_key", "api_key:update"),
    Route("DELETE", "/v1/api-keys/{key_id}", "identity.api_keys", "revoke_api_key", "api_key:revoke"),
    Route("POST", "/v1/api-keys/{key_id}/rotate", "identity.api_keys", "rotate_api_key", "api_key:rotate"),
    Route("GET", "/v1/audit-log", "identity.audit_log", "list_audit_log", "audit:read"),
    Route(
        "GET",
        "/v1/audit-log/verification",
        "identity.audit_log",
        "get_audit_log_verification",
        "audit:read",
    ),
)
