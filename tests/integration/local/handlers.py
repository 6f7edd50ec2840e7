"""Small handlers that say what happened to them."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import defaultdict
from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

_calls: list[dict[str, Any]] = []
_arrived = threading.Condition()
_gates: defaultdict[str, threading.Event] = defaultdict(threading.Event)


class Overloaded(Exception):
    """Passes by itself."""


class Refused(Exception):
    """Stays."""


def _operators(service: str) -> Any:
    """A client with keys of its own: for what no function of the product may do."""
    return boto3.client(service, aws_access_key_id="robo-local", aws_secret_access_key="any")


def _note(kind: str, event: Any) -> None:
    with _arrived:
        _calls.append({"kind": kind, "event": event, "at": time.time(), "thread": threading.get_ident()})
        _arrived.notify_all()


def journal(event: Any, _context: Any) -> Any:
    """Waits until `count` calls of a `kind` that hold `tag` were noted; returns all of them."""

    def found() -> list[dict[str, Any]]:
        return [c for c in _calls if c["kind"] == event["kind"] and event["tag"] in json.dumps(c["event"])]

    with _arrived:
        _arrived.wait_for(lambda: len(found()) >= event["count"], event["seconds"])
        return found()


def release(event: Any, _context: Any) -> Any:
    """Lets `blocked` and `single` of a tag go on."""
    _gates[event["tag"]].set()


def echo(event: Any, context: Any) -> Any:
    _note("echo", event)
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
    _note("fail", event)
    raise {"Overloaded": Overloaded, "Refused": Refused}[event.get("error", "Refused")](
        event.get("message", "no")
    )


def flaky(event: Any, _context: Any) -> Any:
    _note("flaky", event)
    with _arrived:
        tries = sum(call["kind"] == "flaky" and call["event"] == event for call in _calls)
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
    _note("blocked", event)
    _gates[event.get("tag") or json.loads(event["body"])["tag"]].wait(10)
    return "free"


def keep_token(event: Any, _context: Any) -> Any:
    _note("token", event)


def nested(event: Any, _context: Any) -> Any:
    depth = event["depth"]
    if depth == 0:
        return 0
    client = _operators("lambda")
    answer = client.invoke(
        FunctionName="robo-local-try-nested", Payload=json.dumps({"depth": depth - 1}).encode()
    )
    return 1 + json.loads(answer["Payload"].read())


def consume(event: Any, _context: Any) -> Any:
    """Fails whole batches or single messages, as their bodies ask."""
    bodies = [json.loads(record["body"]) for record in event["Records"]]
    _note("consume", event)
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


def object_event(event: Any, _context: Any) -> Any:
    record = event["Records"][0]["s3"]
    client = _operators("s3")
    body = client.get_object(Bucket=record["bucket"]["name"], Key=unquote_plus(record["object"]["key"]))[
        "Body"
    ]
    _note("object", {"event": event, "body": body.read().decode()})


def arrive(event: Any, _context: Any) -> Any:
    """Notes what S3 announced."""
    (record,) = event["Records"]
    _note("arrive", json.loads(record["body"]))


def scheduled(event: Any, _context: Any) -> Any:
    _note("scheduled", event)


def authorize(event: Any, _context: Any) -> Any:
    """Allows who sends the token `good`, denies `poor`, does not know `bad`, and breaks at any other."""
    token = (event["headers"].get("Authorization") or "").removeprefix("Bearer ")
    if token == "bad":
        raise Exception("Unauthorized")  # API Gateway asks for just this
    effect = {"good": "Allow", "poor": "Deny"}[token]
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    context = {
        "detail": "This needs the permission thing:read.",
        "operation": event["requestContext"]["resourcePath"],
    }
    return {"principalId": "someone", "policyDocument": {"Statement": [statement]}, "context": context}


def http(event: Any, _context: Any) -> Any:
    """Returns the event it got, or the answer that the body asks for."""
    _note("http", event)
    body = event.get("body") or ""
    if body.startswith('{"answer"'):
        return json.loads(body)["answer"]
    if body == "raise":
        raise Refused("secret detail")
    print("a line of the handler")
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}


def trespass(event: Any, _context: Any) -> Any:
    """Asks AWS for whatever it is told, and tells what AWS said."""
    client = boto3.client(event["service"])
    try:
        getattr(client, event["method"])(**event["parameters"])
    except ClientError as error:
        answer = error.response
        return {**answer["Error"], "Status": answer["ResponseMetadata"]["HTTPStatusCode"]}
    return {"Code": ""}


def sign(event: Any, _context: Any) -> Any:
    """Signs an URL for whatever it is told, allowed or not."""
    client = boto3.client("s3", config=Config(signature_version="s3v4"))
    return client.generate_presigned_url("get_object", Params=event)
