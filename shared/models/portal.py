"""What the API says about itself."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, JsonValue

from shared.models.base import WireModel


class OpenApiDocument(WireModel):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    openapi: Literal["3.1.0"]


class HealthOut(WireModel):
    """Requests can be served."""

    status: Literal["ok"]
