"""Whose documents everybody may read: those that the house keeps below `shared/`, and no others."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from functions.knowledge.address import SHARED
from functions.knowledge.seeding import seed_documents
from functions.knowledge.uploads.states import Reading, Work
from functions.knowledge.uploads.storing import payload_of
from shared.adapters.vectors import AUDIENCE_FIELD, EVERYBODY

HOUSE, OTHER = UUID(int=3), UUID(int=4)
READ = Reading(media_type="text/markdown", title="", content_hash="0" * 64, chunks=[])


def audience(tenant: UUID, name: str) -> object:
    work = Work(
        key="",
        tenant_id=tenant,
        collection="doc_chunks",
        name=name,
        claim=uuid4(),
        version=None,
        size_bytes=1,
        changed_at="2026-11-22T00:00:00Z",
        attributes={"doc_type": "prd_template"},
    )
    return payload_of(work, READ, HOUSE).get(AUDIENCE_FIELD)


@pytest.mark.parametrize(
    ("tenant", "name", "found"),
    [
        (HOUSE, "shared/templates/prd.md", EVERYBODY),
        (HOUSE, "templates/prd.md", None),
        (HOUSE, "own/shared/prd.md", None),
        (HOUSE, "sharedness.md", None),
        (OTHER, "shared/templates/prd.md", None),
    ],
)
def test_the_house_shares_what_it_keeps_in_one_folder(tenant: UUID, name: str, found: object) -> None:
    assert audience(tenant, name) == found


def test_what_comes_with_the_product_is_shared() -> None:
    assert all(document.name.startswith(SHARED) for document in seed_documents())
