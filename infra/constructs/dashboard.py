"""One page for somebody who was woken: top to bottom in the order in which they ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.alarms import RUNBOOKS, Alarm, Area, Metric, metrics
from infra.catalog import Catalog
from infra.constructs.alarms import metric_of

FREE_METRICS = 50
"""The first three dashboards of an account are free, of so many metrics each."""
_WIDTH = 24
_PERIOD = 300

Graph = tuple[str, Sequence[tuple[Metric, str]]]
"""A title, and metrics with what the legend calls them."""


def graphs(catalog: Catalog, stage: str) -> Mapping[Area, tuple[Graph, ...]]:
    """What is drawn for each area."""
    return {
        Area.API: _of_the_api(stage),
        Area.RUNS: _of_runs(catalog, stage),
        Area.QUEUES: _of_queues(catalog, stage),
        Area.DATABASE: _of_the_database(stage),
        Area.VECTORS: _of_the_engines(stage),
        Area.MONEY: (
            ("Model calls, millionths of a dollar", ((_own(stage, "ModelSpendMicrousd"), "spent"),)),
        ),
    }


_own = metrics.own


def _of_the_api(stage: str) -> tuple[Graph, ...]:
    return (
        (
            "Requests",
            (
                (metrics.api(stage, "Count"), "all"),
                (metrics.api(stage, "4XXError"), "4xx"),
                (metrics.api(stage, "5XXError"), "5xx"),
            ),
        ),
        ("Latency, ms", tuple((metrics.api(stage, "Latency", p), p) for p in ("p50", "p95"))),
    )


def _of_runs(catalog: Catalog, stage: str) -> tuple[Graph, ...]:
    ended = [
        (metrics.executions(workflow.deployed_name(stage), name), f"{workflow.name} {label}")
        for workflow in catalog.workflows
        for name, label in (("ExecutionsStarted", "started"), ("ExecutionsFailed", "failed"))
    ]
    return (
        ("Executions", ended),
        (
            "Functions (all stages of the account)",
            (
                (metrics.functions("Errors"), "errors"),
                (metrics.functions("Throttles"), "throttles"),
                (metrics.functions("ConcurrentExecutions", "Maximum"), "at once"),
            ),
        ),
        (
            "Left behind",
            (
                (_own(stage, "StalledRuns"), "stalled runs"),
                (_own(stage, "OutboxAgeSeconds", "Maximum"), "age of the outbox, s"),
            ),
        ),
    )


def _of_queues(catalog: Catalog, stage: str) -> tuple[Graph, ...]:
    waiting = "ApproximateNumberOfMessagesVisible"
    return (
        ("Waiting", [(metrics.queue(q.deployed_name(stage), waiting), q.name) for q in catalog.queues]),
        (
            "Dead letters",
            [(metrics.queue(q.deployed_dead_letter(stage), waiting), q.name) for q in catalog.queues],
        ),
    )


def _of_the_database(stage: str) -> tuple[Graph, ...]:
    return (
        (
            "Load",
            (
                (metrics.database(stage, "CPUUtilization"), "CPU, %"),
                (metrics.database(stage, "DatabaseConnections", "Maximum"), "connections"),
            ),
        ),
        ("Free storage, bytes", ((metrics.database(stage, "FreeStorageSpace", "Minimum"), "free"),)),
        ("Restorable up to so many seconds ago", ((_own(stage, "RestorableLagSeconds", "Maximum"), "lag"),)),
    )


def _of_the_engines(stage: str) -> tuple[Graph, ...]:
    return (
        (
            "Vector engine, %",
            (
                (metrics.vectors(stage, "CPUUtilization"), "CPU"),
                (metrics.vectors(stage, "MemoryUtilization"), "memory"),
            ),
        ),
        (
            "Calls without an answer",
            (
                (_own(stage, "VectorsUnavailable"), "vector engine"),
                (_own(stage, "LimiterUnavailable"), "cache (limits)"),
                (_own(stage, "CopiesUnavailable"), "cache (copies)"),
            ),
        ),
    )


class OperationsDashboard(Construct):
    """The page of a stage. alarms: each as the catalog has it, with what was made of it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        catalog: Catalog,
        stage: str,
        alarms: Sequence[tuple[Alarm, cloudwatch.Alarm]],
    ) -> None:
        super().__init__(scope, id_)
        drawn = graphs(catalog, stage)
        rows: list[list[cloudwatch.IWidget]] = [[_heading(stage)]]
        for area in Area:
            ringing = [made for described, made in alarms if described.area is area]
            rows.append([cloudwatch.TextWidget(markdown=f"## {area.value}", width=_WIDTH, height=1)])
            rows.append([_status(ringing)])
            if area in drawn:
                rows.append(list(_drawn(drawn[area])))
        self.dashboard = cloudwatch.Dashboard(self, "Page", dashboard_name=f"robo-{stage}", widgets=rows)


def _heading(stage: str) -> cloudwatch.TextWidget:
    pages = " · ".join(f"`docs/runbooks/{name}`" for name in RUNBOOKS)
    return cloudwatch.TextWidget(
        markdown=(
            f"# RoboAgency {stage}\nRead from the top; the first red alarm is where to begin. Its description says "
            f"what it means, what to do first and which runbook to open.\n\n{pages}"
        ),
        width=_WIDTH,
        height=3,
    )


def _status(alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    # Six alarms in a row of this width.
    return cloudwatch.AlarmStatusWidget(alarms=alarms, width=_WIDTH, height=1 + -(-len(alarms) // 6))


def _drawn(graphs_of_area: Sequence[Graph]) -> Iterator[cloudwatch.GraphWidget]:
    for title, lines in graphs_of_area:
        yield cloudwatch.GraphWidget(
            title=title,
            width=_WIDTH // len(graphs_of_area),
            height=6,
            left=[metric_of(metric, _PERIOD, label=label) for metric, label in lines],
        )
