"""Tenants, people, keys, webhooks, the audit log; and the authorizer."""

from infra.catalog.api.resource import resource
from infra.catalog.model import Function, Route, Zone
from infra.catalog.uses import CACHE, CAPABILITY_KEY, DATABASE

FUNCTIONS = (
    Function(
        "identity.authorize",
        "functions.identity.access.authorize.handler",
        Zone.DATA,
        "Says who sends a request and whether it is theirs to send",
        settings=("DatabaseSettings", "BusSettings", "CacheSettings", "CapabilitySettings", "TokenSettings"),
        uses=(DATABASE, CACHE, CAPABILITY_KEY),
        layers=("core", "identity"),
        memory=1024,
        timeout=10,
    ),
    resource("identity", "audit_log", "Shows the audit log and verifies its chain"),
)

ROUTES = (
    Route("GET", "/v1/audit-log", "identity.audit_log", "list_audit_log", "audit:read"),
    Route(
        "GET",
        "/v1/audit-log/verification",
        "identity.audit_log",
        "get_audit_log_verification",
        "audit:read",
    ),
)
