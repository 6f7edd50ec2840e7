"""What the definitions of our state machines have in common."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]

INVOKE = "arn:aws:states:::lambda:invoke"

# Errors of the Lambda service itself, and what passes by waiting a little.
_TRANSIENT = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.Unknown",
    "DependencyUnavailable",
]
# All reserved executions of the function are busy: a line forms, and whoever waits half an hour gets through it.
_THROTTLED = ["Lambda.TooManyRequestsException"]


def retry(errors: list[str], seconds: int, attempts: int) -> State:
    """Return a rule that tries again after some seconds, twice as long each time, at most a minute, with jitter."""
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": 2,
        "MaxDelaySeconds": 60,
        "JitterStrategy": "FULL",
    }


def retries() -> list[State]:
    """Return the rules of every task: patient with a function that is busy, less so with a service that stumbles."""
    return [retry(_THROTTLED, 1, 60), retry(_TRANSIENT, 1, 5)]


def invoke(function: str, following: str | None) -> State:
    """Return a task that gives its whole input to a function and has the function's answer as its output.

    function: the construct id of a function; following: the next state, None at the end.
    """
    state: State = {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": f"${{{function}}}", "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "Retry": retries(),
    }
    return state | ({"End": True} if following is None else {"Next": following})
