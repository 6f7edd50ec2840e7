"""Alarms of the catalog as those of CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Fn
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.alarms import Alarm, Comparison, Metric, Missing, Severity, Share

_COMPARISONS = {
    Comparison.ABOVE: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    Comparison.BELOW: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
}
_MISSING = {
    Missing.BAD: cloudwatch.TreatMissingData.BREACHING,
    Missing.GOOD: cloudwatch.TreatMissingData.NOT_BREACHING,
    Missing.UNCHANGED: cloudwatch.TreatMissingData.IGNORE,
}


def metric_of(
    described: Metric, period: int, *, label: str | None = None, color: str | None = None
) -> cloudwatch.Metric:
    """A metric of the catalog, in periods of so many seconds."""
    return cloudwatch.Metric(
        namespace=described.namespace,
        metric_name=described.name,
        dimensions_map={
            name: Fn.sub(value) if "${" in value else value for name, value in described.dimensions
        },
        statistic=described.statistic,
        period=Duration.seconds(period),
        label=label,
        color=color,
    )


def _measured(measure: Metric | Share, period: int) -> cloudwatch.IMetric:
    if isinstance(measure, Metric):
        return metric_of(measure, period)
    return cloudwatch.MathExpression(
        expression=f"IF(whole < {measure.least}, 0, 100 * part / whole)",
        using_metrics={"part": metric_of(measure.part, period), "whole": metric_of(measure.whole, period)},
        period=Duration.seconds(period),
        label="percent",
    )


def add_alarm(
    scope: Construct, described: Alarm, *, stage: str, topics: Mapping[Severity, sns.ITopic]
) -> cloudwatch.Alarm:
    """Add an alarm that tells the topic of its severity; whoever was woken is also told when it is over."""
    made = cloudwatch.Alarm(
        scope,
        f"{described.name.title().replace('-', '')}Alarm",
        alarm_name=described.deployed_name(stage),
        alarm_description=described.description,
        metric=_measured(described.measure, described.period),
        comparison_operator=_COMPARISONS[described.comparison],
        threshold=described.threshold,
        evaluation_periods=described.periods,
        datapoints_to_alarm=described.bad,
        treat_missing_data=_MISSING[described.missing],
    )
    told = actions.SnsAction(topics[described.severity])
    made.add_alarm_action(told)
    if described.severity is Severity.PAGE:
        made.add_ok_action(told)
    return made
