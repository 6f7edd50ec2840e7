"""What AWS says about the database as a whole: not its tables, the instance that holds them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.adapters.aws_errors import translated


class RdsInstance:
    """One instance of Amazon RDS. client: boto3's `rds`."""

    def __init__(self, client: Any, identifier: str) -> None:
        self._client = client
        self._identifier = identifier

    def latest_restorable_time(self) -> datetime | None:
        """Return the latest moment the instance can be restored to, with its time zone.

        None while there is none: before the first backup of a new instance, or with backups off. RDS moves it on
        about every five minutes. Raises DependencyUnavailable, AppError.
        """
        with translated("RDS"):
            found = self._client.describe_db_instances(DBInstanceIdentifier=self._identifier)
        moment: datetime | None = found["DBInstances"][0].get("LatestRestorableTime")
        return moment
