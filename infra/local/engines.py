"""The engines that the catalog's functions use, started together: PostgreSQL, Redis, Qdrant, the offline model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from infra.catalog import Catalog

if TYPE_CHECKING:
    from infra.local.model.server import OfflineModel
    from infra.local.postgres import Postgres
    from infra.local.qdrant import QdrantFace
    from infra.local.redis import Redis

VECTORS_KEY = "vectors-key"
VECTORS_READ_KEY = "vectors-read-key"


class Engine(Protocol):
    """What every engine can do."""

    def start(self) -> object:
        """Start; returns when it answers."""

    def stop(self) -> None:
        """Stop."""


@dataclass
class _Named:
    name: str
    engine: Engine


class Engines:
    """Makes, starts and stops what `catalog` uses, each in its folder under `folder`.

    The offline model is left out when `environment` holds ANTHROPIC_API_KEY or an ANTHROPIC_BASE_URL of its own, the
    vector engine when it holds a VECTORS_URL: that of one that runs elsewhere and knows the same keys.
    """

    def __init__(
        self, catalog: Catalog, folder: Path, secrets: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._secrets = secrets
        self._vectors_elsewhere = environment.get("VECTORS_URL", "")
        used = {use.resource for function in catalog.functions for use in function.uses}
        offline = not (environment.get("ANTHROPIC_API_KEY") or environment.get("ANTHROPIC_BASE_URL"))
        self.asks_model = "secret:model-key" in used
        self._wanted = {
            "postgres": "database" in used,
            "redis": "cache" in used,
            "qdrant": "vectors" in used and not self._vectors_elsewhere,
            "model": self.asks_model and offline,
        }
        self.postgres: Postgres | None = None
        self.redis: Redis | None = None
        self.qdrant: QdrantFace | None = None
        self.model: OfflineModel | None = None
        self._running: list[_Named] = []

    def start(self, timed: Callable[[str], None] = lambda _: None) -> None:
        """Start every engine at once and return when all answer; if one fails, stop the others and raise its error.
        `timed` hears the name of each when it is ready.
        """
        makers = {
            "postgres": self._start_postgres,
            "redis": self._start_redis,
            "qdrant": self._start_qdrant,
            "model": self._start_model,
        }

        def run(name: str) -> None:
            makers[name]()
            timed(name)

        with ThreadPoolExecutor(len(makers), thread_name_prefix="engine") as pool:
            tasks = [pool.submit(run, name) for name in makers if self._wanted[name]]
        errors = [error for task in tasks if (error := task.exception()) is not None]
        if errors:
            self.stop()
            raise errors[0]

    def stop(self) -> None:
        """Stop every engine that runs, the last started first."""
        while self._running:
            self._running.pop().engine.stop()

    @property
    def names(self) -> list[str]:
        """The engines that run."""
        return sorted(named.name for named in self._running)

    @property
    def vectors_url(self) -> str:
        """Where the vector engine is; empty when the catalog uses none."""
        return self.qdrant.url if self.qdrant is not None else self._vectors_elsewhere

    def _start_postgres(self) -> None:
        from infra.local.postgres import Postgres

        self.postgres = Postgres(self._folder / "postgres")
        self._run("postgres", self.postgres)

    def _start_redis(self) -> None:
        from infra.local.redis import Redis

        self.redis = Redis(self._folder / "redis")
        self._run("redis", self.redis)

    def _start_qdrant(self) -> None:
        from infra.local.qdrant import QdrantFace

        self.qdrant = QdrantFace(
            self._folder / "qdrant",
            api_key=self._secrets[VECTORS_KEY],
            read_only_api_key=self._secrets[VECTORS_READ_KEY],
        )
        self._run("qdrant", self.qdrant)

    def _start_model(self) -> None:
        from infra.local.model.server import OfflineModel

        self.model = OfflineModel(self._folder / "model")
        self._run("model", self.model)

    def _run(self, name: str, engine: Engine) -> None:
        engine.start()
        self._running.append(_Named(name, engine))
