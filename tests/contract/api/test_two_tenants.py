"""The wall between tenants, for every operation: whoever comes from another tenant reads, changes and lists nothing.

An administrator, an API key for everything and a visitor of tenant B send every request of the catalog with the ids
of tenant A: in the path, in the query, in the body. Each of their answers is refused or empty of A, and no row of A
has changed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from infra.openapi.inventory import Served
from tests.contract.api.cases import cases
from tests.contract.api.house import House, Sent
from tests.contract.api.snapshot import snapshot, words_of
from tests.contract.api.stage import PLACES, Tenancy, settle

authorised = cases(lambda case: not case.public)
WHO = ("admin", "program", "visitor")


@dataclass(frozen=True)
class Wall:
    """Two tenants. words: every id, address and name of A that stands in no row of B."""

    a: Tenancy
    b: Tenancy
    words: frozenset[str]


@pytest.fixture(scope="module")
def wall(house: House) -> Wall:
    """Two tenants with the same things in them."""
    a, b = settle(house), settle(house)
    for token in WHO:
        assert getattr(b, token)
        assert getattr(a, token)
    a.rows("UPDATE agency.projects SET name = 'Only in A' WHERE tenant_id = %(tenant)s")
    return Wall(a, b, words_of(a) - words_of(b))


def strangers(schema: Any, wall: Wall) -> Iterator[tuple[str, str]]:
    """Give name → id of A for every field of a model that names something."""
    for name in schema.model_fields if schema is not None else ():
        place = f"{name}_id" if f"{name}_id" in PLACES else name
        if place in PLACES:
            yield name, wall.a.value(place)


def attempts(case: Served, wall: Wall, token: str) -> Iterator[Sent]:
    """Give every request with something of A in it: all of the path, one part of it, the query, the body."""
    own = replace(wall.b.request(case), token=token)
    theirs = {name: wall.a.value(name) for name in case.parameters if name in PLACES}
    if theirs:
        yield replace(own, path=case.route.path.format_map(theirs))
    for name, value in theirs.items() if len(theirs) > 1 else ():
        yield replace(own, path=wall.b.path(case, **{name: value}))
    for name, value in strangers(case.operation.query, wall):
        yield replace(own, path=f"{own.path}?{urlencode({name: value})}")
        if theirs:
            yield replace(own, path=f"{case.route.path.format_map(theirs)}?{urlencode({name: value})}")
    for name, value in strangers(case.operation.body, wall):
        yield replace(own, body={**own.body, name: value})


@authorised
def test_nothing_is_read_or_changed_across_the_wall(case: Served, wall: Wall) -> None:
    before = snapshot(wall.a)
    for who in WHO:
        for sent in attempts(case, wall, getattr(wall.b, who)):
            reply = wall.b.send(case, sent)
            assert reply.status in (403, 404, 422) or _is_empty_list(reply.json()), (who, sent, reply)
            assert not said(wall, reply.body.decode(), sent), (who, sent, reply)
    assert snapshot(wall.a) == before


def looks(case: Served) -> bool:
    """Whether an operation shows things and changes none: searches come as POST, for what they ask has a body."""
    return case.route.method == "GET" or case.route.permission.endswith(":search")


@cases(lambda case: looks(case) and not case.public)
def test_what_one_may_read_holds_nothing_of_the_others(case: Served, wall: Wall) -> None:
    before = snapshot(wall.a)
    for who in WHO:
        sent = replace(wall.b.request(case), token=getattr(wall.b, who))
        reply = wall.b.send(case, sent)
        assert reply.status in (200, 403, 404), (who, reply)
        assert not said(wall, reply.body.decode(), sent), (who, reply)
    assert snapshot(wall.a) == before


@authorised
def test_what_one_does_at_home_changes_nothing_of_the_others(case: Served, wall: Wall, house: House) -> None:
    own, before = settle(house), snapshot(wall.a)
    own.prepare(case)
    reply = own.send(case, own.request(case))

    assert reply.status < 300 or reply.status in (403, 409), reply
    assert snapshot(wall.a) == before


def test_the_test_sees_what_it_looks_for(wall: Wall) -> None:
    assert len(wall.words) > 20
    assert wall.a.value("run_id") in wall.words
    assert "Only in A" in wall.words
    before = snapshot(wall.a)
    wall.a.rows("UPDATE identity.teams SET description = description || '.' WHERE tenant_id = %(tenant)s")
    assert snapshot(wall.a) != before


def _is_empty_list(found: Any) -> bool:
    return bool(found == {"data": [], "next_cursor": None})


def said(wall: Wall, text: str, sent: Sent) -> list[str]:
    """Return what an answer says of A beyond what the request said itself."""
    asked = f"{sent.path} {sent.body}"
    shown = re.sub(r'"(instance|request_id)": ?"[^"]*"', "", text)
    return [word for word in wall.words if word in shown and word not in asked]
