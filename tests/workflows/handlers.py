"""Handlers that do what the story of their run says, and a journal of their calls."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import boto3

from tests.workflows import rebuild_scripts
from tests.workflows.scripts import STORIES

_scripts = {story.name: story.script for story in (*STORIES, *rebuild_scripts.STORIES)}
_calls: list[dict[str, Any]] = []
_counts: Counter[tuple[str, str]] = Counter()
_lock = threading.Lock()

_WELL: dict[str, dict[str, Any]] = {
    "prepare": {"skip": False, "approval": "none"},
    "think": {"outcome": "answered", "seconds": 0},
    "apply": {"applied": True},
    "close": {"closed": True},
    "request": {"waits": True},
}


def _call_of(function_name: str, event: dict[str, Any]) -> str:
    """`robo-local-agency-prepare-plan` → `prepare_plan`; the one model gateway tells its step: `think:plan`."""
    operation = function_name.split("-", 3)[3].replace("-", "_")
    return f"think:{event['step']}" if operation == "think" else operation


def act(event: dict[str, Any], context: Any) -> Any:
    """Do what comes next for this call in the story of the run."""
    call, run_id = _call_of(context.function_name, event), str(event["run_id"])
    with _lock:
        _calls.append({"run_id": run_id, "call": call, "event": event})
        number = _counts[run_id, call]
        _counts[run_id, call] += 1
    if call == "request_approval":
        boto3.client("stepfunctions").send_task_success(taskToken=event["task_token"], output="{}")
    planned = _scripts[run_id].get(call, [])
    outcome = planned[number] if number < len(planned) else _WELL[call.split("_")[0].split(":")[0]]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def journal(event: dict[str, Any], context: Any) -> Any:
    """Return the calls of a run in their order."""
    del context
    with _lock:
        return [call for call in _calls if call["run_id"] == event["run_id"]]
