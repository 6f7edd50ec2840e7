"""Comparable products: what is known of each, and the ones every installation starts with."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from shared.adapters.vectors import AUDIENCE_FIELD, EVERYBODY
from shared.models.base import WireModel, line

Sector = Literal["healthtech", "fintech", "edtech", "saas", "ecommerce", "other"]
SEED = Path(__file__).parent / "seed" / "market_comps.json"


class Comparable(WireModel):
    """A product that an idea is compared with; fields as in 000's market_comps, plus archetypes and homepage.

    `archetypes` name what kind of thing it is (marketplace, booking, exchange …), so that ideas of one kind find
    each other across sectors.
    """

    id: Annotated[str, StringConstraints(pattern=r"^comp-[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    sector: Sector
    product_name: Annotated[str, line(80)]
    description: Annotated[str, line(400, min_length=40)]
    key_features: Annotated[list[Annotated[str, line(80)]], Field(min_length=3, max_length=6)]
    target_market: Annotated[str, line(160)]
    pricing_model: Annotated[str, line(160)]
    archetypes: Annotated[list[Annotated[str, line(30)]], Field(min_length=1, max_length=4)]
    url: (
        Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(/[\w/-]*)?$", max_length=120)] | None
    ) = None

    def text(self) -> str:
        """Return what is embedded."""
        return (
            f"{self.product_name} ({', '.join(self.archetypes)}). {self.description} "
            f"{'; '.join(self.key_features)}. For {self.target_market}."
        )

    def payload(self) -> dict[str, Any]:
        """Return what is stored beside the vectors: the fields, that everybody may read it, a hash of them."""
        fields = {**self.model_dump(mode="json", exclude_none=True), AUDIENCE_FIELD: EVERYBODY}
        canonical = json.dumps([fields, self.text()], sort_keys=True, ensure_ascii=False)
        return {**fields, "content_hash": hashlib.sha256(canonical.encode()).hexdigest()}

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Comparable:
        """Return the comparable that `payload` made, without what the store added."""
        return cls.model_validate({name: payload[name] for name in cls.model_fields if name in payload})


@cache
def seed_comparables() -> tuple[Comparable, ...]:
    """Return the comparables that come with the product, checked."""
    adapter = TypeAdapter(tuple[Comparable, ...])
    return adapter.validate_json(SEED.read_bytes())
