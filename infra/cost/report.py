"""What was computed, for people (`docs/scale.md`) and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from infra.assembly.stage import Stage
from infra.cost import idle, usage
from infra.cost.documents import DOCUMENTS, per_thousand_documents
from infra.cost.idle import Line, Templates
from infra.cost.limits import Limit, limits
from infra.cost.prices import as_of, assumed, measured

MONTHS = (100, 10_000, 1_000_000)
"""Runs a month."""
TODAY = 1_000
"""The runs a month that ten, a hundred and a thousand times are measured against."""
GROWTH = (10, 100, 1000)


@dataclass(frozen=True)
class Costs:
    """What a stage costs. Dollars a month and a run; limits worst first."""

    stage: Stage
    idle: list[Line]
    run: list[Line]
    events: list[Line]
    requests: list[Line]
    documents: list[Line]
    limits: list[Limit]

    @classmethod
    def of(cls, stage: Stage, templates: Templates) -> Costs:
        """Compute everything from the templates of a stage."""
        return cls(
            stage,
            idle.lines(templates),
            usage.per_run(templates),
            usage.per_million_events(templates),
            usage.per_million_requests(templates),
            per_thousand_documents(templates),
            limits(stage, templates),
        )

    @property
    def idle_dollars(self) -> float:
        """A month in which nobody comes."""
        return _sum(self.idle)

    @property
    def model_dollars(self) -> float:
        """What the model costs for a run."""
        return next(line.dollars for line in self.run if line.what == usage.MODEL)

    @property
    def aws_dollars(self) -> float:
        """What AWS costs for a run."""
        return _sum(self.run) - self.model_dollars

    def month(self, runs: int) -> float:
        """A month of so many runs on a stage that is not made larger for them."""
        return self.idle_dollars + runs * _sum(self.run)

    def as_json(self) -> dict[str, Any]:
        """Everything, for a program."""
        return {
            "stage": self.stage.name,
            "prices_as_of": as_of(),
            "idle_usd_a_month": self.idle_dollars,
            "usd_a_run": _sum(self.run),
            "months": {str(runs): self.month(runs) for runs in MONTHS},
            "idle": [asdict(line) for line in self.idle],
            "run": [asdict(line) for line in self.run],
            "million_events": [asdict(line) for line in self.events],
            "million_requests": [asdict(line) for line in self.requests],
            "thousand_documents": [asdict(line) for line in self.documents],
            "limits": [asdict(limit) for limit in self.limits],
        }


def page(costs: Mapping[str, Costs]) -> str:
    """`docs/scale.md`. costs: by the names of stages, `prod` among them."""
    prod = costs["prod"]
    parts = [
        _HEAD.format(as_of=as_of(), measured_on=measured().measured_on, runs=measured().runs),
        "## Idle\n",
        _table(
            ["US dollars a month", *costs],
            [
                *_idle_rows(costs),
                ["**together**", *(f"**{_dollars(one.idle_dollars)}**" for one in costs.values())],
            ],
        ),
        "## A run\n",
        _RUN.format(
            run=_dollars(_sum(prod.run)),
            aws=_dollars(prod.aws_dollars),
            share=prod.model_dollars / _sum(prod.run),
        ),
        _table(["one run", "how much", "US dollars"], [_run_row(line) for line in prod.run]),
        "## A month\n",
        _table(
            [
                "runs a month",
                *(f"{name}, idle and runs" for name in costs),
                "of which AWS",
                "of which the model",
            ],
            [_month_row(runs, costs) for runs in MONTHS],
        ),
        _MONTH,
        "## A million\n",
        _table(
            ["a million events on the bus", "US dollars"],
            [[line.what, _dollars(line.dollars)] for line in prod.events] + [_together(prod.events)],
        ),
        _table(
            ["a million authorised requests", "US dollars"],
            [[line.what, _dollars(line.dollars)] for line in prod.requests] + [_together(prod.requests)],
        ),
        "## A thousand documents\n",
        _DOCUMENTS.format(
            together=_dollars(_sum(prod.documents)), passages=int(assumed("document", "passages"))
        ),
        _table(
            [f"{DOCUMENTS:,} documents", "how much", "US dollars"],
            [_run_row(line) for line in prod.documents],
        ),
        "## What gives first\n",
        _LIMITS.format(today=TODAY, busiest=assumed("load", "busiest_hour")),
        *(_broken(prod, times) for times in GROWTH),
        "Every limit of `prod`, the first to be reached first:\n",
        _table(
            ["limit", "runs a month", "before it is reached"],
            [[one.what, f"{_rounded(one.runs_a_month):,}", one.remedy] for one in prod.limits],
        ),
        _FOOT,
    ]
    return "\n".join(parts)


_HEAD = """# What it costs, and what gives first

Written by `make cost` from the synthesised templates, the prices of {as_of} (`infra/cost/prices.toml`,
us-east-1, US dollars), what {runs} real runs on one machine did ({measured_on}, `infra/cost/measured.json`),
and what could not be measured without Claude, AWS and people (`infra/cost/workload.toml`). Nothing of it was
billed by anybody: change a table where you know better and run it again.
"""
_RUN = """A run costs **{run}**, of which AWS takes {aws}: {share:.0%} is the model. So budgets are enforced in
code, run by run (`RUN_BUDGET_MICROUSD`), and answers are kept so that a retry pays for nothing twice.
"""
_MONTH = """These are prices of use: a stage that carries a million runs a month needs more than its
smallest engines, see below.
"""
_DOCUMENTS = """Uploaded one by one, each of {passages} passages: **{together}**. By `index_folder` the functions that
wait, the queue and the events are not needed. One that comes again with the same bytes is only looked at.
"""
_LIMITS = """Today is taken as {today:,} runs a month; a tenth ({busiest:.0%}) of a day's requests come in its
busiest hour. Limits are those of `prod` in `cdk.json` and of an account that nobody has raised.
"""
_FOOT = """The vector engine's memory and volume and the database's disk fill with time, for the periods of
`shared/periods.py`; the other limits are met in a busy hour. The bill is the model's, nearly all of it. No queue,
bus, state machine or bucket comes near its limit.
"""


def _sum(lines: Sequence[Line]) -> float:
    return sum(line.dollars for line in lines)


def _dollars(amount: float) -> str:
    """`$46.07`; fractions of a cent with as many places as tell something."""
    if amount == 0 or amount >= 0.1:
        return f"${amount:,.2f}"
    return f"${amount:.5f}"


def _rounded(number: float) -> int:
    """Two digits that matter: nobody knows more of these figures."""
    unit = int(10 ** max(0, len(str(int(number))) - 2))
    return round(number / unit) * unit


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _together(lines: Sequence[Line]) -> list[str]:
    return ["**together**", f"**{_dollars(_sum(lines))}**"]


def _idle_rows(costs: Mapping[str, Costs]) -> list[list[str]]:
    """A row for each kind of thing that some stage pays for, dearest first."""
    dollars: dict[str, dict[str, float]] = {}
    for name, one in costs.items():
        for line in one.idle:
            dollars.setdefault(line.what, {})[name] = line.dollars
    kinds = sorted(dollars, key=lambda what: (-max(dollars[what].values()), what))
    return [
        [what, *(_dollars(dollars[what][name]) if name in dollars[what] else "" for name in costs)]
        for what in kinds
        if max(dollars[what].values()) > 0
    ]


def _run_row(line: Line) -> list[str]:
    return [line.what, f"{line.count:,.2f}".rstrip("0").rstrip("."), _dollars(line.dollars)]


def _month_row(runs: int, costs: Mapping[str, Costs]) -> list[str]:
    prod = costs["prod"]
    return [
        f"{runs:,}",
        *(_dollars(one.month(runs)) for one in costs.values()),
        _dollars(prod.idle_dollars + runs * prod.aws_dollars),
        _dollars(runs * prod.model_dollars),
    ]


def _broken(costs: Costs, times: int) -> str:
    """What is reached at so many times the runs of today, and was not at the tenth of it."""
    runs, before = TODAY * times, TODAY * times // 10
    newly = [one for one in costs.limits if before < one.runs_a_month <= runs]
    already = sum(one.runs_a_month <= before for one in costs.limits)
    if times == GROWTH[0]:
        newly, already = [one for one in costs.limits if one.runs_a_month <= runs], 0
    if not newly:
        return f"**{times}×, {runs:,} runs a month:** nothing more.\n"
    told = "; ".join(f"{one.what} (at {_rounded(one.runs_a_month):,})" for one in newly)
    more = f", beside the {already} before" if already else ""
    return f"**{times}×, {runs:,} runs a month:** {told}{more}.\n"
