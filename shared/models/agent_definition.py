"""An agent definition: one schema for the JSON and the YAML form of reference 001 §4."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.models.base import line, text


class AgentDefinition(BaseModel):
    """What an agent is. `id` defaults to the file's name in YAML; a version's content never changes.

    `model` may be an alias or a retired name; the alias table resolves it and the answer says what ran.
    `temperature` is kept and recorded: current models take none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    id: Annotated[str, line(100), Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name: Annotated[str, line(255)]
    description: Annotated[str, line(500)]
    category: Annotated[str, line(60), Field(pattern=r"^[a-z][a-z0-9_]*$")]
    version: Annotated[str, line(20), Field(pattern=r"^\d+\.\d+\.\d+$")]
    url: Annotated[str, line(500)] | None = None
    capabilities: list[Annotated[str, line(100)]] = Field(min_length=1, max_length=30)
    system_prompt: Annotated[str, text(20_000)]
    model: Annotated[str, line(100)]
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=128_000)]
