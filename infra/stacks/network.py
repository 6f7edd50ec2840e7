"""The network: isolated subnets, and the few doors that functions of the data zone need."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Catalog, Zone

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
    """A network without an internet or NAT gateway, and the security groups that say who may talk to whom."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog) -> None:
        super().__init__(scope, id_, description="RoboAgency: isolated network and its endpoints")
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=f"robo-{stage.name}",
            ip_addresses=ec2.IpAddresses.cidr("10.20.0.0/16"),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=22
                )
            ],
        )
        self._add_s3_endpoint()
        self.functions_group = self._group("FunctionsGroup", "functions of the data zone")
        self.database_group = self._group("DatabaseGroup", "PostgreSQL")
        self.cache_group = self._group("CacheGroup", "Valkey")
        self.vectors_group = self._group("VectorsGroup", "the vector engine")
        endpoints = self._group("EndpointsGroup", "interface endpoints")
        self._allow(self.database_group, POSTGRES_PORT)
        for port in CACHE_PORTS:
            self._allow(self.cache_group, port)
        self._allow(self.vectors_group, VECTORS_PORT)
        self._allow(endpoints, 443)
        # S3 is reached through its gateway endpoint: the subnets have no other route out, and the endpoint's
        # policy names this account's buckets only.
        self.functions_group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3 by its gateway")
        for kind, service in endpoint_services(catalog).items():
            self.vpc.add_interface_endpoint(
                f"{kind.capitalize()}Endpoint",
                service=service,
                open=False,
                private_dns_enabled=True,
                security_groups=[endpoints],
                subnets=ec2.SubnetSelection(subnets=self.vpc.isolated_subnets[: stage.endpoint_zones]),
            )

    def _add_s3_endpoint(self) -> None:
        endpoint = self.vpc.add_gateway_endpoint("S3Endpoint", service=ec2.GatewayVpcEndpointAwsService.S3)
        endpoint.add_to_policy(
            iam.PolicyStatement(
                sid="OwnBucketsOnly",
                principals=[iam.AnyPrincipal()],
                actions=[
                    "s3:AbortMultipartUpload",
                    "s3:GetObject",
                    "s3:GetObjectVersion",
                    "s3:ListBucket",
                    "s3:PutObject",
                ],
                resources=["*"],
                conditions={"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}},
            )
        )

    def _group(self, id_: str, of_what: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, id_, vpc=self.vpc, description=f"RoboAgency: {of_what}", allow_all_outbound=False
        )

    def _allow(self, server: ec2.SecurityGroup, port: int) -> None:
        server.add_ingress_rule(self.functions_group, ec2.Port.tcp(port), "from functions of the data zone")
        self.functions_group.add_egress_rule(server, ec2.Port.tcp(port), "to the server's group")
