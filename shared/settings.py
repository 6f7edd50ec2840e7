"""Settings as small classes, one a concern; a function's are named in the catalog.

A field is read from the environment variable of its name in upper case, when it is first asked for and never
at import. Secrets are not settings: a setting holds the ARN or name of one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.periods import IDLE_SESSIONS, SESSIONS

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """The base: immutable, each field an environment variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def variables(cls) -> dict[str, bool]:
        """The environment variables of this class, and whether each must be there."""
        return {name.upper(): field.is_required() for name, field in cls.model_fields.items()}

    @classmethod
    def load(cls: type[S], environment: Mapping[str, str] | None = None) -> S:
        """Read the settings from `environment` (default: the process's). Raises pydantic.ValidationError."""
        source = os.environ if environment is None else environment
        names = cls.model_fields
        return cls.model_validate({name: source[name.upper()] for name in names if name.upper() in source})


class DatabaseSettings(Settings):
    """PostgreSQL as the application's role. Without a password file the login is an IAM token."""

    database_host: str
    database_port: int = 5432
    database_name: str
    database_user: str
    database_tls: Literal["require", "disable"] = "require"
    database_login: Literal["iam", "trust"] = "iam"


class SystemDatabaseSettings(DatabaseSettings):
    """PostgreSQL as the role that looks across tenants, at the outbox and at stalled work only."""

    database_system_user: str


class OwnerDatabaseSettings(DatabaseSettings):
    """PostgreSQL as the role that owns the tables; migrations only."""

    database_owner: str
    house_tenant_id: str


class MigrationSettings(OwnerDatabaseSettings):
    """What a deployment does first: the logins, as the administrator, then the migrations, as the owner.

    database_administrator_secret: RDS keeps the administrator's password there; empty where the logins are there.
    """

    database_administrator_secret: str = ""


class DatabaseInstanceSettings(Settings):
    """The instance that holds the database, as RDS calls it; not a way to connect to it."""

    database_instance: str


class ObservabilitySettings(Settings):
    """How log lines, traces and metrics are signed: Powertools reads the same variable."""

    powertools_service_name: str = "roboagency"


class CacheSettings(Settings):
    """Redis or Valkey."""

    cache_url: str


class StorageSettings(Settings):
    """The buckets."""

    assets_bucket: str
    handoff_bucket: str
    knowledge_bucket: str
    signed_url_seconds: int = Field(default=3600, ge=1, le=604_800)


class PreviewSettings(Settings):
    """The origin at which browsers show what agents made, without a slash at its end; empty: nowhere, it is saved."""

    previews_url: str = Field(default="", pattern=r"^(https?://[^/?#\s]+)?$")


class BusSettings(Settings):
    """The event bus."""

    bus_name: str


class CapabilitySettings(Settings):
    """Tokens that open one run and its project."""

    capability_key_secret: str
    capability_days: int = Field(default=30, ge=1, le=365)


class TokenSettings(Settings):
    """Access and refresh tokens, sessions and API keys. Periods in seconds; those of sessions: `shared.periods`."""

    token_key_secret: str
    token_issuer: str = "roboagency"  # noqa: S105  # the name of who issues tokens
    access_token_seconds: int = Field(default=600, ge=60, le=3600)
    refresh_grace_seconds: int = Field(default=30, ge=0, le=300)
    session_idle_seconds: int = Field(default=IDLE_SESSIONS.active.seconds, ge=60)
    session_absolute_seconds: int = Field(default=SESSIONS.active.seconds, ge=60)


class LoginSettings(Settings):
    """How many logins may fail within a window of seconds: for an account from one address, for an account from
    everywhere, and from an address whatever the account.
    """

    login_failures: int = Field(default=10, ge=1, le=100_000)
    login_account_failures: int = Field(default=50, ge=1, le=100_000)
    login_address_failures: int = Field(default=100, ge=1, le=100_000)
    login_window_seconds: int = Field(default=900, ge=1, le=86_400)
    trusted_proxies: int = Field(default=1, ge=0, description="hops whose X-Forwarded-For entry is trusted")


class HouseSettings(Settings):
    """The tenant that every deployment begins with; only its administrators make others."""

    house_tenant_id: str


class BootstrapSettings(HouseSettings):
    """The first administrator of a deployment: the secret that whoever becomes one has to know."""

    bootstrap_key_secret: str


class PublicSettings(HouseSettings):
    """What anybody may send without a login: how often an address may in an hour, and how many mails it causes."""

    trusted_proxies: int = Field(default=1, ge=0, description="hops whose X-Forwarded-For entry is trusted")
    public_attempts_per_hour: int = Field(default=30, ge=1, le=100_000)
    mailbox_mails_per_hour: int = Field(default=5, ge=1, le=100_000)


class MailTokenSettings(Settings):
    """For how long what leaves by mail opens something."""

    invitation_days: int = Field(default=7, ge=1, le=60)
    verification_hours: int = Field(default=24, ge=1, le=168)
    reset_minutes: int = Field(default=60, ge=5, le=1440)


class MailKeySettings(Settings):
    """What signs the tokens that leave by mail."""

    mail_key_secret: str


class MailSettings(MailKeySettings):
    """Who sends mail, and where its links lead; without a portal it says which request to send instead."""

    mail_sender: str
    portal_url: str = ""


class IntakeSettings(Settings):
    """The way in: which tenant ideas belong to until accounts exist, and how many an address may send."""

    house_tenant_id: str
    intake_per_hour: int = Field(default=10, ge=1)
    trusted_proxies: int = Field(default=1, ge=0, description="hops whose X-Forwarded-For entry is trusted")


class RateLimitSettings(Settings):
    """How many requests a user may send, in all and to one endpoint, and an API key; windows are in seconds.

    The log of a limit takes about eleven bytes for each request that it counts.
    """

    rate_limit_user_requests: int = Field(default=100, ge=1, le=100_000)
    rate_limit_endpoint_requests: int = Field(default=60, ge=1, le=100_000)
    rate_limit_seconds: int = Field(default=60, ge=1, le=86_400)
    rate_limit_key_requests: int = Field(default=3600, ge=1, le=100_000)
    rate_limit_key_seconds: int = Field(default=3600, ge=1, le=86_400)


class RunSettings(Settings):
    """A run: its budget in millionths of a US dollar, and when it counts as stalled."""

    run_budget_microusd: int = Field(default=1_000_000, ge=1)
    run_stall_seconds: int = Field(default=120, ge=0)
    house_tenant_id: str


class ModelSettings(Settings):
    """Where `think` asks. `anthropic_base_url` empty: the provider's own; the workspace is for provider `aws`."""

    model_provider: Literal["anthropic", "aws", "bedrock"] = "anthropic"
    model_key_secret: str
    model_workspace_id: str = ""
    anthropic_base_url: str = ""
    model_timeout_seconds: float = Field(default=300, gt=0)


class VectorSettings(Settings):
    """The vector engine. Without a certificate of its own it is trusted as any other server is."""

    vectors_url: str
    vectors_key_secret: str
    vectors_certificate_secret: str = ""
    house_tenant_id: str


class EmbeddingSettings(Settings):
    """What embeds: Bedrock; without a network MiniLM with hashed n-grams, or as a last resort those alone."""

    embedding_provider: Literal["bedrock", "minilm", "hashed"] = "bedrock"


class SeedSettings(Settings):
    """Whether the house's documents are uploaded at a deployment: templates and patterns, to begin with."""

    seed_documents: bool = True


class WorkflowSettings(Settings):
    """The state machines."""

    proto_v1_arn: str


class IndexingSettings(Settings):
    """The state machine that indexes an uploaded document."""

    index_document_arn: str


class RevivalSettings(Settings):
    """After how many seconds a document that is being indexed, and that nothing has touched, is asked for again.

    On AWS longer than the longest pause of a message: until then its message is still in the queue.
    """

    upload_stall_seconds: int = Field(default=3600, ge=0, le=86_400)


class WebhookSettings(Settings):
    """How webhooks are signed and where they may go; private addresses are allowed on one machine only."""

    webhook_key_secret: str
    webhook_private_addresses: Literal["refuse", "allow"] = "refuse"


class WebhookDispatchSettings(Settings):
    """After how many seconds an attempt that was asked for, and of which nothing was heard, is asked for again."""

    webhook_lease_seconds: int = Field(default=900, ge=0, le=86_400)
