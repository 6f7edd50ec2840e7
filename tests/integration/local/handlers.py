"""Small handlers that say what happened to them."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

import boto3

calls: list[dict[str, Any]] = []
arrived = threading.Condition()
gate = threading.Event()


class Overloaded(Exception):
    """Passes by itself."""


class Refused(Exception):
    """Stays."""


def note(kind: str, event: Any) -> None:
    with arrived:
        calls.append({"kind": kind, "event": event, "at": time.monotonic()})
        arrived.notify_all()


def wait_for(count: int, kind: str, seconds: float = 10.0) -> list[dict[str, Any]]:
    """Wait until `count` calls of a kind were noted and return all of that kind."""

    def found() -> list[dict[str, Any]]:
        return [call for call in calls if call["kind"] == kind]

    with arrived:
        assert arrived.wait_for(lambda: len(found()) >= count, seconds), (kind, count, found())
        return found()


def forget() -> None:
    with arrived:
        calls.clear()
    gate.clear()


def echo(event: Any, context: Any) -> Any:
    note("echo", event)
    return {
        "event": event,
        "function": context.function_name,
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "thread": threading.current_thread().name,
        "region": os.environ.get("AWS_REGION"),
    }


def fail(event: Any, _context: Any) -> Any:
    note("fail", event)
    raise {"Overloaded": Overloaded, "Refused": Refused}[event.get("error", "Refused")](event.get("message", "no"))


def flaky(event: Any, _context: Any) -> Any:
    note("flaky", event)
    with arrived:
        tries = sum(call["kind"] == "flaky" and call["event"] == event for call in calls)
    if tries < event["good_on"]:
        raise Overloaded(f"try {tries}")
    return {"tries": tries}


def unserialisable(_event: Any, _context: Any) -> Any:
    return {"value": object()}


def huge(_event: Any, _context: Any) -> Any:
    return "x" * (6 * 1024 * 1024)


def leave(_event: Any, _context: Any) -> Any:
    sys.exit(3)


def blocked(event: Any, _context: Any) -> Any:
    note("blocked", event)
    gate.wait(10)
    return "free"


def keep_token(event: Any, _context: Any) -> Any:
    note("token", event)
    return None


def nested(event: Any, _context: Any) -> Any:
    depth = event["depth"]
    if depth == 0:
        return 0
    client = boto3.client("lambda")
    answer = client.invoke(
        FunctionName="robo-local-try-nested", Payload=json.dumps({"depth": depth - 1}).encode()
    )
    return 1 + json.loads(answer["Payload"].read())


def consume(event: Any, _context: Any) -> Any:
    """Fails whole batches or single messages, as their bodies ask."""
    bodies = [json.loads(record["body"]) for record in event["Records"]]
    note("consume", event)
    details = [body.get("detail", body) for body in bodies]
    if any(detail.get("then") == "raise" for detail in details):
        raise Refused("the batch")
    return {
        "batchItemFailures": [
            {"itemIdentifier": record["messageId"]}
            for record, detail in zip(event["Records"], details, strict=True)
            if detail.get("then") == "again"
        ]
    }


def scheduled(event: Any, _context: Any) -> Any:
    note("scheduled", event)


def http(event: Any, _context: Any) -> Any:
    """Returns the event it got, or the answer that the body asks for."""
    note("http", event)
    body = event.get("body") or ""
    if body.startswith('{"answer"'):
        return json.loads(body)["answer"]
    if body == "raise":
        raise Refused("secret detail")
    print("a line of the handler")
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}
