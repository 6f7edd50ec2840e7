"""Where uploaded documents lie, and how their attributes travel with them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from functions.knowledge.address import (
    MAX_ATTRIBUTES_BYTES,
    METADATA,
    Address,
    address_of,
    decode_attributes,
    encode_attributes,
    parse_key,
)
from functions.knowledge.collections import COLLECTIONS
from shared import base64url
from shared.adapters.object_rules import check_object
from shared.errors import Invalid
from shared.models.knowledge import ATTRIBUTES, DocChunkAttributes, KnowledgeBaseAttributes
from shared.paths import UnsafePath, check_path

TENANT = UUID("00000000-0000-7000-8000-000000000001")
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60)


@st.composite
def names(draw: DrawFn) -> str:
    name = "/".join(draw(st.lists(TEXT, min_size=1, max_size=4)))
    try:
        return check_path(name)
    except UnsafePath:
        return draw(st.sampled_from(["a.md", "größe/ß.py", "a b/c+d.html", "x%2Fy.txt"]))


@given(st.uuids(), st.sampled_from(sorted(ATTRIBUTES)), names())
def test_every_address_has_one_key_and_every_key_one_address(
    tenant: UUID, collection: str, name: str
) -> None:
    address = address_of(tenant, collection, name)

    assert parse_key(address.key) == address == Address(tenant, collection, name)
    check_object(address.key, "text/plain", None)


def test_each_document_has_an_id_of_its_own() -> None:
    places = [
        address_of(tenant, collection, name)
        for tenant in (TENANT, UUID(int=7))
        for collection in ATTRIBUTES
        for name in ("a.md", "b/a.md")
    ]

    assert len({place.document_id for place in places}) == len(places)
    assert set(ATTRIBUTES) < set(COLLECTIONS)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a.md",
        "documents/a.md",
        f"documents/{TENANT}/doc_chunks",
        f"documents/{TENANT}/doc_chunks/",
        f"documents/{TENANT}/market_comps/a.md",
        f"documents/{TENANT}/nothing/a.md",
        f"documents/{str(TENANT).replace('-', '')}/doc_chunks/a.md",
        "documents/00000000-0000-7000-8000-00000000000A/doc_chunks/a.md",
        "documents/me/doc_chunks/a.md",
        f"documents/{TENANT}/doc_chunks/../a.md",
        f"documents/{TENANT}/doc_chunks//a.md",
        f"documents/{TENANT}/doc_chunks/a\n.md",
        f"documents/{TENANT}/doc_chunks/cafe\u0301.md",
        f"documents/{TENANT}/doc_chunks/{TENANT}/docs/prd.md",
        f"other/{TENANT}/doc_chunks/a.md",
    ],
    ids=ascii,
)
def test_another_key_is_no_address(key: str) -> None:
    with pytest.raises(Invalid):
        parse_key(key)


@st.composite
def attributes(draw: DrawFn) -> tuple[str, Any]:
    collection = draw(st.sampled_from(sorted(ATTRIBUTES)))
    kind = ATTRIBUTES[collection]
    word = TEXT.map(str.strip).filter(bool)
    given: dict[str, Any] = {}
    for name in kind.model_fields:
        if name == "tags":
            given[name] = draw(st.lists(word, max_size=4))
        elif name == "project_id":
            given[name] = draw(st.uuids())
        elif name in ("doc_type", "pattern_name", "framework"):
            given[name] = draw(word)
    return collection, kind.model_validate(given)


@given(attributes())
def test_what_is_said_of_a_document_comes_back_from_its_metadata(case: tuple[str, Any]) -> None:
    collection, said = case
    try:
        metadata = encode_attributes(said)
    except Invalid:
        assert len(json.dumps(said.model_dump(mode="json"), ensure_ascii=False).encode()) > 1000
        return

    check_object("a", "text/plain", metadata)
    plain = said.model_dump(mode="json", exclude_none=True)
    assert decode_attributes(collection, metadata) == {name: v for name, v in plain.items() if v != []}


def test_what_nobody_says_has_its_default_and_hides_nothing_that_is_found_in_the_document() -> None:
    assert encode_attributes(KnowledgeBaseAttributes()) == {}
    assert decode_attributes("knowledge_base", {"other": "x"}) == {"category": "documentation"}


def test_too_much_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Invalid, match="too long"):
        encode_attributes(KnowledgeBaseAttributes(tags=["ß" * 60] * 20))
    largest = encode_attributes(KnowledgeBaseAttributes(tags=["x" * 50] * 20))
    assert len(largest[METADATA]) <= MAX_ATTRIBUTES_BYTES


@pytest.mark.parametrize(
    "value",
    [
        "",
        "not base64url!",
        base64url.encode(b"\xff"),
        base64url.encode(b"[]"),
        base64url.encode(b"[" * 1000),
        base64url.encode(b'{"doc_type": NaN}'),
        base64url.encode(b'{"tenant_id": "another"}'),
        base64url.encode(b'{"doc_type": "a\\u0000b"}'),
        base64url.encode(b'{"doc_type": "\\ud800"}'),
        base64url.encode(b'{"project_id": "a\\u0000b"}'),
        base64url.encode(b'{"sector": "farming"}'),
    ],
)
def test_foreign_metadata_is_refused(value: str) -> None:
    with pytest.raises(Invalid):
        decode_attributes("doc_chunks", {METADATA: value})


def test_a_project_is_named_by_its_id() -> None:
    metadata = encode_attributes(DocChunkAttributes(project_id=TENANT))

    assert decode_attributes("doc_chunks", metadata) == {"doc_type": "document", "project_id": str(TENANT)}
