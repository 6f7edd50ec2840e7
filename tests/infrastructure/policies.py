"""A stage as it would stand in an account: its names there, and calls on everything that the catalog names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from infra.assembly.stage import Stage, read_context
from infra.catalog import CATALOG, Function
from infra.rights.calls import Call, Place, operations
from infra.rights.deployment import Deployment
from infra.rights.names import APPLICATION_ROLE, EMBEDDING_MODEL, OWNER_ROLE, SYSTEM_ROLE, Names

LOGINS = (APPLICATION_ROLE, OWNER_ROLE, SYSTEM_ROLE)
OTHER_ACCOUNT = "444455556666"


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flat(documents: Iterable[Mapping[str, Any]]) -> set[tuple[str, str, str, str]]:
    """Statements as effect, action, resource, conditions: however they were merged, the same policy is the same."""
    return {
        (document["Effect"], action, resource, repr(sorted(document.get("Condition", {}).items())))
        for document in documents
        for action in as_list(document["Action"])
        for resource in as_list(document["Resource"])
    }


class StageNames:
    """`infra.rights.names.Names` of a stage in an account, made of the catalog's own names.

    deployment: only for what has no name but one that AWS gives, the key and the database.
    """

    def __init__(self, stage: str, deployment: Deployment) -> None:
        self.stage = Stage.from_context(stage, read_context())
        self._deployment = deployment
        self._arn = deployment.arn
        self.place = Place(
            deployment.region,
            deployment.account,
            keys={self.bucket_arn(b.name).rpartition(":")[2]: self.data_key_arn() for b in CATALOG.buckets},
        )

    def bucket_arn(self, name: str) -> str:
        (bucket,) = (bucket for bucket in CATALOG.buckets if bucket.name == name)
        return f"arn:aws:s3:::{bucket.deployed_name(self.stage.name, self._deployment.account)}"

    def data_key_arn(self) -> str:
        """The key that encrypts the assets, as their bucket says."""
        for stack, logical_id, properties in self._deployment.resources("AWS::S3::Bucket"):
            if self._deployment.physical(stack, logical_id) == self.bucket_arn("assets").rpartition(":")[2]:
                (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                key = rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
                return str(self._deployment.resolve(stack, key))
        raise AssertionError("nothing holds the assets")

    def s3_service(self) -> str:
        return f"s3.{self._deployment.region}.amazonaws.com"

    def bus_arn(self, name: str) -> str:
        return self._arn("events", f"event-bus/robo-{self.stage.name}-{name}")

    def queue_arn(self, name: str) -> str:
        return self._arn("sqs", f"robo-{self.stage.name}-{name}")

    def secret_arn(self, name: str) -> str:
        return self._arn("secretsmanager", f"secret:robo/{self.stage.name}/{name}-AbCdEf")

    def administrator_secret_arn(self) -> str:
        return str(self._database("MasterUserSecret.SecretArn"))

    def workflow_arn(self, name: str) -> str:
        return self._arn("states", f"stateMachine:robo-{self.stage.name}-{name.replace('_', '-')}")

    def executions_arn(self, name: str) -> str:
        return self._arn("states", f"execution:robo-{self.stage.name}-{name.replace('_', '-')}:*")

    def function_arn(self, function: Function) -> str:
        return self._arn("lambda", f"function:{function.deployed_name(self.stage.name)}")

    def database_instance_arn(self) -> str:
        return str(self._database("DBInstanceArn"))

    def database_login_arn(self, user: str) -> str:
        reached = self._database("DbiResourceId")
        if self.stage.database_proxy and user in (APPLICATION_ROLE, SYSTEM_ROLE):
            ((stack, logical_id, _),) = self._deployment.resources("AWS::RDS::DBProxy")
            arn = self._deployment.resolve(stack, {"Fn::GetAtt": [logical_id, "DBProxyArn"]})
            reached = arn.rpartition(":")[2]
        return self._arn("rds-db", f"dbuser:{reached}/{user}")

    def embedding_model_arn(self) -> str:
        return f"arn:aws:bedrock:{self._deployment.region}::foundation-model/{EMBEDDING_MODEL}"

    def sender_arns(self) -> Sequence[str]:
        address = parseaddr(self.stage.mail_sender)[1]
        return [self._arn("ses", f"identity/{name}") for name in (address, address.partition("@")[2])]

    def _database(self, attribute: str) -> Any:
        ((stack, logical_id, _),) = self._deployment.resources("AWS::RDS::DBInstance")
        return self._deployment.resolve(stack, {"Fn::GetAtt": [logical_id, attribute]})


def moved(resource: str, function: Function, here: Names, there: StageNames) -> str:
    """A resource that a function used on one machine, as it is called in the account.

    Of two names that are one thing here (the keys of the vector engine) the function's own counts. KeyError for
    what is not in the catalog.
    """
    own = [use.resource.partition(":") for use in function.uses]
    pairs = [
        *((here.secret_arn(name), there.secret_arn(name)) for kind, _, name in own if kind == "secret"),
        *((here.secret_arn(secret.name), there.secret_arn(secret.name)) for secret in CATALOG.secrets),
        *((here.bucket_arn(bucket.name), there.bucket_arn(bucket.name)) for bucket in CATALOG.buckets),
        *((here.bus_arn(bus.name), there.bus_arn(bus.name)) for bus in CATALOG.buses),
        *((here.queue_arn(queue.name), there.queue_arn(queue.name)) for queue in CATALOG.queues),
        *((here.workflow_arn(flow.name), there.workflow_arn(flow.name)) for flow in CATALOG.workflows),
        *(
            (here.executions_arn(flow.name).rstrip("*"), there.executions_arn(flow.name).rstrip("*"))
            for flow in CATALOG.workflows
        ),
        (here.data_key_arn(), there.data_key_arn()),
    ]
    for local, remote in pairs:
        rest = resource.removeprefix(local)
        if rest != resource and (not rest or rest.startswith("/") or local.endswith(":")):
            return remote + rest
    if resource.rpartition(":")[2].startswith("identity/"):
        # Whoever sends here is the stage's own there.
        sender = there.sender_arns()
        return sender[0] if "@" in resource else sender[1]
    raise KeyError(resource)


def calls_on(names: StageNames) -> Iterator[tuple[str, Call]]:
    """Every operation that is known on everything that the catalog names, with the use's word for the thing."""
    known: dict[str, list[str]] = {}
    for service, operation in sorted(operations()):
        known.setdefault(service, []).append(operation)
    yield from _buckets(names, known["s3"])
    yield from _messages(names, known)
    for secret in CATALOG.secrets:
        for operation in known["secretsmanager"]:
            yield (
                f"secret:{secret.name}",
                _call("secretsmanager", operation, SecretId=names.secret_arn(secret.name)),
            )
    for operation in known["secretsmanager"]:
        yield "administrator", _call("secretsmanager", operation, SecretId=names.administrator_secret_arn())
    for workflow in CATALOG.workflows:
        machine = names.workflow_arn(workflow.name)
        execution = names.executions_arn(workflow.name).replace("*", "018f")
        for operation in known["stepfunctions"]:
            called = _call("stepfunctions", operation, stateMachineArn=machine, executionArn=execution)
            yield f"workflow:{workflow.name}", called
    for function in CATALOG.functions:
        for operation in known["lambda"]:
            yield "function", _call("lambda", operation, FunctionName=names.function_arn(function))
    yield from _others(names, known)


def _buckets(names: StageNames, known: list[str]) -> Iterator[tuple[str, Call]]:
    for bucket in CATALOG.buckets:
        name = names.bucket_arn(bucket.name).rpartition(":")[2]
        thing = f"bucket:{bucket.name}"
        for operation in known:
            parameters: dict[str, Any] = {"Bucket": name, "Key": "runs/018f/kit.zip"}
            if operation in ("CopyObject", "UploadPartCopy"):
                parameters["CopySource"] = {"Bucket": name, "Key": "runs/018f/old.zip"}
            if operation == "DeleteObjects":
                parameters["Delete"] = {"Objects": [{"Key": "runs/018f/kit.zip"}]}
            yield thing, _call("s3", operation, **parameters)
        for operation in ("GetObject", "HeadObject", "DeleteObject"):
            versioned = {"Bucket": name, "Key": "runs/018f/kit.zip", "VersionId": "v"}
            yield thing, _call("s3", operation, **versioned)


def _messages(names: StageNames, known: Mapping[str, list[str]]) -> Iterator[tuple[str, Call]]:
    for queue in CATALOG.queues:
        for name, thing in ((queue.name, f"queue:{queue.name}"), (queue.dead_letter, "dead letters")):
            _, _, _, _, account, deployed = names.queue_arn(name).split(":")
            url = f"https://sqs.eu-central-1.amazonaws.com/{account}/{deployed}"
            for operation in known["sqs"]:
                yield thing, _call("sqs", operation, QueueUrl=url, QueueName=deployed)
    buses = {f"bus:{bus.name}": names.bus_arn(bus.name) for bus in CATALOG.buses}
    for thing, arn in {**buses, "another bus": "default"}.items():
        for operation in known["events"]:
            named = {"Entries": [{"EventBusName": arn}], "EventBusName": arn, "Name": arn}
            yield thing, _call("events", operation, **named)
    address = parseaddr(names.stage.mail_sender)[1]
    for sender, thing in ((address, "mail"), ("ceo@elsewhere.example", "another sender")):
        for content in ("Simple", "Raw"):
            yield thing, _call("sesv2", "SendEmail", FromEmailAddress=sender, Content={content: {}})


def _others(names: StageNames, known: Mapping[str, list[str]]) -> Iterator[tuple[str, Call]]:
    for operation in known["kms"]:
        yield "key", _call("kms", operation, KeyId=names.data_key_arn())
    for model, thing in (
        (names.embedding_model_arn(), "embeddings"),
        ("anthropic.claude-opus-5-5", "a model"),
    ):
        yield thing, _call("bedrock-runtime", "InvokeModel", modelId=model)
    yield (
        "instance:database",
        _call("rds", "DescribeDBInstances", DBInstanceIdentifier=names.database_instance_arn()),
    )
    yield "instances", _call("rds", "DescribeDBInstances")
    for login in (*LOGINS, "postgres"):
        resource, user = names.database_login_arn(login).rpartition("dbuser:")[2].split("/")
        yield f"login:{login}", _call("rds-db", "connect", DbiResourceId=resource, DBUser=user)
    for function in CATALOG.functions:
        role = f"arn:aws:iam::{names.place.account}:role/{function.construct_id}"
        yield "role", _call("sts", "AssumeRole", RoleArn=role)
        for operation in known["iam"]:
            yield "role", _call("iam", operation, RoleName=role)
    for namespace in ("RoboAgency", "AWS/Lambda"):
        yield "metrics", _call("cloudwatch", "PutMetricData", Namespace=namespace)


def _call(service: str, operation: str, **parameters: Any) -> Call:
    return Call(service, operation, parameters)
