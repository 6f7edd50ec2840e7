"""A lead: the person who sends an idea, and the form they fill in."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, WithJsonSchema

from shared.models.base import STORABLE, Entity, IdText, TimeText, WireModel, line, refuse_unstorable, text

LeadId = NewType("LeadId", UUID)
Sector = Literal["healthtech", "fintech", "edtech", "saas", "ecommerce", "other"]


class LeadStatus(StrEnum):
    """Where a lead stands."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"


class Lead(Entity):
    """A row of agency.leads. `score` runs from 0 to 1."""

    id: LeadId
    tenant_id: UUID
    email: str
    name: str | None
    company: str | None
    job_title: str | None
    phone: str | None
    sector: Sector
    idea: str
    constraints: dict[str, JsonValue]
    properties: dict[str, JsonValue]
    status: LeadStatus
    source: str
    score: Decimal | None
    qualified: bool
    last_contacted_at: AwareDatetime | None
    converted_at: AwareDatetime | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


def check_email(value: str) -> str:
    """Return `value` in its sent form, or raise ValueError when no mail could reach it.

    Checked: one @, a local part of at most 64 characters, a domain with a dot whose labels are letters,
    digits and hyphens. The full grammar of RFC 5321 is for the mail server to judge.
    """
    local, at, domain = value.rpartition("@")
    labels = domain.split(".")
    plain = value.isascii() and not any(c.isspace() or c in '<>()[],;:\\"' for c in value)
    sound = (
        at
        and 0 < len(local) <= 64
        and "@" not in local
        and len(labels) > 1
        and all(0 < len(x) <= 63 and x.replace("-", "").isalnum() and x.strip("-") == x for x in labels)
    )
    if not (plain and sound):
        raise ValueError("must be an e-mail address such as ada@example.com")
    return value


def check_constraints(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse constraints that are too many, too long or hold what no database keeps.

    At most 20 entries; keys of 1–60 characters; values are texts of at most 500 characters, numbers,
    booleans, or lists of at most 20 such values.
    """
    if len(value) > 20:
        raise ValueError("must hold at most 20 entries")
    for key, entry in value.items():
        if not 0 < len(refuse_unstorable(key)) <= 60:
            raise ValueError("must have keys of 1 to 60 characters")
        entries = entry if isinstance(entry, list) else [entry]
        if len(entries) > 20:
            raise ValueError("must hold lists of at most 20 entries")
        for item in entries:
            if isinstance(item, str):
                if len(refuse_unstorable(item)) > 500:
                    raise ValueError("must hold texts of at most 500 characters")
            elif isinstance(item, int | float):
                if abs(item) > 10**15:
                    raise ValueError("must hold numbers of at most 15 digits")
            else:
                raise ValueError("must hold texts, numbers, booleans or lists of texts")
    return value


_SCALAR: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "maxLength": 500, "pattern": STORABLE},
        {"type": "number", "minimum": -(10**15), "maximum": 10**15},
        {"type": "boolean"},
    ]
}
Constraints = Annotated[
    dict[str, Any],
    AfterValidator(check_constraints),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 20,
            "propertyNames": {"minLength": 1, "maxLength": 60, "pattern": STORABLE},
            "additionalProperties": {
                "anyOf": [*_SCALAR["anyOf"], {"type": "array", "maxItems": 20, "items": _SCALAR}]
            },
        }
    ),
]
"""What an idea must keep to, as `check_constraints` says."""

EMAIL_SCHEMA = {"type": "string", "format": "email", "minLength": 3, "maxLength": 254}
"""An address, as JSON Schema says it."""


class IntakeCreate(WireModel):
    """The form: an idea and who sends it.

    `budget_microusd` caps what this run may spend on the model, in millionths of a US dollar; the operator's
    own limit stands above it. `approval`: the kit waits for POST …/approve before it leaves the house.
    """

    email: Annotated[str, line(254, 3), AfterValidator(check_email), WithJsonSchema(EMAIL_SCHEMA)]
    idea: Annotated[str, text(5000, 3)]
    sector: Sector
    name: Annotated[str, line(255)] | None = None
    company: Annotated[str, line(255)] | None = None
    job_title: Annotated[str, line(255)] | None = None
    phone: Annotated[str, line(50)] | None = None
    source: Annotated[str, line(50)] = "website"
    constraints: Constraints = Field(default_factory=dict)
    approval: bool = False
    priority: Literal["default", "low"] = "default"
    budget_microusd: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None


class IntakeOut(WireModel):
    """What intake answers. `access_token` opens this run and project, and nothing else, until it expires."""

    project_id: IdText
    run_id: IdText
    status: str
    access_token: str
    expires_at: TimeText
    links: dict[str, str]
