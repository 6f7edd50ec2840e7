"""A gateway that is killed at any moment asks again under the same key: one question, one charge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.adapters.model import Question, Reply
from shared.adapters.objects import StoredObject
from shared.adapters.objects_memory import InMemoryObjectStore
from tests.unit.agents.asking import BAD, BUCKET, GOOD, Asking, reply

MOMENTS = range(1, 12)


class _Killed(BaseException):
    """The process is gone; nothing catches it."""


class _Mortal(InMemoryObjectStore):
    """A bucket whose client is killed before, or right after, its write number `last`."""

    def __init__(self) -> None:
        super().__init__({BUCKET: False})
        self.last = 0
        self.after = False
        self.writes = 0

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        *,
        if_absent: bool = False,
    ) -> StoredObject:
        self.writes += 1
        if self.writes == self.last and not self.after:
            raise _Killed
        stored = super().put(bucket, key, body, content_type, metadata, if_absent=if_absent)
        if self.writes == self.last:
            raise _Killed
        return stored


class _Provider:
    """Knows a key again: answers as before and charges nothing. Its first `bad` answers do not fit."""

    def __init__(self, bad: int) -> None:
        self.bad = bad
        self.charged: dict[str, Reply] = {}

    def ask(self, question: Question) -> Reply:
        """See Model.ask."""
        if question.key not in self.charged:
            self.charged[question.key] = reply(BAD if len(self.charged) < self.bad else GOOD)
        return self.charged[question.key]


def killed_once(bad: int, moment: int, *, after: bool) -> tuple[Asking, _Provider]:
    """Let a gateway be killed at its write number `moment`, and another one go on."""
    objects, provider = _Mortal(), _Provider(bad)
    asking: Any = Asking(provider, objects=objects)
    asking.put(asking.question, calls=6)  # a call that was cut off counts twice
    objects.writes, objects.last, objects.after = 0, moment, after
    try:
        asking.think()
    except _Killed:
        objects.last = 0
        assert asking.think().outcome == "answered"
    return asking, provider


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("bad", [0, 1, 2])
def test_an_answer_is_charged_once_whenever_the_gateway_is_killed(bad: int, moment: int, after: bool) -> None:
    asking, provider = killed_once(bad, moment, after=after)

    assert asking.is_answered
    assert len(provider.charged) == bad + 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_ledger_never_counts_less_than_was_charged(moment: int) -> None:
    asking, provider = killed_once(1, moment, after=True)

    assert asking.ledger.spent_microusd() >= 7000 * len(provider.charged)
    assert asking.ledger.spent_microusd() <= asking.allowance
