"""What gives first: each limit as the runs a month that it lets through, worst first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.assembly.stage import Stage
from infra.cost.idle import Templates
from infra.cost.prices import GIB, Measured, assumed, measured, step_tokens
from infra.cost.usage import KIT_MONTHS, Deployed, answers, function_seconds, per_run, transitions

MEMORY_GIB = {"small": 2, "medium": 4, "large": 8, "xlarge": 16}
# vCPU that a t4g gives for ever: two, each at its baseline.
BASELINE_CPU = {"micro": 0.2, "small": 0.4, "medium": 0.4, "large": 0.6}


@dataclass(frozen=True)
class Limit:
    """A limit, the runs a month at which it is reached, and what to do before."""

    what: str
    runs_a_month: float
    remedy: str


def limits(stage: Stage, templates: Templates) -> list[Limit]:
    """Every limit of a stage, the first to be reached first."""
    deployed, run = Deployed.of(templates), measured()
    found = [
        *_model(),
        *_functions(deployed, run),
        *_gateway(stage),
        *_stores(stage, run),
        *_services(templates, run),
        Limit(
            f"the budget of ${stage.monthly_budget_usd} a month",
            stage.monthly_budget_usd / sum(line.dollars for line in per_run(templates)),
            "raise `monthly_budget_usd`; let a step use a smaller model",
        ),
    ]
    return sorted(found, key=lambda limit: limit.runs_a_month)


def per_month(runs_a_second: float) -> float:
    """The runs a month of which the busiest hour of a day has so many a second."""
    return runs_a_second * 3600 / assumed("load", "busiest_hour") * assumed("load", "days_a_month")


def _model() -> Iterator[Limit]:
    taken = answers() * sum(tokens for tokens, _ in step_tokens().values())
    made = answers() * sum(tokens for _, tokens in step_tokens().values())
    remedy = "ask for a higher tier; let some runs wait in the low queue; batches; a second provider"
    for what, name, tokens in (
        ("tokens that the model reads", "model_input_tokens_per_minute", taken),
        ("tokens that the model writes", "model_output_tokens_per_minute", made),
    ):
        yield Limit(what, per_month(assumed("quotas", name) / 60 / tokens), remedy)


def _functions(deployed: Deployed, run: Measured) -> Iterator[Limit]:
    seconds = function_seconds(deployed, run)
    account = assumed("quotas", "lambda_concurrency")
    yield Limit(
        "concurrent executions of the account",
        per_month(account / sum(seconds.values())),
        "ask for a higher quota",
    )
    bounded = {
        name: reserved / time
        for name, time in seconds.items()
        if time and (reserved := deployed.concurrency[deployed.name(name)]) is not None
    }
    for name, rate in sorted(bounded.items(), key=lambda item: item[1])[:3]:
        reserved = deployed.concurrency[deployed.name(name)]
        yield Limit(
            f"reserved concurrency of `{name}` ({reserved})",
            per_month(rate),
            "raise `concurrency_factor` with a larger database, or put RDS Proxy before it",
        )


def _gateway(stage: Stage) -> Iterator[Limit]:
    requests = 1 + assumed("people", "looks_a_run")
    yield Limit(
        f"the API's throttle of {stage.api_requests_per_second} requests a second",
        per_month(stage.api_requests_per_second / requests),
        "raise `api_requests_per_second`; webhooks instead of looking",
    )


def _stores(stage: Stage, run: Measured) -> Iterator[Limit]:
    fill, size = assumed("load", "fill"), stage.database_class.rpartition(".")[2]
    kept = assumed("load", "rows_kept_months")
    yield Limit(
        f"the database's disk ({stage.database_max_gib} GiB, rows of {kept:.0f} months)",
        stage.database_max_gib * GIB * fill / run.database_bytes / kept,
        "raise `database_max_gib`; archive old months",
    )
    if size in BASELINE_CPU:
        yield Limit(
            f"the processor of {stage.database_class}, credits used up",
            per_month(BASELINE_CPU[size] / assumed("load", "database_cpu_seconds_a_run")),
            "a larger `database_class`; a read replica for lists and reports",
        )
    months = KIT_MONTHS
    memory = MEMORY_GIB[stage.vectors_instance.rpartition(".")[2]]
    yield Limit(
        f"the vector engine's memory ({memory} GiB, passages of {months:.0f} months)",
        memory * GIB * fill / (run.chunks * assumed("chunk", "memory")) / months,
        "a larger `vectors_instance`; then shards",
    )
    passage = assumed("chunk", "bytes_of_vector") + assumed("chunk", "characters")
    yield Limit(
        f"the vector engine's volume ({stage.vectors_gib} GiB)",
        stage.vectors_gib * GIB * fill / (run.chunks * passage * assumed("chunk", "copies_on_disk")) / months,
        "a larger `vectors_gib`",
    )


def _services(templates: Templates, run: Measured) -> Iterator[Limit]:
    per_second: dict[str, tuple[str, float, str]] = {
        "state transitions": (
            "state_transitions_per_second",
            transitions(templates),
            "ask for a higher quota; fold choices into their functions",
        ),
        "executions that start": ("started_executions_per_second", 1, "the queues already smooth bursts"),
        "events on the bus": ("bus_events_per_second", run.events, "ask for a higher quota"),
        "objects written": (
            "put_objects_per_second",
            run.aws_calls["s3.PutObject"],
            "keys already begin with the tenant",
        ),
    }
    for what, (quota, count, remedy) in per_second.items():
        yield Limit(
            f"{what} ({assumed('quotas', quota):,.0f} a second)",
            per_month(assumed("quotas", quota) / count),
            remedy,
        )
    yield Limit(
        "requests to embed",
        per_month(assumed("quotas", "embedding_requests_per_minute") / 60 / max(1.0, run.chunks / 96)),
        "ask for a higher quota; larger batches",
    )
