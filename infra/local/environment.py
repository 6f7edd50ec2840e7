"""The environment that the handlers find on one machine: every setting that the catalog's functions name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from infra.catalog import Catalog
from infra.local.aws import names
from infra.local.aws.secret_file import SIGNING_KEY
from shared import settings

HOUSE_TENANT_ID = "00000000-0000-7000-8000-000000000001"
"""The tenant that ideas belong to until accounts exist."""

ADJUSTABLE = frozenset(
    {
        "ANTHROPIC_BASE_URL",
        "CAPABILITY_DAYS",
        "EMBEDDING_PROVIDER",
        "HOUSE_TENANT_ID",
        "INTAKE_PER_HOUR",
        "LOGIN_ACCOUNT_FAILURES",
        "LOGIN_ADDRESS_FAILURES",
        "LOGIN_FAILURES",
        "LOGIN_WINDOW_SECONDS",
        "MAIL_SENDER",
        "MODEL_PROVIDER",
        "MODEL_TIMEOUT_SECONDS",
        "POWERTOOLS_LOG_LEVEL",
        "RATE_LIMIT_ENDPOINT_REQUESTS",
        "RATE_LIMIT_KEY_REQUESTS",
        "RATE_LIMIT_KEY_SECONDS",
        "RATE_LIMIT_SECONDS",
        "RATE_LIMIT_USER_REQUESTS",
        "PORTAL_URL",
        "PUBLIC_ATTEMPTS_PER_HOUR",
        "SEED_DOCUMENTS",
        "MAILBOX_MAILS_PER_HOUR",
        "RUN_BUDGET_MICROUSD",
        "RUN_STALL_SECONDS",
        "SIGNED_URL_SECONDS",
        "TRUSTED_PROXIES",
        "UPLOAD_STALL_SECONDS",
        "WEBHOOK_LEASE_SECONDS",
        "WEBHOOK_PRIVATE_ADDRESSES",
    }
)
"""Settings that somebody may set in their shell; the others say where the parts of this machine are."""

# A shell's profile must not decide where a handler's calls go.
_REMOVED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN")


@dataclass(frozen=True)
class Parts:
    """Where the parts of the machine are. `model_url` empty: the provider's own."""

    database_host: str
    database_port: int
    database_name: str
    database_user: str
    database_owner: str
    database_system_user: str
    cache_url: str
    aws_url: str
    vectors_url: str
    model_url: str
    previews_url: str = ""


def environment_for(
    catalog: Catalog, parts: Parts, secrets: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables for the handlers. `secrets` by name, `given` is the environment of the caller."""
    values = {**_addresses(catalog, parts), **_choices(parts), **_amazon(parts, secrets), **_powertools()}
    values |= {name: given[name] for name in ADJUSTABLE if name in given}
    hosts = {"127.0.0.1", "localhost", *filter(None, given.get("NO_PROXY", "").split(","))}
    values["NO_PROXY"] = values["no_proxy"] = ",".join(sorted(hosts))
    return values


def missing(catalog: Catalog, values: Mapping[str, str]) -> dict[str, list[str]]:
    """Return, for each function that could not start, the variables it lacks."""
    found: dict[str, list[str]] = {}
    for function in catalog.functions:
        for name in function.settings:
            kind: type[settings.Settings] = getattr(settings, name)
            lacking = [v for v, required in kind.variables().items() if required and v not in values]
            if lacking:
                found.setdefault(function.name, []).extend(lacking)
    return found


@contextmanager
def installed(values: Mapping[str, str]) -> Iterator[None]:
    """Have the variables in the process's environment, and put back what was there."""
    before = dict(os.environ)
    for name in _REMOVED:
        os.environ.pop(name, None)
    os.environ.update(values)
    try:
        yield
    finally:
        for name in {*values, *_REMOVED}:
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


def _addresses(catalog: Catalog, parts: Parts) -> dict[str, str]:
    values = {
        "DATABASE_HOST": parts.database_host,
        "DATABASE_PORT": str(parts.database_port),
        "DATABASE_NAME": parts.database_name,
        "DATABASE_USER": parts.database_user,
        "DATABASE_OWNER": parts.database_owner,
        "DATABASE_SYSTEM_USER": parts.database_system_user,
        "DATABASE_TLS": "disable",
        "DATABASE_LOGIN": "trust",
        "CACHE_URL": parts.cache_url,
        "VECTORS_URL": parts.vectors_url,
        "PREVIEWS_URL": parts.previews_url,
    }
    values |= {
        f"{bucket.name.upper().replace('-', '_')}_BUCKET": names.bucket_name(bucket)
        for bucket in catalog.buckets
    }
    values |= {f"{flow.name.upper()}_ARN": names.workflow_arn(flow) for flow in catalog.workflows}
    values |= {
        f"{secret.name.upper().replace('-', '_')}_SECRET": names.secret_name(secret)
        for secret in catalog.secrets
    }
    if catalog.buses:
        values["BUS_NAME"] = catalog.buses[0].name
    return values


def _choices(parts: Parts) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": parts.model_url,
        # Bedrock is out of reach; the weights of this one come in a package.
        "EMBEDDING_PROVIDER": "minilm",
        # The engine of this machine speaks plain HTTP on the loopback. All functions here share one environment, so
        # all have the key that changes vectors; on AWS those that only search have the other.
        "VECTORS_CERTIFICATE_SECRET": "",
        "HOUSE_TENANT_ID": HOUSE_TENANT_ID,
        "INTAKE_PER_HOUR": "600",
        "PUBLIC_ATTEMPTS_PER_HOUR": "600",
        "MAILBOX_MAILS_PER_HOUR": "60",
        "MAIL_SENDER": "RoboAgency <no-reply@roboagency.example>",
        # Everybody here comes from one address.
        "LOGIN_ADDRESS_FAILURES": "3000",
        # Who develops asks more often than who uses.
        "RATE_LIMIT_USER_REQUESTS": "3000",
        "RATE_LIMIT_ENDPOINT_REQUESTS": "3000",
        # API Gateway adds one entry to X-Forwarded-For; so does ours.
        "TRUSTED_PROXIES": "1",
        "RUN_STALL_SECONDS": "0",
        # Its queues are in its memory: what was asked for before a crash is lost with them.
        "WEBHOOK_LEASE_SECONDS": "5",
        "UPLOAD_STALL_SECONDS": "120",
        "WEBHOOK_PRIVATE_ADDRESSES": "allow",
    }


def _amazon(parts: Parts, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": parts.aws_url,
        # StartSyncExecution is asked of a host of its own, sync-states.…; here there is one for everything.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ACCESS_KEY_ID": names.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": secrets[SIGNING_KEY],
        "AWS_REGION": names.REGION,
        "AWS_DEFAULT_REGION": names.REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _powertools() -> dict[str, str]:
    return {
        "POWERTOOLS_SERVICE_NAME": "roboagency",
        "POWERTOOLS_METRICS_NAMESPACE": "RoboAgency",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
