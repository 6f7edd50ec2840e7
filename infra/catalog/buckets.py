"""Buckets: what is kept in each, for how long and how safely. Every period is one of `shared.periods`."""

from __future__ import annotations

from dataclasses import dataclass

from shared import periods
from shared.periods import Period


@dataclass(frozen=True)
class Lifecycle:
    """What becomes of objects under `prefix`, counted from the day they were written.

    period: how long they are kept; archived: its second part, for objects that are written when the first is over.
    cold: after that long they move to S3 Glacier Instant Retrieval, where a byte costs a sixth and is read at once.
    """

    period: Period
    prefix: str = ""
    archived: bool = False
    cold: Period | None = None

    @property
    def days(self) -> int:
        """After how many days S3 deletes the objects; in a versioned bucket it hides them then."""
        return (self.period.kept if self.archived else self.period.active).days

    @property
    def cold_days(self) -> int | None:
        """After how many days they move to the colder class, if they do."""
        return None if self.cold is None else self.cold.active.days


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket.

    replaced: how long versions are kept that were replaced, deleted or hidden; None: for ever. locked: for how
    long nobody can delete a version, in stages that keep their data. copied: replicated to the stage's other region.
    takes_logs: AWS writes its access logs here; such a bucket takes S3's own encryption only. announces: the
    account's own event bus is told of every object that is made, replaced or deleted.
    """

    name: str
    versioned: bool
    lifecycles: tuple[Lifecycle, ...] = ()
    replaced: Period | None = None
    locked: Period | None = None
    copied: bool = False
    takes_logs: bool = False
    announces: bool = False

    def __post_init__(self) -> None:
        if (self.replaced or self.locked or self.copied) and not self.versioned:
            raise ValueError(f"bucket {self.name}: what is locked, copied or kept when replaced has versions")

    @property
    def construct_id(self) -> str:
        """`access-logs` → `AccessLogsBucket`; also the placeholder of its name in a workflow's definition."""
        return f"{self.name.title().replace('-', '')}Bucket"

    def deployed_name(self, stage: str, account: str) -> str:
        """`assets` → `robo-<stage>-assets-<account>`: bucket names are global."""
        return f"robo-{stage}-{self.name}-{account}"

    def copy_name(self, stage: str, account: str) -> str:
        """`backups` → `robo-<stage>-backups-copies-<account>`: its namesake in the other region."""
        return f"robo-{stage}-{self.name}-copies-{account}"


BUCKETS = (
    Bucket(
        "assets",
        versioned=True,
        # The files of projects end with their projects, which only the database knows.
        lifecycles=(Lifecycle(periods.EXPORTS, "exports/"),),
        replaced=periods.REPLACED_OBJECTS,
    ),
    # Documents to be searched: documents/<tenant>/<collection>/<name>. What lies here is what is indexed.
    Bucket("knowledge", versioned=True, replaced=periods.REPLACED_OBJECTS, announces=True),
    # Requests to the model and its answers on their way between the zones, and the ledger of paid calls.
    Bucket("handoff", versioned=False, lifecycles=(Lifecycle(periods.HANDOFF),)),
    Bucket(
        "backups",
        versioned=True,
        lifecycles=(
            Lifecycle(periods.DAILY_DUMPS, "daily/"),
            Lifecycle(periods.MONTHLY_DUMPS, "monthly/"),
        ),
        replaced=periods.HIDDEN_BACKUPS,
        locked=periods.BACKUP_LOCK,
        copied=True,
    ),
    # Parquet: <table>/tenant=<id>/month=<yyyy-mm>/….parquet
    Bucket(
        "archive",
        versioned=True,
        lifecycles=(
            Lifecycle(periods.EVENTS, "events/", archived=True, cold=periods.FRESH_ARCHIVE),
            Lifecycle(periods.CAMPAIGNS, "campaigns/", archived=True, cold=periods.FRESH_ARCHIVE),
        ),
        replaced=periods.REPLACED_OBJECTS,
    ),
    # What S3 and the network write about who asked for what.
    Bucket("access-logs", versioned=False, lifecycles=(Lifecycle(periods.LOGS),), takes_logs=True),
)
