"""The offline model through the real `anthropic` SDK: answers, streams, faults, and calls paid once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from pydantic import BaseModel, Field

from infra.local.model.ledger import MOST_ANSWERS, Ledger
from infra.local.model.server import OfflineModel
from shared.models.answers import ANSWERS, AnswerContext, QualifyAnswer
from tests.unit.model.chain import COMPARABLES

MODEL = "claude-opus-4-5"
IDEA = "Shift planning for volunteer fire brigades"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(tmp_path: Path) -> Iterator[OfflineModel]:
    with OfflineModel(tmp_path) as running:
        yield running


@pytest.fixture
def client(model: OfflineModel) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="any", base_url=model.url, max_retries=0, timeout=10) as made:
        yield made


def _prompt(step: str = "qualify", answers: dict[str, Any] | None = None, idea: str = IDEA) -> str:
    def tag(name: str, value: object) -> str:
        text = json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        return f"<{name}>{text}</{name}>"

    brief = {"idea": idea, "sector": "saas", "constraints": {}, "company": "Brigade <42>"}
    return (
        f"<step>{step}</step><task>Draft it.</task>{tag('brief', brief)}"
        f"{tag('retrieved', COMPARABLES)}{tag('answers', answers or {})}"
    )


def _ask(client: anthropic.Anthropic, text: str | None = None, **extra: Any) -> anthropic.types.Message:
    return client.messages.create(
        model=MODEL, max_tokens=16_000, messages=[{"role": "user", "content": text or _prompt()}], **extra
    )


def _control(
    model: OfflineModel, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{model.url}/_control/{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        parsed: dict[str, Any] = json.load(answer)
        return parsed


def _text(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_create_answers_a_step_with_usage_and_a_request_id(client: anthropic.Anthropic) -> None:
    message = _ask(client)
    answer = QualifyAnswer.model_validate_json(_text(message))
    assert "shift" in answer.features[0].name
    assert message.stop_reason == "end_turn"
    assert message.model == "offline-drafter"
    assert message.id.startswith("msg_")
    assert message._request_id
    assert message._request_id.startswith("req_")
    assert message.usage.input_tokens > 100
    assert message.usage.output_tokens > 100


def test_parse_gives_all_eight_answers_without_problems(client: anthropic.Anthropic) -> None:
    answers: dict[str, Any] = {}
    for step, shape in ANSWERS.items():
        parsed = client.messages.parse(
            model=MODEL,
            max_tokens=32_000,
            system="You are a careful product person.",
            messages=[{"role": "user", "content": _prompt(step, answers)}],
            output_format=shape,
        ).parsed_output
        assert parsed is not None
        ids = [str(item["id"]) for item in COMPARABLES]
        context = AnswerContext(idea=IDEA, sector="saas", comparable_ids=ids, answers=answers)
        assert parsed.problems(context) == []
        answers[step] = parsed.model_dump(mode="json")


def test_a_correction_turn_is_answered_for_the_same_step(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=16_000,
        messages=[
            {"role": "user", "content": _prompt()},
            {"role": "assistant", "content": '{"bad": true}'},
            {"role": "user", "content": [{"type": "text", "text": "Problems: features missing"}]},
        ],
    )
    QualifyAnswer.model_validate_json(_text(message))


def test_a_stream_gives_the_same_text_as_a_message(client: anthropic.Anthropic) -> None:
    whole = _text(_ask(client))
    with client.messages.stream(
        model=MODEL, max_tokens=16_000, messages=[{"role": "user", "content": _prompt()}]
    ) as stream:
        streamed = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert streamed == whole
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == -(-len(whole) // 4)


def test_an_unknown_schema_is_filled_from_the_words_of_the_prompt(client: anthropic.Anthropic) -> None:
    class Leaf(BaseModel):
        title: str
        weight: int = Field(ge=3, le=5)

    class Tree(BaseModel):
        name: str
        leaves: list[Leaf] = Field(min_length=2)
        kind: str | None
        day: str

    made = client.messages.parse(
        model=MODEL,
        max_tokens=1000,
        messages=[{"role": "user", "content": "Describe the walnut tree behind the bakery."}],
        output_format=Tree,
    ).parsed_output
    assert made is not None
    assert len(made.leaves) >= 2
    assert any(word in made.model_dump_json().casefold() for word in ("walnut", "bakery"))


def test_without_a_schema_it_answers_a_paragraph_that_says_how_it_was_made(
    client: anthropic.Anthropic,
) -> None:
    text = _text(_ask(client, "How do we find more beekeepers?"))
    assert "beekeepers" in text
    assert "Drafted offline" in text


def test_count_tokens_equals_the_usage_of_the_message(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": _prompt()}])
    assert counted.input_tokens == _ask(client).usage.input_tokens


def test_an_answer_longer_than_max_tokens_is_cut_and_says_so(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL, max_tokens=50, messages=[{"role": "user", "content": _prompt()}]
    )
    assert message.stop_reason == "max_tokens"
    assert len(_text(message)) == 200


def test_a_missing_key_a_bad_body_and_an_unknown_path_are_errors_of_the_api(
    model: OfflineModel, client: anthropic.Anthropic
) -> None:
    with pytest.raises(anthropic.BadRequestError) as bad:
        client.messages.create(model=MODEL, max_tokens=0, messages=[{"role": "user", "content": "x"}])
    assert bad.value.body["type"] == "error"  # type: ignore[index, call-overload]
    with pytest.raises(anthropic.NotFoundError):
        client.get("/v1/nothing", cast_to=object)
    request = urllib.request.Request(f"{model.url}/v1/messages", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 401
    with refused.value as answer:
        assert json.load(answer)["error"]["type"] == "authentication_error"
    assert _control(model, "GET", "calls")["data"] == []


@pytest.mark.parametrize(
    ("kind", "error", "status", "name"),
    [
        ("rate_limited", anthropic.RateLimitError, 429, "rate_limit_error"),
        ("overloaded", anthropic.APIStatusError, 529, "overloaded_error"),
        ("server_error", anthropic.InternalServerError, 500, "api_error"),
    ],
)
def test_http_faults_are_raised_as_often_as_ordered_and_cost_nothing(
    model: OfflineModel,
    client: anthropic.Anthropic,
    kind: str,
    error: type[anthropic.APIStatusError],
    status: int,
    name: str,
) -> None:
    _control(model, "POST", "faults", {"kind": kind, "step": "qualify", "times": 2, "retry_after": 7})
    for _ in range(2):
        with pytest.raises(error) as raised:
            _ask(client)
        assert raised.value.status_code == status
        assert raised.value.response.json()["error"]["type"] == name
        assert raised.value.response.headers.get("retry-after") == ("7" if status == 429 else None)
    assert _ask(client).stop_reason == "end_turn"
    assert len(_control(model, "GET", "calls")["data"]) == 1


def test_refusal_cut_broken_and_wrong_answers_are_paid(
    model: OfflineModel, client: anthropic.Anthropic
) -> None:
    for kind in ("refusal", "max_tokens", "invalid_json", "schema_violation"):
        _control(model, "POST", "faults", {"kind": kind, "step": None, "times": 1})
    refusal, cut, broken, wrong = (_ask(client) for _ in range(4))
    assert refusal.stop_reason == "refusal"
    assert refusal.content == []
    assert cut.stop_reason == "max_tokens"
    for message in (cut, broken):
        with pytest.raises(json.JSONDecodeError):
            json.loads(_text(message))
    assert broken.stop_reason == "end_turn"
    with pytest.raises(ValueError, match="unexpected_field"):
        QualifyAnswer.model_validate_json(_text(wrong))
    calls = _control(model, "GET", "calls")["data"]
    assert [call["stop_reason"] for call in calls] == ["refusal", "max_tokens", "end_turn", "end_turn"]
    assert all(call["input_tokens"] > 0 for call in calls)


def _fails(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.APIError):
        _ask(client)


def test_silence_ends_in_the_clients_timeout_and_stop_does_not_wait_for_it(tmp_path: Path) -> None:
    model = OfflineModel(tmp_path).start()
    _control(model, "POST", "faults", {"kind": "hang", "step": None, "times": 2})
    with anthropic.Anthropic(api_key="x", base_url=model.url, max_retries=0, timeout=0.3) as client:
        with pytest.raises(anthropic.APITimeoutError):
            _ask(client)
        waiting = threading.Thread(target=_fails, args=(client,))
        waiting.start()
        model.stop()
        waiting.join(timeout=30)
    assert not waiting.is_alive()
    assert model.ledger.calls() == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_dropped_connection_is_an_error_and_the_answer_was_paid(
    model: OfflineModel, client: anthropic.Anthropic, stream: bool
) -> None:
    _control(model, "POST", "faults", {"kind": "dropped_connection", "step": "qualify", "times": 1})
    headers = {"idempotency-key": "k"}
    body: Any = {"model": MODEL, "max_tokens": 9000, "messages": [{"role": "user", "content": _prompt()}]}
    with pytest.raises(Exception, match=r"(?i)peer|incomplete|connection|closed"):  # noqa: PT012
        if stream:
            with client.messages.stream(**body, extra_headers=headers) as events:
                events.get_final_message()
        else:
            client.messages.create(**body, extra_headers=headers)
    again = client.messages.create(**body, extra_headers=headers)
    assert [call["id"] for call in model.ledger.calls()] == [again.id]


def test_faults_wait_for_their_step_and_can_be_cleared(
    model: OfflineModel, client: anthropic.Anthropic
) -> None:
    _control(model, "POST", "faults", {"kind": "overloaded", "step": "plan", "times": 3})
    assert _ask(client).stop_reason == "end_turn"
    assert _control(model, "GET", "faults")["data"][0]["times"] == 3
    assert _control(model, "DELETE", "faults")["data"] == []
    for wrong in ({"kind": "flood"}, {"kind": "hang", "times": 0}, {"kind": "hang", "retry_after": -1}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            _control(model, "POST", "faults", wrong)
        with refused.value as answer:
            assert answer.status == 400


def test_a_repeated_key_is_one_paid_call_also_after_a_restart(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        with OfflineModel(tmp_path) as model, anthropic.Anthropic(api_key="x", base_url=model.url) as client:
            ids += [_ask(client, extra_headers={"idempotency-key": "step-1"}).id for _ in range(2)]
    assert len(set(ids)) == 1
    lines = (tmp_path / "calls.jsonl").read_text().splitlines()
    assert len(lines) == 1
    call = json.loads(lines[0])
    assert set(call) == {
        "id", "at", "step", "model", "idempotency_key", "input_tokens", "output_tokens", "stop_reason"
    }  # fmt: skip
    assert call["idempotency_key"] == "step-1"
    assert "brigade" not in lines[0]


def test_the_ledger_survives_a_kill(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from infra.local.model.server import OfflineModel\n"
        "model = OfflineModel(Path(sys.argv[1])).start(); print(model.url, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with (
        process.stdout,
        anthropic.Anthropic(api_key="x", base_url=process.stdout.readline().strip()) as client,
    ):
        first = _ask(client, extra_headers={"idempotency-key": "k"})
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with (tmp_path / "calls.jsonl").open("ab") as torn:
        torn.write(b'{"id": "msg_torn", "at"')
    with OfflineModel(tmp_path) as model, anthropic.Anthropic(api_key="x", base_url=model.url) as client:
        again = _ask(client, extra_headers={"idempotency-key": "k"})
        other = _ask(client)
        assert again.id == first.id
        assert [call["id"] for call in model.ledger.calls()] == [first.id, other.id]
    assert len(Ledger(tmp_path).calls()) == 2


def test_a_key_whose_line_was_lost_between_answer_and_log_is_paid_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.once("k", lambda: ({"id": "a"}, {"id": "a", "idempotency_key": "k"}))
    (tmp_path / "calls.jsonl").unlink()
    later = Ledger(tmp_path)
    assert later.once("k", lambda: pytest.fail("answered twice")) == {"id": "a"}
    assert later.once("k", lambda: pytest.fail("answered twice")) == {"id": "a"}
    assert [call["id"] for call in later.calls()] == ["a"]


def test_stored_answers_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_ANSWERS == 2000
    monkeypatch.setattr("infra.local.model.ledger.MOST_ANSWERS", 3)
    ledger = Ledger(tmp_path)
    for number in range(6):
        ledger.once(
            str(number),
            lambda number=number: ({"id": number}, {"id": number, "idempotency_key": str(number)}),
        )  # type: ignore[misc]
    assert len(list((tmp_path / "answers").glob("*.json"))) == 3
    assert len(ledger.calls()) == 6


def test_many_clients_with_one_key_get_one_answer(model: OfflineModel) -> None:
    ids: list[str] = []

    def ask() -> None:
        with anthropic.Anthropic(api_key="x", base_url=model.url) as client:
            ids.append(_ask(client, extra_headers={"idempotency-key": "same"}).id)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1
    assert len(model.ledger.calls()) == 1


def test_importing_the_server_is_light() -> None:
    heavy = "('moto', 'boto3', 'anthropic', 'pydantic')"
    code = f"import sys, infra.local.model.server; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_connection_left_open_does_not_keep_the_server(tmp_path: Path) -> None:
    model = OfflineModel(tmp_path).start()
    host, port = model.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as idle:
        idle.settimeout(5)
        _control(model, "GET", "calls")
        model.stop()
        model.stop()
        assert idle.recv(1) == b""
