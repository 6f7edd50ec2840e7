"""One Lambda function of the catalog with its role, its log group, its version and its alias `live`.

Whoever calls a function calls its alias; a release publishes a version and moves the alias to it. Old versions stay,
so that rolling back is moving aliases (`infra.operate.roll_back`); `infra.operate.prune_versions` ends those that
nobody will go back to.

What is left as it is: environment variables are encrypted with Lambda's own key (they name things and hold no
secret); `/tmp` has its 512 MiB; Lambda stops loops of functions and queues by itself; no function has a URL.
SnapStart is off: it bills every cached version for as long as it stands (0.5 GiB about $2 a month, times all
functions and the versions kept), and what a person waits for here imports in half a second.
"""

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

from infra.assembly.release import with_release
from infra.catalog import LIVE, Function, Zone
from infra.constructs.environment import environment, known_values
from infra.constructs.lint import ROLE_TWICE, accept, acknowledge
from infra.constructs.log_group import retention
from infra.constructs.rights import accept_wildcards, policy_statements
from infra.constructs.surroundings import Surroundings

RUNTIME = lambda_.Runtime.PYTHON_3_13
SIGNATURE = "POWERTOOLS_SERVICE_NAME"
"""What sets a stage's log lines, traces and metrics apart from those of others in its account."""
OLDER_RUNTIME = (
    "Python 3.13 is what every dependency is locked, built for arm64 and tested with, and AWS patches it until June "
    "2029; a newer one comes with a release that builds and tests all layers for it"
)


@dataclass(frozen=True)
class Assets:
    """Folders on this machine: the code, each layer by name, and the root that definitions are relative to."""

    root: Path
    code: Path
    layers: Mapping[str, Path]


class CatalogFunction(Construct):
    """What the catalog says of a function, on AWS. `.live` is the alias that callers call, `.function` behind it."""

    def __init__(
        self,
        scope: Stack,
        described: Function,
        *,
        surroundings: Surroundings,
        known_values: Mapping[str, str],
        release: str,
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
            retention=retention(),
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
            description=with_release(described.purpose, release),
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
            # The platform's own lines are JSON as ours are; lines that are JSON already pass as they are.
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel.INFO,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=vpc if in_network else None,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
            if in_network
            else None,
            security_groups=[security_group] if in_network else None,
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN),
        )
        accept_wildcards(role, described, surroundings)
        acknowledge(self.function, "W3005", ROLE_TWICE)
        accept(self.function, "L1", OLDER_RUNTIME)
        self.live = lambda_.Alias(self, "Live", alias_name=LIVE, version=self.function.current_version)


def add_functions(
    scope: Stack,
    described: Iterable[Function],
    *,
    surroundings: Surroundings,
    assets: Assets,
    release: str,
    vpc: ec2.IVpc,
    security_group: ec2.ISecurityGroup,
) -> dict[str, CatalogFunction]:
    """Add functions, and the layers they name, to `scope`; return them by their names in the catalog.

    release: what their versions belong to. security_group: that of functions in the data zone. Raises KeyError for an
    unknown layer.
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
            release=release,
            code=code,
            layers=[layers[name] for name in function.layers],
            vpc=vpc,
            security_group=security_group,
        )
        for function in functions
    }
