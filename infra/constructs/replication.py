"""How a bucket is copied to its namesake in the stage's other region."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.assembly.stage import Stage
from infra.catalog import Bucket
from infra.constructs.lint import accept


def copies_alias(stage: Stage) -> str:
    """The alias of the key of the other region."""
    return f"alias/robo-{stage.name}-copies"


def copies_key_arn(stage: Stage) -> str:
    """The key of the other region by its alias: its own ARN is not known in this region."""
    return f"arn:{Aws.PARTITION}:kms:{stage.copies_region}:{Aws.ACCOUNT_ID}:{copies_alias(stage)}"


def replicate(scope: Stack, described: Bucket, made: s3.Bucket, stage: Stage, key: kms.IKey) -> None:
    """Copy every new version of `made` to the stage's other region.

    Deletions are not copied: whoever empties one bucket has not emptied the other, whose own lifecycles end its
    copies (S3 counts them from the day the original was written).
    """
    copy_arn = f"arn:{Aws.PARTITION}:s3:::{described.copy_name(stage.name, Aws.ACCOUNT_ID)}"
    role = iam.Role(
        scope,
        f"{described.name.title().replace('-', '')}Replication",
        assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
        description=f"Copies {described.name} to {stage.copies_region}",
    )
    policy = iam.Policy(
        scope,
        f"{described.name.title().replace('-', '')}ReplicationPolicy",
        roles=[role],
        statements=[*_objects(made, copy_arn), *_keys(made, copy_arn, stage, key)],
    )
    _accept_wildcards(scope, policy, described, made, stage)
    resource: s3.CfnBucket = made.node.default_child  # type: ignore[assignment]  # L1 of this L2
    resource.replication_configuration = _configuration(role, copy_arn, stage)


def _objects(made: s3.Bucket, copy_arn: str) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            actions=["s3:GetReplicationConfiguration", "s3:ListBucket"], resources=[made.bucket_arn]
        ),
        iam.PolicyStatement(
            actions=[
                "s3:GetObjectLegalHold",
                "s3:GetObjectRetention",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            resources=[f"{made.bucket_arn}/*"],
        ),
        iam.PolicyStatement(actions=["s3:ReplicateObject", "s3:ReplicateTags"], resources=[f"{copy_arn}/*"]),
    ]


def _keys(made: s3.Bucket, copy_arn: str, stage: Stage, key: kms.IKey) -> list[iam.PolicyStatement]:
    """By S3 and for these buckets only: with bucket keys the encryption context is the bucket."""
    return [
        iam.PolicyStatement(
            actions=["kms:Decrypt"],
            resources=[key.key_arn],
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"s3.{Aws.REGION}.amazonaws.com",
                    "kms:EncryptionContext:aws:s3:arn": made.bucket_arn,
                }
            },
        ),
        iam.PolicyStatement(
            actions=["kms:Encrypt", "kms:GenerateDataKey"],
            resources=[f"arn:{Aws.PARTITION}:kms:{stage.copies_region}:{Aws.ACCOUNT_ID}:key/*"],
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"s3.{stage.copies_region}.amazonaws.com",
                    "kms:EncryptionContext:aws:s3:arn": copy_arn,
                },
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": copies_alias(stage)},
            },
        ),
    ]


def _accept_wildcards(
    scope: Stack, policy: iam.Policy, described: Bucket, made: s3.Bucket, stage: Stage
) -> None:
    """cdk-nag writes references in its own way."""
    bucket = scope.get_logical_id(made.node.default_child)  # type: ignore[arg-type]  # L1 of this L2
    copy = described.copy_name(stage.name, "<AWS::AccountId>")
    every = "S3 copies whatever is written to the bucket; keys are made at run time"
    accept(policy, f"IAM5[Resource::<{bucket}.Arn>/*]", every)
    accept(policy, f"IAM5[Resource::arn:<AWS::Partition>:s3:::{copy}/*]", every)
    accept(
        policy,
        f"IAM5[Resource::arn:<AWS::Partition>:kms:{stage.copies_region}:<AWS::AccountId>:key/*]",
        "the key of the other region is not known here; conditions leave the one key with its alias, by way of S3, "
        "for objects of the one bucket",
    )


def _configuration(
    role: iam.Role, copy_arn: str, stage: Stage
) -> s3.CfnBucket.ReplicationConfigurationProperty:
    return s3.CfnBucket.ReplicationConfigurationProperty(
        role=role.role_arn,
        rules=[
            s3.CfnBucket.ReplicationRuleProperty(
                id="other-region",
                status="Enabled",
                priority=1,
                filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
                delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(status="Disabled"),
                source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                    sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(status="Enabled")
                ),
                destination=s3.CfnBucket.ReplicationDestinationProperty(
                    bucket=copy_arn,
                    encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(
                        replica_kms_key_id=copies_key_arn(stage)
                    ),
                ),
            )
        ],
    )
