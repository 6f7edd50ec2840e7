"""The model gateway: one structured answer, asked for once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from functions.agents import gateway, service
from functions.agents.gateway import read_answer
from shared.adapters.model import Question, Reply, ScriptedModel
from shared.errors import (
    AppError,
    BudgetExceeded,
    ModelAnswerInvalid,
    ModelAnswerTooLong,
    ModelContextExceeded,
    ModelCutOff,
    ModelOverloaded,
    ModelRateLimited,
    ModelRefused,
    ModelRequestRejected,
    ModelTimedOut,
    ModelUnavailable,
    NotFound,
)
from tests.samples.harbour import QUALIFY
from tests.unit.agents.asking import AGENT, BAD, GOOD, RUN, TENANT, Asking, asked, reply


def test_a_sound_answer_is_kept_with_who_gave_it() -> None:
    model = ScriptedModel([reply()])
    asking = Asking(model)

    assert asking.think() == gateway.Outcome("answered")

    assert asking.answer.answer == QUALIFY.model_dump(mode="json")
    assert asking.answer.model == "claude-sonnet-5-5-20261101"
    assert asking.answer.input_hash == asking.question.input_hash
    question = model.asked[0]
    assert (question.model, question.max_tokens) == ("claude-sonnet-5-5", 2000)
    assert question.schema == asking.question.request.answer_schema
    assert [turn.role for turn in question.messages] == ["user"]


def test_the_ledger_says_what_the_call_was_and_cost() -> None:
    asking = Asking(ScriptedModel([reply(tokens_in=1000, tokens_out=500)]))
    asking.think()

    (call,) = asking.ledger.calls
    assert (call.state, call.outcome, call.number) == ("answered", "accepted", 1)
    assert (call.input_tokens, call.output_tokens, call.cost_microusd) == (1000, 500, 7000)
    assert call.started_at == "2026-01-01T00:00:00+00:00"
    assert service.cost_of(asking.ledger) == {
        "model_calls": 1,
        "input_tokens": 1000,
        "output_tokens": 500,
        "cost_microusd": 7000,
    }


def test_an_answer_that_is_kept_is_not_asked_for_again() -> None:
    model = ScriptedModel([reply()])
    asking = Asking(model)
    asking.think()

    assert asking.think() == gateway.Outcome("answered")
    assert len(model.asked) == 1


def test_the_memo_needs_no_allowance() -> None:
    asking = Asking(ScriptedModel([reply()]))
    asking.think()
    asking.put(asked(), calls=0)

    assert asking.think().outcome == "answered"


def test_another_word_in_the_question_is_another_question() -> None:
    model = ScriptedModel([reply(), reply()])
    asking = Asking(model)
    asking.think()
    asking.put(asked("Qualify that."))

    asking.think()

    assert len(model.asked) == 2
    assert asking.ledger.spent_microusd() == 14_000
    assert model.asked[0].key != model.asked[1].key


def test_a_wrong_answer_goes_back_with_its_faults() -> None:
    model = ScriptedModel([reply(BAD), reply()])
    asking = Asking(model)

    assert asking.think().outcome == "answered"

    turns = model.asked[1].messages
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert turns[0] == model.asked[0].messages[0]
    assert turns[1].content == BAD
    assert "- /score: Input should be less than or equal to 1" in turns[2].content
    assert turns[2].content.endswith("Answer again in full, with all of them mended.")
    first, second = asking.ledger.calls
    assert (first.outcome, second.outcome) == ("sent back", "accepted")
    assert first.problems == ["/score: Input should be less than or equal to 1"]
    assert model.asked[0].key != model.asked[1].key


def test_each_correction_starts_from_the_question_and_the_last_answer() -> None:
    model = ScriptedModel([reply(BAD), reply("{"), reply()])
    Asking(model).think()

    assert [turn.content for turn in model.asked[2].messages][1] == "{"
    assert len(model.asked[2].messages) == 3


def test_three_wrong_answers_fail_the_step_with_the_faults() -> None:
    model = ScriptedModel([reply(BAD)] * 3)
    asking = Asking(model)

    with pytest.raises(ModelAnswerInvalid, match="/score: Input should be less than"):
        asking.think()

    assert len(model.asked) == 3
    assert not asking.is_answered
    assert [call.outcome for call in asking.ledger.calls] == ["sent back"] * 3


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '{"\\ud800": 1}', "```json\n{}\n```", "[" * 100_000, '{"score": NaN}']
)
def test_whatever_a_model_says_is_a_fault_in_words_never_a_crash(text: str) -> None:
    answer, problems = read_answer(asked().request, text)

    assert answer == {}
    assert problems
    assert all(len(problem.encode()) <= gateway.FAULT_BYTES for problem in problems)


def test_faults_that_only_the_context_shows_are_sent_back_too() -> None:
    twice = json.loads(GOOD)
    twice["features"][1]["id"] = twice["features"][0]["id"]

    _, problems = read_answer(asked().request, json.dumps(twice))

    assert problems == ["feature ids repeated: F-1"]


def test_a_correction_stays_within_what_is_reserved_for_it() -> None:
    # Names of fields are the model's own words and come back in the faults: here of four bytes each.
    hostile = json.dumps({f"{n}" + "\N{PILE OF POO}" * 500: 1 for n in range(60)}, ensure_ascii=False)
    model = ScriptedModel([reply(hostile), reply()])
    Asking(model).think()

    words = model.asked[1].messages[2].content
    assert len(words.encode()) < gateway.CORRECTION_TOKENS


@pytest.mark.parametrize(
    ("stop", "error"),
    [
        ("refusal", ModelRefused),
        ("max_tokens", ModelAnswerTooLong),
        ("model_context_window_exceeded", ModelContextExceeded),
    ],
)
def test_an_answer_that_did_not_end_well_is_final_and_paid(stop: str, error: type[AppError]) -> None:
    asking = Asking(ScriptedModel([reply(GOOD, stop=stop)]))

    with pytest.raises(error):
        asking.think()

    (call,) = asking.ledger.calls
    assert (call.state, call.outcome, call.cost_microusd) == ("answered", stop, 7000)
    assert not asking.is_answered


@pytest.mark.parametrize("error", [ModelRequestRejected(), ModelContextExceeded()])
def test_a_rejected_request_is_final_and_free(error: AppError) -> None:
    asking = Asking(ScriptedModel([error]))

    with pytest.raises(type(error)):
        asking.think()

    assert asking.ledger.calls == []


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (ModelRateLimited(retry_after=17), 17),
        (ModelRateLimited(retry_after=0), 1),
        (ModelRateLimited(retry_after=10_000), gateway.LONGEST_WAIT_SECONDS),
        (ModelOverloaded(), 2),
    ],
)
def test_a_provider_that_asks_to_wait_is_asked_later(error: AppError, seconds: int) -> None:
    asking = Asking(ScriptedModel([error, reply()]))

    assert asking.think() == gateway.Outcome("later", seconds)
    assert asking.ledger.calls == []
    assert asking.ledger.waits == 1
    assert asking.think().outcome == "answered"


def test_waits_without_a_time_double() -> None:
    asking = Asking(ScriptedModel([ModelOverloaded() for _ in range(gateway.MAX_WAITS)]))

    assert [asking.think().seconds for _ in range(gateway.MAX_WAITS)] == [2, 4, 8, 16, 32]


def test_the_sixth_wait_fails_the_step() -> None:
    asking = Asking(ScriptedModel([ModelRateLimited(retry_after=1) for _ in range(6)]))
    for _ in range(gateway.MAX_WAITS):
        assert asking.think().outcome == "later"

    with pytest.raises(ModelRateLimited):
        asking.think()


def test_a_changed_question_waits_anew_and_keeps_what_was_paid() -> None:
    limits: list[Reply | Exception] = [ModelRateLimited(retry_after=1) for _ in range(5)]
    asking = Asking(ScriptedModel([ModelCutOff(), *limits, ModelRateLimited(retry_after=1)]))
    with pytest.raises(ModelCutOff):
        asking.think()
    for _ in range(5):
        asking.think()
    paid = asking.ledger.spent_microusd()
    asking.put(asked("Another question."))

    assert asking.think().outcome == "later"
    assert asking.ledger.waits == 1
    assert asking.ledger.spent_microusd() == paid > 0


@pytest.mark.parametrize("error", [ModelCutOff, ModelTimedOut])
def test_a_call_that_was_cut_off_counts_at_its_worst_case_and_is_asked_again_by_the_same_key(
    error: Callable[[], AppError],
) -> None:
    model = ScriptedModel([error(), reply()])
    asking = Asking(model)
    with pytest.raises(AppError):
        asking.think()
    (lost,) = asking.ledger.calls
    assert (lost.state, lost.cost_microusd) == ("sent", gateway.worst_case(asking.question.request))

    assert asking.think().outcome == "answered"

    assert [call.state for call in asking.ledger.calls] == ["sent", "answered"]
    assert [call.number for call in asking.ledger.calls] == [1, 1]
    assert model.asked[0].key == model.asked[1].key
    assert asking.ledger.spent_microusd() == lost.cost_microusd + 7000


def test_a_provider_that_fails_was_not_paid_and_is_asked_as_often_as_the_state_machine_likes() -> None:
    asking = Asking(ScriptedModel([*(ModelUnavailable() for _ in range(5)), reply()]))
    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            asking.think()
    assert asking.ledger.calls == []

    assert asking.think().outcome == "answered"


@pytest.mark.parametrize("error", [ModelCutOff, ModelTimedOut])
def test_calls_that_were_cut_off_and_used_up_the_allowance_are_what_is_named(
    error: Callable[[], AppError],
) -> None:
    model = ScriptedModel([error() for _ in range(6)])
    asking = Asking(model, calls=2)
    for _ in range(6):
        with pytest.raises(AppError) as raised:
            asking.think()
        assert type(raised.value) is error

    assert 2 <= len(model.asked) < 6
    assert asking.ledger.spent_microusd() <= asking.allowance


def test_no_call_is_made_that_the_allowance_may_not_hold() -> None:
    model = ScriptedModel([reply()])
    asking = Asking(model, calls=0)

    with pytest.raises(BudgetExceeded, match="0 are left"):
        asking.think()

    assert model.asked == []
    assert asking.ledger.calls == []


def test_a_correction_is_not_asked_for_when_the_allowance_holds_only_the_answer() -> None:
    model = ScriptedModel([reply(BAD, tokens_out=2000)])
    asking = Asking(model, calls=1)

    with pytest.raises(BudgetExceeded):
        asking.think()

    assert len(model.asked) == 1


def test_a_step_without_a_question_is_not_found() -> None:
    asking = Asking(ScriptedModel([]))
    asking.objects.delete("handoff", gateway.request_key(str(TENANT), str(RUN), "qualify"))

    with pytest.raises(NotFound):
        asking.think()


def _digest(message: str = "m", **changes: object) -> str:
    return service.write_request(
        AGENT.model_copy(update=changes),
        step="qualify",
        message=message,
        schema={"type": "object"},
        given=asked().request.given,
    ).input_hash


def test_the_hash_of_a_question_covers_all_that_shapes_its_answer() -> None:
    shaped = {
        _digest(),
        _digest("n"),
        _digest(model="opus"),
        _digest(max_tokens=1999),
        _digest(system_prompt="Else."),
    }

    assert len(shaped) == 5
    # What does not reach the model changes nothing: an alias and its target are one question.
    assert _digest(model="claude-sonnet-5-5") == _digest() == _digest(name="Other", version="2.0.0")


def test_questions_carry_a_key_that_names_tenant_run_step_and_turn() -> None:
    model = ScriptedModel([reply()])
    asking = Asking(model)
    asking.think()

    question: Question = model.asked[0]
    for part in (str(TENANT), str(RUN), "qualify", asking.question.input_hash):
        assert part in question.key
