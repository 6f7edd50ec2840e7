"""The one machine of the vector engine: an instance that its group replaces, and a volume that outlives it."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Aws, RemovalPolicy, Size, Stack, Tags
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.assembly.stage import Stage
from infra.constructs.lint import accept
from infra.constructs.vector_network import VectorNetwork

BOOT_SCRIPT = Path(__file__).with_name("vector_host.sh")
HOST_TAG = "robo:vectors-host"
VOLUME_TAG = "robo:vectors-volume"


class VectorHost(Construct):
    """An Auto Scaling group of one instance in one zone, a volume of its own, and the capacity provider of both.

    The group replaces an instance that fails. Before one ends, ECS stops its task (managed draining), so that the
    engine writes down what it has; the next one waits until the volume is free. No key pair, nobody logs in.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        network: VectorNetwork,
        cluster: ecs.CfnCluster,
        certificate_secret_arn: str,
        engine_name: str,
    ) -> None:
        """engine_name: the DNS name that the certificate is made for."""
        super().__init__(scope, id_)
        self._stage = stage
        self.volume = self._volume(network.zone)
        self.role = self._role(cluster, certificate_secret_arn)
        self.group = self._group(network, cluster, certificate_secret_arn, engine_name)
        self.capacity = ecs.CfnCapacityProvider(
            self,
            "Capacity",
            auto_scaling_group_provider=ecs.CfnCapacityProvider.AutoScalingGroupProviderProperty(
                auto_scaling_group_arn=self.group.auto_scaling_group_name,
                managed_draining="ENABLED",
                # One instance, always.
                managed_scaling=ecs.CfnCapacityProvider.ManagedScalingProperty(status="DISABLED"),
                managed_termination_protection="DISABLED",
            ),
        )

    def _volume(self, zone: str) -> ec2.Volume:
        volume = ec2.Volume(
            self,
            "Volume",
            volume_name=f"robo-{self._stage.name}-vectors",
            availability_zone=zone,
            size=Size.gibibytes(self._stage.vectors_gib),
            volume_type=ec2.EbsDeviceVolumeType.GP3,
            encrypted=True,
            removal_policy=RemovalPolicy.RETAIN if self._stage.keeps_data else RemovalPolicy.DESTROY,
        )
        Tags.of(volume).add(VOLUME_TAG, self._stage.name)
        return volume

    def _role(self, cluster: ecs.CfnCluster, certificate_secret_arn: str) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description="The vector engine's host: its place in the cluster, its volume, its certificate",
        )
        account = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
        instances = f"arn:{Aws.PARTITION}:ec2:{account}:instance/*"
        in_cluster = f"arn:{Aws.PARTITION}:ecs:{account}:container-instance/{cluster.ref}/*"
        for statement in (
            iam.PolicyStatement(
                actions=[
                    "ecs:DeregisterContainerInstance",
                    "ecs:RegisterContainerInstance",
                    "ecs:SubmitAttachmentStateChanges",
                    "ecs:SubmitContainerStateChange",
                    "ecs:SubmitTaskStateChange",
                ],
                resources=[cluster.attr_arn],
            ),
            iam.PolicyStatement(
                actions=["ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"],
                resources=[in_cluster],
                conditions={"ArnEquals": {"ecs:cluster": cluster.attr_arn}},
            ),
            # It only tells the agent which address to ask; ECS gives it no resource.
            iam.PolicyStatement(actions=["ecs:DiscoverPollEndpoint"], resources=["*"]),
            iam.PolicyStatement(
                actions=["ec2:AttachVolume"],
                resources=[
                    f"arn:{Aws.PARTITION}:ec2:{account}:volume/{self.volume.volume_id}",
                ],
            ),
            iam.PolicyStatement(
                actions=["ec2:AttachVolume"],
                resources=[instances],
                conditions={"StringEquals": {f"aws:ResourceTag/{HOST_TAG}": self._stage.name}},
            ),
            iam.PolicyStatement(
                actions=["secretsmanager:PutSecretValue"], resources=[certificate_secret_arn]
            ),
        ):
            role.add_to_policy(statement)
        self._accept(role, cluster)
        return role

    def _accept(self, role: iam.Role, cluster: ecs.CfnCluster) -> None:
        policy = role.node.find_child("DefaultPolicy")
        account = "<AWS::Region>:<AWS::AccountId>"
        accept(
            policy,
            "IAM5[Resource::*]",
            "ecs:DiscoverPollEndpoint takes no resource; it tells the agent which address of ECS to ask",
        )
        accept(
            policy,
            f"IAM5[Resource::arn:<AWS::Partition>:ec2:{account}:instance/*]",
            "the id of an instance is not known before it starts; a condition admits only instances that carry the "
            "tag of this stage's vector host, and the volume beside it is named exactly",
        )
        accept(
            policy,
            f"IAM5[Resource::arn:<AWS::Partition>:ecs:{account}:container-instance/"
            f"<{Stack.of(self).get_logical_id(cluster)}>/*]",
            "the agent registers under an id that ECS chooses; the path and a condition admit this cluster only",
        )

    def _group(
        self, network: VectorNetwork, cluster: ecs.CfnCluster, certificate_secret_arn: str, engine_name: str
    ) -> autoscaling.AutoScalingGroup:
        template = ec2.LaunchTemplate(
            self,
            "Template",
            instance_type=ec2.InstanceType(self._stage.vectors_instance),
            # An SSM parameter of AWS, read at each deployment: a newer image replaces the host.
            machine_image=ecs.EcsOptimizedImage.amazon_linux2023(ecs.AmiHardwareType.ARM),
            role=self.role,
            security_group=network.host_group,
            associate_public_ip_address=self._stage.vectors_way_out == "address",
            # Version 2 alone, one hop: a container is one hop further.
            require_imdsv2=True,
            http_put_response_hop_limit=1,
            http_endpoint=True,
            instance_initiated_shutdown_behavior=ec2.InstanceInitiatedShutdownBehavior.TERMINATE,
            detailed_monitoring=self._stage.detailed_alarms,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        30, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3
                    ),
                )
            ],
            user_data=ec2.UserData.custom(
                boot_script(
                    AWS_DEFAULT_REGION=Aws.REGION,
                    CLUSTER=cluster.ref,
                    VOLUME=self.volume.volume_id,
                    CERTIFICATE_SECRET=certificate_secret_arn,
                    ENGINE_NAME=engine_name,
                )
            ),
        )
        Tags.of(template).add(HOST_TAG, self._stage.name)
        group = autoscaling.AutoScalingGroup(
            self,
            "Group",
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=[network.host_subnet]),
            launch_template=template,
            min_capacity=1,
            max_capacity=1,
            # The volume is in one place: the old host ends before the new one starts.
            update_policy=autoscaling.UpdatePolicy.rolling_update(
                max_batch_size=1, min_instances_in_service=0
            ),
        )
        Tags.of(group).add(HOST_TAG, self._stage.name)
        # The service-linked role of ECS may hold the end of an instance back only where this tag is.
        Tags.of(group).add("AmazonECSManaged", "")
        # The boot script calls AWS at once.
        group.node.add_dependency(self.role)
        accept(
            group,
            "AS3",
            "the group never scales, it replaces its one instance: Auto Scaling tells EventBridge and CloudTrail of "
            "that, and the alarm on the engine's running tasks tells people when it lasts",
        )
        return group


def boot_script(**variables: str) -> str:
    """What the host runs at its first boot: the variables, the script, and its start."""
    lines = ["#!/bin/bash", *(f"{name}={value}" for name, value in variables.items())]
    return "\n".join([*lines, BOOT_SCRIPT.read_text(encoding="utf-8"), "main", ""])
