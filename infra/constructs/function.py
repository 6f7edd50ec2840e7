"""One Lambda function of the catalog with its role and its log group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.catalog import Function, Zone
from infra.constructs.environment import environment, known_values
from infra.constructs.lint import ROLE_TWICE, acknowledge
from infra.constructs.rights import policy_statements
from infra.constructs.surroundings import Surroundings

LOG_RETENTION = logs.RetentionDays.ONE_MONTH
RUNTIME = lambda_.Runtime.PYTHON_3_13
SIGNATURE = "POWERTOOLS_SERVICE_NAME"
"""What sets a stage's log lines, traces and metrics apart from those of others in its account."""


@dataclass(frozen=True)
class Assets:
    """Folders on this machine: the code, each layer by name, and the root that definitions are relative to."""

    root: Path
    code: Path
    layers: Mapping[str, Path]


class CatalogFunction(Construct):
    """What the catalog says of a function, on AWS. `.function` is the Lambda function itself."""

    def __init__(
        self,
        scope: Stack,
        described: Function,
        *,
        surroundings: Surroundings,
        known_values: Mapping[str, str],
        code: lambda_.Code,
        layers: Sequence[lambda_.ILayerVersion],
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, described.construct_id)
        name = described.deployed_name(surroundings.stage.name)
        variables = environment(described, known_values)
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=LOG_RETENTION,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Runs {described.name}",
        )
        for statement in policy_statements(described, surroundings):
            role.add_to_policy(statement)
        log_group.grant_write(role)
        in_network = described.zone is Zone.DATA
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=described.purpose,
            code=code,
            handler=described.handler,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            layers=layers,
            memory_size=described.memory,
            timeout=Duration.seconds(described.timeout),
            reserved_concurrent_executions=described.concurrency,
            environment={**variables, SIGNATURE: f"robo-{surroundings.stage.name}"},
            role=role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=vpc if in_network else None,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
            if in_network
            else None,
            security_groups=[security_group] if in_network else None,
        )
        acknowledge(self.function, "W3005", ROLE_TWICE)


def add_functions(
    scope: Stack,
    described: Iterable[Function],
    *,
    surroundings: Surroundings,
    assets: Assets,
    vpc: ec2.IVpc,
    security_group: ec2.ISecurityGroup,
) -> dict[str, CatalogFunction]:
    """Add functions, and the layers they name, to `scope`; return them by their names in the catalog.

    security_group: that of functions in the data zone. Raises KeyError for an unknown layer.
    """
    functions = tuple(described)
    code = lambda_.Code.from_asset(str(assets.code))
    layers = {
        name: lambda_.LayerVersion(
            scope,
            f"{name.capitalize()}Layer",
            layer_version_name=f"robo-{surroundings.stage.name}-{name}",
            code=lambda_.Code.from_asset(str(assets.layers[name])),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )
        for name in sorted({layer for function in functions for layer in function.layers})
    }
    return {
        function.name: CatalogFunction(
            scope,
            function,
            surroundings=surroundings,
            known_values=known_values(surroundings),
            code=code,
            layers=[layers[name] for name in function.layers],
            vpc=vpc,
            security_group=security_group,
        )
        for function in functions
    }
