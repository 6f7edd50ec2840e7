"""Whatever happens to a step's calls, it never costs more than it may, and never more than is written down."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.agents.models import price_of
from shared.adapters.model import Question, Reply
from shared.adapters.objects_memory import InMemoryObjectStore
from shared.errors import (
    AppError,
    ModelCutOff,
    ModelOverloaded,
    ModelRateLimited,
    ModelRequestRejected,
    ModelTimedOut,
    ModelUnavailable,
)
from tests.unit.agents.asking import BAD, BUCKET, GOOD, Asking, reply

PRICE = price_of("claude-sonnet-5-5")


class Killed(BaseException):
    """The function ends in the middle, as Lambda ends one that takes too long."""


class FragileStore(InMemoryObjectStore):
    """Dies at the write that `deaths` names, before or after it is done."""

    def __init__(self) -> None:
        super().__init__({BUCKET: False})
        self.deaths: dict[int, str] = {}
        self.writes = 0

    def put(self, *arguments: Any, **named: Any) -> Any:
        """Write, unless the function dies first."""
        self.writes += 1
        death = self.deaths.pop(self.writes, None)
        if death == "before":
            raise Killed
        made = super().put(*arguments, **named)
        if death == "after":
            raise Killed
        return made


class Provider:
    """Charges for every call it works on, also when its answer never arrives, and knows no keys."""

    def __init__(self, script: list[tuple[str, float, float]]) -> None:
        self.script = script
        self.charged = 0

    def ask(self, question: Question) -> Reply:
        """Answer by the script: what happens, and what part of the most it could charge it does charge."""
        happens, part_in, part_out = self.script.pop(0)
        if happens == "limited":
            raise ModelRateLimited(retry_after=1)
        if happens == "overloaded":
            raise ModelOverloaded
        if happens == "rejected":
            raise ModelRequestRejected
        if happens == "failed":
            raise ModelUnavailable
        if happens == "killed before":
            raise Killed
        words = question.system + str(question.schema) + "".join(turn.content for turn in question.messages)
        tokens_in = int(part_in * len(words.encode()))
        tokens_out = max(1, int(part_out * question.max_tokens))
        self.charged += PRICE.microusd(tokens_in, tokens_out)
        if happens == "killed after":
            raise Killed
        if happens == "lost":
            raise ModelTimedOut
        if happens == "cut off":
            raise ModelCutOff
        text = {"good": GOOD, "bad": BAD, "broken": "{"}.get(happens, GOOD)
        stop = {"refused": "refusal", "cut": "max_tokens"}.get(happens, "end_turn")
        return reply(text, stop=stop, tokens_in=tokens_in, tokens_out=tokens_out)


happenings = st.sampled_from(
    [
        "good",
        "bad",
        "broken",
        "refused",
        "cut",
        "limited",
        "overloaded",
        "rejected",
        "lost",
        "cut off",
        "failed",
        "killed before",
        "killed after",
    ]
)
parts = st.sampled_from([0.0, 0.25, 1.0])


@given(
    st.lists(st.tuples(happenings, parts, parts), max_size=30),
    st.integers(0, 4),
    st.dictionaries(st.integers(2, 25), st.sampled_from(["before", "after"]), max_size=3),
)
def test_a_step_never_costs_more_than_its_allowance(
    script: list[tuple[str, float, float]], calls: int, deaths: dict[int, str]
) -> None:
    provider, store = Provider([*script, ("good", 1.0, 1.0)]), FragileStore()
    asking = Asking(provider, calls=calls, objects=store)
    store.deaths = dict(deaths)

    for _ in range(12):
        if not provider.script:
            break
        with contextlib.suppress(AppError, Killed):
            asking.think()
        assert provider.charged <= asking.allowance
        assert asking.ledger.spent_microusd() <= asking.allowance
        assert provider.charged <= asking.ledger.spent_microusd()


@given(st.lists(st.tuples(happenings, parts, parts), max_size=12), st.integers(1, 3))
def test_an_answered_step_is_never_paid_again(script: list[tuple[str, float, float]], calls: int) -> None:
    provider = Provider([*script, ("good", 1.0, 1.0)])
    asking = Asking(provider, calls=calls)
    for _ in range(12):
        if asking.is_answered or not provider.script:
            break
        with contextlib.suppress(AppError, Killed):
            asking.think()
    if asking.is_answered:
        paid = provider.charged
        asking.think()
        assert provider.charged == paid


@given(st.lists(st.tuples(happenings, parts, parts), max_size=12), st.integers(1, 4))
def test_what_is_reported_as_spent_is_what_the_ledger_says(
    script: list[tuple[str, float, float]], calls: int
) -> None:
    lives = [each for each in script if not each[0].startswith("killed")]
    provider = Provider([*lives, ("good", 1.0, 1.0)])
    asking = Asking(provider, calls=calls)
    for _ in range(12):
        if not provider.script:
            break
        with contextlib.suppress(AppError):
            asking.think()
        assert sum(asking.reported) == asking.ledger.spent_microusd()
