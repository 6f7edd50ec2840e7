"""The states of `index_document`: an express workflow that brings what is indexed into agreement with one object.

`index_folder` has the same states for each key of a listing.
"""

from __future__ import annotations

import json
from pathlib import Path

from shared.state_machines import State, invoke

TARGET = Path(__file__).parent / "index_document.asl.json"
START = "Look at the object"


def states() -> dict[str, State]:
    """Return the states that settle an object; their input is `{key, again}`, `again` may be left out."""
    reading = invoke("KnowledgeReadDocument", "Store the document")
    reading["Catch"] = [
        {"ErrorEquals": ["Unreadable"], "ResultPath": "$.error", "Next": "Refuse the document"}
    ]
    following = {"read": "Read the document", "store": "Store the document", "refuse": "Refuse the document"}
    return {
        START: invoke("KnowledgeLookAtObject", "What is to be done?"),
        "What is to be done?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.next", "StringEquals": word, "Next": state}
                for word, state in following.items()
            ],
            "Default": "Nothing is left to do",
        },
        "Read the document": reading,
        "Store the document": invoke("KnowledgeStoreDocument", None),
        "Refuse the document": invoke("KnowledgeRefuseDocument", None),
        "Nothing is left to do": {"Type": "Succeed"},
    }


def definition() -> State:
    """Return the state machine of `index_document`."""
    return {
        "Comment": "index_document: what is indexed follows one object of the bucket",
        "StartAt": START,
        "States": states(),
    }


def text() -> str:
    """Return the file's content."""
    return json.dumps(definition(), indent=2) + "\n"
