"""An asset: a file of a launch kit."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType
from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from shared.models.base import Entity, IdText, TimeText, WireModel
from shared.models.project import ProjectId
from shared.models.run import RunId

AssetId = NewType("AssetId", UUID)


class AssetType(StrEnum):
    """What a file is."""

    PRD = "prd"
    WIREFRAME = "wireframe"
    PROTOTYPE = "prototype"
    DEMO_VIDEO = "demo_video"
    SCRIPT = "script"
    OTHER = "other"


class Asset(Entity):
    """A row of agency.assets. `path` is the place in the kit, `key` the place in the bucket."""

    id: AssetId
    tenant_id: UUID
    project_id: ProjectId
    run_id: RunId
    type: AssetType
    path: str
    bucket: str
    key: str
    version: str | None
    sha256: str
    filename: str
    content_type: str
    size_bytes: int
    metadata: dict[str, JsonValue]
    created_at: AwareDatetime


class AssetOut(WireModel):
    """An asset as the API shows it; `url` is signed and stops working at `url_expires_at`."""

    id: IdText
    run_id: IdText
    type: str
    path: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    url: str
    url_expires_at: TimeText
    created_at: TimeText


class AssetList(WireModel):
    """A page of assets."""

    data: list[AssetOut]
    next_cursor: str | None
