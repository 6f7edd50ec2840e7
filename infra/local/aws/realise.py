"""Makes in moto what the catalog describes. Doing it again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import boto3
from botocore.config import Config

from infra.catalog import Bucket, Catalog, Workflow
from infra.local.aws import names
from infra.local.aws.bus import pattern
from shared.periods import DEAD_LETTERS

_ROLE = f"arn:aws:iam::{names.ACCOUNT}:role/local"
ROOT = Path(__file__).parents[3]
"""The folder that paths in the catalog are relative to."""


def realise(catalog: Catalog, endpoint: str, secrets: Mapping[str, str], root: Path = ROOT) -> None:
    """Make buckets, queues, buses, rules, secrets and state machines. `secrets` holds the value of each by name.

    Raises FileNotFoundError for a missing definition, KeyError for a gap in one that no function fills.
    """
    clients = _Clients(endpoint)
    _buckets(catalog, clients)
    _queues(catalog, clients)
    _buses(catalog, clients)
    _secrets(catalog, clients, secrets)
    _workflows(catalog, clients, root)


def definition(workflow: Workflow, catalog: Catalog, root: Path = ROOT) -> str:
    """Return a workflow's definition with the ARNs of functions and the names of buckets in its gaps. KeyError for an
    unknown gap.
    """
    arns = {function.construct_id: names.function_arn(function) for function in catalog.functions}
    listed = {b.construct_id: names.bucket_name(b) for b in catalog.buckets if b.name in workflow.lists}
    text = (root / workflow.definition).read_text(encoding="utf-8")
    document = json.loads(_Gaps(text).substitute(arns | listed))
    document["TimeoutSeconds"] = workflow.timeout
    return json.dumps(document)


class _Gaps(Template):
    """Only `${Name}` is a gap: an ASL file is full of `$.path` and `$$`."""

    pattern = r"\$\{(?P<braced>[A-Za-z][A-Za-z0-9]*)\}(?P<escaped>(?!))?(?P<named>(?!))?(?P<invalid>(?!))?"  # type: ignore[assignment]


class _Clients:
    """One client a service, made once."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session = boto3.session.Session()
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._session.client(
                service,
                endpoint_url=self._endpoint,
                region_name=names.REGION,
                aws_access_key_id=names.ACCESS_KEY,
                aws_secret_access_key=names.ACCESS_KEY,
                config=Config(retries={"total_max_attempts": 1}, proxies={}),
            )
        return self._made[service]


def _buckets(catalog: Catalog, clients: _Clients) -> None:
    s3 = clients("s3")
    there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in catalog.buckets:
        name = names.bucket_name(bucket)
        if name not in there:
            s3.create_bucket(Bucket=name)
        if bucket.versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        told: dict[str, Any] = {"EventBridgeConfiguration": {}} if bucket.announces else {}
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=told)
        if rules := _lifecycle_rules(bucket):
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def _colder(days: int) -> dict[str, Any]:
    return {"Days": days, "StorageClass": "GLACIER_IR"}


def _lifecycle_rules(bucket: Bucket) -> list[dict[str, Any]]:
    """moto keeps and tells them; `AwsFront.expire` does what they say."""
    rules: list[dict[str, Any]] = [
        {
            "ID": rule.prefix.strip("/") or "everything",
            "Status": "Enabled",
            "Filter": {"Prefix": rule.prefix},
            "Expiration": {"Days": rule.days},
            **({"Transitions": [_colder(rule.cold_days)]} if rule.cold_days is not None else {}),
        }
        for rule in bucket.lifecycles
    ]
    if bucket.replaced is not None:
        ended = {"NoncurrentDays": bucket.replaced.active.days}
        rules.append(
            {
                "ID": "replaced",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": ended,
            }
        )
    return rules


def _queues(catalog: Catalog, clients: _Clients) -> None:
    sqs = clients("sqs")
    for queue in catalog.queues:
        dead = names.dead_letter_name(queue)
        sqs.create_queue(
            QueueName=dead, Attributes={"MessageRetentionPeriod": str(DEAD_LETTERS.active.seconds)}
        )
        redrive = {"deadLetterTargetArn": names.queue_arn(dead), "maxReceiveCount": queue.max_receives}
        sqs.create_queue(
            QueueName=names.queue_name(queue),
            Attributes={
                "VisibilityTimeout": str(queue.visibility),
                "RedrivePolicy": json.dumps(redrive),
            },
        )


def _buses(catalog: Catalog, clients: _Clients) -> None:
    events = clients("events")
    there = {bus["Name"] for bus in events.list_event_buses()["EventBuses"]}
    for bus in catalog.buses:
        if bus.name not in there:
            events.create_event_bus(Name=bus.name)
    arns = {queue.name: names.queue_arn(names.queue_name(queue)) for queue in catalog.queues}
    for rule in catalog.rules:
        events.put_rule(Name=rule.name, EventBusName=rule.bus, EventPattern=json.dumps(pattern(rule)))
        events.put_targets(
            Rule=rule.name, EventBusName=rule.bus, Targets=[{"Id": rule.queue, "Arn": arns[rule.queue]}]
        )


def _secrets(catalog: Catalog, clients: _Clients, values: Mapping[str, str]) -> None:
    manager = clients("secretsmanager")
    there = {secret["Name"] for secret in manager.list_secrets()["SecretList"]}
    for secret in catalog.secrets:
        name = names.secret_name(secret)
        if name in there:
            manager.put_secret_value(SecretId=name, SecretString=values[secret.name])
        else:
            manager.create_secret(Name=name, Description=secret.purpose, SecretString=values[secret.name])


def _workflows(catalog: Catalog, clients: _Clients, root: Path) -> None:
    states = clients("stepfunctions")
    there = {machine["stateMachineArn"] for machine in states.list_state_machines()["stateMachines"]}
    for workflow in catalog.workflows:
        text = definition(workflow, catalog, root)
        arn = names.workflow_arn(workflow)
        if arn in there:
            states.update_state_machine(stateMachineArn=arn, definition=text)
        else:
            states.create_state_machine(
                name=workflow.deployed_name(names.STAGE),
                definition=text,
                roleArn=_ROLE,
                type="EXPRESS" if workflow.express else "STANDARD",
            )
