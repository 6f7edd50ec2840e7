"""A stage (dev, staging, prod): what differs between two deployments of the same catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.periods import ERASED_FROM_BACKUPS

# No backup outlives the promise of erasure.
_MOST_DAYS = ERASED_FROM_BACKUPS.active.days
_DOMAIN = r"^([a-z0-9-]+(\.[a-z0-9-]+)+)?$"
_CERTIFICATE = r"^(arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[a-f0-9-]+)?$"
CONTEXT_FILE = Path(__file__).resolve().parents[2] / "cdk.json"


class Stage(BaseModel):
    """The values of one stage, from the context `stages.<name>` in `cdk.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9]{1,11}$")
    house_tenant_id: UUID
    mail_sender: str = Field(
        pattern=r"^([^<>@\r\n]+ <)?[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+>?$",
        description="who sends mail: an address, or `Name <address>`, verified in SES",
    )
    portal_url: str = Field(description="where links in mails lead; empty: mails tell the request to send")
    database_class: str = Field(pattern=r"^[a-z0-9]+\.[a-z0-9]+$")
    database_gib: int = Field(ge=20)
    database_max_gib: int = Field(ge=22, description="storage grows by itself up to here")
    database_multi_az: bool
    database_proxy: bool = Field(description="functions reach PostgreSQL through RDS Proxy")
    database_resource_id: str = Field(
        default="",
        pattern=r"^(db-[A-Z0-9]+)?$",
        description="of an instance that was restored and took the name of the first; empty: the first's own",
    )
    database_administrator_secret_arn: str = Field(
        default="",
        pattern=r"^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+)?$",
        description="of an instance that was restored; empty: the first's own",
    )
    backup_days: int = Field(ge=1, le=_MOST_DAYS, description="how far back the database can be restored")
    copies_region: str = Field(
        pattern=r"^([a-z]{2}(-[a-z]+)+-\d)?$", description="where backups are copied to; empty: nowhere"
    )
    vectors_instance: str = Field(
        pattern=r"^[a-z0-9]+g[a-z]*\.[a-z0-9]+$", description="an arm64 EC2 instance"
    )
    vectors_gib: int = Field(ge=10, description="the volume of the vector engine")
    vectors_snapshot_days: int = Field(
        ge=1, le=_MOST_DAYS, description="how long its daily snapshots are kept"
    )
    vectors_way_out: Literal["address", "endpoints"] = Field(
        description="how the engine's host reaches AWS: by an address that lets nobody in, or by interface endpoints"
    )
    endpoint_zones: int = Field(ge=1, le=2, description="availability zones with interface endpoints")
    concurrency_factor: int = Field(ge=1, le=20, description="times the reserved concurrency of the catalog")
    api_requests_per_second: int = Field(ge=1)
    api_burst: int = Field(ge=1)
    api_domain: str = Field(pattern=_DOMAIN, description="the API's own name; empty: the gateway's")
    api_certificate_arn: str = Field(pattern=_CERTIFICATE, description="ACM, in the region of the API")
    previews_domain: str = Field(
        pattern=_DOMAIN, description="the origin of generated pages; empty: CloudFront's"
    )
    previews_certificate_arn: str = Field(pattern=_CERTIFICATE, description="ACM, in us-east-1")
    firewall: bool = Field(description="AWS WAF before the API")
    alarm_email: str = Field(description="who is told of alarms and of the budget; empty: nobody")
    detailed_alarms: bool = Field(description="an alarm for each function, and those that watch latencies")
    monthly_budget_usd: int = Field(ge=1)
    keeps_data: bool = Field(description="deleting a stack leaves its data")

    @model_validator(mode="after")
    def _domains_have_certificates(self) -> Stage:
        for of_what in ("api", "previews"):
            domain, certificate = (
                getattr(self, f"{of_what}_domain"),
                getattr(self, f"{of_what}_certificate_arn"),
            )
            if bool(domain) != bool(certificate):
                raise ValueError(
                    f"{of_what}_domain and {of_what}_certificate_arn come together or not at all"
                )
        return self

    @classmethod
    def from_context(cls, name: str, context: Mapping[str, Any]) -> Stage:
        """Read stage `name`. Raises KeyError for an unknown one, pydantic.ValidationError for a bad value."""
        stages = context["stages"]
        if name not in stages:
            raise KeyError(f"no stage {name!r} in the context; there are {', '.join(sorted(stages))}")
        return cls.model_validate({"name": name, **stages[name]})


def read_context(path: Path = CONTEXT_FILE) -> dict[str, Any]:
    """The context of `cdk.json`: the CDK's command line passes it to the app, without it we read it ourselves."""
    context: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["context"]
    return context
