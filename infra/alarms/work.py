"""Alarms on what does the work: the API, functions, workflows, queues and schedules."""

from __future__ import annotations

from infra.alarms import metrics
from infra.alarms.knowledge import UPLOADS, of_uploads
from infra.alarms.model import (
    DAY,
    HOUR,
    MINUTE,
    Alarm,
    Area,
    Comparison,
    Missing,
    Severity,
    Share,
)
from infra.assembly.deployment import AT_DEPLOYMENT
from infra.catalog.model import Catalog, Function, Queue, Schedule, Workflow

# Whoever loses a message of these asks for it again: identity.request_due_webhooks, agency.revive_stalled_work.
_ASKED_FOR_AGAIN = ("webhooks", "deliveries", "indexing")
# What waits in these is hidden on purpose: attempts are put there some minutes before they are due.
_PUT_THERE_EARLY = {"webhooks": 15 * MINUTE}
_OFTEN_MINUTES = 5
_MOST_DAYS = 3


def of_the_api(stage: str) -> tuple[Alarm, ...]:
    """What users notice."""
    errors = Alarm(
        "api-errors",
        area=Area.API,
        severity=Severity.PAGE,
        measure=Share(metrics.api(stage, "5XXError"), metrics.api(stage, "Count"), 20),
        comparison=Comparison.ABOVE,
        threshold=5,
        period=5 * MINUTE,
        periods=3,
        bad=2,
        missing=Missing.GOOD,
        means="More than 5 of 100 requests are answered with 5xx: users cannot work.",
        first=(
            "did something deploy in the last hour? Roll it back; if not, look at the database's and "
            "functions' alarms."
        ),
        runbook="roll-back.md",
    )
    error = Alarm(
        "api-error",
        area=Area.API,
        severity=Severity.TELL,
        measure=metrics.api(stage, "5XXError"),
        comparison=Comparison.ABOVE,
        threshold=0,
        period=5 * MINUTE,
        periods=1,
        bad=1,
        missing=Missing.GOOD,
        means="A request was answered with 5xx; every 5xx is a bug of ours or a store that was away.",
        first="find the request_id in the API's access log, then the same id in the function's log.",
        runbook="roll-back.md",
    )
    slow = Alarm(
        "api-slow",
        area=Area.API,
        severity=Severity.TELL,
        measure=metrics.api(stage, "Latency", "p95"),
        comparison=Comparison.ABOVE,
        threshold=3000,
        period=5 * MINUTE,
        periods=3,
        bad=3,
        missing=Missing.GOOD,
        means="Of 100 requests 5 take longer than 3 seconds, for a quarter of an hour.",
        first="compare the database's CPU, credits and connections; a slow statement is in its log.",
        runbook="roll-back.md",
        detail=True,
    )
    return errors, error, slow


def of_functions(catalog: Catalog, stage: str, *, detailed: bool) -> tuple[Alarm, ...]:
    """An alarm for each function, or one for all and one for each that runs too seldom to be noticed among them."""
    seldom = {s.function for s in catalog.schedules if s.minutes > _OFTEN_MINUTES} | set(AT_DEPLOYMENT)
    often = {s.function for s in catalog.schedules} - seldom
    urgent = often | {catalog.authorizer}
    found = [
        _failing(function, stage, seldom=function.name in seldom, urgent=function.name in urgent)
        for function in catalog.functions
        if detailed or function.name in seldom
    ]
    return (*found, *(() if detailed else (_any_failing(),)), _throttled(), _crowded())


def _failing(function: Function, stage: str, *, seldom: bool, urgent: bool) -> Alarm:
    return Alarm(
        f"failing-{function.name.replace('.', '-').replace('_', '-')}",
        area=Area.RUNS,
        severity=Severity.PAGE if urgent else Severity.TELL,
        measure=metrics.function(function.deployed_name(stage), "Errors"),
        comparison=Comparison.ABOVE,
        threshold=0,
        period=5 * MINUTE,
        periods=1 if seldom else 3,
        bad=1 if seldom else 2,
        # Its state stays until it runs again: one that runs once a day is not well again five minutes later.
        missing=Missing.UNCHANGED if seldom else Missing.GOOD,
        means=f"Function {function.name} fails. {function.purpose}.",
        first="read the last `failed` line of its log: `error` names the cause.",
        runbook="deploy.md" if function.name in AT_DEPLOYMENT else "roll-back.md",
    )


def _any_failing() -> Alarm:
    return Alarm(
        "functions-failing",
        area=Area.RUNS,
        severity=Severity.TELL,
        measure=metrics.functions("Errors"),
        comparison=Comparison.ABOVE,
        threshold=0,
        period=5 * MINUTE,
        periods=3,
        bad=3,
        missing=Missing.GOOD,
        means=(
            "For a quarter of an hour some function of this account and region has been failing (another "
            "stage's counts)."
        ),
        first="Lambda's console, sorted by errors, shows which; read the last `failed` line of its log.",
        runbook="roll-back.md",
    )


def _throttled() -> Alarm:
    return Alarm(
        "functions-throttled",
        area=Area.RUNS,
        severity=Severity.TELL,
        measure=metrics.functions("Throttles"),
        comparison=Comparison.ABOVE,
        threshold=10,
        period=5 * MINUTE,
        periods=3,
        bad=3,
        missing=Missing.GOOD,
        means=(
            "Functions of this account and region are refused for want of reserved executions; who waits "
            "is asked again."
        ),
        first=(
            "see which one: more load is a case for concurrency_factor and a larger database, one "
            "function for a loop."
        ),
        runbook="queue-stuck.md",
    )


def _crowded() -> Alarm:
    return Alarm(
        "functions-crowded",
        area=Area.RUNS,
        severity=Severity.TELL,
        measure=metrics.functions("ConcurrentExecutions", "Maximum"),
        comparison=Comparison.ABOVE,
        threshold=800,
        period=5 * MINUTE,
        periods=3,
        bad=2,
        missing=Missing.GOOD,
        means="More than 800 functions run at once; an account has 1,000 by default.",
        first=(
            "ask Service Quotas for more (L-B99A9384), and look for what runs so much: a function that "
            "calls itself?"
        ),
        runbook="queue-stuck.md",
        detail=True,
    )


def of_workflow(workflow: Workflow, stage: str) -> tuple[Alarm, ...]:
    """Executions that end badly."""
    deployed = workflow.deployed_name(stage)
    one = Alarm(
        f"failed-{workflow.name.replace('_', '-')}",
        area=Area.RUNS,
        severity=Severity.TELL,
        measure=metrics.executions(deployed, "ExecutionsFailed"),
        comparison=Comparison.ABOVE,
        threshold=0,
        period=5 * MINUTE,
        periods=1,
        bad=1,
        missing=Missing.GOOD,
        means=f"An execution of {workflow.name} failed after its retries; what it had made is kept.",
        first=(
            "open the execution: the state that failed and its error say whether it is the model, the "
            "budget or a bug."
        ),
        runbook="queue-stuck.md",
        detail=True,
    )
    many = Alarm(
        f"failing-{workflow.name.replace('_', '-')}",
        area=Area.RUNS,
        severity=Severity.PAGE,
        measure=metrics.executions(deployed, "ExecutionsFailed"),
        comparison=Comparison.ABOVE,
        threshold=4,
        period=15 * MINUTE,
        periods=1,
        bad=1,
        missing=Missing.GOOD,
        means=(
            f"Five or more executions of {workflow.name} failed within a quarter of an hour: it is not "
            "one user's input."
        ),
        first=(
            "is the model's provider down, its key refused, or did something deploy? Roll back what deployed."
        ),
        runbook="roll-back.md",
    )
    late = Alarm(
        f"timed-out-{workflow.name.replace('_', '-')}",
        area=Area.RUNS,
        severity=Severity.TELL,
        measure=metrics.executions(deployed, "ExecutionsTimedOut"),
        comparison=Comparison.ABOVE,
        threshold=0,
        period=5 * MINUTE,
        periods=1,
        bad=1,
        missing=Missing.GOOD,
        means=f"An execution of {workflow.name} reached its limit of {workflow.timeout / HOUR:g} hours.",
        first=(
            "was it waiting for somebody's approval? If so that is all; if not, see in which state it "
            "stood still."
        ),
        runbook="queue-stuck.md",
        detail=True,
    )
    return one, many, late


def of_runs(stage: str) -> tuple[Alarm, ...]:
    """Work that nothing is working on."""
    return (
        Alarm(
            "runs-stalled",
            area=Area.RUNS,
            severity=Severity.PAGE,
            measure=metrics.own(stage, "StalledRuns"),
            comparison=Comparison.ABOVE,
            threshold=0,
            period=5 * MINUTE,
            periods=3,
            bad=3,
            # Emitted only when there are some.
            missing=Missing.GOOD,
            means="Runs stand still, and asking for them again has not helped for a quarter of an hour.",
            first=(
                "look at the outbox's age, the queues high, default and low, and the log of "
                "agency.control_execution."
            ),
            runbook="queue-stuck.md",
        ),
        Alarm(
            "outbox-old",
            area=Area.QUEUES,
            severity=Severity.PAGE,
            measure=metrics.own(stage, "OutboxAgeSeconds", "Maximum"),
            comparison=Comparison.ABOVE,
            threshold=5 * MINUTE,
            period=MINUTE,
            periods=5,
            bad=3,
            # That the relay runs at all is another alarm's business.
            missing=Missing.GOOD,
            means=(
                "Events wait in the database for over five minutes: runs do not start, mails and "
                "webhooks do not leave."
            ),
            first="read the log of identity.relay_outbox: does the bus refuse, or the database not answer?",
            runbook="queue-stuck.md",
        ),
    )


def of_queue(queue: Queue, stage: str) -> tuple[Alarm, ...]:
    """Messages that nobody could work off, and those that wait too long."""
    mends_itself = queue.name in _ASKED_FOR_AGAIN
    dead = Alarm(
        f"dead-letters-{queue.name}",
        area=Area.QUEUES,
        severity=Severity.TELL if mends_itself else Severity.PAGE,
        measure=metrics.queue(f"robo-{stage}-{queue.dead_letter}", "ApproximateNumberOfMessagesVisible"),
        comparison=Comparison.ABOVE,
        threshold=0,
        period=5 * MINUTE,
        periods=1,
        bad=1,
        # SQS tells nothing of a queue that has been empty and unused for six hours.
        missing=Missing.GOOD,
        means=f"{queue.consumer} failed {queue.max_receives} times on a message of queue {queue.name}"
        + (
            "; what it stood for is asked for again by itself."
            if mends_itself
            else "; nobody will try again."
        ),
        first="read one message and the log of its consumer; mend the cause, then redrive the queue.",
        runbook="upload-missing.md" if queue.name == UPLOADS else "queue-stuck.md",
    )
    if queue.name == UPLOADS:
        return dead, *of_uploads(queue, stage)
    wait = max(15 * MINUTE, 5 * queue.visibility) + _PUT_THERE_EARLY.get(queue.name, 0)
    old = Alarm(
        f"waiting-{queue.name}",
        area=Area.QUEUES,
        severity=Severity.TELL,
        measure=metrics.queue(queue.deployed_name(stage), "ApproximateAgeOfOldestMessage"),
        comparison=Comparison.ABOVE,
        threshold=wait,
        period=5 * MINUTE,
        periods=2,
        bad=2,
        missing=Missing.GOOD,
        means=f"A message has waited in queue {queue.name} for over {wait // MINUTE} minutes.",
        first=f"does {queue.consumer} fail, is it throttled, or is there more work than it may do at once?",
        runbook="queue-stuck.md",
        detail=True,
    )
    return dead, old


def of_schedule(schedule: Schedule, catalog: Catalog, stage: str) -> tuple[Alarm, ...]:
    """A schedule whose function is not called; none for one so rare that CloudWatch cannot look back so far."""
    if schedule.minutes * MINUTE > _MOST_DAYS * DAY:
        return ()
    often = schedule.minutes <= _OFTEN_MINUTES
    period = min(DAY, max(5 * MINUTE, schedule.minutes * MINUTE))
    periods = 3 if often else -(-2 * schedule.minutes * MINUTE // period)
    return (
        Alarm(
            f"not-running-{schedule.name}",
            area=Area.RUNS,
            severity=Severity.PAGE if often else Severity.TELL,
            measure=metrics.function(catalog.function(schedule.function).deployed_name(stage), "Invocations"),
            comparison=Comparison.BELOW,
            threshold=1,
            period=period,
            periods=periods,
            bad=periods,
            missing=Missing.BAD,
            means=(
                f"{schedule.function} should run every {schedule.minutes} minutes and was not called "
                f"{periods} times over."
            ),
            first=(
                "is the schedule enabled in EventBridge Scheduler, and has the function reserved "
                "executions left?"
            ),
            runbook="deploy.md",
        ),
    )
