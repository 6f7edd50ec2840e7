"""Alarms on what becomes of uploads: executions that are waited for, a backlog, files that cannot be read."""

from __future__ import annotations

from infra.alarms import metrics
from infra.alarms.model import MINUTE, Alarm, Area, Comparison, Missing, Severity, Share
from infra.catalog.model import Queue, Workflow

UPLOADS = "uploads"
"""The queue of objects that were made, replaced or deleted."""
_RUNBOOK = "upload-missing.md"
_LATE = 30 * MINUTE
_MANY_REFUSED = 20
_BAD_SHARE = 50
_FEWEST = 10


def of_express(workflow: Workflow, stage: str) -> tuple[Alarm, ...]:
    """Executions that end badly of a workflow that whoever started it waits for and starts again.

    One that fails is no news: its message comes back after a pause, and what cannot be done at all becomes a dead
    letter. So the share of executions is watched: a single document that fails again and again stays below `_FEWEST`.
    """
    deployed, name = workflow.deployed_name(stage), workflow.name.replace("_", "-")
    started = metrics.executions(deployed, "ExecutionsStarted")
    failing = Alarm(
        f"failing-{name}",
        area=Area.QUEUES,
        severity=Severity.TELL,
        measure=Share(metrics.executions(deployed, "ExecutionsFailed"), started, _FEWEST),
        comparison=Comparison.ABOVE,
        threshold=_BAD_SHARE,
        period=15 * MINUTE,
        periods=1,
        bad=1,
        missing=Missing.GOOD,
        means=(
            f"More than half of the executions of {workflow.name} fail: what is uploaded waits in its queue and is "
            "not found. Nothing is lost."
        ),
        first="do the database, the vector engine and the embedding model answer? It goes on by itself when they do.",
        runbook=_RUNBOOK,
    )
    late = Alarm(
        f"timed-out-{name}",
        area=Area.QUEUES,
        severity=Severity.TELL,
        measure=metrics.executions(deployed, "ExecutionsTimedOut"),
        comparison=Comparison.ABOVE,
        threshold=0,
        period=5 * MINUTE,
        periods=1,
        bad=1,
        missing=Missing.GOOD,
        means=f"An execution of {workflow.name} reached its limit of {workflow.timeout} seconds; it is run again.",
        first="its log group names the states that it entered: which of them stood still, and for what?",
        runbook=_RUNBOOK,
        detail=True,
    )
    return failing, late


def of_uploads(queue: Queue, stage: str) -> tuple[Alarm, ...]:
    """The oldest upload that nobody has seen to, and files that are refused.

    CloudWatch leaves messages that were received more than three times out of a queue's age: those have failed, which
    `of_express` tells.
    """
    waiting = Alarm(
        f"{queue.name}-old",
        area=Area.QUEUES,
        severity=Severity.TELL,
        measure=metrics.queue(queue.deployed_name(stage), "ApproximateAgeOfOldestMessage"),
        comparison=Comparison.ABOVE,
        threshold=_LATE,
        period=5 * MINUTE,
        periods=2,
        bad=2,
        missing=Missing.GOOD,
        means=f"An upload has waited for over {_LATE // MINUTE} minutes to be indexed; search does not find it yet.",
        first=f"does {queue.consumer} fail or is it throttled? A folder of thousands is better indexed in bulk.",
        runbook=_RUNBOOK,
    )
    refused = Alarm(
        "documents-quarantined",
        area=Area.QUEUES,
        severity=Severity.TELL,
        measure=metrics.own(stage, "QuarantinedDocuments"),
        comparison=Comparison.ABOVE,
        threshold=_MANY_REFUSED,
        period=15 * MINUTE,
        periods=1,
        bad=1,
        # Emitted only when there are some.
        missing=Missing.GOOD,
        means=f"More than {_MANY_REFUSED} uploads were refused within a quarter of an hour as unreadable.",
        first="did a release change what reads documents? If not, one tenant sends what is broken or hostile.",
        runbook=_RUNBOOK,
    )
    return waiting, refused
