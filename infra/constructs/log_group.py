"""How long logs are kept, in the words of the CDK."""

from __future__ import annotations

from aws_cdk import aws_logs as logs

from shared.periods import LOGS, Period

_RETENTIONS = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def retention(period: Period = LOGS) -> logs.RetentionDays:
    """How long CloudWatch keeps a group. ValueError when CloudWatch has no such retention."""
    days = period.active.days
    if days not in _RETENTIONS:
        raise ValueError(f"CloudWatch keeps no logs for {days} days ({period.name})")
    return _RETENTIONS[days]
