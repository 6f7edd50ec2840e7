"""Writes proto_v1.asl.json: `python -m functions.agency.workflows.build`.

The eight steps have one shape; writing it once keeps forty states alike. State names read as sentences in the
console. Only what the local interpreter knows is used: JSONPath, lambda:invoke, named errors.
"""

from __future__ import annotations

import json
from pathlib import Path

from shared.state_machines import INVOKE, State, retries, retry

TARGET = Path(__file__).parent / "proto_v1.asl.json"
_MODEL_TRANSIENT = ["ModelUnavailable", "ModelTimedOut", "ModelCutOff"]


def _invoke(function: str, result: str, following: str | None, *, more: State | None = None) -> State:
    payload = {"run_id.$": "$.run_id", "tenant_id.$": "$.tenant_id", **(more or {})}
    state: State = {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": f"${{{function}}}", "Payload": payload},
        "ResultSelector": {"value.$": "$.Payload"},
        "ResultPath": result,
        "Retry": retries(),
    }
    return state | ({"End": True} if following is None else {"Next": following})


def _step(name: str, following: str | None, *, waits: bool = False) -> dict[str, State]:
    """Return the states of one step; `waits`: for an approval between the answer and its application."""
    title = name.capitalize()
    prepare, skip, think = f"Prepare {name}", f"Is {name} done already?", f"Think about {name}"
    answered, wait, apply = f"Has the model answered {name}?", f"Wait to ask {name} again", f"Apply {name}"
    done = f"{title} was done before"
    note, failed = f"Note that {name} failed", f"{title} has failed"
    ready = "Must somebody approve?" if waits else apply
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": note}]
    preparing = _invoke(f"AgencyPrepare{title}", "$.prepared", skip) | {"Catch": catch}
    preparing["Retry"].append(retry(["BudgetReserved"], 2, 60))
    applying = _invoke(f"AgencyApply{title}", "$.applied", following) | {"Catch": catch}
    thinking = _invoke("AgentsThink", "$.think", answered, more={"step": name}) | {"Catch": catch}
    thinking["Retry"].append(retry(_MODEL_TRANSIENT, 2, 4))
    end: State = {"End": True} if following is None else {"Next": following}
    return {
        prepare: preparing,
        skip: {
            "Type": "Choice",
            "Choices": [{"Variable": "$.prepared.value.skip", "BooleanEquals": True, "Next": done}],
            "Default": think,
        },
        done: {"Type": "Pass", **end},
        think: thinking,
        answered: {
            "Type": "Choice",
            "Choices": [{"Variable": "$.think.value.outcome", "StringEquals": "later", "Next": wait}],
            "Default": ready,
        },
        wait: {"Type": "Wait", "SecondsPath": "$.think.value.seconds", "Next": think},
        apply: applying,
        # Two branches run at once: the cause of a failure says whose it is.
        note: {
            "Type": "Pass",
            "Parameters": {"step": name, "Error.$": "$.error.Error", "Cause.$": "$.error.Cause"},
            "ResultPath": "$.failure",
            "Next": failed,
        },
        failed: {
            "Type": "Fail",
            "ErrorPath": "$.failure.Error",
            "CausePath": "States.JsonToString($.failure)",
        },
    }


def _approval() -> dict[str, State]:
    waiting = _invoke("AgencyRequestApproval", "$.approved", "Apply launch")
    waiting["Resource"] = f"{INVOKE}.waitForTaskToken"
    waiting["Parameters"]["Payload"]["task_token.$"] = "$$.Task.Token"
    # With a task token the result is what was sent, not the function's answer.
    del waiting["ResultSelector"]
    return {
        "Must somebody approve?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": "$.prepared.value.approval",
                    "StringEquals": value,
                    "Next": "Wait for the approval",
                }
                for value in ("required", "waiting")
            ],
            "Default": "Apply launch",
        },
        "Wait for the approval": waiting,
    }


def definition() -> State:
    """Return the state machine of `proto_v1`."""
    plan_branch = {"StartAt": "Prepare plan", "States": _step("plan", None)}
    build_branch = {
        "StartAt": "Prepare design",
        "States": {
            **_step("design", "Prepare prototype"),
            **_step("prototype", "Prepare demo"),
            **_step("demo", None),
        },
    }
    pipeline = {
        "StartAt": "Prepare qualify",
        "States": {
            **_step("qualify", "Prepare research"),
            **_step("research", "Prepare specify"),
            **_step("specify", "Plan and build"),
            "Plan and build": {
                "Type": "Parallel",
                "Branches": [plan_branch, build_branch],
                "ResultPath": None,
                "Next": "Prepare launch",
            },
            **_step("launch", None, waits=True),
            **_approval(),
        },
    }
    close = _invoke("AgencyCloseRun", "$.closed", "The run has stopped", more={"error.$": "$.error"})
    return {
        "Comment": "proto_v1: an idea goes in, a launch kit comes out",
        "StartAt": "Make the kit",
        "States": {
            "Make the kit": {
                "Type": "Parallel",
                "Branches": [pipeline],
                "ResultPath": None,
                "Catch": [
                    {
                        "ErrorEquals": ["States.ALL"],
                        "ResultPath": "$.error",
                        "Next": "Write down why it stopped",
                    }
                ],
                "Next": "The kit is complete",
            },
            "Write down why it stopped": close,
            "The run has stopped": {
                "Type": "Fail",
                "ErrorPath": "$.error.Error",
                "CausePath": "$.error.Cause",
            },
            "The kit is complete": {"Type": "Succeed"},
        },
    }


def text() -> str:
    """Return the file's content."""
    return json.dumps(definition(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
