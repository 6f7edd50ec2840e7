"""RDS Proxy before PostgreSQL: many functions share few connections.

A function logs in to the proxy with its IAM token, and the proxy logs in to the database with one of its own for the
same role (`DefaultAuthScheme: IAM_AUTH`): there is no password on either side. Statements must not pin connections:
none is prepared, and every setting is `SET LOCAL`.
"""

from __future__ import annotations

from aws_cdk import Aws, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.assembly.stage import Stage
from infra.constructs.surroundings import Proxy
from infra.rights.names import APPLICATION_ROLE, SYSTEM_ROLE
from infra.stacks.network import NetworkStack

# Of the database's connections; the rest are the owner's and RDS's own, which do not come through here.
_SHARE_PERCENT = 80
# A function gives up after 29 s at the latest; that there is no connection must be known before.
_BORROW_SECONDS = 10
_IDLE_SECONDS = 20 * 60


def add_proxy(
    scope: Construct, stage: Stage, instance: rds.DatabaseInstance, resource_id: str, network: NetworkStack
) -> Proxy:
    """Add the proxy and say how to reach it. resource_id: of the instance, as its logins name it.

    Raises ValueError when the network has no group for it.
    """
    if network.proxy_group is None:
        raise ValueError("the network of this stage has no group for a proxy")
    role = iam.Role(
        scope,
        "ProxyRole",
        assumed_by=iam.ServicePrincipal("rds.amazonaws.com"),
        description="RDS Proxy logs in as the roles of requests",
    )
    logins = f"arn:{Aws.PARTITION}:rds-db:{Aws.REGION}:{Aws.ACCOUNT_ID}:dbuser:{resource_id}"
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["rds-db:connect"],
            resources=[f"{logins}/{login}" for login in (APPLICATION_ROLE, SYSTEM_ROLE)],
        )
    )
    # Not the L2: it would open the instance's group by a reference from the network's stack to this one.
    made = rds.CfnDBProxy(
        scope,
        "Proxy",
        db_proxy_name=f"robo-{stage.name}",
        engine_family="POSTGRESQL",
        default_auth_scheme="IAM_AUTH",
        require_tls=True,
        role_arn=role.role_arn,
        vpc_subnet_ids=[subnet.subnet_id for subnet in network.vpc.isolated_subnets],
        vpc_security_group_ids=[network.proxy_group.security_group_id],
        idle_client_timeout=_IDLE_SECONDS,
    )
    rds.CfnDBProxyTargetGroup(
        scope,
        "ProxyTargets",
        db_proxy_name=made.ref,
        target_group_name="default",
        db_instance_identifiers=[instance.instance_identifier],
        connection_pool_configuration_info=rds.CfnDBProxyTargetGroup.ConnectionPoolConfigurationInfoFormatProperty(
            max_connections_percent=_SHARE_PERCENT, connection_borrow_timeout=_BORROW_SECONDS
        ),
    )
    # arn:aws:rds:<region>:<account>:db-proxy:prx-…: the last part is what policies name.
    return Proxy(host=made.attr_endpoint, resource_id=Fn.select(6, Fn.split(":", made.attr_db_proxy_arn)))
