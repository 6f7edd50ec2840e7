"""The form: who may send what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.http.request import Request
from shared.models.lead import IntakeCreate
from tests.unit.http.events import event, refusal

FORM = {"email": "ada@example.com", "idea": "Shift planning for fire brigades", "sector": "saas"}


def read(**changes: Any) -> IntakeCreate:
    body = {name: value for name, value in {**FORM, **changes}.items() if value is not ...}
    return Request(event(body)).body(IntakeCreate)


def refused(**changes: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as error:
        read(**changes)
    return {item.pointer: item.detail for item in error.value.problems}


def test_three_fields_are_enough() -> None:
    intake = read()

    assert intake.model_dump() == {
        **FORM,
        "name": None,
        "company": None,
        "job_title": None,
        "phone": None,
        "source": "website",
        "constraints": {},
        "approval": False,
        "priority": "default",
        "budget_microusd": None,
    }


def test_texts_are_trimmed_and_an_idea_may_have_lines() -> None:
    intake = read(idea="  one\n\ttwo  ", email=" ada@example.com ", name=" Ada ")

    assert (intake.idea, intake.email, intake.name) == ("one\n\ttwo", "ada@example.com", "Ada")


@pytest.mark.parametrize("field", ["email", "idea", "sector"])
def test_a_missing_field_is_named(field: str) -> None:
    assert refused(**{field: ...}) == {f"/{field}": "is required"}


def test_an_unknown_field_is_refused() -> None:
    assert refused(tenant_id="x") == {"/tenant_id": "is not a field of this request"}


@pytest.mark.parametrize(
    "email",
    [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "o'brien@example.ie",
        "x" * 64 + "@example.com",
        "a@xn--bcher-kva.example",
    ],
)
def test_an_address_that_mail_can_reach_is_taken(email: str) -> None:
    assert read(email=email).email == email


@pytest.mark.parametrize(
    "email",
    [
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "a@b@example.com",
        "a b@example.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@-example.com",
        "ada@example-.com",
        "ada@exa_mple.com",
        "x" * 65 + "@example.com",
        "a@" + "x" * 64 + ".com",
        "ünal@example.com",
        "Ada <ada@example.com>",
        "ada@example.com,b@example.com",
        "ada@example.com\nBcc: b@example.com",
        "ada@example.com\x00",
    ],
)
def test_an_address_that_mail_cannot_reach_is_refused(email: str) -> None:
    assert list(refused(email=email)) == ["/email"]


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"idea": "ab"}, "/idea", "must have at least 3 characters"),
        ({"idea": "   a   "}, "/idea", "must have at least 3 characters"),
        ({"idea": "x" * 5001}, "/idea", "must have at most 5000 characters"),
        ({"idea": "a\x00bcd"}, "/idea", "must not contain NUL"),
        ({"idea": "a\ud800bcd"}, "/idea", "must be valid Unicode"),
        ({"idea": "a\x1bbcd"}, "/idea", "must not contain control characters"),
        ({"idea": 5}, "/idea", "must be a text"),
        ({"name": "a\nb"}, "/name", "must be a single line"),
        ({"name": ""}, "/name", "must have at least 1 characters"),
        ({"sector": "farming"}, "/sector", "must be one of"),
        ({"approval": "yes"}, "/approval", "must be true or false"),
        ({"approval": 1}, "/approval", "must be true or false"),
        ({"priority": "high"}, "/priority", "must be one of"),
        ({"budget_microusd": 0}, "/budget_microusd", "must be at least 1"),
        ({"budget_microusd": 10**10}, "/budget_microusd", "must be at most 1000000000"),
        ({"budget_microusd": 1.5}, "/budget_microusd", "must be a whole number"),
        ({"budget_microusd": "5"}, "/budget_microusd", "must be a whole number"),
        ({"constraints": []}, "/constraints", "must be an object"),
        ({"constraints": {"a": {"b": 1}}}, "/constraints", "must hold texts, numbers"),
        ({"constraints": {"a": None}}, "/constraints", "must hold texts, numbers"),
        ({"constraints": {"a": [[1]]}}, "/constraints", "must hold texts, numbers"),
        ({"constraints": {"": 1}}, "/constraints", "must have keys of 1 to 60 characters"),
        ({"constraints": {"k" * 61: 1}}, "/constraints", "must have keys of 1 to 60 characters"),
        ({"constraints": {"a": "x" * 501}}, "/constraints", "must hold texts of at most 500"),
        ({"constraints": {"a": "x\x00"}}, "/constraints", "must not contain NUL"),
        ({"constraints": {"a\x00": 1}}, "/constraints", "must not contain NUL"),
        ({"constraints": {"a": 10**16}}, "/constraints", "must hold numbers of at most 15 digits"),
        ({"constraints": {"a": list(range(21))}}, "/constraints", "must hold lists of at most 20"),
        ({"constraints": {str(n): n for n in range(21)}}, "/constraints", "must hold at most 20 entries"),
    ],
)
def test_a_value_out_of_bounds_is_told_in_plain_words(changes: Any, where: str, words: str) -> None:
    found = refused(**changes)

    assert list(found) == [where]
    assert found[where].startswith(words)


def test_constraints_hold_what_people_ask_for() -> None:
    asked = {"must_use": ["PostgreSQL", 18, True, 0.5], "budget": 2000, "note": "no cookies", "eu_only": True}

    assert read(constraints=asked).constraints == asked


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*IntakeCreate.model_fields, "other"]), anything))
def test_any_form_is_taken_or_refused_with_a_reason(changes: dict[str, Any]) -> None:
    error = refusal(lambda: read(**changes))

    assert error is None or error.status == 400 or (error.status == 422 and error.problems)
