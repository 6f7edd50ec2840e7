"""The model gateway: asks one structured question, within its allowance, and never twice.

The answer is kept under the hash of what was asked: a retry, a redrive or a fork finds it and pays nothing. The
ledger is written before and after each call: a call that was cut off may have been paid and counts at its worst
case. It is asked again under the same idempotency key, so that a provider that knows the key charges once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from functions.agents.models import Price, price_of
from shared.adapters.clock import Clock
from shared.adapters.model import Model, Question, Reply
from shared.adapters.objects import ObjectStore
from shared.errors import (
    BudgetExceeded,
    ModelAnswerInvalid,
    ModelAnswerTooLong,
    ModelContextExceeded,
    ModelCutOff,
    ModelError,
    ModelOverloaded,
    ModelRateLimited,
    ModelRefused,
    ModelTimedOut,
    ModelUnavailable,
    NotFound,
)
from shared.http.problem import pointer
from shared.models.answers import ANSWERS
from shared.models.model_call import Ledger, LedgerCall, ModelAnswer, ModelMessage, ModelRequest

MAX_CORRECTIONS = 2
FAULT_BYTES = 300
CORRECTION_TOKENS = 8192  # more than the list of faults can have: 20 of FAULT_BYTES, and framing
MAX_WAITS = 5
LONGEST_WAIT_SECONDS = 300
_JSON = "application/json"

_STOPS = {
    "refusal": ModelRefused,
    "max_tokens": ModelAnswerTooLong,
    "model_context_window_exceeded": ModelContextExceeded,
}
# What a call has come to when the next one is another question. A call whose answer was lost with the process that
# had it is not among them: it is made again under the same number, and so under the same idempotency key.
_SETTLED = ("sent back", *_STOPS)


def answer_key(tenant_id: str, input_hash: str) -> str:
    """Return where the answer to a question is kept."""
    return f"answers/{tenant_id}/{input_hash}.json"


def ledger_key(tenant_id: str, run_id: str, step: str) -> str:
    """Return where the calls of a step are written down."""
    return f"ledgers/{tenant_id}/{run_id}/{step}.json"


def request_key(tenant_id: str, run_id: str, step: str) -> str:
    """Return where the question of a step waits."""
    return f"requests/{tenant_id}/{run_id}/{step}.json"


def most_tokens(request: ModelRequest) -> int:
    """Return more tokens than the question can have: none is shorter than a byte; the rest is framing."""
    asked = request.system + json.dumps(request.answer_schema) + "".join(m.content for m in request.messages)
    return len(asked.encode("utf-8", "surrogatepass")) + 1024


def worst_case(request: ModelRequest, earlier_tokens: int = 0) -> int:
    """Return what a call can cost at most, in millionths of a US dollar.

    `earlier_tokens`: of the answer that goes back with its faults, 0 for the first call.
    """
    faults = CORRECTION_TOKENS if earlier_tokens else 0
    tokens = most_tokens(request) + earlier_tokens + faults
    return price_of(request.model).microusd(tokens, request.max_tokens)


@dataclass(frozen=True)
class Outcome:
    """`answered`: the answer is kept. `later`: the provider asks to wait `seconds` before the next try."""

    outcome: Literal["answered", "later"]
    seconds: int = 0


class Gateway:
    """Asks the questions of one tenant's run."""

    def __init__(
        self,
        model: Model,
        objects: ObjectStore,
        bucket: str,
        clock: Clock,
        report: Callable[[int], None] = lambda _: None,
    ) -> None:
        """report: told what each call cost as the ledger has it, in millionths of a US dollar."""
        self._report = report
        self._model = model
        self._objects = objects
        self._bucket = bucket
        self._clock = clock

    def think(self, tenant_id: str, run_id: str, step: str) -> Outcome:
        """Answer the question that waits for a step.

        Raises BudgetExceeded before a call that could pass the allowance, or the error of the calls that were cut off
        when those have used it up; the errors of Model.ask; ModelRefused,
        ModelAnswerTooLong, ModelContextExceeded, ModelAnswerInvalid.
        """
        request = ModelRequest.model_validate_json(self._get(request_key(tenant_id, run_id, step)))
        if self._objects.head(self._bucket, answer_key(tenant_id, request.input_hash)) is not None:
            return Outcome("answered")
        place = ledger_key(tenant_id, run_id, step)
        ledger = self._ledger(place, request)
        conversation, earlier_tokens = request, 0
        for _ in range(MAX_CORRECTIONS + 1):
            try:
                reply, call = self._call(conversation, earlier_tokens, ledger, place)
            except (ModelRateLimited, ModelOverloaded) as error:
                return self._wait(error, ledger, place)
            answer, problems = read_answer(request, reply.text)
            if not problems:
                # The answer first: were it lost, it would have to be asked for and might be paid again.
                self._keep_answer(tenant_id, request, answer, reply.model)
                call.outcome = "accepted"
                self._keep_ledger(place, ledger)
                return Outcome("answered")
            call.outcome, call.problems = "sent back", problems[:20]
            self._keep_ledger(place, ledger)
            conversation = _with_correction(request, reply.text, problems)
            earlier_tokens = reply.output_tokens
        raise ModelAnswerInvalid(f"The answer of the model does not fit: {'; '.join(problems[:3])}"[:500])

    def _get(self, key: str) -> bytes:
        return self._objects.get(self._bucket, key)

    def _ledger(self, place: str, request: ModelRequest) -> Ledger:
        try:
            ledger = Ledger.model_validate_json(self._get(place))
        except NotFound:
            return Ledger(input_hash=request.input_hash)
        # A question that changed starts its waits anew; what was paid stays paid.
        if ledger.input_hash != request.input_hash:
            ledger = ledger.model_copy(update={"input_hash": request.input_hash, "waits": 0})
        return ledger

    def _keep_ledger(self, place: str, ledger: Ledger) -> None:
        self._objects.put(self._bucket, place, ledger.model_dump_json().encode(), content_type=_JSON)

    def _keep_answer(self, tenant_id: str, request: ModelRequest, answer: dict[str, Any], model: str) -> None:
        kept = ModelAnswer(answer=answer, model=model, input_hash=request.input_hash)
        place = answer_key(tenant_id, request.input_hash)
        self._objects.put(self._bucket, place, kept.model_dump_json().encode(), content_type=_JSON)

    def _wait(self, error: ModelRateLimited | ModelOverloaded, ledger: Ledger, place: str) -> Outcome:
        """Count a request to wait; the fifth in a row fails the step."""
        if ledger.waits >= MAX_WAITS:
            raise error
        ledger.waits += 1
        self._keep_ledger(place, ledger)
        seconds = error.retry_after if error.retry_after is not None else 2**ledger.waits
        return Outcome("later", min(max(seconds, 1), LONGEST_WAIT_SECONDS))

    def _call(
        self, request: ModelRequest, earlier_tokens: int, ledger: Ledger, place: str
    ) -> tuple[Reply, LedgerCall]:
        price = price_of(request.model)
        call = self._intend(request, earlier_tokens, ledger, place)
        question = Question(
            model=request.model,
            max_tokens=request.max_tokens,
            system=request.system,
            messages=tuple(request.messages),
            schema=request.answer_schema,
            key=f"{place}:{request.input_hash}:{call.number}",
        )
        started = time.monotonic()
        try:
            reply = self._model.ask(question)
        except (ModelTimedOut, ModelCutOff) as error:
            call.outcome = type(error).__name__
            self._report(call.cost_microusd)
            self._keep_ledger(place, ledger)
            raise
        except (ModelRateLimited, ModelOverloaded, ModelUnavailable, ModelError) as error:
            # The provider said no before any work: nothing is paid.
            self._answered(call, type(error).__name__, 0, 0, price)
            ledger.calls.remove(call)
            self._keep_ledger(place, ledger)
            raise
        call.milliseconds = round((time.monotonic() - started) * 1000)
        self._answered(call, reply.stop_reason, reply.input_tokens, reply.output_tokens, price)
        self._report(call.cost_microusd)
        if reply.stop_reason in _STOPS:
            self._keep_ledger(place, ledger)
            raise _STOPS[reply.stop_reason]
        return reply, call

    def _intend(self, request: ModelRequest, earlier_tokens: int, ledger: Ledger, place: str) -> LedgerCall:
        """Write down that a call is about to be made, if the allowance holds its worst case."""
        question = request.model_copy(update={"messages": request.messages[:1]})
        most = worst_case(question, earlier_tokens)
        left = request.allowance_microusd - ledger.spent_microusd()
        if most > left:
            cut_off = [past.outcome for past in ledger.calls if past.state == "sent"]
            if cut_off:
                # Not the budget is what fails here: a retry of the run reserves anew.
                raise (ModelTimedOut if cut_off[-1] == ModelTimedOut.__name__ else ModelCutOff)
            raise BudgetExceeded(
                f"The next call of step {request.step} could cost {most} millionths of a dollar; "
                f"{max(0, left)} are left of what the run's budget holds for it."
            )
        call = LedgerCall(
            number=1 + sum(1 for past in ledger.calls if past.outcome in _SETTLED),
            state="sent",
            outcome="unknown",
            model=request.model,
            started_at=self._clock.now().isoformat(),
            milliseconds=0,
            input_tokens=0,
            output_tokens=0,
            cost_microusd=most,
            problems=[],
        )
        ledger.calls.append(call)
        self._keep_ledger(place, ledger)
        return call

    @staticmethod
    def _answered(call: LedgerCall, outcome: str, tokens_in: int, tokens_out: int, price: Price) -> None:
        call.state, call.outcome = "answered", outcome
        call.input_tokens, call.output_tokens = tokens_in, tokens_out
        call.cost_microusd = price.microusd(tokens_in, tokens_out)


def read_answer(request: ModelRequest, text: str) -> tuple[dict[str, Any], list[str]]:
    """Return the answer in `text` and what is wrong with it: as JSON, by its schema, against what was given."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        return {}, [f"the answer is not valid JSON: {error}"[:200]]
    try:
        answer = ANSWERS[request.step].model_validate(data)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        return {}, [_plain(f"{pointer(item['loc']) or '/'}: {item['msg']}") for item in wrong[:20]]
    return answer.model_dump(mode="json"), [_plain(problem) for problem in answer.problems(request.given)]


def _plain(problem: str) -> str:
    """Return a fault in at most FAULT_BYTES of UTF-8: it may quote the model, whose words know no bounds."""
    return problem.encode("utf-8", "replace")[:FAULT_BYTES].decode("utf-8", "ignore")


def _with_correction(request: ModelRequest, said: str, problems: list[str]) -> ModelRequest:
    listed = "\n".join(f"- {problem}" for problem in problems[:20])
    words = f"The answer has these problems:\n{listed}\nAnswer again in full, with all of them mended."
    turns = [ModelMessage(role="assistant", content=said), ModelMessage(role="user", content=words)]
    return request.model_copy(update={"messages": [*request.messages, *turns]})
