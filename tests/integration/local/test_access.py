"""On one machine, too, a function does what its policy allows and nothing else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.integration.local.conftest import ASSETS, HANDOFF, WORKFLOW, System

NAME = "robo-local-try-trespass"
QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/robo-local-low"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/agent-analytics"
KEY = "access/a.txt"


def ask(system: System, service: str, method: str, **parameters: Any) -> dict[str, Any]:
    event = {"service": service, "method": method, "parameters": parameters}
    answer: dict[str, Any] = system.invoke("trespass", event)["json"]
    return answer


def trail(system: System) -> list[dict[str, Any]]:
    lines = (system.folder / "logs" / "trail.log").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def there(system: System) -> None:
    for bucket in (ASSETS, HANDOFF):
        system.aws("s3").put_object(Bucket=bucket, Key=KEY, Body=b"it")


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("service", "method", "parameters"),
    [
        ("s3", "get_object", {"Bucket": ASSETS, "Key": KEY}),
        ("s3", "list_objects_v2", {"Bucket": ASSETS, "Prefix": "access/"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "robo/local/capability-key"}),
    ],
)
def test_what_a_function_may_do(
    system: System, service: str, method: str, parameters: dict[str, Any]
) -> None:
    assert ask(system, service, method, **parameters) == {"Code": ""}


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("service", "method", "parameters", "code", "status", "action"),
    [
        ("s3", "get_object", {"Bucket": HANDOFF, "Key": KEY}, "AccessDenied", 403, "s3:GetObject"),
        (
            "s3",
            "put_object",
            {"Bucket": ASSETS, "Key": KEY, "Body": "no"},
            "AccessDenied",
            403,
            "s3:PutObject",
        ),
        ("s3", "delete_object", {"Bucket": ASSETS, "Key": KEY}, "AccessDenied", 403, "s3:DeleteObject"),
        (
            "s3",
            "delete_objects",
            {"Bucket": ASSETS, "Delete": {"Objects": [{"Key": KEY}]}},
            "AccessDenied",
            403,
            "s3:DeleteObject",
        ),
        ("s3", "delete_bucket", {"Bucket": ASSETS}, "AccessDenied", 403, "s3:DeleteBucket"),
        ("s3", "list_buckets", {}, "AccessDenied", 403, "s3:ListAllMyBuckets"),
        (
            "secretsmanager",
            "get_secret_value",
            {"SecretId": "robo/local/model-key"},
            "AccessDeniedException",
            400,
            "secretsmanager:GetSecretValue",
        ),
        (
            "sqs",
            "send_message",
            {"QueueUrl": QUEUE, "MessageBody": "no"},
            "AccessDeniedException",
            403,
            "sqs:SendMessage",
        ),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": BUS}]},
            "AccessDeniedException",
            400,
            "events:PutEvents",
        ),
        (
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": WORKFLOW},
            "AccessDeniedException",
            400,
            "states:StartExecution",
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": "robo-local-try-echo"},
            "AccessDeniedException",
            403,
            "lambda:InvokeFunction",
        ),
        ("rds", "describe_db_instances", {}, "AccessDenied", 403, "rds:DescribeDBInstances"),
        ("dynamodb", "list_tables", {}, "AccessDeniedException", 400, "an unknown call"),
        ("sts", "get_caller_identity", {}, "AccessDenied", 403, "an unknown call"),
    ],
)
def test_whatever_else_it_asks_for_is_denied_as_aws_does(
    system: System, service: str, method: str, parameters: dict[str, Any], code: str, status: int, action: str
) -> None:
    answer = ask(system, service, method, **parameters)

    assert (answer["Code"], answer["Status"]) == (code, status)
    assert action in answer["Message"]
    assert f"assumed-role/{NAME}/" in answer["Message"]


@pytest.mark.usefixtures("there")
def test_a_signed_url_opens_what_its_signer_may_read(system: System) -> None:
    allowed = system.invoke("sign", {"Bucket": ASSETS, "Key": KEY})["json"]
    denied = system.invoke("sign", {"Bucket": HANDOFF, "Key": KEY})["json"]

    with urllib.request.urlopen(allowed) as answer:
        assert answer.read() == b"it"
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(denied)
    assert b"<Code>AccessDenied</Code>" in refused.value.read()


@pytest.mark.usefixtures("there")
def test_an_url_cannot_be_made_somebody_elses(system: System) -> None:
    url = system.invoke("sign", {"Bucket": ASSETS, "Key": KEY})["json"]

    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(url.replace("robo-local-try-sign", "robo-local-try-trespass"))
    assert b"SignatureDoesNotMatch" in refused.value.read()


@pytest.mark.usefixtures("there")
def test_the_trail_names_who_what_and_where(system: System) -> None:
    ask(system, "s3", "get_object", Bucket=ASSETS, Key="access/trail")
    ask(system, "s3", "get_object", Bucket=HANDOFF, Key="access/trail")

    found = {
        (entry["function"], entry["action"], entry["decision"], entry["level"])
        for entry in trail(system)
        if entry["resource"].endswith("/access/trail")
    }
    assert found == {
        ("try.trespass", "s3:GetObject", "allowed", "INFO"),
        ("try.trespass", "s3:GetObject", "denied", "ERROR"),
    }


def test_operators_are_not_asked(system: System) -> None:
    before = len(trail(system))
    system.aws("s3").list_buckets()

    assert not [entry for entry in trail(system)[before:] if entry["action"] == "s3:ListAllMyBuckets"]
