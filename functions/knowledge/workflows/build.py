"""Writes rebuild_vectors.asl.json and what its neighbours define: `python -m functions.knowledge.workflows.build`.

State names read as sentences in the console. Only what the local interpreter knows is used: JSONPath, lambda:invoke,
an inline map, named errors. The whole state goes into every function and comes out of it.
"""

from __future__ import annotations

import json
from pathlib import Path

from functions.knowledge.workflows import folder, uploads
from shared.state_machines import State, invoke, retry

TARGET = Path(__file__).parent / "rebuild_vectors.asl.json"
# Batches at a time, as many as the function has executions in the smallest stage: what the embedding model and the
# database bear while others are served.
CONCURRENCY = 2


def definition() -> State:
    """Return the state machine of `rebuild_vectors`."""
    comparing = invoke("KnowledgeCompareVectors", "Is everything compared?")
    # A kit that is being indexed has its rows before it has its points.
    comparing["Retry"].append(retry(["VectorsDiffer"], 5, 3))
    return {
        "Comment": "rebuild_vectors: the vector engine is made again from PostgreSQL",
        "StartAt": "Prepare the collections",
        "States": {
            "Prepare the collections": invoke("KnowledgePrepareRebuild", "Plan a page"),
            "Plan a page": invoke("KnowledgePlanRebuild", "What is left to do?"),
            "What is left to do?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.next", "StringEquals": "compare", "Next": "Compare with the rows"},
                    {
                        "Variable": "$.next",
                        "StringEquals": "unfinished",
                        "Next": "Another execution must go on",
                    },
                ],
                "Default": "Index the page",
            },
            "Index the page": {
                "Type": "Map",
                "ItemsPath": "$.batches",
                "MaxConcurrency": CONCURRENCY,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Index a batch",
                    "States": {"Index a batch": invoke("KnowledgeIndexBatch", None)},
                },
                "ResultPath": "$.results",
                "Next": "Plan a page",
            },
            "Compare with the rows": comparing,
            "Is everything compared?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.next", "StringEquals": "done", "Next": "Everything is there again"}
                ],
                "Default": "Compare with the rows",
            },
            "Everything is there again": {"Type": "Succeed"},
            "Another execution must go on": {
                "Type": "Fail",
                "Error": "RebuildUnfinished",
                "CausePath": "$.reason",
            },
        },
    }


def text() -> str:
    """Return the file's content."""
    return json.dumps(definition(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    uploads.TARGET.write_text(uploads.text(), encoding="utf-8")
    folder.TARGET.write_text(folder.text(), encoding="utf-8")
