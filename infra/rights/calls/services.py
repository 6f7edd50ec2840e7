"""What calls of the services other than S3 need.

Source: the Service Authorization Reference, docs.aws.amazon.com/service-authorization/latest/reference, a page each.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from infra.rights.calls.model import Need, Parameters, Place, Rule


def _queue(action: str) -> Rule:
    """docs.aws.amazon.com/AWSSimpleQueueService: an URL is `https://…/<account>/<name>`."""

    def rule(given: Parameters, place: Place) -> Iterable[Need]:
        account, name = urlsplit(given["QueueUrl"]).path.strip("/").split("/")[-2:]
        yield Need(f"sqs:{action}", place.arn("sqs", name, account=account))

    return rule


_SQS: dict[str, Rule] = {
    # Batches have no action of their own.
    "SendMessage": _queue("SendMessage"),
    "SendMessageBatch": _queue("SendMessage"),
    "ReceiveMessage": _queue("ReceiveMessage"),
    "DeleteMessage": _queue("DeleteMessage"),
    "DeleteMessageBatch": _queue("DeleteMessage"),
    "ChangeMessageVisibility": _queue("ChangeMessageVisibility"),
    "ChangeMessageVisibilityBatch": _queue("ChangeMessageVisibility"),
    "GetQueueAttributes": _queue("GetQueueAttributes"),
    "SetQueueAttributes": _queue("SetQueueAttributes"),
    "PurgeQueue": _queue("PurgeQueue"),
    "DeleteQueue": _queue("DeleteQueue"),
    "GetQueueUrl": lambda given, place: [Need("sqs:GetQueueUrl", place.arn("sqs", given["QueueName"]))],
    "CreateQueue": lambda given, place: [Need("sqs:CreateQueue", place.arn("sqs", given["QueueName"]))],
}


def _events(given: Parameters, place: Place) -> Iterable[Need]:
    """PutEvents: each entry goes to its bus, without one to `default`."""
    for bus in dict.fromkeys(entry.get("EventBusName") or "default" for entry in given["Entries"]):
        yield Need("events:PutEvents", place.named(bus, "events", "event-bus/"))


def _on(service: str, action: str, parameter: str, prefix: str = "") -> Rule:
    return lambda given, place: [Need(action, place.named(given[parameter], service, prefix))]


_EVENTS: dict[str, Rule] = {
    "PutEvents": _events,
    "PutRule": lambda given, place: [
        Need("events:PutRule", place.arn("events", f"rule/{given['EventBusName']}/{given['Name']}"))
    ],
    "DeleteEventBus": _on("events", "events:DeleteEventBus", "Name", "event-bus/"),
}


def _mail(given: Parameters, place: Place) -> Iterable[Need]:
    """SendEmail: as the address that sends or as its domain, whichever the account has verified; both are asked for.

    Raw content is `ses:SendRawEmail` besides (docs.aws.amazon.com/ses/latest/dg/control-user-access.html).
    """
    address = given["FromEmailAddress"].rpartition("<")[2].rstrip("> ")
    for identity in (address, address.rpartition("@")[2]):
        arn = place.arn("ses", f"identity/{identity}")
        yield Need("ses:SendEmail", arn)
        if "Raw" in given.get("Content", {}):
            yield Need("ses:SendRawEmail", arn)


def _execution(action: str) -> Rule:
    return lambda given, _: [Need(f"states:{action}", given["executionArn"])]


def _machine(action: str) -> Rule:
    return lambda given, _: [Need(f"states:{action}", given["stateMachineArn"])]


_STATES: dict[str, Rule] = {
    "StartExecution": _machine("StartExecution"),
    "StartSyncExecution": _machine("StartSyncExecution"),
    "UpdateStateMachine": _machine("UpdateStateMachine"),
    "DeleteStateMachine": _machine("DeleteStateMachine"),
    "ListExecutions": _machine("ListExecutions"),
    "DescribeStateMachine": _machine("DescribeStateMachine"),
    # AWS finds the state machine by the token; who asks here adds it to the parameters.
    "SendTaskSuccess": _machine("SendTaskSuccess"),
    "SendTaskFailure": _machine("SendTaskFailure"),
    "SendTaskHeartbeat": _machine("SendTaskHeartbeat"),
    "DescribeExecution": _execution("DescribeExecution"),
    "StopExecution": _execution("StopExecution"),
    "RedriveExecution": _execution("RedriveExecution"),
    "GetExecutionHistory": _execution("GetExecutionHistory"),
}

_LAMBDA: dict[str, Rule] = {
    "Invoke": _on("lambda", "lambda:InvokeFunction", "FunctionName", "function:"),
    "UpdateFunctionCode": _on("lambda", "lambda:UpdateFunctionCode", "FunctionName", "function:"),
    "UpdateFunctionConfiguration": _on(
        "lambda", "lambda:UpdateFunctionConfiguration", "FunctionName", "function:"
    ),
    "DeleteFunction": _on("lambda", "lambda:DeleteFunction", "FunctionName", "function:"),
    "AddPermission": _on("lambda", "lambda:AddPermission", "FunctionName", "function:"),
}


_SECRETS: dict[str, Rule] = {
    operation: _on("secretsmanager", f"secretsmanager:{operation}", "SecretId", "secret:")
    for operation in (
        "GetSecretValue",
        "DescribeSecret",
        "PutSecretValue",
        "UpdateSecret",
        "RotateSecret",
        "DeleteSecret",
    )
}
_KMS: dict[str, Rule] = {
    operation: _on("kms", f"kms:{operation}", "KeyId", "key/")
    for operation in (
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "ScheduleKeyDeletion",
        "DisableKey",
        "PutKeyPolicy",
        "CreateGrant",
    )
}


def _model(given: Parameters, place: Place) -> Iterable[Need]:
    """Foundation models belong to no account."""
    model = given["modelId"]
    arn = model if model.startswith("arn:") else place.arn("bedrock", f"foundation-model/{model}", account="")
    yield Need("bedrock:InvokeModel", arn)


def _instances(given: Parameters, place: Place) -> Iterable[Need]:
    """RDS lists with `rds:DescribeDBInstances` on an instance, or on all of the account."""
    name = given.get("DBInstanceIdentifier") or "*"
    yield Need("rds:DescribeDBInstances", place.named(name, "rds", "db:"))


def _login(given: Parameters, place: Place) -> Iterable[Need]:
    """Not a call of an API: PostgreSQL takes the token of `generate_db_auth_token` for a password.

    parameters: `DbiResourceId`, `DBUser`. docs.aws.amazon.com/AmazonRDS/latest/UserGuide,
    UsingWithRDS.IAMDBAuth.IAMPolicy.html
    """
    yield Need("rds-db:connect", place.arn("rds-db", f"dbuser:{given['DbiResourceId']}/{given['DBUser']}"))


SERVICES: dict[str, dict[str, Rule]] = {
    "sqs": _SQS,
    "events": _EVENTS,
    "sesv2": {"SendEmail": _mail},
    "stepfunctions": _STATES,
    "lambda": _LAMBDA,
    "secretsmanager": _SECRETS,
    "kms": _KMS,
    "bedrock-runtime": {"InvokeModel": _model},
    "rds": {"DescribeDBInstances": _instances},
    "cloudwatch": {
        "PutMetricData": lambda given, _: [
            Need("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": given["Namespace"]})
        ]
    },
    "rds-db": {"connect": _login},
    "sts": {"AssumeRole": lambda given, _: [Need("sts:AssumeRole", given["RoleArn"])]},
    "iam": {
        operation: _on("iam", f"iam:{operation}", "RoleName", "role/")
        for operation in ("PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy")
    },
}
