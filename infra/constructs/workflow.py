"""A state machine of the catalog: the `.asl.json` file with its gaps filled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.catalog import Catalog, Workflow
from infra.constructs.lint import ROLE_TWICE, accept, acknowledge, as_reported
from infra.constructs.log_group import retention

TRACES_AND_LOGS = (
    "X-Ray's actions and those that set up the delivery of a state machine's logs know no resource (AWS's guide to "
    "logging executions asks for *); Step Functions alone assumes the role, which calls its workflow's functions only"
)
ITS_CHILDREN = (
    "a distributed map asks for and stops the executions that it started of its own state machine, which have names "
    "that Step Functions gives them"
)
_GAP = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Listed:
    """A bucket whose keys a workflow goes through: its name and its ARN."""

    name: str
    arn: str


def read_definition(workflow: Workflow, catalog: Catalog, root: Path) -> dict[str, Any]:
    """The definition with the catalog's timeout.

    Raises ValueError when its `${…}` gaps are not exactly the construct ids of the workflow's functions and of the
    buckets that it lists, when it states another timeout than the catalog: both are read on every target, so they may
    not differ. And when it has a distributed map though the catalog names no bucket for one, or the other way round:
    the map needs rights that no other workflow has.
    """
    text = (root / workflow.definition).read_text(encoding="utf-8")
    gaps = set(_GAP.findall(text))
    buckets = {bucket.construct_id for bucket in catalog.buckets if bucket.name in workflow.lists}
    expected = {catalog.function(name).construct_id for name in workflow.functions} | buckets
    if gaps != expected:
        raise ValueError(
            f"{workflow.definition}: unknown gaps {sorted(gaps - expected)}, "
            f"functions never called {sorted(expected - gaps - buckets)}, "
            f"buckets never listed {sorted(buckets - gaps)}"
        )
    definition: dict[str, Any] = json.loads(text)
    stated = definition.setdefault("TimeoutSeconds", workflow.timeout)
    if stated != workflow.timeout:
        raise ValueError(
            f"{workflow.definition}: TimeoutSeconds {stated}, the catalog says {workflow.timeout}"
        )
    if _is_distributed(definition) != bool(workflow.lists):
        raise ValueError(
            f"{workflow.definition}: a distributed map and buckets in the catalog that it lists come together"
        )
    return definition


def _is_distributed(part: Any) -> bool:
    """Whether a map in a definition runs as executions of its own."""
    if isinstance(part, dict):
        return part.get("Mode") == "DISTRIBUTED" or any(map(_is_distributed, part.values()))
    return isinstance(part, list) and any(map(_is_distributed, part))


class CatalogWorkflow(Construct):
    """A state machine that may invoke its own functions; with a distributed map also list the buckets that it goes
    through, and run itself for a part of what it found there. Nothing else.
    """

    def __init__(
        self,
        scope: Construct,
        workflow: Workflow,
        *,
        stage: str,
        definition: Mapping[str, Any],
        functions: Mapping[str, lambda_.IFunction],
        listed: Mapping[str, Listed],
    ) -> None:
        """functions: by construct id, exactly those of the workflow; aliases. listed: by construct id, its buckets.

        A definition names aliases and never versions: an execution that is redriven runs the definition it began
        with, and the repaired function must be behind the name in it.
        """
        super().__init__(scope, workflow.construct_id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            description=f"Runs {workflow.name}",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[function.function_arn for function in functions.values()],
            )
        )
        name = workflow.deployed_name(stage)
        children = self._let_it_distribute(role, name, listed) if listed else None
        self.machine = stepfunctions.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type=stepfunctions.StateMachineType.EXPRESS
            if workflow.express
            else stepfunctions.StateMachineType.STANDARD,
            definition_body=stepfunctions.DefinitionBody.from_string(json.dumps(definition)),
            definition_substitutions={
                **{id_: function.function_arn for id_, function in functions.items()},
                **{id_: bucket.name for id_, bucket in listed.items()},
            },
            timeout=Duration.seconds(workflow.timeout),
            role=role,
            tracing_enabled=True,
            logs=stepfunctions.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "Logs",
                    # Names with this prefix do not lengthen the account's resource policy for logs, which is bounded.
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=retention(),
                    removal_policy=RemovalPolicy.DESTROY,
                ),
                # Of an express workflow these lines are all that is left when it has ended.
                level=stepfunctions.LogLevel.ALL,
                # Inputs name people's ideas by pointers only, and still they do not belong in a log.
                include_execution_data=False,
            ),
        )
        acknowledge(self.machine, "W3005", ROLE_TWICE)
        policy = role.node.find_child("DefaultPolicy")
        accept(policy, "IAM5[Resource::*]", TRACES_AND_LOGS)
        if children is not None:
            accept(policy, f"IAM5[Resource::{as_reported(role, children)}]", ITS_CHILDREN)

    def _let_it_distribute(self, role: iam.Role, name: str, listed: Mapping[str, Listed]) -> str:
        """Let a distributed map list its buckets and run its own machine; return the ARN of what it started.

        docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html. By names: the machine needs its
        role before it is there.
        """
        stack = Stack.of(self)
        machine, children = (
            stack.format_arn(
                service="states",
                resource=kind,
                resource_name=resource,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for kind, resource in (("stateMachine", name), ("execution", f"{name}:*"))
        )
        for actions, resources in (
            (["s3:ListBucket"], [bucket.arn for bucket in listed.values()]),
            (["states:StartExecution"], [machine]),
            (["states:DescribeExecution", "states:StopExecution"], [children]),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        return children
