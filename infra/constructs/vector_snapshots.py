"""Daily snapshots of the vector engine's volume."""

from __future__ import annotations

from aws_cdk import Aws, CfnTag
from aws_cdk import aws_dlm as dlm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.assembly.stage import Stage
from infra.constructs.lint import accept
from infra.constructs.vector_host import VOLUME_TAG

_SNAPSHOTS = f"arn:{Aws.PARTITION}:ec2:{Aws.REGION}::snapshot/*"


class VectorSnapshots(Construct):
    """Data Lifecycle Manager makes a snapshot every night and deletes it after the stage's number of days.

    A snapshot is what the disk would hold after a power cut: the engine's log makes it whole at the next start. It is
    the quick way back; the sure one is the rebuild from PostgreSQL and S3.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, volume: ec2.Volume) -> None:
        super().__init__(scope, id_)
        policy = dlm.CfnLifecyclePolicy
        self.policy = dlm.CfnLifecyclePolicy(
            self,
            "Policy",
            description=f"Snapshots of the vector engine of {stage.name}",
            state="ENABLED",
            execution_role_arn=self._role(stage, volume).role_arn,
            policy_details=policy.PolicyDetailsProperty(
                resource_types=["VOLUME"],
                target_tags=[CfnTag(key=VOLUME_TAG, value=stage.name)],
                schedules=[
                    policy.ScheduleProperty(
                        name="nightly",
                        copy_tags=True,
                        create_rule=policy.CreateRuleProperty(
                            interval=24, interval_unit="HOURS", times=["03:30"]
                        ),
                        retain_rule=policy.RetainRuleProperty(
                            interval=stage.vectors_snapshot_days, interval_unit="DAYS"
                        ),
                    )
                ],
            ),
        )

    def _role(self, stage: Stage, volume: ec2.Volume) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "dlm.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            description="Snapshots of the vector engine's volume",
        )
        own_volume = f"arn:{Aws.PARTITION}:ec2:{Aws.REGION}:{Aws.ACCOUNT_ID}:volume/{volume.volume_id}"
        ours = {"StringEquals": {f"aws:ResourceTag/{VOLUME_TAG}": stage.name}}
        for statement in (
            iam.PolicyStatement(
                actions=["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
                resources=["*"],
            ),
            iam.PolicyStatement(actions=["ec2:CreateSnapshot"], resources=[own_volume, _SNAPSHOTS]),
            iam.PolicyStatement(
                actions=["ec2:CreateTags"],
                resources=[_SNAPSHOTS],
                conditions={"StringEquals": {"ec2:CreateAction": "CreateSnapshot"}},
            ),
            # The tag of the volume is copied to its snapshots.
            iam.PolicyStatement(actions=["ec2:DeleteSnapshot"], resources=[_SNAPSHOTS], conditions=ours),
        ):
            role.add_to_policy(statement)
        policy = role.node.find_child("DefaultPolicy")
        accept(
            policy,
            "IAM5[Resource::*]",
            "EC2 gives Describe actions no resource; they tell Data Lifecycle Manager which volumes and snapshots "
            "there are",
        )
        accept(
            policy,
            "IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>::snapshot/*]",
            "the id of a snapshot is not known before it is made; making one needs the volume, which is named, and "
            "deleting one the tag of this stage's volume",
        )
        return role
