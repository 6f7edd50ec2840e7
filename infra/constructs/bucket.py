"""One bucket of the catalog, as every region gets it."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.assembly.stage import Stage
from infra.catalog import Bucket, Lifecycle
from shared import periods

FLOW_LOGS = "network"
"""The folder of the bucket for logs that networks write to."""
_ACCESS_LOGS = "s3"


def data_key(scope: Stack, stage: Stage, alias: str) -> kms.Key:
    """The key that encrypts what a stage keeps in one region; AWS rotates it every year."""
    return kms.Key(
        scope,
        "Key",
        alias=alias,
        description=f"RoboAgency {stage.name}: what is kept",
        enable_key_rotation=True,
        removal_policy=removal(stage),
    )


def removal(stage: Stage) -> RemovalPolicy:
    """What becomes of stored things when their stack is deleted."""
    return RemovalPolicy.RETAIN if stage.keeps_data else RemovalPolicy.DESTROY


def add_bucket(
    scope: Stack, described: Bucket, stage: Stage, *, name: str, key: kms.IKey, logs: s3.IBucket | None
) -> s3.Bucket:
    """Add a private bucket to `scope`.

    key: encrypts it, unless it takes logs: S3 delivers its access logs to buckets with its own encryption only. logs:
    where its own access logs go.
    """
    locked = described.locked if stage.keeps_data else None
    made = s3.Bucket(
        scope,
        described.construct_id,
        bucket_name=name,
        versioned=described.versioned,
        lifecycle_rules=_lifecycle_rules(described),
        object_lock_enabled=True if locked else None,
        object_lock_default_retention=s3.ObjectLockRetention.compliance(Duration.days(locked.active.days))
        if locked
        else None,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        encryption=s3.BucketEncryption.S3_MANAGED if described.takes_logs else s3.BucketEncryption.KMS,
        encryption_key=None if described.takes_logs else key,
        # One call to KMS for many objects.
        bucket_key_enabled=None if described.takes_logs else True,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        removal_policy=removal(stage),
    )
    resource: s3.CfnBucket = made.node.default_child  # type: ignore[assignment]  # L1 of this L2
    if described.announces:
        # The property itself: the L2 would set it with a function of the CDK's own that may change every bucket.
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )
    if logs is not None:
        resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=logs.bucket_name, log_file_prefix=f"{_ACCESS_LOGS}/{described.name}/"
        )
    if described.takes_logs:
        _let_s3_write(made)
    return made


def _lifecycle_rules(described: Bucket) -> list[s3.LifecycleRule]:
    rules = [
        s3.LifecycleRule(
            id="unfinished-uploads",
            abort_incomplete_multipart_upload_after=Duration.days(periods.UNFINISHED_UPLOADS.active.days),
        ),
        *(_lifecycle_rule(rule) for rule in described.lifecycles),
    ]
    if described.replaced is not None:
        rules.append(
            s3.LifecycleRule(
                id="replaced",
                noncurrent_version_expiration=Duration.days(described.replaced.active.days),
                expired_object_delete_marker=True,
            )
        )
    return rules


def _lifecycle_rule(rule: Lifecycle) -> s3.LifecycleRule:
    cold = rule.cold_days
    return s3.LifecycleRule(
        id=rule.prefix.strip("/") or "everything",
        prefix=rule.prefix or None,
        expiration=Duration.days(rule.days),
        transitions=[
            s3.Transition(
                storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=Duration.days(cold)
            )
        ]
        if cold is not None
        else None,
    )


def _let_s3_write(logs: s3.Bucket) -> None:
    """Let S3 deliver the access logs of this account's buckets: by policy, the bucket takes no ACLs."""
    logs.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AccessLogsWrite",
            principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[logs.arn_for_objects(f"{_ACCESS_LOGS}/*")],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )


def let_network_write(logs: s3.Bucket) -> None:
    """Let the flow logs of this account's networks be delivered to `logs`."""
    delivery = iam.ServicePrincipal("delivery.logs.amazonaws.com")
    ours = {
        "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
        "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"},
    }
    logs.add_to_resource_policy(
        iam.PolicyStatement(
            sid="FlowLogsWrite",
            principals=[delivery],
            actions=["s3:PutObject"],
            resources=[logs.arn_for_objects(f"{FLOW_LOGS}/AWSLogs/{Aws.ACCOUNT_ID}/*")],
            conditions={
                **ours,
                "StringEquals": {**ours["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"},
            },
        )
    )
    logs.add_to_resource_policy(
        iam.PolicyStatement(
            sid="FlowLogsLook",
            principals=[delivery],
            actions=["s3:GetBucketAcl", "s3:ListBucket"],
            resources=[logs.bucket_arn],
            conditions=ours,
        )
    )
