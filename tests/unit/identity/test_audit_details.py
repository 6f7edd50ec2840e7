"""What may stand in the audit log: ids, words, numbers and booleans; nothing that somebody wrote."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.audit import service as audit
from shared.db.unit_of_work import UnitOfWork
from shared.models.caller import Role

ID = UUID("00000000-0000-7000-8000-000000000001")


def recorded(
    details: dict[str, Any] | None = None, action: str = "user.changed", subject: str = "user"
) -> Any:
    """Record an act in a transaction that never ends; return what waits for its end."""
    work = UnitOfWork(cast(Any, None), ID)
    audit.record(work, action, actor=None, subject_type=subject, subject_id=None, details=details)
    return work


@pytest.mark.parametrize(
    "value",
    [
        "admin",
        Role.VIEWER,
        ID,
        str(ID),
        0,
        -5,
        1.5,
        True,
        None,
        "run:read",
        "agent:*",
        "x" * 100,
        [],
        ["run:read", "run:fork"],
        (ID, 7),
        ["run:read"] * 100,
    ],
    ids=repr,
)
def test_ids_words_numbers_and_booleans_may_stand_there(value: object) -> None:
    recorded({"value": value})


@pytest.mark.parametrize(
    "value",
    [
        "ada@example.com",
        "Ada Lovelace",
        "",
        "x" * 101,
        "é",
        "line\nbreak",
        "admin\n",
        "https://example.com/hook?token=1",
        "\0",
        b"admin",
        float("nan"),
        float("inf"),
        2**63,
        {"nested": 1},
        [["nested"]],
        ["admin", "ada@example.com"],
        ["x"] * 101,
        object(),
    ],
    ids=lambda value: repr(value)[:30].split(" at ")[0],
)
def test_nothing_else_may(value: object) -> None:
    with pytest.raises(ValueError, match="value"):
        recorded({"value": value})


@given(st.text(min_size=1))
def test_a_refusal_never_repeats_what_it_refuses(text: str) -> None:
    marked = f"@{text}@"
    with pytest.raises(ValueError, match="must be") as raised:
        recorded({"value": marked})

    assert marked not in str(raised.value)


@pytest.mark.parametrize("name", ["", "Name", "e-mail", "a b", "n1", "x" * 51, "name\n"])
def test_details_are_named_by_lower_case_letters(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        recorded({name: 1})


def test_details_are_few() -> None:
    with pytest.raises(ValueError, match="50"):
        recorded({"a" * number: 1 for number in range(1, 52)})


@pytest.mark.parametrize(
    "action", ["", "created", "user", "User.created", "user created", "user.", "a.b\n", "a." + "b" * 99]
)
def test_an_action_is_a_thing_and_what_happened_to_it(action: str) -> None:
    with pytest.raises(ValueError, match="an action"):
        recorded(action=action)


@pytest.mark.parametrize(
    "action", ["session.created", "webhook_endpoint.secret_rotated", "a.b.c", "a." + "b" * 98]
)
def test_actions_are_dotted(action: str) -> None:
    recorded(action=action)


@pytest.mark.parametrize("subject", ["", "User", "user ", "x" * 51])
def test_a_subject_has_a_type(subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        recorded(subject=subject)
