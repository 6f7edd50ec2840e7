"""A stage (dev, staging, prod): what differs between two deployments of the same catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

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
    backup_days: int = Field(ge=1, le=35, description="how far back the database can be restored")
    endpoint_zones: int = Field(ge=1, le=2, description="availability zones with interface endpoints")
    api_requests_per_second: int = Field(ge=1)
    api_burst: int = Field(ge=1)
    keeps_data: bool = Field(description="deleting a stack leaves its data")

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
