"""Idempotency-Key: one key, one effect, one answer; for every operation that repeats."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from infra.openapi.inventory import Served
from tests.contract.api.cases import cases
from tests.contract.api.house import Sent
from tests.contract.api.snapshot import snapshot
from tests.contract.api.stage import Tenancy, own, pointers

repeating = cases(lambda case: case.operation.repeats and not case.public)


@pytest.fixture
def ready(request: pytest.FixtureRequest, case: Served) -> Tenancy:
    """A tenant in which the operation can be done: of the test's own, unless it only adds things."""
    found: Tenancy = request.getfixturevalue("fresh" if case.parameters else "tenancy")
    found.prepare(case)
    return found


def keyed(sent: Sent, key: str) -> Sent:
    return replace(sent, headers={"idempotency-key": key})


def another(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return another valid body: one more of what nobody else has, or one text or number that differs."""
    changed = own(body)
    if changed is None or changed != body:
        return changed
    changed = copy.deepcopy(changed)
    for name, value in changed.items():
        if isinstance(value, int) and not isinstance(value, bool):
            changed[name] = value + 1
            return changed
        if isinstance(value, str):
            changed[name] = f"{value}/more" if value.startswith("https:") else f"{value} more"
            return changed
    return changed


@repeating
def test_the_same_request_twice_has_one_effect_and_one_answer(case: Served, ready: Tenancy) -> None:
    sent = keyed(ready.request(case), str(uuid4()))
    first = ready.send(case, sent)
    assert first.status < 300, first.body
    before = snapshot(ready)

    again = ready.send(case, sent)

    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers.get("location") == first.headers.get("location")
    assert snapshot(ready) == before


@repeating
def test_the_same_key_for_something_else_is_refused(case: Served, ready: Tenancy) -> None:
    key = str(uuid4())
    sent = keyed(ready.request(case), key)
    assert ready.send(case, sent).status < 300
    others = [replace(sent, body=another(sent.body))] if sent.body else []
    others += [replace(sent, path=ready.path(case, **{name: str(uuid4())})) for name in case.parameters]
    assert others
    before = snapshot(ready)

    for other in others:
        reply = ready.send(case, other)
        assert reply.status == 422, other
        assert reply.json()["detail"] == "This Idempotency-Key was used for another request."
    assert snapshot(ready) == before


@repeating
def test_a_key_belongs_to_who_sent_it(case: Served, ready: Tenancy) -> None:
    sent = keyed(ready.request(case), str(uuid4()))
    first = ready.send(case, sent)
    assert first.status < 300, first.body
    ready.prepare(case)
    where = ready.where(case)
    other, before = replace(sent, token=where.second, body=another(sent.body)), snapshot(where)

    second = ready.send(case, other)

    # Some things are one person's, some cannot be done twice; whatever else happens, it happens for the second one.
    assert second.status in (first.status, 403, 409), second.body
    assert (snapshot(where) != before) == (second.status == first.status)


@cases(lambda case: case.route.method == "POST" and (case.operation.repeats or not case.public))
def test_a_key_has_its_bounds(case: Served, tenancy: Tenancy) -> None:
    for key in ("k" * 256, "", "a\tb", "\x7f"):
        reply = tenancy.send(case, keyed(tenancy.request(case), key))
        assert (reply.status, pointers(reply)) == (422, ["/headers/Idempotency-Key"]), key
