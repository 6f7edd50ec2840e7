"""The composition root: everything a function stands on, made when first asked for and kept.

Kept once for each execution environment: on AWS a process, on one machine a worker thread.
"""

from __future__ import annotations

import threading
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from shared.adapters.bus import EventBridgeBus, EventBus
from shared.adapters.cache import Cache, RedisCache
from shared.adapters.clock import Clock, SystemClock
from shared.adapters.copies import Copies, RedisCopies
from shared.adapters.limiter import FallbackLimiter, InMemoryLimiter, Limiter, RedisLimiter
from shared.adapters.objects import ObjectStore, S3ObjectStore, s3_client
from shared.adapters.queues import Queues, SqsQueues
from shared.adapters.secrets import SecretsManagerStore, SecretStore
from shared.adapters.vectors_access import Access
from shared.db.outbox import mark_published, publish
from shared.db.unit_of_work import Database, Row
from shared.observability import count
from shared.settings import (
    BusSettings,
    CacheSettings,
    CapabilitySettings,
    DatabaseInstanceSettings,
    DatabaseSettings,
    EmbeddingSettings,
    MailKeySettings,
    MailSettings,
    ModelSettings,
    S,
    StorageSettings,
    SystemDatabaseSettings,
    TokenSettings,
    VectorSettings,
)

if TYPE_CHECKING:
    from shared.adapters.database_instance import RdsInstance
    from shared.adapters.embeddings import Embedder
    from shared.adapters.mail import Mailer
    from shared.adapters.model import Model
    from shared.adapters.vectors import VectorStore
    from shared.adapters.workflows import Workflows


class Container:
    """Settings and adapters of one execution environment."""

    def __init__(self) -> None:
        self._settings: dict[type, Any] = {}
        self._embedders: dict[int, Embedder] = {}
        self._former_embedders: dict[tuple[str, int], Embedder] = {}

    def settings(self, kind: type[S]) -> S:
        """Return settings of that class, read once."""
        if kind not in self._settings:
            self._settings[kind] = kind.load()
        found: S = self._settings[kind]
        return found

    @cached_property
    def clock(self) -> Clock:
        """The time."""
        return SystemClock()

    @cached_property
    def database(self) -> Database:
        """PostgreSQL as the application; what a transaction announces is published right after its commit."""
        return Database(self.settings(DatabaseSettings), after_commit=self._publish_at_once)

    @cached_property
    def system_database(self) -> Database:
        """PostgreSQL as the role that sees the outbox and stalled work of every tenant."""
        settings = self.settings(SystemDatabaseSettings)
        return Database(settings, user=settings.database_system_user)

    @cached_property
    def objects(self) -> ObjectStore:
        """S3."""
        return S3ObjectStore(s3_client())

    @cached_property
    def storage(self) -> StorageSettings:
        """The names of the buckets."""
        return self.settings(StorageSettings)

    @cached_property
    def cache(self) -> Cache:
        """Redis."""
        return RedisCache(self.settings(CacheSettings).cache_url)

    @cached_property
    def copies(self) -> Copies:
        """Copies in Redis of what PostgreSQL says."""
        url = self.settings(CacheSettings).cache_url
        return RedisCopies(url, self.clock, report=lambda: count("CopiesUnavailable"))

    @cached_property
    def limiter(self) -> Limiter:
        """What counts requests: logs in Redis, and this environment's own memory while it does not answer."""
        return FallbackLimiter(
            RedisLimiter(self.settings(CacheSettings).cache_url),
            InMemoryLimiter(self.clock),
            self.clock,
            report=lambda: count("LimiterUnavailable"),
        )

    @cached_property
    def bus(self) -> EventBus:
        """EventBridge."""
        import boto3

        return EventBridgeBus(boto3.client("events"), self.settings(BusSettings).bus_name)

    @cached_property
    def queues(self) -> Queues:
        """SQS."""
        import boto3

        return SqsQueues(boto3.client("sqs"))

    @cached_property
    def workflows(self) -> Workflows:
        """Express workflows of Step Functions."""
        from shared.adapters.workflows import ExpressWorkflows, express_client

        return ExpressWorkflows(express_client())

    @cached_property
    def secrets(self) -> SecretStore:
        """Secrets Manager."""
        import boto3

        return SecretsManagerStore(boto3.client("secretsmanager"), self.clock)

    @property
    def capability_key(self) -> str:
        """What signs capability tokens; read anew, so that a rotation arrives."""
        return self.secrets.read(self.settings(CapabilitySettings).capability_key_secret)

    @property
    def token_key(self) -> str:
        """What access tokens, refresh tokens and API keys are derived from; read anew, so that a rotation arrives."""
        return self.secrets.read(self.settings(TokenSettings).token_key_secret)

    @property
    def mail_key(self) -> str:
        """What signs tokens that leave by mail; read anew, so that a rotation arrives."""
        return self.secrets.read(self.settings(MailKeySettings).mail_key_secret)

    @cached_property
    def mailer(self) -> Mailer:
        """Amazon SES."""
        import boto3

        from shared.adapters.mail import SesMailer

        return SesMailer(boto3.client("sesv2"), self.settings(MailSettings).mail_sender)

    def embedder_of(self, dimension: int) -> Embedder:
        """Return what turns text into vectors of so many numbers."""
        if dimension not in self._embedders:
            provider = self.settings(EmbeddingSettings).embedding_provider
            self._embedders[dimension] = _make_embedder(provider, dimension)
        return self._embedders[dimension]

    def embedder_named(self, model: str, dimension: int) -> Embedder:
        """Return the embedder whose vectors carry that name, whichever new texts are embedded with.

        So what a collection was filled with also searches it, right after a change of provider. Raises
        EmbeddingModelUnknown for a name that is no embedder's, or that of one which is not installed here.
        """
        current = self.embedder_of(dimension)
        if current.model == model:
            return current
        if (model, dimension) not in self._former_embedders:
            self._former_embedders[model, dimension] = _embedder_named(model, dimension)
        return self._former_embedders[model, dimension]

    @cached_property
    def vectors(self) -> VectorStore:
        """Qdrant."""
        from shared.adapters.vectors_qdrant import QdrantVectorStore

        return QdrantVectorStore(
            self.settings(VectorSettings).vectors_url,
            access=self._vectors_access,
            report=lambda: count("VectorsUnavailable"),
        )

    def _vectors_access(self, fresh: bool) -> Access:
        settings = self.settings(VectorSettings)
        key, certificate = settings.vectors_key_secret, settings.vectors_certificate_secret
        for name in (key, certificate) if fresh else ():
            self.secrets.forget(name)
        return Access(self.secrets.read(key), self.secrets.read(certificate) if certificate else None)

    @cached_property
    def database_instance(self) -> RdsInstance:
        """Amazon RDS."""
        import boto3

        from shared.adapters.database_instance import RdsInstance

        return RdsInstance(boto3.client("rds"), self.settings(DatabaseInstanceSettings).database_instance)

    @cached_property
    def executions(self) -> Any:
        """boto3's client of Step Functions."""
        import boto3

        return boto3.client("stepfunctions")

    @cached_property
    def model(self) -> Model:
        """Claude."""
        from shared.adapters.model import anthropic_model

        settings = self.settings(ModelSettings)
        return anthropic_model(
            settings.model_provider,
            lambda: self.secrets.read(settings.model_key_secret),
            settings.anthropic_base_url,
            settings.model_timeout_seconds,
            settings.model_workspace_id,
        )

    def _publish_at_once(self, rows: list[Row]) -> None:
        published = publish(self.bus, rows)
        for tenant in {row["tenant_id"] for row in rows}:
            ids = [row["id"] for row in rows if row["tenant_id"] == tenant and row["id"] in published]
            with self.database.transaction(tenant) as work:
                mark_published(work, ids)


def _make_embedder(provider: str, dimension: int) -> Embedder:
    from shared.adapters.embeddings import BedrockEmbedder, HashedEmbedder

    if provider == "hashed":
        return HashedEmbedder(dimension)
    if provider == "minilm":
        from shared.adapters.embeddings_minilm import MiniLmEmbedder

        return MiniLmEmbedder(dimension)
    import boto3

    return BedrockEmbedder(boto3.client("bedrock-runtime"), dimension=dimension)


def _embedder_named(model: str, dimension: int) -> Embedder:
    from shared.adapters.embeddings import BedrockEmbedder, EmbeddingModelUnknown, HashedEmbedder
    from shared.adapters.embeddings_minilm import MiniLmEmbedder

    providers = {
        BedrockEmbedder.model: "bedrock",
        MiniLmEmbedder.model: "minilm",
        HashedEmbedder.model: "hashed",
    }
    if model not in providers:
        raise EmbeddingModelUnknown(f"Nothing embeds with {model}; there are {', '.join(providers)}.")
    if providers[model] == "minilm" and find_spec("onnxruntime") is None:
        raise EmbeddingModelUnknown(f"{model} is not installed here; rebuild the collection with another.")
    return _make_embedder(providers[model], dimension)


_environment = threading.local()


def container() -> Container:
    """Return the container of this execution environment."""
    if not hasattr(_environment, "container"):
        _environment.container = Container()
    made: Container = _environment.container
    return made


def close_container() -> None:
    """Close what this execution environment keeps open; the next call of `container` starts anew."""
    made = _environment.__dict__.pop("container", None)
    for part in vars(made).values() if made is not None else ():
        close = getattr(part, "close", None)
        if callable(close):
            close()
