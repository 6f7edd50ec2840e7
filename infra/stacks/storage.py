"""What is kept and does not live in the network: buckets, secrets and the key that encrypts them."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Bucket, Catalog, Secret
from infra.constructs.bucket import add_bucket, data_key, let_network_write, removal
from infra.constructs.lint import accept
from infra.constructs.replication import replicate

# Letters and digits of a length divisible by four are also Base64: the form of a Standard Webhooks key (33 bytes).
SECRET_LENGTH = 44


class StorageStack(Stack):
    """Every bucket and every secret of the catalog.

    `key` encrypts the buckets (and, in their own stack, the database and its backups). `logs` takes what AWS writes
    about who asked for what.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog) -> None:
        super().__init__(scope, id_, description="RoboAgency: buckets and secrets")
        self._stage = stage
        self.key = data_key(self, stage, f"alias/robo-{stage.name}")
        (for_logs,) = (bucket for bucket in catalog.buckets if bucket.takes_logs)
        self.logs = self._bucket(for_logs, None)
        let_network_write(self.logs)
        self.buckets: Mapping[str, s3.Bucket] = {
            bucket.name: self.logs if bucket is for_logs else self._bucket(bucket, self.logs)
            for bucket in catalog.buckets
        }
        if stage.copies_region:
            for bucket in catalog.buckets:
                if bucket.copied:
                    replicate(self, bucket, self.buckets[bucket.name], stage, self.key)
        self.secret_arns: Mapping[str, str] = {s.name: self._secret(s) for s in catalog.secrets}

    def _bucket(self, bucket: Bucket, logs: s3.Bucket | None) -> s3.Bucket:
        name = bucket.deployed_name(self._stage.name, Aws.ACCOUNT_ID)
        return add_bucket(self, bucket, self._stage, name=name, key=self.key, logs=logs)

    def _secret(self, secret: Secret) -> str:
        """Return its ARN. A secret that is not generated is made empty: reading it fails until somebody sets it."""
        resource = secretsmanager.CfnSecret(
            self,
            f"{secret.name.title().replace('-', '')}Secret",
            name=secret.deployed_name(self._stage.name),
            description=secret.purpose,
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                exclude_punctuation=True, password_length=SECRET_LENGTH
            )
            if secret.generated
            else None,
        )
        resource.apply_removal_policy(removal(self._stage))
        accept(resource, "SMG4", _unrotated(secret))
        return resource.ref


def _unrotated(secret: Secret) -> str:
    """Why no schedule rotates a secret."""
    if not secret.generated:
        return (
            f"{secret.name} ({secret.purpose}) is set by {secret.writer}: whoever issued it replaces it first, so it "
            "is rotated by the runbook"
        )
    return (
        f"{secret.name} ({secret.purpose}): what it made is in others' hands, and a schedule would make that "
        "worthless at a moment nobody chose; it is rotated by the runbook, at once when somebody may have seen it"
    )
