"""The comparables that come with the product are sound, spread over sectors and kinds, and real."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from functions.knowledge.comparables import SEED, Comparable, seed_comparables
from shared.models.base import SECTORS

KINDS = [
    "marketplace",
    "booking",
    "tracking",
    "learning",
    "triage",
    "auction",
    "logistics",
    "inventory",
    "expense",
    "lending",
    "compliance",
    "community",
    "tutoring",
    "dispatch",
    "exchange",
    "marine",
    "climate",
    "agriculture",
    "civic",
    "energy",
    "mobility",
    "sports",
    "real-estate",
]


def test_every_entry_is_valid_and_they_are_enough() -> None:
    seed = seed_comparables()

    assert len(seed) >= 66
    assert len({item.id for item in seed}) == len({item.product_name for item in seed}) == len(seed)


@pytest.mark.parametrize("sector", SECTORS)
def test_every_sector_has_at_least_eleven(sector: str) -> None:
    assert sum(item.sector == sector for item in seed_comparables()) >= 11


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_product_has_relatives(kind: str) -> None:
    assert sum(kind in item.archetypes for item in seed_comparables()) >= 2


@pytest.mark.parametrize("item", seed_comparables(), ids=lambda item: str(item.id))
def test_an_entry_reads_well(item: Comparable) -> None:
    assert item.description.endswith(".")
    assert len(set(item.key_features)) == len(item.key_features)
    prose = " ".join([item.description, item.target_market, item.pricing_model, *item.key_features])
    # Figures age; what a product does hardly does. SOC 2 and ISO 27001 are names.
    figures = prose.replace("SOC 2", "").replace("ISO 27001", "")
    assert not any(character.isdigit() for character in figures)


def test_the_payload_is_the_documented_one() -> None:
    teladoc = next(item for item in seed_comparables() if item.id == "comp-teladoc")

    payload = teladoc.payload()

    documented = {"sector", "product_name", "description", "key_features", "target_market", "pricing_model"}
    assert payload.keys() == documented | {"id", "archetypes", "url", "audience", "content_hash"}
    assert payload["sector"] == "healthtech"
    assert Comparable.from_payload({**payload, "tenant_id": "t", "chunk": 0}) == teladoc


def test_the_hash_changes_with_any_field() -> None:
    item = seed_comparables()[0]

    changed = item.model_copy(update={"pricing_model": "barter"})

    assert changed.payload()["content_hash"] != item.payload()["content_hash"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Comp 1"},
        {"sector": "space"},
        {"key_features": ["one"]},
        {"url": "http://example.com"},
        {"description": "short"},
        {"surplus": 1},
    ],
)
def test_a_faulty_entry_is_refused(change: dict[str, object]) -> None:
    entry = json.loads(SEED.read_text(encoding="utf-8"))[0]

    with pytest.raises(ValidationError):
        Comparable.model_validate(entry | change)
