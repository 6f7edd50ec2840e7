"""A function's policy: what its `uses` in the catalog need, and what running as a Lambda function needs."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import aws_iam as iam

from infra.catalog import Function, Use, Zone
from infra.constructs.surroundings import APPLICATION_ROLE, OWNER_ROLE, SYSTEM_ROLE, Surroundings

# Lambda itself makes the network interfaces, with the function's role; EC2 knows no narrower resource here.
_INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
# These are reached by the network alone: a security group lets the data zone in, a secret opens the vector engine.
_BY_NETWORK = {("cache", "connect"), ("vectors", "connect")}


class Rights:
    """Translates `uses` into policy statements."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    def of(self, function: Function, variables: Iterable[str]) -> list[iam.PolicyStatement]:
        """Every statement of the function's policy, but for logs and traces.

        variables: those of its environment; they tell which logins of the database it takes. Raises ValueError for a
        use that nothing grants.
        """
        statements = []
        for use in function.uses:
            if use == Use("database", "connect"):
                statements += self._database(set(variables))
            elif (use.resource, use.action) not in _BY_NETWORK:
                statements += self._on_resource(function, use)
        if function.zone is Zone.DATA:
            statements += self._network_interfaces(function)
        return statements

    def _database(self, variables: set[str]) -> list[iam.PolicyStatement]:
        known = {
            "DATABASE_USER": APPLICATION_ROLE,
            "DATABASE_OWNER": OWNER_ROLE,
            "DATABASE_SYSTEM_USER": SYSTEM_ROLE,
        }
        logins = [self._around.database_login_arn(known[v]) for v in sorted(variables & known.keys())]
        statements = [_allow(["rds-db:connect"], logins)]
        if "DATABASE_ADMINISTRATOR_SECRET" in variables:
            secret = self._around.database.administrator_secret_arn
            statements.append(_allow(["secretsmanager:GetSecretValue"], [secret]))
        return statements

    def _on_resource(self, function: Function, use: Use) -> list[iam.PolicyStatement]:
        kind, _, name = use.resource.partition(":")
        around = self._around
        match kind, use.action:
            case "bucket", "read":
                # Listing makes a missing object a 404 instead of a 403.
                return [
                    _allow(["s3:ListBucket"], [around.bucket_arns[name]]),
                    _allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{around.bucket_arns[name]}/*"]),
                ]
            case "bucket", "write":
                return [
                    _allow(["s3:AbortMultipartUpload", "s3:PutObject"], [f"{around.bucket_arns[name]}/*"])
                ]
            case "bus", "put":
                return [_allow(["events:PutEvents"], [around.bus_arns[name]])]
            case "queue", "put":
                return [_allow(["sqs:SendMessage"], [around.queue_arns[name]])]
            case "secret", "read":
                return [_allow(["secretsmanager:GetSecretValue"], [around.secret_arns[name]])]
            case "mail", "send":
                # SES looks at the second for a message that comes as MIME.
                return [_allow(["ses:SendEmail", "ses:SendRawEmail"], around.sender_arns())]
            case "embeddings", "invoke":
                return [_allow(["bedrock:InvokeModel"], [around.embedding_model_arn()])]
            case "workflow", "start":
                return [_allow(["states:StartExecution"], [around.workflow_arn(name)])]
            case "workflow", "read":
                return [_allow(["states:DescribeExecution"], [around.executions_arn(name)])]
            case "workflow", "stop":
                return [_allow(["states:StopExecution"], [around.executions_arn(name)])]
            case "workflow", "answer":
                actions = ["states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"]
                return [_allow(actions, [around.workflow_arn(name)])]
        raise ValueError(f"{function.name}: nothing grants {use.action} on {use.resource}")

    def _network_interfaces(self, function: Function) -> list[iam.PolicyStatement]:
        """Allowed to the Lambda service, denied to the code that runs with the same role."""
        own_code = {"ArnEquals": {"lambda:SourceFunctionArn": self._around.function_arn(function)}}
        return [
            _allow(list(_INTERFACE_ACTIONS), ["*"]),
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=list(_INTERFACE_ACTIONS),
                resources=["*"],
                conditions=own_code,
            ),
        ]


def _allow(actions: list[str], resources: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=resources)
