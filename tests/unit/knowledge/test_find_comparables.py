"""Ideas find the products that a person would compare them with."""

from __future__ import annotations

from uuid import UUID

import pytest

from functions.knowledge.collections import MARKET_COMPS
from functions.knowledge.comparables import Comparable, seed_comparables
from functions.knowledge.service import find_comparables, seed_market_comps
from shared.adapters.embeddings import HashedEmbedder, sparse_terms
from shared.adapters.vectors import Point
from shared.adapters.vectors_memory import InMemoryVectorStore
from shared.errors import DependencyUnavailable, Invalid
from tests.samples import harbour

OWN, OTHER, HOUSE = UUID(int=1), UUID(int=2), UUID(int=3)
EMBEDDER = HashedEmbedder()

# The idea, its sector, and products of which at least one must be among the first three.
IDEAS = [
    ("Telemedicine app for rural areas", "healthtech", {"comp-teladoc", "comp-doctolib"}),
    ("AI-powered expense tracking", "fintech", {"comp-expensify"}),
    (harbour.IDEA, "other", {"comp-pefa", "comp-waterfind", "comp-abalobi"}),
    ("Match pupils who struggle with maths with older pupils as tutors", "edtech", {"comp-preply", "comp-superprof"}),
    ("Restaurants sell leftovers cheaply at closing time", "ecommerce", {"comp-too-good-to-go"}),
    ("Inventory for small workshops that build furniture: stock and production orders", "saas", {"comp-katana"}),
    ("Nurses swap shifts on their phones and the ward sees who covers", "healthtech", {"comp-deputy"}),
    ("Carbon credits from hedgerows that farmers plant", "other", {"comp-indigo-ag", "comp-xpansiv", "comp-patch"}),
    ("Residents report broken street lights until the council fixes them", "other", {"comp-fixmystreet"}),
    ("A savings circle where friends pay in every month and take turns", "fintech", {"comp-moneyfellows"}),
    ("Same-day courier dispatch for pharmacies in small towns", "other", {"comp-onfleet"}),
    ("Online auction of used farm machinery", "ecommerce", {"comp-ebay", "comp-catawiki"}),
    ("A symptom checker that tells parents how urgent it is", "healthtech", {"comp-ada"}),
    ("Compliance checklists for food trucks with photo evidence", "saas", {"comp-safetyculture"}),
    ("Rent out empty driveways as parking spaces by the hour", "other", {"comp-justpark"}),
    ("Learn sign language with short daily lessons", "edtech", {"comp-duolingo"}),
    ("Microloans for beekeepers", "fintech", {"comp-kiva"}),
]  # fmt: skip


def embedder_named(model: str, dimension: int) -> HashedEmbedder:
    assert (model, dimension) == (EMBEDDER.model, EMBEDDER.dimension)
    return EMBEDDER


@pytest.fixture(scope="module")
def store() -> InMemoryVectorStore:
    made = InMemoryVectorStore()
    seed_market_comps(made, EMBEDDER, HOUSE)
    return made


def find(store: InMemoryVectorStore, idea: str, sector: str = "other", limit: int = 8) -> list[Comparable]:
    return find_comparables(
        store, embedder_named, tenant_id=OWN, house_tenant_id=HOUSE, idea=idea, sector=sector, limit=limit
    )


@pytest.mark.parametrize(("idea", "sector", "expected"), IDEAS)
def test_an_idea_meets_its_relatives(
    store: InMemoryVectorStore, idea: str, sector: str, expected: set[str]
) -> None:
    found = find(store, idea, sector)

    assert expected & {item.id for item in found[:3]}
    assert len(found) == len({item.id for item in found}) == 8


def test_comparables_come_as_they_were_seeded(store: InMemoryVectorStore) -> None:
    by_id = {item.id: item for item in seed_comparables()}

    assert all(item == by_id[item.id] for item in find(store, "Telemedicine", "healthtech"))


def test_the_sector_is_preferred_and_others_fill_up(store: InMemoryVectorStore) -> None:
    idea = "Book an appointment online"

    in_health = [item.sector for item in find(store, idea, "healthtech")]
    in_learning = [item.sector for item in find(store, idea, "edtech")]

    assert in_health.count("healthtech") > in_learning.count("healthtech")
    assert in_learning.count("edtech") > in_health.count("edtech")
    assert len(set(in_health)) > 1


@pytest.mark.parametrize("idea", ["x", "?!", "Ψυχή", "東京の漁業", "the of and", "a" * 5000])
def test_any_idea_finds_at_least_three(store: InMemoryVectorStore, idea: str) -> None:
    assert len(find(store, idea, limit=3)) == 3


def test_fewer_than_three_are_not_asked_for(store: InMemoryVectorStore) -> None:
    with pytest.raises(Invalid):
        find(store, "quota", limit=2)


def test_before_seeding_it_is_worth_trying_again() -> None:
    empty = InMemoryVectorStore()
    empty.ensure_collection(MARKET_COMPS.spec(EMBEDDER))

    with pytest.raises(DependencyUnavailable, match="not indexed yet"):
        find(empty, "quota")


def test_while_the_collection_itself_is_lost_it_is_worth_trying_again_too() -> None:
    with pytest.raises(DependencyUnavailable, match="not indexed yet"):
        find(InMemoryVectorStore(), "quota")


def test_a_tenants_own_comparables_count_for_that_tenant_only() -> None:
    store = InMemoryVectorStore()
    seed_market_comps(store, EMBEDDER, HOUSE)
    own = seed_comparables()[0].model_copy(
        update={"id": "comp-own", "description": "Zeppelin rides over the fjord for visitors."}
    )
    dense = EMBEDDER.embed_query(own.text())
    for tenant, document in ((OWN, "comp-own"), (OTHER, "comp-other")):
        payload = own.model_copy(update={"id": document}).payload()
        store.upsert(
            MARKET_COMPS.spec(EMBEDDER),
            tenant,
            [Point(document, 0, dense, sparse_terms(own.text()), payload)],
        )

    found = [item.id for item in find(store, "Zeppelin rides over the fjord")]

    assert found[0] == "comp-own"
    assert "comp-other" not in found
