"""Where the vector engine lives in the network: its task among the data, its host where it reaches AWS.

Docker, the ECS agent and the host's first boot talk to AWS; the engine itself talks to nobody. So the host has a way
out and the engine's own network interface has none. Which way is the stage's choice: an address of a public subnet
that lets nobody in, for $3.65 a month, or seven interface endpoints, which keep everything inside for $51.
"""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.assembly.stage import Stage

# Beyond the /22s that the data subnets take from the start of the network.
_HOST_CIDR = "10.20.255.240/28"
_SERVICES = {
    "Ecs": ec2.InterfaceVpcEndpointAwsService.ECS,
    "EcsAgent": ec2.InterfaceVpcEndpointAwsService.ECS_AGENT,
    "EcsTelemetry": ec2.InterfaceVpcEndpointAwsService.ECS_TELEMETRY,
    "Registry": ec2.InterfaceVpcEndpointAwsService.ECR,
    "RegistryDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Volumes": ec2.InterfaceVpcEndpointAwsService.EC2,
}


class VectorNetwork(Construct):
    """The host's subnet and group, and its way out.

    zone: the one availability zone of host, task and volume. task_subnet: isolated, of the data. host_subnet: public
    or the same. host_group: lets nobody in.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        vpc: ec2.Vpc,
        functions_endpoints: ec2.SecurityGroup,
        secrets_endpoint: ec2.InterfaceVpcEndpoint,
        s3_endpoint: ec2.GatewayVpcEndpoint,
    ) -> None:
        """functions_endpoints: the group of the endpoints that functions use; that of Secrets Manager answers to its
        name in the whole network, so the host asks it, too.
        """
        super().__init__(scope, id_)
        self.vpc = vpc
        self.task_subnet: ec2.ISubnet = vpc.isolated_subnets[0]
        data_subnet: ec2.CfnSubnet = self.task_subnet.node.default_child  # type: ignore[assignment]  # L1 of this L2
        # Of the subnet that is there: the account's list of zones may change, a volume cannot move.
        self.zone = data_subnet.attr_availability_zone
        self.host_group = ec2.SecurityGroup(
            self,
            "HostGroup",
            vpc=vpc,
            description="RoboAgency: host of the vector engine",
            allow_all_outbound=False,
        )
        self.host_group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS, and S3 by its gateway")
        functions_endpoints.add_ingress_rule(
            self.host_group, ec2.Port.tcp(443), "from the host of the vector engine"
        )
        secrets_endpoint.add_to_policy(
            _own_account("PublishCertificate", ["secretsmanager:PutSecretValue"], "aws:ResourceAccount")
        )
        if stage.vectors_way_out == "address":
            self.host_subnet: ec2.ISubnet = self._public_subnet()
        else:
            self.host_subnet = self.task_subnet
            self._add_endpoints()
            s3_endpoint.add_to_policy(_images_and_packages())

    def _public_subnet(self) -> ec2.PublicSubnet:
        gateway = ec2.CfnInternetGateway(self, "Gateway")
        attached = ec2.CfnVPCGatewayAttachment(
            self, "Attachment", vpc_id=self.vpc.vpc_id, internet_gateway_id=gateway.ref
        )
        subnet = ec2.PublicSubnet(
            self,
            "HostSubnet",
            vpc_id=self.vpc.vpc_id,
            availability_zone=self.zone,
            cidr_block=_HOST_CIDR,
            map_public_ip_on_launch=False,
        )
        subnet.add_default_internet_route(gateway.ref, attached)
        return subnet

    def _add_endpoints(self) -> None:
        group = ec2.SecurityGroup(
            self,
            "EndpointsGroup",
            vpc=self.vpc,
            description="RoboAgency: interface endpoints for the host of the vector engine",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(self.host_group, ec2.Port.tcp(443), "from the host of the vector engine")
        for name, service in _SERVICES.items():
            endpoint = ec2.InterfaceVpcEndpoint(
                self,
                f"{name}Endpoint",
                vpc=self.vpc,
                service=service,
                open=False,
                private_dns_enabled=True,
                security_groups=[group],
                subnets=ec2.SubnetSelection(subnets=[self.task_subnet]),
            )
            # The roles of host and task name the actions; a stranger's login gets nowhere.
            endpoint.add_to_policy(_own_account("OwnAccountOnly", ["*"]))


def _own_account(sid: str, actions: list[str], *more_keys: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        principals=[iam.AnyPrincipal()],
        actions=actions,
        resources=["*"],
        conditions={
            "StringEquals": dict.fromkeys(("aws:PrincipalAccount", *more_keys), Aws.ACCOUNT_ID),
        },
    )


def _images_and_packages() -> iam.PolicyStatement:
    """Where AWS documents that ECR keeps layers and Amazon Linux 2023 its packages; both are only read."""
    buckets = (f"prod-{Aws.REGION}-starport-layer-bucket", f"al2023-repos-{Aws.REGION}-de612dc2")
    return iam.PolicyStatement(
        sid="ImagesAndPackages",
        principals=[iam.AnyPrincipal()],
        actions=["s3:GetObject"],
        resources=[f"arn:{Aws.PARTITION}:s3:::{bucket}/*" for bucket in buckets],
    )
