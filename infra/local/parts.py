"""The parts of a running system, as its own page and health check show them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from infra.local.engines import Engines
from infra.local.local_pages import Part

_PATIENCE = 2.0


def parts_of(about: Mapping[str, Any], engines: Engines) -> list[Part]:
    """Return the parts that run. `about` is what `LocalTarget.about` says."""
    found = [
        Part("API", "takes ideas, shows runs and kits", str(about["url"]) + "/v1", lambda: True),
        Part(
            "AWS",
            "Lambda, Step Functions, S3, SQS, EventBridge, Secrets Manager",
            f"aws --endpoint-url {about['aws_url']} s3 ls",
            lambda: _responds(f"{about['aws_url']}/moto-api/"),
        ),
    ]
    if about["previews_url"]:
        page = str(about["previews_url"])
        purpose = "shows what the agents made, apart from the API"
        found.append(Part("Previews", purpose, page, lambda: _responds(page)))
    postgres, redis, qdrant, model = engines.postgres, engines.redis, engines.qdrant, engines.model
    if postgres is not None:
        found.append(
            Part("PostgreSQL", "what the system knows", str(about["psql"]), lambda: _selects(postgres.dsn()))
        )
    if redis is not None:
        found.append(Part("Redis", "limits and short memory", redis.url, lambda: _pings(redis.url)))
    if qdrant is not None:
        health = f"{qdrant.url}/healthz"
        found.append(Part("Qdrant", "search by meaning", qdrant.url, lambda: _responds(health)))
    if model is not None:
        purpose = "drafts without a network; set ANTHROPIC_API_KEY to ask Claude"
        found.append(Part("Offline model", purpose, model.url, lambda: _responds(model.url)))
    logs = f"tail -f {about['logs']}/functions.log"
    found.append(Part("Logs", "what the functions say, a JSON object a line", logs, lambda: True))
    return found


def _responds(url: str) -> bool:
    """Whether anything answers there, be it an error."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE):  # noqa: S310  # an address of our own
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _selects(dsn: str) -> bool:
    import psycopg

    with psycopg.connect(dsn, connect_timeout=2) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def _pings(url: str) -> bool:
    import redis

    with redis.Redis.from_url(url, socket_timeout=_PATIENCE) as client:
        return bool(client.ping())
