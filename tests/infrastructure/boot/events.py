"""Events of functions that the scenario does not reach, written by hand, a kind each."""

from __future__ import annotations

from typing import Any

from infra.catalog import CATALOG, Function
from infra.local.aws.names import ACCOUNT, REGION, queue_arn, queue_name, schedule_arn


def event_for(function: Function) -> dict[str, Any]:
    """Return an event that a schedule or a queue would send. Raises LookupError when neither knows the function."""
    for schedule in CATALOG.schedules:
        if schedule.function == function.name:
            return scheduled(schedule_arn(schedule))
    for queue in CATALOG.queues:
        if queue.consumer == function.name:
            return batch(queue_arn(queue_name(queue)), "{}")
    raise LookupError(f"nothing in the scenario reaches {function.name}, and no event of its kind is known")


def scheduled(arn: str) -> dict[str, Any]:
    """What EventBridge Scheduler sends. Source: docs.aws.amazon.com/scheduler, "Universal targets"."""
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": "2026-11-22T12:00:00Z",
        "region": REGION,
        "resources": [arn],
        "detail": "{}",
    }


def batch(arn: str, body: str) -> dict[str, Any]:
    """What SQS sends: one message. Source: docs.aws.amazon.com/lambda, "Using Lambda with Amazon SQS"."""
    record = {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795348800000"},
        "messageAttributes": {},
        "md5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
    return {"Records": [record]}
