"""Realises the catalog on one machine, asks the AWS APIs there what exists, and prints it as JSON.

A program of its own, since moto keeps its state in the process:
`python -m tests.infrastructure.local_inventory FOLDER`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import boto3

from infra.catalog import ACCOUNT_BUS, CATALOG
from infra.equality.inventory import Inventory
from infra.local.aws.front import AwsFront
from infra.local.aws.mail import MailFolder
from infra.local.aws.names import ACCESS_KEY, ACCOUNT, REGION
from infra.local.aws.realise import realise
from infra.local.aws.runtime import Runtime

PREFIX = "robo-local-"


class Reader:
    """Lists what a local target holds, in the words of the catalog."""

    def __init__(self, url: str, secret_key: str) -> None:
        self._url, self._key = url, secret_key
        self.found = Inventory()

    def _client(self, service: str) -> Any:
        return boto3.session.Session().client(
            service,
            endpoint_url=self._url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=self._key,
        )

    def functions(self) -> None:
        """Lambda of one machine lists nothing: each name is asked whether it could be invoked."""
        lambda_ = self._client("lambda")
        for function in CATALOG.on_one_machine().functions:
            name = function.deployed_name("local")
            told = lambda_.invoke(FunctionName=name, InvocationType="DryRun")
            if told["StatusCode"] == 204:
                self.found.add("function", name.removeprefix(PREFIX))

    def buckets(self) -> None:
        s3 = self._client("s3")
        for bucket in s3.list_buckets()["Buckets"]:
            versioning = s3.get_bucket_versioning(Bucket=bucket["Name"]).get("Status")
            name = bucket["Name"].removeprefix(PREFIX).removesuffix(f"-{ACCOUNT}")
            rules = _rules(s3, bucket["Name"])
            self.found.add(
                "bucket",
                name,
                versioned=versioning == "Enabled",
                lifecycles=sorted(_lifecycle(rule) for rule in rules if "Expiration" in rule),
                replaced_days=next(
                    (
                        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
                        for rule in rules
                        if "NoncurrentVersionExpiration" in rule
                    ),
                    None,
                ),
                announces="EventBridgeConfiguration"
                in s3.get_bucket_notification_configuration(Bucket=bucket["Name"]),
            )

    def queues(self) -> None:
        sqs = self._client("sqs")
        for url in sqs.list_queues().get("QueueUrls", []):
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            name = url.rsplit("/", 1)[1].removeprefix(PREFIX)
            if "RedrivePolicy" not in attributes:
                self.found.add("dead-letter queue", name)
                continue
            redrive = json.loads(attributes["RedrivePolicy"])
            self.found.add(
                "queue",
                name,
                dead_letter=redrive["deadLetterTargetArn"].rsplit(":", 1)[1].removeprefix(PREFIX),
                visibility=int(attributes["VisibilityTimeout"]),
                max_receives=int(redrive["maxReceiveCount"]),
            )

    def buses(self) -> None:
        events = self._client("events")
        for bus in events.list_event_buses()["EventBuses"]:
            if bus["Name"] != ACCOUNT_BUS:
                self.found.add("bus", bus["Name"])
            for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]:
                pattern = json.loads(rule["EventPattern"])
                targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus["Name"])["Targets"]
                self.found.add(
                    "rule",
                    rule["Name"],
                    bus=bus["Name"],
                    sources=pattern.get("source", []),
                    detail_types=pattern["detail-type"],
                    priorities=pattern.get("detail", {}).get("priority", []),
                    buckets=[
                        name.removeprefix(PREFIX).removesuffix(f"-{ACCOUNT}")
                        for name in pattern.get("detail", {}).get("bucket", {}).get("name", [])
                    ],
                    queues=[target["Arn"].rsplit(":", 1)[1].removeprefix(PREFIX) for target in targets],
                )

    def secrets(self) -> None:
        for secret in self._client("secretsmanager").list_secrets()["SecretList"]:
            self.found.add("secret", secret["Name"], purpose=secret["Description"])

    def workflows(self) -> None:
        states = self._client("stepfunctions")
        for machine in states.list_state_machines()["stateMachines"]:
            told = states.describe_state_machine(stateMachineArn=machine["stateMachineArn"])
            definition = json.loads(told["definition"])
            self.found.add(
                "workflow",
                machine["name"].removeprefix(PREFIX),
                timeout=definition["TimeoutSeconds"],
                called=sorted(called(definition)),
                listed=sorted(listed(definition)),
                type=told["type"],
            )


def _rules(s3: Any, bucket: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return rules


def _lifecycle(rule: dict[str, Any]) -> list[Any]:
    colder = [moved["Days"] for moved in rule.get("Transitions", [])]
    return [rule["Filter"]["Prefix"], rule["Expiration"]["Days"], min(colder, default=None)]


def called(part: Any) -> set[str]:
    """The deployed names of the functions that a definition invokes, without their prefix."""
    if isinstance(part, dict):
        own = part.get("FunctionName")
        names = {own.rsplit(":", 1)[1].removeprefix(PREFIX)} if isinstance(own, str) else set()
        return names.union(*(called(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(called(value) for value in part))
    return set()


def listed(part: Any) -> set[str]:
    """The buckets whose keys a definition goes through, by their names in the catalog."""
    if isinstance(part, dict):
        reader = part.get("ItemReader")
        own = (
            {reader["Parameters"]["Bucket"].removeprefix(PREFIX).removesuffix(f"-{ACCOUNT}")}
            if reader
            else set()
        )
        return own.union(*(listed(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(listed(value) for value in part))
    return set()


def main(folder: Path) -> None:
    """Print the inventory."""
    key = "local"
    here = CATALOG.on_one_machine()
    front = AwsFront(here, Runtime(here.functions), folder, key, MailFolder(folder / "mail"))
    front.start()
    try:
        realise(here, front.url, {secret.name: "value" for secret in CATALOG.secrets})
        reader = Reader(front.url, key)
        parts = (reader.buckets, reader.queues, reader.buses, reader.secrets, reader.workflows)
        for read in (reader.functions, *parts):
            read()
    finally:
        front.stop()
    print(json.dumps([[kind, name, facts] for (kind, name), facts in reader.found.facts.items()]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
