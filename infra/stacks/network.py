"""The network: isolated subnets, and the few doors that functions of the data zone need."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Catalog, Zone
from infra.constructs.bucket import FLOW_LOGS
from infra.constructs.closed_group import accept_provider
from infra.constructs.vector_network import VectorNetwork

POSTGRES_PORT = 5432
CACHE_PORTS = (6379, 6380)  # a serverless cache answers reads from replicas on the second
VECTORS_PORT = 6333


def endpoint_services(catalog: Catalog) -> dict[str, ec2.IInterfaceVpcEndpointService]:
    """The AWS services that functions of the data zone call, by the kind of resource in their `uses`.

    S3 has a free gateway endpoint; PostgreSQL, the cache and the vector engine are inside the network. Raises
    ValueError for a kind that has no way out of the zone.
    """
    known: dict[str, ec2.IInterfaceVpcEndpointService] = {
        "bus": ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
        "secret": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
        "embeddings": ec2.InterfaceVpcEndpointAwsService.BEDROCK_RUNTIME,
    }
    inside = {"database", "cache", "vectors", "bucket"}
    kinds = {
        use.resource.split(":")[0]
        for function in catalog.functions
        if function.zone is Zone.DATA
        for use in function.uses
    }
    if unknown := kinds - inside - known.keys():
        raise ValueError(f"functions of the data zone have no way to: {', '.join(sorted(unknown))}")
    return {kind: known[kind] for kind in sorted(kinds & known.keys())}


class NetworkStack(Stack):
    """A network whose data subnets have no route out, and the security groups that say who may talk to whom.

    `vectors`: where the vector engine and its host live in it; an internet gateway is there for that host alone, in
    stages whose way out is an address.

    Other stacks may add endpoints behind `endpoints_group` (`connect` opens it to a group) and statements to the
    policy of `s3_endpoint`. logs: the bucket that takes what the network writes about its traffic.
    """

    def __init__(
        self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog, logs: s3.IBucket
    ) -> None:
        super().__init__(scope, id_, description="RoboAgency: isolated network and its endpoints")
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=f"robo-{stage.name}",
            ip_addresses=ec2.IpAddresses.cidr("10.20.0.0/16"),
            max_azs=2,
            nat_gateways=0,
            # What somebody forgets to give a group gets this one, and with it nothing.
            restrict_default_security_group=True,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=22
                )
            ],
        )
        accept_provider(self)
        self._log_traffic(logs)
        self.s3_endpoint = self._add_s3_endpoint()
        self.functions_group = self._group("FunctionsGroup", "functions of the data zone")
        self.database_group = self._group("DatabaseGroup", "PostgreSQL")
        self.cache_group = self._group("CacheGroup", "Valkey")
        self.vectors_group = self._group("VectorsGroup", "the vector engine")
        self.endpoints_group = self._group("EndpointsGroup", "interface endpoints")
        self.proxy_group = self._group("ProxyGroup", "RDS Proxy") if stage.database_proxy else None
        self._allow(self.database_group, POSTGRES_PORT)
        if self.proxy_group is not None:
            self._allow(self.proxy_group, POSTGRES_PORT)
            connect(self.proxy_group, self.database_group, POSTGRES_PORT, "the proxy")
        for port in CACHE_PORTS:
            self._allow(self.cache_group, port)
        self._allow(self.vectors_group, VECTORS_PORT)
        self._allow(self.endpoints_group, 443)
        # S3 is reached through its gateway endpoint: the subnets have no other route out, and the endpoint's
        # policy names this account's buckets only.
        self.functions_group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3 by its gateway")
        self.endpoints: dict[str, ec2.InterfaceVpcEndpoint] = {}
        for kind, service in endpoint_services(catalog).items():
            self.endpoints[kind] = self.vpc.add_interface_endpoint(
                f"{kind.capitalize()}Endpoint",
                service=service,
                open=False,
                private_dns_enabled=True,
                security_groups=[self.endpoints_group],
                subnets=ec2.SubnetSelection(subnets=self.vpc.isolated_subnets[: stage.endpoint_zones]),
            )
            self.endpoints[kind].add_to_policy(_own_account_only(kind))
        self.vectors = VectorNetwork(
            self,
            "Vectors",
            stage=stage,
            vpc=self.vpc,
            functions_endpoints=self.endpoints_group,
            secrets_endpoint=self.endpoints["secret"],
            s3_endpoint=self.s3_endpoint,
        )

    def _log_traffic(self, logs: s3.IBucket) -> None:
        """All traffic, refused and let through, to the bucket: half of CloudWatch's price; its lifecycle ends it."""
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=f"{logs.bucket_arn}/{FLOW_LOGS}/",
            max_aggregation_interval=600,
        )

    def _add_s3_endpoint(self) -> ec2.GatewayVpcEndpoint:
        endpoint = self.vpc.add_gateway_endpoint("S3Endpoint", service=ec2.GatewayVpcEndpointAwsService.S3)
        endpoint.add_to_policy(
            iam.PolicyStatement(
                sid="OwnBucketsOnly",
                principals=[iam.AnyPrincipal()],
                actions=[
                    "s3:AbortMultipartUpload",
                    "s3:DeleteObject",
                    "s3:GetObject",
                    "s3:GetObjectVersion",
                    "s3:ListBucket",
                    "s3:PutObject",
                ],
                resources=["*"],
                conditions={"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        return endpoint

    def _group(self, id_: str, of_what: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, id_, vpc=self.vpc, description=f"RoboAgency: {of_what}", allow_all_outbound=False
        )

    def _allow(self, server: ec2.SecurityGroup, port: int) -> None:
        connect(self.functions_group, server, port, "functions of the data zone")


def connect(client: ec2.SecurityGroup, server: ec2.SecurityGroup, port: int, who: str) -> None:
    """Let `client` reach `server`, and nobody else."""
    server.add_ingress_rule(client, ec2.Port.tcp(port), f"from {who}")
    client.add_egress_rule(server, ec2.Port.tcp(port), "to the group of the server")


# What functions of the data zone ask of each service.
_ASKED = {
    "bus": "events:PutEvents",
    "secret": "secretsmanager:GetSecretValue",
    "embeddings": "bedrock:InvokeModel",
}


def _own_account_only(kind: str) -> iam.PolicyStatement:
    """Let an endpoint carry this account's logins to this account's things only.

    Without it, code that was led astray could send rows to a stranger's bus with the stranger's login. A foundation
    model belongs to no account.
    """
    ours = {"aws:PrincipalAccount": Aws.ACCOUNT_ID}
    if kind != "embeddings":
        ours["aws:ResourceAccount"] = Aws.ACCOUNT_ID
    return iam.PolicyStatement(
        sid="OwnAccountOnly",
        principals=[iam.AnyPrincipal()],
        actions=[_ASKED[kind]],
        resources=["*"],
        conditions={"StringEquals": ours},
    )
