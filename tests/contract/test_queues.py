"""What every queue of messages promises to a function that was given one too early."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.queues import FakeQueues, SqsQueues
from shared.errors import AppError


def test_the_fake_remembers_what_was_hidden() -> None:
    queues = FakeQueues()
    queues.hide({"messageId": "m"}, 5)

    assert queues.hidden == [("m", 5)]


@pytest.fixture
def record(aws: None) -> dict[str, Any]:
    """A message as Lambda is given it."""
    import boto3

    client = boto3.client("sqs")
    url = client.create_queue(QueueName="webhooks")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="{}")
    (message,) = client.receive_message(QueueUrl=url)["Messages"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "eventSourceARN": arn,
    }


def _received(record: dict[str, Any]) -> int:
    import boto3

    client = boto3.client("sqs")
    url = client.get_queue_url(QueueName=record["eventSourceARN"].rpartition(":")[2])["QueueUrl"]
    return len(client.receive_message(QueueUrl=url).get("Messages", ()))


def test_a_hidden_message_comes_again_when_its_time_is_over(record: dict[str, Any]) -> None:
    import boto3

    queues = SqsQueues(boto3.client("sqs"))
    queues.hide(record, 900)
    assert _received(record) == 0

    queues.hide(record, 0)
    assert _received(record) == 1


def test_a_message_that_is_not_there_is_told(record: dict[str, Any]) -> None:
    import boto3

    with pytest.raises(AppError, match="SQS refused"):
        SqsQueues(boto3.client("sqs")).hide({**record, "receiptHandle": "another"}, 5)
