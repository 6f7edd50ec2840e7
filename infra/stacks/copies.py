"""The other region: copies of backups, for the day the first region is lost.

Deployed before the storage stack, which replicates to it. Nothing here is named by a reference from there: names
follow from the catalog, the key has an alias.
"""

from __future__ import annotations

from aws_cdk import Aws, Environment, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Bucket, Catalog
from infra.constructs.bucket import add_bucket, data_key
from infra.constructs.replication import copies_alias


class CopiesStack(Stack):
    """A bucket for each that is copied, its access logs, and the key of the region."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog) -> None:
        super().__init__(
            scope,
            id_,
            description="RoboAgency: copies of backups in another region",
            env=Environment(region=stage.copies_region),
        )
        self.key = data_key(self, stage, copies_alias(stage))
        (for_logs,) = (bucket for bucket in catalog.buckets if bucket.takes_logs)
        logs = self._bucket(for_logs, stage, None)
        self.buckets = {
            bucket.name: self._bucket(bucket, stage, logs) for bucket in catalog.buckets if bucket.copied
        }

    def _bucket(self, bucket: Bucket, stage: Stage, logs: s3.Bucket | None) -> s3.Bucket:
        name = bucket.copy_name(stage.name, Aws.ACCOUNT_ID)
        return add_bucket(self, bucket, stage, name=name, key=self.key, logs=logs)
