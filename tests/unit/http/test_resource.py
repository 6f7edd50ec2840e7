"""What every answer of the API has in common, the good and the bad."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from shared import errors, observability
from shared.errors import AppError, Conflict, DependencyUnavailable, FieldProblem, Invalid, RateLimited
from shared.http.call import Call
from shared.http.etag import etag_of
from shared.http.operation import Response
from shared.http.problem import body_of
from shared.http.resource import Resource
from shared.models.base import PageQuery, WireModel
from shared.models.run import RunSummary
from tests.unit.http.events import event

SECURITY = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the product logs during a test."""
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    stream = io.StringIO()
    observability.log_to(stream)
    yield stream
    observability.log_to(sys.stdout)


class Form(WireModel):
    """What the resource of these tests takes."""

    name: str = "nobody"


class Shown(WireModel):
    """What it answers."""

    id: str
    name: str


def answer(act: Any, given: dict[str, Any] | None = None, **contract: Any) -> dict[str, Any]:
    resource = Resource("test.acts")

    @resource.operation(public=True, **contract)
    def act_now(call: Call[Any]) -> Any:
        """Act."""
        return act(call)

    made: dict[str, Any] = resource.handler(given or event({}, operation="act_now"), None)
    return made


def failing(error: BaseException) -> dict[str, Any]:
    def act(_: Call[Any]) -> Response:
        raise error

    return answer(act)


def test_a_model_is_answered_as_json_with_security_headers() -> None:
    summary = RunSummary(run_id="r", status="queued", links={})
    made = answer(lambda _: Response(summary, 202, (("location", "/x"),)))

    assert made["statusCode"] == 202
    assert json.loads(made["body"]) == {"run_id": "r", "status": "queued", "links": {}}
    assert made["headers"] == {
        "content-type": "application/json",
        "x-request-id": "request-1",
        "location": "/x",
        **SECURITY,
    }
    assert made["isBase64Encoded"] is False


def test_plain_json_is_answered_as_it_is() -> None:
    assert answer(lambda _: Response({"ü": [1]}))["body"] == '{"ü":[1]}'


def test_what_answers_nothing_is_204_without_a_body() -> None:
    made = answer(lambda _: None)

    assert made["statusCode"] == 204
    assert made["body"] == ""
    assert "content-type" not in made["headers"]


def test_an_operation_that_the_resource_does_not_have_is_not_found() -> None:
    assert answer(lambda _: None, event({}, operation="another"))["statusCode"] == 404


def test_what_is_not_public_needs_a_caller() -> None:
    resource = Resource("test.acts")
    resource.operation()(failing_operation)

    made = resource.handler(event({}, operation="failing_operation"), None)

    assert made["statusCode"] == 401


def failing_operation(call: Call[Any]) -> None:
    """Must not be reached."""
    raise AssertionError(call)


def test_the_place_of_what_was_made_is_told() -> None:
    made = answer(lambda _: Shown(id="7", name="x"), status=201, location="/v1/things/{id}")

    assert made["headers"]["location"] == "/v1/things/7"


def test_a_body_that_nobody_looks_at_is_refused() -> None:
    made = answer(lambda _: None, event({"a": 1}, operation="act_now"))

    assert made["statusCode"] == 422


def test_an_empty_body_is_an_empty_object_where_nothing_is_required() -> None:
    made = answer(
        lambda call: Shown(id="1", name=call.body.name), event(raw="", operation="act_now"), body=Form
    )

    assert json.loads(made["body"])["name"] == "nobody"


@pytest.mark.parametrize("contract", [{}, {"body": Form}], ids=["no body", "a body"])
def test_a_space_is_no_empty_body(contract: dict[str, Any]) -> None:
    made = answer(lambda _: None, event(raw=" ", operation="act_now"), **contract)

    assert made["statusCode"] == 400


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"other": "1"}])
def test_a_query_is_as_strict_as_a_body(query: dict[str, str]) -> None:
    made = answer(lambda _: None, event({}, operation="act_now", query=query), query=PageQuery)

    assert made["statusCode"] == 422
    assert json.loads(made["body"])["errors"][0]["pointer"] == f"/{next(iter(query))}"


def test_a_query_where_none_is_known_is_refused() -> None:
    assert answer(lambda _: None, event({}, operation="act_now", query={"a": "1"}))["statusCode"] == 422


def test_who_has_the_representation_already_is_told_so() -> None:
    def show(_: Call[Any]) -> Shown:
        return Shown(id="1", name="x")

    def get(**headers: str) -> dict[str, Any]:
        return answer(show, event(method="GET", raw="", operation="act_now", headers=headers))

    etag = get()["headers"]["etag"]
    again = get(**{"if-none-match": f'"other", W/{etag}'})
    assert again["statusCode"] == 304
    assert again["body"] == ""
    assert again["headers"]["etag"] == etag
    assert get(**{"if-none-match": '"other"'})["statusCode"] == 200


@pytest.mark.parametrize(("sent", "status"), [(None, 200), ("*", 200), ("own", 200), ('"other"', 412)])
def test_a_change_of_what_has_changed_is_refused(sent: str | None, status: int) -> None:
    current = Shown(id="1", name="x")

    def change(call: Call[Any]) -> Shown:
        call.match(current)
        return current

    headers = {} if sent is None else {"if-match": etag_of(current) if sent == "own" else sent}
    made = answer(change, event(method="PATCH", raw="", operation="act_now", headers=headers))
    assert made["statusCode"] == status


def test_an_error_of_ours_is_a_problem_document() -> None:
    made = failing(Invalid("No.", (FieldProblem("/a", "is required"),)))

    assert made["statusCode"] == 422
    assert made["headers"]["content-type"] == "application/problem+json"
    assert made["headers"].items() >= SECURITY.items()
    assert json.loads(made["body"]) == {
        "type": "urn:roboagency:problem:invalid",
        "title": "Invalid request",
        "status": 422,
        "detail": "No.",
        "instance": "/v1/intake",
        "request_id": "request-1",
        "errors": [{"pointer": "/a", "detail": "is required"}],
    }


def test_what_nobody_expected_is_500_without_its_words_and_logged_with_them(log: io.StringIO) -> None:
    made = failing(ValueError("SELECT secret FROM table"))

    assert made["statusCode"] == 500
    assert "secret" not in made["body"]
    assert "Traceback" not in made["body"]
    assert "the request id helps us" in json.loads(made["body"])["detail"]
    logged = [json.loads(line) for line in log.getvalue().splitlines() if '"unexpected"' in line]
    assert "SELECT secret FROM table" in logged[0]["exception"]
    assert logged[0]["request_id"] == "request-1"


def test_a_busy_part_is_503_with_a_time_to_come_back_and_no_alarm(log: io.StringIO) -> None:
    made = failing(DependencyUnavailable("The database is busy."))

    assert made["statusCode"] == 503
    assert made["headers"]["retry-after"] == "1"
    assert '"unexpected"' not in log.getvalue()


def test_an_error_of_ours_with_a_status_of_500_is_logged(log: io.StringIO) -> None:
    failing(AppError("The database refused the statement."))

    assert '"unexpected"' in log.getvalue()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("Slow.", retry_after=17), "17"),
        (Conflict("In flight.", retry_after=1), "1"),
        (Conflict("Ended."), None),
    ],
)
def test_retry_after_is_told_where_waiting_helps(error: AppError, seconds: str | None) -> None:
    assert failing(error)["headers"].get("retry-after") == seconds


def test_a_request_without_credentials_is_told_how_to_bring_them() -> None:
    assert failing(errors.Unauthorized())["headers"]["www-authenticate"] == "Bearer"


def test_a_lone_surrogate_in_the_words_of_an_error_is_escaped() -> None:
    made = failing(Invalid("x", (FieldProblem("/\ud800", "is not a field"),)))

    made["body"].encode("utf-8")
    assert json.loads(made["body"])["errors"][0]["pointer"] == "/\ud800"


def test_one_line_and_one_metric_say_how_a_request_ended(log: io.StringIO) -> None:
    answer(lambda _: Response({}))
    failing(Conflict())

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    done = [line for line in lines if line.get("message") == "done"]
    assert len(done) == 2
    assert {line["operation"] for line in done} == {"test.acts"}
    assert all(line["milliseconds"] >= 0 for line in done)
    assert [line["Problems"] for line in lines if "Problems" in line] == [[1.0]]


def every_error() -> list[type[AppError]]:
    found, waiting = [], [AppError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ == "shared.errors"]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_a_title_a_code_and_words_of_its_own(kind: type[AppError]) -> None:
    document = body_of(kind(), "/v1/x", "request-1")

    assert 400 <= document["status"] < 600
    assert document["title"]
    assert document["detail"] == (kind.__doc__ or "").split("\n")[0]
    assert document["type"].removeprefix("urn:roboagency:problem:").replace("-", "").isalpha()
    assert issubclass(kind, errors.Retryable) == (document["status"] == 503)


def test_the_code_of_an_error_is_its_name() -> None:
    assert errors.ModelAnswerTooLong().code == "model-answer-too-long"


def test_what_repeats_has_a_transaction() -> None:
    with pytest.raises(ValueError, match="in the transaction of its work"):
        answer(lambda _: None, repeats=True, transaction=False)
