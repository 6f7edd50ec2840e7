"""The vector engine itself: one task of Qdrant on the host, with TLS, two keys and a name in the network."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from infra.assembly.stage import Stage
from infra.constructs.lint import accept
from infra.constructs.log_group import retention
from infra.constructs.vector_network import VectorNetwork

PORT = 6333
_CONTAINER = "qdrant"
_USER = "1000:1000"
_MOUNT_POINT = "/var/lib/vectors"
_TLS_FOLDER = "/var/lib/vectors-tls"
_CERTIFICATE = "/qdrant/tls/certificate.pem"
# Folders of the volume that the engine writes to; the rest of its container is read-only.
_FOLDERS = ("storage", "snapshots", "init")

_HEALTH_CHECK = Path(__file__).with_name("vector_health.sh")


class VectorService(Construct):
    """Task, service, log group and the name `vectors.<namespace>`.

    The task has a network interface of its own in an isolated subnet, and a group that lets functions of the data
    zone in and nothing out. It has no role: the engine calls nothing of AWS. ECS gives it the keys.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        network: VectorNetwork,
        group: ec2.ISecurityGroup,
        cluster: ecs.CfnCluster,
        repository: ecr.IRepository,
        tag: str,
        key_secret_arn: str,
        read_key_secret_arn: str,
    ) -> None:
        """group: of the task. tag: of the image in `repository`."""
        super().__init__(scope, id_)
        self._stage = stage
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/ecs/robo-{stage.name}-vectors",
            retention=retention(),
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = self._execution_role(repository, [key_secret_arn, read_key_secret_arn])
        self.log_group.grant_write(role)
        task = self._task(role, repository.repository_uri_for_tag(tag), key_secret_arn, read_key_secret_arn)
        self.service = ecs.CfnService(
            self,
            "Service",
            service_name=f"robo-{stage.name}-vectors",
            cluster=cluster.ref,
            task_definition=task.ref,
            desired_count=1,
            # Not by its capacity provider, which ends hosts gently: a host that joined before it would never be used.
            launch_type="EC2",
            deployment_configuration=ecs.CfnService.DeploymentConfigurationProperty(
                # Never two engines on one volume: the old one ends before the new one starts.
                minimum_healthy_percent=0,
                maximum_percent=100,
                deployment_circuit_breaker=ecs.CfnService.DeploymentCircuitBreakerProperty(
                    enable=True, rollback=True
                ),
            ),
            network_configuration=ecs.CfnService.NetworkConfigurationProperty(
                awsvpc_configuration=ecs.CfnService.AwsVpcConfigurationProperty(
                    subnets=[network.task_subnet.subnet_id],
                    security_groups=[group.security_group_id],
                    assign_public_ip="DISABLED",
                )
            ),
            service_registries=[
                ecs.CfnService.ServiceRegistryProperty(registry_arn=self._name(network.vpc).attr_arn)
            ],
            enable_execute_command=False,
            propagate_tags="SERVICE",
        )

    @staticmethod
    def engine_name(stage: Stage) -> str:
        """The DNS name at which functions find the engine, and for which its certificate is made."""
        return f"vectors.robo-{stage.name}.internal"

    def _name(self, vpc: ec2.IVpc) -> servicediscovery.CfnService:
        host, _, domain = self.engine_name(self._stage).partition(".")
        namespace = servicediscovery.CfnPrivateDnsNamespace(
            self, "Namespace", name=domain, vpc=vpc.vpc_id, description="Names within the network"
        )
        return servicediscovery.CfnService(
            self,
            "Name",
            name=host,
            namespace_id=namespace.attr_id,
            dns_config=servicediscovery.CfnService.DnsConfigProperty(
                dns_records=[servicediscovery.CfnService.DnsRecordProperty(type="A", ttl=10)],
                routing_policy="MULTIVALUE",
            ),
            # ECS tells it whether the container is healthy.
            health_check_custom_config=servicediscovery.CfnService.HealthCheckCustomConfigProperty(
                failure_threshold=1
            ),
        )

    def _execution_role(self, repository: ecr.IRepository, secret_arns: list[str]) -> iam.Role:
        role = iam.Role(
            self,
            "ExecutionRole",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description="The ECS agent for the vector engine: its image, its keys, its logs",
        )
        repository.grant_pull(role)
        role.add_to_policy(
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=secret_arns)
        )
        accept(
            role.node.find_child("DefaultPolicy"),
            "IAM5[Resource::*]",
            "ecr:GetAuthorizationToken takes no resource; what may be pulled with the token is named beside it",
        )
        return role

    def _task(
        self, role: iam.Role, image: str, key_secret_arn: str, read_key_secret_arn: str
    ) -> ecs.CfnTaskDefinition:
        task = ecs.CfnTaskDefinition
        definition = ecs.CfnTaskDefinition(
            self,
            "Task",
            family=f"robo-{self._stage.name}-vectors",
            network_mode="awsvpc",
            requires_compatibilities=["EC2"],
            execution_role_arn=role.role_arn,
            volumes=[
                *(
                    task.VolumeProperty(
                        name=folder,
                        host=task.HostVolumePropertiesProperty(source_path=f"{_MOUNT_POINT}/{folder}"),
                    )
                    for folder in _FOLDERS
                ),
                task.VolumeProperty(
                    name="tls", host=task.HostVolumePropertiesProperty(source_path=_TLS_FOLDER)
                ),
            ],
            container_definitions=[self._container(image, key_secret_arn, read_key_secret_arn)],
        )
        accept(
            definition,
            "ECS2",
            "the variables are switches and paths of the engine, the same in every stage; both keys are secrets that "
            "ECS reads from Secrets Manager",
        )
        return definition

    def _container(
        self, image: str, key_secret_arn: str, read_key_secret_arn: str
    ) -> ecs.CfnTaskDefinition.ContainerDefinitionProperty:
        task = ecs.CfnTaskDefinition
        variables = {
            "QDRANT__SERVICE__ENABLE_TLS": "true",
            "QDRANT__SERVICE__HTTP_PORT": str(PORT),
            "QDRANT__TELEMETRY_DISABLED": "true",
            "QDRANT__TLS__CERT": _CERTIFICATE,
            "QDRANT__TLS__KEY": "/qdrant/tls/key.pem",
            # Otherwise beside the binary, where nothing can be written.
            "QDRANT_INIT_FILE_PATH": "/qdrant/init/.qdrant-initialized",
        }
        secrets = {
            "QDRANT__SERVICE__API_KEY": key_secret_arn,
            "QDRANT__SERVICE__READ_ONLY_API_KEY": read_key_secret_arn,
        }
        return task.ContainerDefinitionProperty(
            name=_CONTAINER,
            image=image,
            essential=True,
            # Not the image's script: it ends, and the engine with it, before the engine has written everything down.
            command=["./qdrant"],
            user=_USER,
            readonly_root_filesystem=True,
            linux_parameters=task.LinuxParametersProperty(
                init_process_enabled=True,
                capabilities=task.KernelCapabilitiesProperty(drop=["ALL"]),
            ),
            docker_security_options=["no-new-privileges"],
            memory_reservation=1024,
            stop_timeout=60,
            port_mappings=[task.PortMappingProperty(container_port=PORT, protocol="tcp")],
            # A collection has hundreds of files open.
            ulimits=[task.UlimitProperty(name="nofile", soft_limit=65_536, hard_limit=65_536)],
            environment=[
                task.KeyValuePairProperty(name=name, value=value) for name, value in variables.items()
            ],
            secrets=[task.SecretProperty(name=name, value_from=arn) for name, arn in secrets.items()],
            mount_points=[
                *(
                    task.MountPointProperty(
                        source_volume=folder, container_path=f"/qdrant/{folder}", read_only=False
                    )
                    for folder in _FOLDERS
                ),
                task.MountPointProperty(source_volume="tls", container_path="/qdrant/tls", read_only=True),
            ],
            health_check=task.HealthCheckProperty(
                command=[
                    "CMD",
                    "bash",
                    "-c",
                    _HEALTH_CHECK.read_text(encoding="utf-8"),
                    "readyz",
                    _CERTIFICATE,
                    str(PORT),
                ],
                interval=15,
                timeout=5,
                retries=4,
                # Collections are loaded first.
                start_period=120,
            ),
            log_configuration=task.LogConfigurationProperty(
                log_driver="awslogs",
                options={
                    "awslogs-group": self.log_group.log_group_name,
                    "awslogs-region": Aws.REGION,
                    "awslogs-stream-prefix": "vectors",
                    # A slow CloudWatch must not stop the engine.
                    "mode": "non-blocking",
                    "max-buffer-size": "4m",
                },
            ),
        )
