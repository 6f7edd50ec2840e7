"""Writes `docs/alarms.md`: what wakes somebody, and what to do then.

python -m infra.alarms_page
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.alarms import Alarm, Area, Comparison, Metric, Missing, Severity, Share, alarms_of
from infra.assembly.stage import Stage, read_context
from infra.catalog import CATALOG
from infra.catalog_page import table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "alarms.md"

PRICE_USD = 0.10
"""Of one metric of one alarm, a month (us-east-1, 2026); the first ten of an account are free."""
_SHOWN = "prod"
_SIGNS = {Comparison.ABOVE: ">", Comparison.BELOW: "<"}
_MISSING = {
    Missing.BAD: "no data: bad",
    Missing.GOOD: "no data: well",
    Missing.UNCHANGED: "no data: as before",
}
_HEAD = """# Alarms

What wakes somebody, what it means and what to do first. Generated from `infra/alarms/` by
`python -m infra.alarms_page`; edit the table, not this page.

An alarm is called `robo-<stage>-<name>`. One that says **page** goes to the topic `robo-<stage>-page`, and again
when it is over: have a pager subscribe to that. One that says **tell** goes to `robo-<stage>-tell`, for the morning;
so do the month's budget of AWS (`robo-<stage>-monthly`: 50, 80 and 100 % spent, 100 % foreseen) and what RDS itself
says of the database (failover, failure, recovery, low storage). `alarm_email` of a stage subscribes to both.

The dashboard `robo-<stage>` shows the same areas in the same order, with the alarms of each on top.
"""


def page() -> str:
    """The whole page, Markdown."""
    context = read_context()
    stages = [Stage.from_context(name, context) for name in context["stages"]]
    shown = next(stage for stage in stages if stage.name == _SHOWN)
    alarms = alarms_of(CATALOG, shown)
    parts = [_HEAD, _costs(stages), f"Thresholds below are those of `{_SHOWN}`.\n"]
    for area in Area:
        parts.append(f"## {area.value}\n")
        parts += [_section(alarm, _SHOWN) for alarm in alarms if alarm.area is area]
    return "\n".join(parts)


def _costs(stages: list[Stage]) -> str:
    rows = []
    for stage in stages:
        alarms = alarms_of(CATALOG, stage)
        read = sum(len(alarm.measure.metrics) for alarm in alarms)
        pages = sum(alarm.severity is Severity.PAGE for alarm in alarms)
        rows.append(
            (
                f"`{stage.name}`",
                "every one" if stage.detailed_alarms else "those that cover most",
                str(pages),
                str(len(alarms) - pages),
                f"${read * PRICE_USD:.2f}",
            )
        )
    told = (
        "What they cost a month in each stage, before the ten that an account has free. Stages without "
        "`detailed_alarms` have one alarm on all functions instead of one on each, and none that says *detailed*.\n"
    )
    return f"{told}\n" + table(("stage", "alarms", "page", "tell", "a month"), rows)


def _section(alarm: Alarm, stage: str) -> str:
    return "\n".join([f"### {alarm.name}\n", f"{alarm.means}\n", *_facts(alarm, stage)]) + "\n"


def _facts(alarm: Alarm, stage: str) -> Iterator[str]:
    detailed = ", detailed" if alarm.detail else ""
    yield f"- **{alarm.severity.value}**{detailed}: {_condition(alarm)}; {_MISSING[alarm.missing]}"
    yield f"- measured: {_measured(alarm.measure, stage)}"
    yield f"- first: {alarm.first}"
    yield f"- then: [{alarm.page}](runbooks/{alarm.runbook})"


def _condition(alarm: Alarm) -> str:
    limit = f"{_SIGNS[alarm.comparison]} {alarm.threshold:,.6g}"
    if alarm.periods == 1:
        return f"{limit} within {_duration(alarm.period)}"
    return f"{limit} in {alarm.bad} of {alarm.periods} periods of {_duration(alarm.period)}"


def _duration(seconds: int) -> str:
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % unit == 0:
            many = seconds // unit
            return f"{many} {name}" + ("" if many == 1 else "s")
    return f"{seconds} seconds"


def _measured(measure: Metric | Share, stage: str) -> str:
    if isinstance(measure, Share):
        part, whole = _named(measure.part, stage), _named(measure.whole, stage)
        return f"{part} of 100 {whole}, once there are {measure.least} in a period"
    return _named(measure, stage)


def _named(metric: Metric, stage: str) -> str:
    where = ", ".join(
        f"{name} `{value.rsplit(':', 1)[-1].replace(f'robo-{stage}', 'robo-<stage>')}`"
        for name, value in metric.dimensions
        if value != stage
    )
    return f"`{metric.namespace}` {metric.name}, {metric.statistic}" + (f" ({where})" if where else "")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
