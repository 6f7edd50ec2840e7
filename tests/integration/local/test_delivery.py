"""Events, queues and schedules on one machine."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.aws.delivery import failures
from infra.local.aws.runtime import Outcome
from tests.integration.local.conftest import ASSETS, System, eventually


def _put(system: System, tag: str, kind: str = "asked", **detail: Any) -> str:
    answer = system.aws("events").put_events(
        Entries=[
            {
                "EventBusName": "agent-analytics",
                "Source": "roboagency.agency",
                "DetailType": kind,
                "Detail": json.dumps({"tag": tag, **detail}),
            }
        ]
    )
    assert answer["FailedEntryCount"] == 0
    return str(answer["Entries"][0]["EventId"])


def _queue(system: System, name: str) -> str:
    return str(system.aws("sqs").get_queue_url(QueueName=f"robo-local-{name}")["QueueUrl"])


def test_an_event_reaches_the_consumer_of_its_rule_as_aws_writes_it(system: System, tag: str) -> None:
    event_id = _put(system, tag, priority="high")

    (call,) = system.calls("consume", tag)

    (record,) = call["event"]["Records"]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:robo-local-high"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    event = json.loads(record["body"])
    assert list(event) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    ]  # fmt: skip
    assert event["id"] == event_id
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert event == {
        "version": "0",
        "id": event_id,
        "detail-type": "asked",
        "source": "roboagency.agency",
        "account": "123456789012",
        "region": "us-east-1",
        "resources": [],
        "detail": {"tag": tag, "priority": "high"},
    }


def test_the_priority_chooses_the_queue(system: System, tag: str) -> None:
    _put(system, tag, priority="low")
    _put(system, tag, priority="nobody knows")
    _put(system, tag, kind="unheard of", priority="high")
    _put(system, tag, kind="approved")

    calls = system.calls("consume", tag, count=2)
    _put(system, tag, kind="cancelled")
    calls = system.calls("consume", tag, count=3)

    queues = sorted(
        (json.loads(record["body"])["detail-type"], record["eventSourceARN"].rsplit(":", 1)[1])
        for call in calls
        for record in call["event"]["Records"]
    )
    assert queues == [
        ("approved", "robo-local-high"),
        ("asked", "robo-local-low"),
        ("cancelled", "robo-local-high"),
    ]


def test_an_unknown_bus_and_a_bad_entry_are_refused(system: System) -> None:
    events = system.aws("events")
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": "agent-analytics"}

    with pytest.raises(ClientError) as refused:
        events.put_events(Entries=[entry | {"EventBusName": "other"}])
    answer = events.put_events(Entries=[entry | {"Detail": "{"}, entry])

    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "MalformedDetail"
    assert answer["Entries"][1]["EventId"]


def test_a_message_is_at_its_function_within_milliseconds(system: System, tag: str) -> None:
    took = []
    for index in range(10):
        sent = time.time()
        _put(system, f"{tag}-{index}", priority="high")
        took.append(system.calls("consume", f"{tag}-{index}")[0]["at"] - sent)

    assert sorted(took)[5] < 0.2, took  # some 5 ms when nothing else runs; never a poll's pause


def test_only_the_messages_that_failed_come_again(system: System, tag: str) -> None:
    sqs = system.aws("sqs")
    entries = [
        {"Id": str(index), "MessageBody": json.dumps({"tag": tag, "then": then, "index": index})}
        for index, then in enumerate(["", "again", ""])
    ]
    sqs.send_message_batch(QueueUrl=_queue(system, "high"), Entries=entries)

    def bodies() -> list[dict[str, Any]]:
        return [
            json.loads(record["body"])
            for call in system.calls("consume", tag, count=1, seconds=0)
            for record in call["event"]["Records"]
        ]

    eventually(lambda: len(bodies()) == 4)
    assert sorted(body["index"] for body in bodies()) == [0, 1, 1, 2]


def test_what_fails_too_often_goes_to_the_dead_letter_queue(system: System, tag: str) -> None:
    sqs = system.aws("sqs")
    sqs.send_message(QueueUrl=_queue(system, "high"), MessageBody=json.dumps({"tag": tag, "then": "raise"}))

    dead = _queue(system, "high-dlq")
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        answer = sqs.receive_message(
            QueueUrl=dead, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=0
        )
        found.extend(message for message in answer.get("Messages", []) if tag in message["Body"])
        return bool(found)

    eventually(arrived)
    assert len(system.calls("consume", tag, count=2)) == 2, "as often as max_receives says"


def test_a_long_poll_ends_with_the_message(system: System, tag: str) -> None:
    sqs = system.aws("sqs")
    url = sqs.create_queue(QueueName=tag)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=1)

    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]

    assert message["Body"] == "now"


def test_a_queue_runs_no_more_than_its_concurrency(system: System, tag: str) -> None:
    url = _queue(system, "low")
    for index in range(4):
        system.aws("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"tag": tag, "index": index}))

    calls = system.calls("consume", tag, count=4)

    assert [len(call["event"]["Records"]) for call in calls] == [1, 1, 1, 1], "batch size 1"


def test_a_schedule_runs_once_at_the_start(system: System) -> None:
    call = system.calls("scheduled", "aws.scheduler")[0]

    assert call["event"]["detail-type"] == "Scheduled Event"
    assert call["event"]["resources"] == ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/often"]


def test_a_bucket_tells_its_function_of_a_new_object(system: System, tag: str) -> None:
    s3 = system.aws("s3")
    s3.create_bucket(Bucket="watched")
    s3.put_bucket_notification_configuration(
        Bucket="watched",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "Id": "watch",
                    "LambdaFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:robo-local-try-object-event",
                    "Events": ["s3:ObjectCreated:*"],
                }
            ]
        },
    )

    s3.put_object(Bucket="watched", Key=f"a b/{tag}", Body=b"written")
    s3.put_object(Bucket=ASSETS, Key=f"unwatched/{tag}", Body=b"written")

    (call,) = system.calls("object", tag)
    assert call["event"]["body"] == "written"
    record = call["event"]["event"]["Records"][0]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["object"]["key"] == f"a+b/{tag}"
    assert record["s3"]["object"]["size"] == 7


@pytest.mark.parametrize(
    ("payload", "again"),
    [
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', {"b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"wrong": "b"}]}', {"a", "b"}),
        (b'"done"', set()),
    ],
)
def test_a_report_of_failures_is_read_as_aws_reads_it(payload: bytes, again: set[str]) -> None:
    assert failures(Outcome(payload), ["a", "b"]) == again


def test_an_error_fails_the_whole_batch() -> None:
    assert failures(Outcome(b'{"errorType": "Refused"}', failed=True), ["a", "b"]) == {"a", "b"}
