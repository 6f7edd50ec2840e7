"""What functions behind the API have in common."""

from infra.catalog.model import Function, Use, Zone
from infra.catalog.uses import CACHE, DATABASE, PUBLISH


def resource(
    context: str,
    name: str,
    purpose: str,
    *more: Use,
    settings: tuple[str, ...] = (),
    layers: tuple[str, ...] = ("core",),
    memory: int = 512,
    concurrency: int = 1,
) -> Function:
    """Return the function that serves a resource: `functions/<context>/api/<name>.py`. memory in MiB."""
    return Function(
        f"{context}.{name}",
        f"functions.{context}.api.{name}.handler",
        Zone.DATA,
        purpose,
        settings=("DatabaseSettings", "BusSettings", "CacheSettings", "RateLimitSettings", *settings),
        uses=(DATABASE, PUBLISH, CACHE, *more),
        layers=layers,
        memory=memory,
        concurrency=concurrency,
    )
