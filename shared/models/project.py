"""A project: an idea on its way to a launch kit."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType
from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from shared.models.base import Entity, IdText, TimeText, WireModel
from shared.models.lead import LeadId, Sector

ProjectId = NewType("ProjectId", UUID)


class ProjectStatus(StrEnum):
    """Where a project stands."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Project(Entity):
    """A row of agency.projects; `description` is the idea in the lead's words."""

    id: ProjectId
    tenant_id: UUID
    lead_id: LeadId | None
    owner_id: UUID | None
    name: str | None
    status: ProjectStatus
    sector: Sector
    description: str | None
    goals: list[str]
    target_audience: list[str]
    key_features: list[str]
    market_analysis: JsonValue
    settings: dict[str, JsonValue]
    metadata: dict[str, JsonValue]
    tags: list[str]
    bmad_compliant: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ProjectSummary(WireModel):
    """A project as a list of the API shows it."""

    id: IdText
    name: str | None
    status: str
    sector: str
    idea: str | None
    created_at: TimeText
    updated_at: TimeText


class ProjectList(WireModel):
    """A page of projects."""

    data: list[ProjectSummary]
    next_cursor: str | None


class ProjectOut(WireModel):
    """A project as the API shows it; times are ISO 8601 in UTC."""

    id: IdText
    name: str | None
    status: str
    sector: str
    idea: str | None
    goals: list[str]
    target_audience: list[str]
    key_features: list[str]
    market_analysis: JsonValue
    bmad_compliant: bool
    campaign: JsonValue
    webhook: JsonValue
    runs: list[IdText]
    created_at: TimeText
    updated_at: TimeText
