"""Alarms on harm: what somebody does to us, what we do to our name, and what it costs."""

from __future__ import annotations

from infra.alarms import metrics
from infra.alarms.model import (
    DAY,
    HOUR,
    MINUTE,
    Alarm,
    Area,
    Comparison,
    Missing,
    Severity,
)

_MICRO = 1_000_000


def of_trust(stage: str) -> tuple[Alarm, ...]:
    """The audit log, and logins that are not their owners'."""
    return (
        Alarm(
            "audit-log-broken",
            area=Area.TRUST,
            severity=Severity.PAGE,
            measure=metrics.own(stage, "AuditLogBroken", "Maximum"),
            comparison=Comparison.ABOVE,
            threshold=0,
            period=HOUR,
            periods=1,
            bad=1,
            # Verified once a day: what was broken stays so until the next verification says otherwise.
            missing=Missing.UNCHANGED,
            means=(
                "A tenant's audit log is not as it was written: somebody with rights on the database "
                "changed it."
            ),
            first=(
                "do not mend it. The log of identity.verify_audit_log names tenant and entry; take a "
                "snapshot, then rotate."
            ),
            runbook="rotate.md",
        ),
        Alarm(
            "refresh-tokens-reused",
            area=Area.TRUST,
            severity=Severity.TELL,
            measure=metrics.own(stage, "RefreshTokensReused"),
            comparison=Comparison.ABOVE,
            threshold=2,
            period=HOUR,
            periods=1,
            bad=1,
            missing=Missing.GOOD,
            means=(
                "Refresh tokens were used a second time, several within an hour; those logins have been "
                "ended."
            ),
            first=(
                "one client that keeps old tokens, or several people? In the second case tokens are "
                "being stolen."
            ),
            runbook="rotate.md",
            detail=True,
        ),
        Alarm(
            "logins-throttled",
            area=Area.TRUST,
            severity=Severity.TELL,
            measure=metrics.own(stage, "LoginsThrottled"),
            comparison=Comparison.ABOVE,
            threshold=100,
            period=15 * MINUTE,
            periods=1,
            bad=1,
            missing=Missing.GOOD,
            means=(
                "Somebody is guessing passwords: over a hundred logins were refused unasked within a "
                "quarter of an hour."
            ),
            first="the API's access log shows the addresses; the firewall can refuse them.",
            runbook="rotate.md",
            detail=True,
        ),
    )


def of_what_leaves(stage: str) -> tuple[Alarm, ...]:
    """Mails and webhooks that do not arrive."""
    return (
        Alarm(
            "mails-bouncing",
            area=Area.TRUST,
            severity=Severity.TELL,
            measure=metrics.mail("BounceRate"),
            comparison=Comparison.ABOVE,
            threshold=0.04,
            period=HOUR,
            periods=1,
            bad=1,
            missing=Missing.UNCHANGED,
            means=(
                "Over 4 of 100 mails of this account bounce; from 5 on SES puts it under review, from 10 "
                "on it may stop it."
            ),
            first="whose addresses are they? Stop the campaign or the form they came by.",
            runbook="queue-stuck.md",
        ),
        Alarm(
            "mails-complained-of",
            area=Area.TRUST,
            severity=Severity.TELL,
            measure=metrics.mail("ComplaintRate"),
            comparison=Comparison.ABOVE,
            threshold=0.0008,
            period=HOUR,
            periods=1,
            bad=1,
            missing=Missing.UNCHANGED,
            means=(
                "Over 8 of 10,000 mails of this account are marked as spam; from 10 on SES puts it under "
                "review."
            ),
            first="stop the campaign they came from.",
            runbook="queue-stuck.md",
            detail=True,
        ),
        Alarm(
            "webhooks-given-up",
            area=Area.QUEUES,
            severity=Severity.TELL,
            measure=metrics.own(stage, "WebhooksGivenUp"),
            comparison=Comparison.ABOVE,
            threshold=9,
            period=HOUR,
            periods=1,
            bad=1,
            missing=Missing.GOOD,
            means="Ten or more webhooks were given up within an hour, each after all its attempts.",
            first=(
                "one receiver, or all? If all, our way out is broken: read the log of "
                "identity.deliver_webhook."
            ),
            runbook="queue-stuck.md",
            detail=True,
        ),
    )


def hourly_limit(monthly_usd: int) -> float:
    """US dollars of model calls in one hour at which somebody is woken: a twentieth of the month's budget."""
    return monthly_usd / 20


def daily_limit(monthly_usd: int) -> float:
    """US dollars of model calls in one day at which somebody is told: twice an even share of the month's budget."""
    return monthly_usd / 15


def of_money(stage: str, monthly_usd: int) -> tuple[Alarm, ...]:
    """What the model costs. The provider bills it, so AWS Budgets sees it only where the provider is AWS."""
    hourly, daily = hourly_limit(monthly_usd), daily_limit(monthly_usd)
    return (
        Alarm(
            "model-spend-hour",
            area=Area.MONEY,
            severity=Severity.PAGE,
            measure=metrics.own(stage, "ModelSpendMicrousd"),
            comparison=Comparison.ABOVE,
            threshold=hourly * _MICRO,
            period=HOUR,
            periods=1,
            bad=1,
            missing=Missing.GOOD,
            means=f"Within an hour model calls cost over ${hourly:.2f}, a twentieth of the month's budget.",
            first="is it one tenant or a loop? Take executions from agents.think until you know.",
            runbook="budget-burnt.md",
        ),
        Alarm(
            "model-spend-day",
            area=Area.MONEY,
            severity=Severity.TELL,
            measure=metrics.own(stage, "ModelSpendMicrousd"),
            comparison=Comparison.ABOVE,
            threshold=daily * _MICRO,
            period=DAY,
            periods=1,
            bad=1,
            missing=Missing.GOOD,
            means=(
                f"Within a day model calls cost over ${daily:.2f}, twice an even share of the month's budget."
            ),
            first="is it growth? Then raise the budget; if not, lower RUN_BUDGET_MICROUSD or intake limits.",
            runbook="budget-burnt.md",
        ),
    )
