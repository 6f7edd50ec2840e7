"""Tenants, people, keys, webhooks, the audit log; and the authorizer."""

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
)

ROUTES: tuple[Route, ...] = ()
