"""What the API says about itself, to anybody."""

from infra.catalog.model import Access, Function, Route, Zone
from infra.catalog.uses import DATABASE

FUNCTIONS = (
    Function(
        "portal.openapi",
        "functions.portal.api.openapi.handler",
        Zone.EDGE,
        "Shows the contract of this API",
        concurrency=2,
    ),
    Function(
        "portal.health",
        "functions.portal.api.health.handler",
        Zone.DATA,
        "Says whether requests can be served",
        settings=("DatabaseSettings", "BusSettings"),
        uses=(DATABASE,),
        timeout=10,
    ),
)

ROUTES = (
    Route("GET", "/v1/openapi.json", "portal.openapi", "get_openapi", "openapi:read", Access.PUBLIC),
    Route("GET", "/v1/health", "portal.health", "get_health", "health:read", Access.PUBLIC),
)
