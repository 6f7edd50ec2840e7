"""The states of `index_folder`: everything below a prefix of the bucket is looked at, as after an upload of each.

For what is many at once, and for what was there before anybody listened. A distributed map lists the keys and settles
each in an express child of its own; a child that fails is counted and holds nothing up, and the same prefix may be
asked for again: what is indexed already costs a look.
"""

from __future__ import annotations

import json
from pathlib import Path

from functions.knowledge.workflows.uploads import START, states
from shared.state_machines import State

TARGET = Path(__file__).parent / "index_folder.asl.json"
CONCURRENCY = 2
"""Children at a time, as many as the functions have executions in the smallest stage: more would only wait there."""

_SETTLED = "The object is settled"


def definition() -> State:
    """Return the state machine of `index_folder`; its input is `{prefix}`, its output `{prefix, settled}`."""
    return {
        "Comment": "index_folder: what is indexed follows every object below a prefix",
        "StartAt": "Index every object",
        "States": {
            "Index every object": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:listObjectsV2",
                    "Parameters": {"Bucket": "${KnowledgeBucket}", "Prefix.$": "$.prefix"},
                },
                "ItemSelector": {"key.$": "$$.Map.Item.Value.Key"},
                "MaxConcurrency": CONCURRENCY,
                "ToleratedFailurePercentage": 100,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    "StartAt": START,
                    "States": _child(),
                },
                "ResultSelector": {"settled.$": "States.ArrayLength($)"},
                "ResultPath": "$.result",
                "Next": "Everything was looked at",
            },
            "Everything was looked at": {
                "Type": "Pass",
                "Parameters": {"prefix.$": "$.prefix", "settled.$": "$.result.settled"},
                "End": True,
            },
        },
    }


def _child() -> dict[str, State]:
    """The states of `index_document`, and after each end a word: the map's output holds one for each object, and must
    stay below 256 KB.
    """
    found = states()
    for name, state in found.items():
        if state.get("End"):
            del state["End"]
            state["Next"] = _SETTLED
        if state["Type"] == "Succeed":
            found[name] = {"Type": "Pass", "Next": _SETTLED}
    return found | {_SETTLED: {"Type": "Pass", "Result": 1, "End": True}}


def text() -> str:
    """Return the file's content."""
    return json.dumps(definition(), indent=2) + "\n"
