"""Alarms on what keeps things: PostgreSQL, the vector engine, the cache."""

from __future__ import annotations

from infra.alarms import metrics
from infra.alarms.model import MINUTE, Alarm, Area, Comparison, Missing, Severity
from infra.assembly.database_sizes import database_connections

_GIB = 2**30
LAG_SECONDS = 10 * MINUTE
"""RDS moves the restorable moment on about every five minutes: up to five are right, ten are two steps missed."""
_BUSY_SHARE = 0.85
_LOW_CREDITS = 30


def of_the_database(stage: str, database_class: str, database_gib: int) -> tuple[Alarm, ...]:
    """PostgreSQL on RDS; database_class and database_gib as the stage has them."""
    connections = int(database_connections(database_class) * _BUSY_SHARE)
    found = (
        Alarm(
            "database-full",
            area=Area.DATABASE,
            severity=Severity.PAGE,
            measure=metrics.database(stage, "FreeStorageSpace", "Minimum"),
            comparison=Comparison.BELOW,
            threshold=max(_GIB, database_gib * _GIB // 20),
            period=5 * MINUTE,
            periods=2,
            bad=2,
            # An instance that tells nothing at all cannot be trusted to have room.
            missing=Missing.BAD,
            means="The database's disk is nearly full and has not grown by itself; full, it stops.",
            first="raise database_max_gib and deploy the data stack; storage grows without a restart.",
            runbook="restore.md",
        ),
        Alarm(
            "database-connections",
            area=Area.DATABASE,
            severity=Severity.PAGE,
            measure=metrics.database(stage, "DatabaseConnections", "Maximum"),
            comparison=Comparison.ABOVE,
            threshold=connections,
            period=5 * MINUTE,
            periods=3,
            bad=2,
            missing=Missing.GOOD,
            means=(
                f"More than {connections} connections are open, {_BUSY_SHARE:.0%} of what this class of "
                "database takes."
            ),
            first=(
                "a deployment doubles them for some minutes; if none ran, see pg_stat_activity for who "
                "holds them."
            ),
            runbook="roll-back.md",
        ),
        Alarm(
            "database-busy",
            area=Area.DATABASE,
            severity=Severity.TELL,
            measure=metrics.database(stage, "CPUUtilization"),
            comparison=Comparison.ABOVE,
            threshold=90,
            period=5 * MINUTE,
            periods=3,
            bad=3,
            missing=Missing.GOOD,
            means="The database's processor has been busy for a quarter of an hour.",
            first=(
                "statements of over a second are in its log; stop the one that does not belong, or take "
                "a larger class."
            ),
            runbook="roll-back.md",
            detail=True,
        ),
        Alarm(
            "restore-lag",
            area=Area.DATABASE,
            severity=Severity.PAGE,
            measure=metrics.own(stage, "RestorableLagSeconds", "Maximum"),
            comparison=Comparison.ABOVE,
            threshold=LAG_SECONDS,
            period=5 * MINUTE,
            periods=3,
            bad=3,
            # Not known, or no moment at all: then nothing may be promised.
            missing=Missing.BAD,
            means=(
                f"Were the database lost now, over {LAG_SECONDS // MINUTE} minutes of work would be lost with it; "
                "five are promised. No data: nobody knows how many."
            ),
            first=(
                "does the instance show an event, a full disk or backups off? Do not restart it before "
                "you know."
            ),
            runbook="restore.md",
        ),
    )
    return (*found, _credits(stage)) if database_class.startswith("t") else found


def _credits(stage: str) -> Alarm:
    return Alarm(
        "database-credits",
        area=Area.DATABASE,
        severity=Severity.TELL,
        measure=metrics.database(stage, "CPUCreditBalance", "Minimum"),
        comparison=Comparison.BELOW,
        threshold=_LOW_CREDITS,
        period=5 * MINUTE,
        periods=3,
        bad=3,
        missing=Missing.GOOD,
        means=(
            "The database's processor credits are nearly used up; from then on each hour of a busy "
            "processor costs extra."
        ),
        first="if it is work and not a runaway statement, take a larger class in the stage's context.",
        runbook="budget-burnt.md",
    )


def of_the_vector_engine(stage: str) -> tuple[Alarm, ...]:
    """Qdrant on ECS."""
    return (
        Alarm(
            "vectors-down",
            area=Area.VECTORS,
            severity=Severity.PAGE,
            # Any metric of the service would do: only a running task emits it.
            measure=metrics.vectors(stage, "CPUUtilization", "SampleCount"),
            comparison=Comparison.BELOW,
            threshold=1,
            period=5 * MINUTE,
            periods=3,
            bad=3,
            missing=Missing.BAD,
            means=(
                "The vector engine has no running task: research of new runs and search fail, the rest "
                "goes on."
            ),
            first="read the service's events in ECS: no host, no memory, no volume? Its data can be rebuilt.",
            runbook="qdrant-lost.md",
        ),
        Alarm(
            "vectors-silent",
            area=Area.VECTORS,
            severity=Severity.PAGE,
            measure=metrics.own(stage, "VectorsUnavailable"),
            comparison=Comparison.ABOVE,
            threshold=0,
            period=5 * MINUTE,
            periods=3,
            bad=3,
            # Emitted only when a call got no answer.
            missing=Missing.GOOD,
            means="Functions have had no answer from the vector engine for a quarter of an hour.",
            first="is its task running and ready? If it is, look at security groups, certificate and key.",
            runbook="qdrant-lost.md",
        ),
    )


def of_the_cache(stage: str) -> tuple[Alarm, ...]:
    """Valkey holds copies and counters only: without it the system is slower and never wrong."""
    what = {
        "LimiterUnavailable": ("limiter-silent", "Limits of requests are kept by each function for itself."),
        "CopiesUnavailable": ("copies-silent", "Sessions and keys are read from PostgreSQL each time."),
    }
    return tuple(
        Alarm(
            name,
            area=Area.VECTORS,
            severity=Severity.TELL,
            measure=metrics.own(stage, metric),
            comparison=Comparison.ABOVE,
            threshold=0,
            period=5 * MINUTE,
            periods=3,
            bad=3,
            # Emitted only when a call got no answer.
            missing=Missing.GOOD,
            means=(
                f"The cache has not answered for a quarter of an hour. {instead} Slower, and nothing is "
                "wrong."
            ),
            first="see the cache's status in ElastiCache; nothing in it has to be saved.",
            runbook="queue-stuck.md",
            detail=True,
        )
        for metric, (name, instead) in what.items()
    )
