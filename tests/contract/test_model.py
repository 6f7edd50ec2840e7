"""Asking a model: the SDK against the Messages API as one machine serves it, and the fake, alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx2
import pytest

from infra.local.model.server import OfflineModel
from shared.adapters.model import AnthropicModel, Model, Question, Reply, ScriptedModel, anthropic_model
from shared.errors import (
    AppError,
    ModelContextExceeded,
    ModelCutOff,
    ModelOverloaded,
    ModelRateLimited,
    ModelRequestRejected,
    ModelTimedOut,
    ModelUnavailable,
)
from shared.models.answers import QualifyAnswer
from shared.models.model_call import ModelMessage
from tests.samples.harbour import QUALIFY

KEY = "a-key-of-this-test"
BRIEF: dict[str, Any] = {
    "idea": "Quota exchange for small harbours",
    "sector": "other",
    "constraints": {},
    "company": None,
}


def question(number: int = 1, max_tokens: int = 8000) -> Question:
    """A question as the gateway asks it."""
    words = f"<step>qualify</step>\n<task>Qualify.</task>\n<brief>{json.dumps(BRIEF)}</brief>"
    return Question(
        model="claude-sonnet-5-5",
        max_tokens=max_tokens,
        system="You qualify.",
        messages=(ModelMessage(role="user", content=words),),
        schema=QualifyAnswer.model_json_schema(),
        key=f"ledger:{number}",
    )


class Scripted:
    """The fake, told what to answer."""

    def __init__(self) -> None:
        self._replies: list[Reply | Exception] = []

    @property
    def model(self) -> Model:
        """The model under test; order first."""
        return ScriptedModel(self._replies)

    def order(self, kind: str) -> None:
        """Let the next call suffer this."""
        errors: dict[str, Callable[[], AppError]] = {
            "rate_limited": lambda: ModelRateLimited(retry_after=7),
            "overloaded": ModelOverloaded,
            "server_error": ModelUnavailable,
            "dropped_connection": ModelCutOff,
            "hang": ModelTimedOut,
        }
        stop = {"refusal": "refusal", "max_tokens": "max_tokens"}.get(kind, "end_turn")
        text = "" if kind == "refusal" else QUALIFY.model_dump_json()
        self._replies.append(
            errors[kind]() if kind in errors else Reply(text, "claude-sonnet-5-5", stop, 900, 500)
        )


class Served:
    """The SDK, and the offline double of the API behind it."""

    def __init__(self, server: OfflineModel) -> None:
        self._server = server
        self.model = anthropic_model("anthropic", lambda: KEY, server.url, 5)

    def order(self, kind: str) -> None:
        """Let the next call suffer this; `good`: nothing."""
        if kind == "hang":
            self.close()
            self.model = anthropic_model("anthropic", lambda: KEY, self._server.url, 0.5)
        if kind != "good":
            fault = {"kind": kind, "retry_after": 7} if kind == "rate_limited" else {"kind": kind}
            self._server.faults.order(fault)

    def close(self) -> None:
        """End the SDK's connections."""
        self.model.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineModel]:
    """The offline model, for all tests of this file."""
    with OfflineModel(tmp_path_factory.mktemp("model")) as running:
        yield running


@pytest.fixture
def served(server: OfflineModel) -> Iterator[Served]:
    """The SDK before the offline model."""
    server.faults.clear()
    made = Served(server)
    yield made
    made.close()
    server.faults.clear()


@pytest.fixture(params=["sdk", "fake"])
def rig(request: pytest.FixtureRequest) -> Scripted | Served:
    """A model that does what it is told."""
    return Scripted() if request.param == "fake" else request.getfixturevalue("served")


def test_a_reply_says_what_was_answered_by_whom_and_how_long_it_was(rig: Scripted | Served) -> None:
    rig.order("good")

    reply = rig.model.ask(question(1))

    QualifyAnswer.model_validate_json(reply.text)
    assert "sonnet" in reply.model or "offline" in reply.model
    assert reply.stop_reason == "end_turn"
    assert reply.input_tokens > 100
    assert reply.output_tokens > 100


@pytest.mark.parametrize("kind", ["refusal", "max_tokens"])
def test_a_reply_that_did_not_end_well_says_so(rig: Scripted | Served, kind: str) -> None:
    rig.order(kind)

    assert rig.model.ask(question(hash(kind))).stop_reason == kind


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limited", ModelRateLimited),
        ("overloaded", ModelOverloaded),
        ("server_error", ModelUnavailable),
        ("dropped_connection", ModelCutOff),
        ("hang", ModelTimedOut),
    ],
)
def test_what_the_provider_suffers_is_an_error_by_name(
    rig: Scripted | Served, kind: str, error: type[AppError]
) -> None:
    rig.order(kind)

    with pytest.raises(error) as raised:
        rig.model.ask(question(hash(kind)))

    assert type(raised.value) is error
    assert raised.value.retry_after == (7 if kind == "rate_limited" else None)


def test_the_same_key_is_charged_once(server: OfflineModel, served: Served) -> None:
    before = len(server.ledger.calls())

    assert served.model.ask(question(99)).text == served.model.ask(question(99)).text

    assert len(server.ledger.calls()) == before + 1


def test_nobody_retries_behind_our_back(server: OfflineModel, served: Served) -> None:
    server.faults.order({"kind": "server_error", "times": 2})

    with pytest.raises(ModelUnavailable):
        served.model.ask(question(98))

    assert len(server.faults.waiting()) == 1


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with (
        closing(anthropic_model("anthropic", lambda: KEY, "http://127.0.0.1:9", 2)) as model,
        pytest.raises(ModelUnavailable),
    ):
        model.ask(question())


def test_a_request_that_the_provider_rejects_is_final_and_not_quoted(served: Served) -> None:
    with pytest.raises(ModelRequestRejected, match="status 400") as raised:
        served.model.ask(question(97, max_tokens=0))

    assert "max_tokens" not in str(raised.value)


def sdk_that_hears(status: int, body: Any, headers: dict[str, str] | None = None) -> AnthropicModel:
    """The SDK with a transport that gives this answer."""
    import anthropic

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, json=body, headers=headers)

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return AnthropicModel(anthropic.Anthropic(api_key=KEY, max_retries=0, http_client=http))


def said(message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "x", "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, said("prompt is too long: 300000 tokens"), ModelContextExceeded),
        (413, said("Request exceeds the maximum size"), ModelContextExceeded),
        (400, said("messages: at least one message is required"), ModelRequestRejected),
        (400, [], ModelRequestRejected),
        (401, said("invalid x-api-key"), ModelRequestRejected),
        (403, said("not allowed"), ModelRequestRejected),
        (404, said("model: claude-9"), ModelRequestRejected),
        (408, said("timeout"), ModelCutOff),
        (409, said("conflict"), ModelUnavailable),
        (502, said("bad gateway"), ModelCutOff),
        (504, {}, ModelCutOff),
        (500, said("error"), ModelUnavailable),
        (503, {}, ModelUnavailable),
    ],
)
def test_a_status_is_an_error_by_name(status: int, body: Any, error: type[AppError]) -> None:
    with pytest.raises(error) as raised:
        sdk_that_hears(status, body).ask(question())

    assert type(raised.value) is error
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": "99999"}, 900),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_a_time_to_wait_is_read_from_429_and_529(header: dict[str, str], seconds: int | None) -> None:
    for status, error in ((429, ModelRateLimited), (529, ModelOverloaded)):
        with pytest.raises(error) as raised:
            sdk_that_hears(status, said("later"), header).ask(question())
        assert raised.value.retry_after == seconds


def test_tokens_of_the_prompt_cache_are_counted_at_what_they_cost() -> None:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "output_tokens": 7,
            "cache_creation_input_tokens": 101,
            "cache_read_input_tokens": 1000,
        },
    }

    reply = sdk_that_hears(200, body).ask(question())

    assert reply == Reply("{}", "claude-sonnet-5-5", "end_turn", 10 + 127 + 1000, 7)


@pytest.mark.parametrize("provider", ["aws", "bedrock"])
def test_other_providers_take_no_key(provider: str) -> None:
    def no_key() -> str:
        raise AssertionError("no key is read")

    with closing(anthropic_model(provider, no_key, "", 5, "wrkspc_test")) as model:
        assert isinstance(model, AnthropicModel)
