"""A state machine of the catalog: the `.asl.json` file with its gaps filled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.catalog import Catalog, Workflow
from infra.constructs.lint import ROLE_TWICE, accept, acknowledge
from infra.constructs.log_group import retention

TRACES_AND_LOGS = (
    "X-Ray's actions and those that set up the delivery of a state machine's logs know no resource (AWS's guide to "
    "logging executions asks for *); Step Functions alone assumes the role, which calls its workflow's functions only"
)
_GAP = re.compile(r"\$\{(\w+)\}")


def read_definition(workflow: Workflow, catalog: Catalog, root: Path) -> dict[str, Any]:
    """The definition with the catalog's timeout.

    Raises ValueError when its `${…}` gaps are not exactly the construct ids of the workflow's functions, or when it
    states another timeout than the catalog: both are read on every target, so they may not differ.
    """
    text = (root / workflow.definition).read_text(encoding="utf-8")
    gaps = set(_GAP.findall(text))
    expected = {catalog.function(name).construct_id for name in workflow.functions}
    if gaps != expected:
        raise ValueError(
            f"{workflow.definition}: unknown gaps {sorted(gaps - expected)}, "
            f"functions never called {sorted(expected - gaps)}"
        )
    definition: dict[str, Any] = json.loads(text)
    stated = definition.setdefault("TimeoutSeconds", workflow.timeout)
    if stated != workflow.timeout:
        raise ValueError(
            f"{workflow.definition}: TimeoutSeconds {stated}, the catalog says {workflow.timeout}"
        )
    return definition


class CatalogWorkflow(Construct):
    """A standard state machine that may invoke its own functions and nothing else."""

    def __init__(
        self,
        scope: Construct,
        workflow: Workflow,
        *,
        stage: str,
        definition: Mapping[str, Any],
        functions: Mapping[str, lambda_.IFunction],
    ) -> None:
        """functions: by construct id, exactly those of the workflow; aliases.

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
        self.machine = stepfunctions.StateMachine(
            self,
            "Machine",
            state_machine_name=workflow.deployed_name(stage),
            state_machine_type=stepfunctions.StateMachineType.STANDARD,
            definition_body=stepfunctions.DefinitionBody.from_string(json.dumps(definition)),
            definition_substitutions={id_: function.function_arn for id_, function in functions.items()},
            timeout=Duration.seconds(workflow.timeout),
            role=role,
            tracing_enabled=True,
            logs=stepfunctions.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "Logs",
                    # Names with this prefix do not lengthen the account's resource policy for logs, which is bounded.
                    log_group_name=f"/aws/vendedlogs/states/{workflow.deployed_name(stage)}",
                    retention=retention(),
                    removal_policy=RemovalPolicy.DESTROY,
                ),
                level=stepfunctions.LogLevel.ALL,
                # Inputs name people's ideas by pointers only, and still they do not belong in a log.
                include_execution_data=False,
            ),
        )
        acknowledge(self.machine, "W3005", ROLE_TWICE)
        accept(role.node.find_child("DefaultPolicy"), "IAM5[Resource::*]", TRACES_AND_LOGS)
