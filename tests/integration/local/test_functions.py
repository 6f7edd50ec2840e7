"""Lambda on one machine."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import System, together


def test_a_handler_gets_its_event_and_a_context(system: System) -> None:
    answer = system.invoke("echo", {"idea": "é ☕"})

    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    said = answer["json"]
    assert said["event"] == {"idea": "é ☕"}
    assert said["function"] == "robo-local-try-echo"
    assert said["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:robo-local-try-echo"
    assert said["memory"] == 512
    assert 28_000 < said["left"] <= 29_000
    assert said["region"] == "us-east-1"


def test_a_function_is_found_by_its_arn(system: System) -> None:
    arn = system.invoke("echo", {})["json"]["arn"]

    answer = system.aws("lambda").invoke(FunctionName=arn, Payload=b"[1]")

    assert b'"event":[1]' in answer["Payload"].read()


@pytest.mark.parametrize("qualifier", ["live", "$LATEST"])
def test_a_function_is_found_by_its_alias_and_as_the_latest(system: System, qualifier: str) -> None:
    arn = system.invoke("echo", {})["json"]["arn"]

    for name in (f"{arn}:{qualifier}", f"robo-local-try-echo:{qualifier}"):
        answer = system.aws("lambda").invoke(FunctionName=name, Payload=b"[1]")
        assert b'"event":[1]' in answer["Payload"].read()


def test_an_error_goes_by_the_name_of_its_class(system: System) -> None:
    answer = system.invoke("fail", {"error": "Overloaded", "message": "too much"})

    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["json"]["errorType"] == "Overloaded"
    assert answer["json"]["errorMessage"] == "too much"
    assert "handlers.py" in answer["json"]["stackTrace"][0]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unserialisable", "Runtime.MarshalError"),
        ("huge", "Function.ResponseSizeTooLarge"),
        ("leave", "Runtime.ExitError"),
        ("missing", "Runtime.HandlerNotFound"),
        ("absent", "Runtime.ImportModuleError"),
    ],
)
def test_what_goes_wrong_has_the_name_that_lambda_gives_it(system: System, name: str, kind: str) -> None:
    answer = system.invoke(name, {})

    assert answer["FunctionError"] == "Unhandled"
    assert answer["json"]["errorType"] == kind


def test_a_handler_that_takes_too_long_is_answered_for(system: System, tag: str) -> None:
    answer = system.invoke("blocked", {"tag": tag})

    assert answer["FunctionError"] == "Unhandled"
    assert answer["json"]["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in answer["json"]["errorMessage"]
    system.invoke("release", {"tag": tag})


def test_reserved_concurrency_is_a_limit(system: System, tag: str) -> None:
    system.invoke("single", {"tag": tag}, InvocationType="Event")
    system.calls("blocked", tag)

    with pytest.raises(ClientError) as refused:
        system.invoke("single", {"tag": tag})

    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    system.invoke("release", {"tag": tag})


def test_an_event_is_taken_and_run_later(system: System, tag: str) -> None:
    answer = system.invoke("echo", {"tag": tag}, InvocationType="Event")

    assert answer["StatusCode"] == 202
    assert answer["json"] is None
    assert len(system.calls("echo", tag)) == 1


def test_a_dry_run_runs_nothing(system: System, tag: str) -> None:
    answer = system.invoke("echo", {"tag": tag}, InvocationType="DryRun")

    assert answer["StatusCode"] == 204
    assert system.calls("echo", tag, count=1, seconds=0) == []


@pytest.mark.parametrize(
    ("function", "payload", "code", "status"),
    [
        ("nobody", b"{}", "ResourceNotFoundException", 404),
        ("robo-local-try-echo:7", b"{}", "ResourceNotFoundException", 404),
        ("robo-local-try-echo", b"{not json", "InvalidRequestContentException", 400),
        ("robo-local-try-echo", b'"' + b"x" * 6 * 1024 * 1024 + b'"', "RequestTooLargeException", 413),
    ],
)
def test_what_lambda_refuses(system: System, function: str, payload: bytes, code: str, status: int) -> None:
    with pytest.raises(ClientError) as refused:
        system.aws("lambda").invoke(FunctionName=function, Payload=payload)

    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_functions_may_call_functions_deeply(system: System) -> None:
    assert system.invoke("nested", {"depth": 12})["json"] == 12


def test_a_worker_runs_one_event_at_a_time(system: System, tag: str) -> None:
    def block(index: int) -> None:
        system.invoke("blocked", {"tag": tag, "index": index}, InvocationType="Event")

    together(block, 5)

    calls = system.calls("blocked", tag, count=5)
    assert len({call["thread"] for call in calls}) == 5
    system.invoke("release", {"tag": tag})
