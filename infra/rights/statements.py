"""A function's policy: what its `uses` in the catalog need, and what running as a Lambda function needs.

Pure data. `infra.constructs.rights` makes policies of CDK from it, one machine checks calls with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import shared.settings
from infra.catalog import Function, Use, Zone
from infra.rights.names import ADMINISTRATOR_ROLE, APPLICATION_ROLE, OWNER_ROLE, SYSTEM_ROLE, Names

Conditions = Mapping[str, Mapping[str, str]]
"""Operator → key → value, as in a policy document."""

# Lambda itself makes the network interfaces, with the function's role; EC2 knows no narrower resource here.
_INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
_INTERFACES_REASON = (
    "Lambda attaches functions to the network with their role; EC2 gives these actions no resource that is known "
    "before the interface is made, and a Deny keeps them from the function's own code"
)
# These are reached by the network alone: a security group lets the data zone in, a secret opens the vector engine.
_BY_NETWORK = {("cache", "connect"), ("vectors", "read"), ("vectors", "write")}
_LOGINS = {
    "DATABASE_USER": APPLICATION_ROLE,
    "DATABASE_OWNER": OWNER_ROLE,
    "DATABASE_SYSTEM_USER": SYSTEM_ROLE,
}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    reason: why a resource ends with (or is) a wildcard, for who reviews it; empty when none does.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    effect: Literal["Allow", "Deny"] = "Allow"
    conditions: Conditions = field(default_factory=dict)
    reason: str = ""


def statements(function: Function, names: Names) -> list[Statement]:
    """Every statement of the function's policy, but for logs and traces.

    Raises ValueError for a use that nothing grants, KeyError for one of what `names` does not know.
    """
    found: list[Statement] = []
    for use in function.uses:
        if use == Use("database", "connect"):
            found += _database(function, names)
        elif (use.resource, use.action) not in _BY_NETWORK:
            found += _on_resource(function, use, names)
    if function.zone is Zone.DATA:
        found += _network_interfaces(function, names)
    return found


def variables_of(function: Function) -> frozenset[str]:
    """The environment variables that the function's settings read."""
    classes = (getattr(shared.settings, name) for name in function.settings)
    return frozenset(variable for settings in classes for variable in settings.variables())


def _database(function: Function, names: Names) -> list[Statement]:
    """Its settings tell which logins of the database a function takes."""
    variables = variables_of(function)
    logins = [names.database_login_arn(_LOGINS[v]) for v in sorted(variables & _LOGINS.keys())]
    if "DATABASE_ADMINISTRATOR_SECRET" in variables:
        # By password or, where RDS wants that, by token (functions/stewardship/logins.py).
        logins.append(names.database_login_arn(ADMINISTRATOR_ROLE))
    found = [_allow(["rds-db:connect"], logins)]
    if "DATABASE_ADMINISTRATOR_SECRET" in variables:
        found.append(_allow(["secretsmanager:GetSecretValue"], [names.administrator_secret_arn()]))
    return found


def _on_resource(function: Function, use: Use, names: Names) -> list[Statement]:
    kind, _, name = use.resource.partition(":")
    match kind, use.action:
        case "bucket", _:
            return _bucket(function, use, names.bucket_arn(name), names)
        case "bus", "put":
            return [_allow(["events:PutEvents"], [names.bus_arn(name)])]
        case "instance", "describe":
            return [_allow(["rds:DescribeDBInstances"], [names.database_instance_arn()])]
        case "queue", "put":
            return [_allow(["sqs:SendMessage"], [names.queue_arn(name)])]
        case "secret", "read":
            return [_allow(["secretsmanager:GetSecretValue"], [names.secret_arn(name)])]
        case "mail", "send":
            # SES looks at the second for a message that comes as MIME.
            return [_allow(["ses:SendEmail", "ses:SendRawEmail"], names.sender_arns())]
        case "embeddings", "invoke":
            return [_allow(["bedrock:InvokeModel"], [names.embedding_model_arn()])]
        case "workflow", _:
            return _workflow(function, use, name, names)
    raise _nothing_grants(function, use)


def _bucket(function: Function, use: Use, arn: str, names: Names) -> list[Statement]:
    objects = [f"{arn}/*"]
    match use.action:
        case "read":
            return [
                # Listing makes a missing object a 404 instead of a 403.
                _allow(["s3:ListBucket"], [arn]),
                _allow(
                    ["s3:GetObject", "s3:GetObjectVersion"],
                    objects,
                    reason=f"{function.name} reads objects of this one bucket; their keys are made at run time",
                ),
                _bucket_key(use, names),
            ]
        case "write":
            reason = f"{function.name} writes objects of this one bucket; their keys are made at run time"
            return [
                _allow(["s3:AbortMultipartUpload", "s3:PutObject"], objects, reason=reason),
                _bucket_key(use, names),
            ]
        case "delete":
            # The object, not a version of it: what a versioned bucket hides can be brought back.
            reason = f"{function.name} hides objects of this one bucket; their keys are made at run time"
            return [_allow(["s3:DeleteObject"], objects, reason=reason)]
    raise _nothing_grants(function, use)


def _bucket_key(use: Use, names: Names) -> Statement:
    """By way of S3 alone; the parts of a large upload are read again, so writing needs both."""
    actions = ("kms:Decrypt",) if use.action == "read" else ("kms:Decrypt", "kms:GenerateDataKey")
    by_s3 = {"StringEquals": {"kms:ViaService": names.s3_service()}}
    return Statement(actions, (names.data_key_arn(),), conditions=by_s3)


def _workflow(function: Function, use: Use, name: str, names: Names) -> list[Statement]:
    match use.action:
        case "start":
            return [_allow(["states:StartExecution"], [names.workflow_arn(name)])]
        case "run":
            return [_allow(["states:StartSyncExecution"], [names.workflow_arn(name)])]
        case "read":
            return [_on_executions("states:DescribeExecution", name, names)]
        case "stop":
            return [_on_executions("states:StopExecution", name, names)]
        case "answer":
            actions = ["states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"]
            return [_allow(actions, [names.workflow_arn(name)])]
    raise _nothing_grants(function, use)


def _on_executions(action: str, name: str, names: Names) -> Statement:
    reason = f"executions of {name} alone; each is named after its run, which does not exist at deployment"
    return _allow([action], [names.executions_arn(name)], reason=reason)


def _network_interfaces(function: Function, names: Names) -> list[Statement]:
    """Allowed to the Lambda service, denied to the code that runs with the same role."""
    own_code = {"ArnEquals": {"lambda:SourceFunctionArn": names.function_arn(function)}}
    return [
        _allow(_INTERFACE_ACTIONS, ["*"], reason=_INTERFACES_REASON),
        Statement(_INTERFACE_ACTIONS, ("*",), "Deny", own_code, reason="what is denied is denied everywhere"),
    ]


def _allow(actions: Sequence[str], resources: Sequence[str], *, reason: str = "") -> Statement:
    return Statement(tuple(actions), tuple(resources), reason=reason)


def _nothing_grants(function: Function, use: Use) -> ValueError:
    return ValueError(f"{function.name}: nothing grants {use.action} on {use.resource}")
