"""What is kept and does not live in the network: buckets and secrets."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Bucket, Catalog, Secret

# Letters and digits of a length divisible by four are also Base64: the form of a Standard Webhooks key (33 bytes).
SECRET_LENGTH = 44


class StorageStack(Stack):
    """Every bucket and every secret of the catalog."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog) -> None:
        super().__init__(scope, id_, description="RoboAgency: buckets and secrets")
        self._stage = stage
        self.buckets: Mapping[str, s3.Bucket] = {b.name: self._bucket(b) for b in catalog.buckets}
        self.secret_arns: Mapping[str, str] = {s.name: self._secret(s) for s in catalog.secrets}

    @property
    def _removal(self) -> RemovalPolicy:
        return RemovalPolicy.RETAIN if self._stage.keeps_data else RemovalPolicy.DESTROY

    def _bucket(self, bucket: Bucket) -> s3.Bucket:
        rules = [
            s3.LifecycleRule(
                id="unfinished-uploads", abort_incomplete_multipart_upload_after=Duration.days(7)
            )
        ]
        if bucket.expire_days is not None:
            rules.append(s3.LifecycleRule(id="expiry", expiration=Duration.days(bucket.expire_days)))
        return s3.Bucket(
            self,
            f"{bucket.name.title().replace('-', '')}Bucket",
            bucket_name=bucket.deployed_name(self._stage.name, Aws.ACCOUNT_ID),
            versioned=bucket.versioned,
            lifecycle_rules=rules,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=self._removal,
        )

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
        resource.apply_removal_policy(self._removal)
        return resource.ref
