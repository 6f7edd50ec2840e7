"""The words in which alarms are described. Pure data, like the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RUNBOOKS = (
    "deploy.md",
    "roll-back.md",
    "restore.md",
    "rotate.md",
    "qdrant-lost.md",
    "queue-stuck.md",
    "upload-missing.md",
    "change-embedding-model.md",
    "budget-burnt.md",
)
"""Pages of docs/runbooks/."""

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Severity(StrEnum):
    """`page`: somebody gets up now. `tell`: somebody reads it in the morning."""

    PAGE = "page"
    TELL = "tell"


class Area(StrEnum):
    """What part of the system an alarm speaks of, in the order in which somebody who was woken asks."""

    API = "Is it up?"
    RUNS = "Are runs moving?"
    QUEUES = "Do messages arrive?"
    DATABASE = "The database"
    VECTORS = "The vector engine and the cache"
    TRUST = "Is somebody doing harm?"
    MONEY = "Money"


class Missing(StrEnum):
    """What no data means, in CloudWatch's words."""

    BAD = "breaching"
    GOOD = "notBreaching"
    UNCHANGED = "ignore"


class Comparison(StrEnum):
    """When a value is bad, in CloudWatch's words."""

    ABOVE = "GreaterThanThreshold"
    BELOW = "LessThanThreshold"


@dataclass(frozen=True)
class Metric:
    """A metric of CloudWatch. statistic: `Sum`, `Maximum`, `Minimum`, `Average`, `SampleCount`, `p95`.

    A value of `dimensions` may hold `${AWS::Region}` and its like, as in a template.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = "Sum"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that are read: this one."""
        return (self,)


@dataclass(frozen=True)
class Share:
    """How many of a hundred of `whole` are `part`; none while there are fewer than `least` of `whole` in a period."""

    part: Metric
    whole: Metric
    least: int

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that are read."""
        return (self.part, self.whole)


@dataclass(frozen=True)
class Alarm:
    """What is measured, when that is bad, and what somebody is told then.

    It rings when `bad` of the last `periods` of `period` seconds are bad. means and first: sentences for somebody who
    has just been woken, what it means and what to do before anything else. runbook: one of RUNBOOKS. detail: only in
    stages with `detailed_alarms`; each metric of an alarm costs $0.10 a month.
    """

    name: str
    area: Area
    severity: Severity
    measure: Metric | Share
    comparison: Comparison
    threshold: float
    period: int
    periods: int
    bad: int
    missing: Missing
    means: str
    first: str
    runbook: str
    detail: bool = False

    def __post_init__(self) -> None:
        if self.runbook not in RUNBOOKS:
            raise ValueError(f"alarm {self.name}: there is no runbook {self.runbook}")
        if not 1 <= self.bad <= self.periods:
            raise ValueError(f"alarm {self.name}: {self.bad} of {self.periods} periods cannot be bad")
        if self.period % MINUTE or self.period > DAY:
            raise ValueError(f"alarm {self.name}: a period is of whole minutes, a day at most")
        if self.period * self.periods > (DAY if self.period < HOUR else 7 * DAY):
            raise ValueError(f"alarm {self.name}: CloudWatch does not look back that far")

    @property
    def page(self) -> str:
        """`queue-stuck.md` → `docs/runbooks/queue-stuck.md`."""
        return f"docs/runbooks/{self.runbook}"

    @property
    def description(self) -> str:
        """What the message says; CloudWatch takes 1,024 characters."""
        return f"{self.means} First: {self.first} Runbook: {self.page}"

    def deployed_name(self, stage: str) -> str:
        """`outbox-old` → `robo-<stage>-outbox-old`."""
        return f"robo-{stage}-{self.name}"
